//! The ports of the cloud on this machine: the usual ones where they are free, others where not.

use std::net::{Ipv4Addr, TcpListener};

/// Where AWS emulators are usually found.
pub const ENDPOINT: u16 = 4566;
/// Where the application is usually found.
pub const FIRST_API: u16 = 8080;

/// Whether nobody listens there.
#[must_use]
pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// `wanted`, or the next free one of the hundred after it.
#[must_use]
pub fn free_from(wanted: u16) -> Option<u16> {
    (wanted..wanted.saturating_add(100)).find(|port| is_free(*port))
}

#[cfg(test)]
mod tests {
    use super::{free_from, is_free};

    #[test]
    fn a_taken_port_is_passed_over() {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let taken = listener.local_addr().unwrap().port();
        assert!(!is_free(taken));
        let found = free_from(taken).unwrap();
        assert!(found > taken);
    }
}
