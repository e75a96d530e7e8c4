//! `DROP_MESSAGE_RATIO`: a share of the numbers, chosen by hash, never gets a text.

use sha2::{Digest, Sha256};

/// The setting, parsed once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DropRatio {
    /// Unset: nothing is dropped.
    Never,
    /// Not a number from 0 to 1: everything is dropped, so that a typing error texts nobody.
    All,
    /// The share to drop.
    Share(f64),
}

impl DropRatio {
    /// Reads the environment variable's text.
    pub fn parse(text: &str) -> Self {
        if text.is_empty() {
            return Self::Never;
        }
        match text.trim().parse::<f64>() {
            Ok(share) if (0.0..=1.0).contains(&share) => Self::Share(share),
            Ok(_) | Err(_) => {
                tracing::error!(
                    value = text,
                    "DROP_MESSAGE_RATIO is not a number from 0 to 1; every text is dropped"
                );
                Self::All
            }
        }
    }

    /// Whether texts to `recipient` are dropped. The same number always gets the same answer.
    pub fn drops(self, recipient: &str) -> bool {
        match self {
            Self::Never => false,
            Self::All => true,
            Self::Share(share) => position(recipient) < share,
        }
    }
}

/// Where a number lies between 0 and 1: the first 32 bits of its SHA-256, as it is stored, `+` included.
fn position(recipient: &str) -> f64 {
    let digest = Sha256::digest(recipient.as_bytes());
    let head = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
    f64::from(head) / 4_294_967_296.0
}

#[cfg(test)]
mod tests {
    use super::{DropRatio, position};

    #[test]
    fn numbers_lie_where_they_lay_in_2020() {
        let vectors = [
            ("+15550000000", 0x8aac_b9d7_u32, 0.541_698),
            ("+15550000001", 0x8e89_f1d4, 0.556_792),
            ("+15550000002", 0xcf7b_d9df, 0.810_484),
            ("+15555550100", 0x0cbf_0194, 0.049_790),
            ("+16175555770", 0x3b6f_16c8, 0.232_163),
        ];
        for (number, head, expected) in vectors {
            let found = position(number);
            assert!((found - expected).abs() < 1e-6, "{number}: {found}");
            // Dropped when it lies below the ratio, and not where it lies on it.
            let share = |head: u32| DropRatio::Share(f64::from(head) / 4_294_967_296.0);
            assert!(!share(head).drops(number), "{number}");
            assert!(share(head + 1).drops(number), "{number}");
        }
    }

    #[test]
    fn a_number_is_dropped_when_it_lies_below_the_ratio() {
        let half = DropRatio::parse("0.5");
        assert!(half.drops("+15555550100"));
        assert!(!half.drops("+15550000000"));
        assert!(!DropRatio::parse("0").drops("+15555550100"));
        assert!(DropRatio::parse("1").drops("+15550000002"));
    }

    #[test]
    fn unset_drops_nothing_and_nonsense_drops_everything() {
        assert_eq!(DropRatio::parse(""), DropRatio::Never);
        for nonsense in ["abc", "-0.1", "1.01", "NaN", "inf"] {
            assert_eq!(DropRatio::parse(nonsense), DropRatio::All, "{nonsense}");
        }
        assert!(DropRatio::All.drops("+15550000002"));
        assert!(!DropRatio::Never.drops("+15555550100"));
    }
}
