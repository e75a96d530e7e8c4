//! IPv4 address blocks.

use std::fmt;
use std::net::Ipv4Addr;

/// A block such as `10.0.0.0/16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cidr {
    address: u32,
    /// Bits of the network.
    pub(crate) length: u32,
}

impl Cidr {
    /// Reads a block; nothing when it is none, or when host bits are set.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/')?;
        let address = u32::from(address.parse::<Ipv4Addr>().ok()?);
        let length: u32 = length.parse().ok().filter(|length| *length <= 32)?;
        let block = Self { address, length };
        (address & block.mask() == address).then_some(block)
    }

    fn mask(self) -> u32 {
        u32::MAX.checked_shl(32 - self.length).unwrap_or(0)
    }

    /// Whether `other` lies in it.
    pub(crate) fn holds(self, other: Self) -> bool {
        other.length >= self.length && other.address & self.mask() == self.address
    }

    /// Whether they share an address.
    pub(crate) fn overlaps(self, other: Self) -> bool {
        self.holds(other) || other.holds(self)
    }

    /// The `index`th block of `2^bits` addresses in it; nothing past its end.
    pub(crate) fn piece(self, index: u32, bits: u32) -> Option<Self> {
        let length = 32_u32.checked_sub(bits)?;
        let offset = u64::from(index) << bits;
        let address = u32::try_from(u64::from(self.address) + offset).ok()?;
        let piece = Self { address, length };
        self.holds(piece).then_some(piece)
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from(self.address), self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::Cidr;

    #[test]
    fn blocks_hold_overlap_and_split() {
        let vpc = Cidr::parse("10.0.0.0/16").unwrap();
        let subnet = Cidr::parse("10.0.3.0/24").unwrap();
        assert!(vpc.holds(subnet) && !subnet.holds(vpc));
        assert!(subnet.overlaps(vpc));
        assert!(!subnet.overlaps(Cidr::parse("10.0.4.0/24").unwrap()));
        assert_eq!(vpc.piece(3, 8), Some(subnet));
        assert_eq!(vpc.piece(256, 8), None);
        assert!(Cidr::parse("0.0.0.0/0").unwrap().holds(vpc));
    }

    #[test]
    fn host_bits_are_refused() {
        assert_eq!(Cidr::parse("10.0.0.1/16"), None);
        assert_eq!(Cidr::parse("10.0.0.0/33"), None);
        assert_eq!(Cidr::parse("10.0.0.0"), None);
    }
}
