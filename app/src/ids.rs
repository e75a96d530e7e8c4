//! Chance, handed in: tokens nobody can guess, ids nobody has used.

use rand::RngCore;
use uuid::Uuid;

/// Where the application gets tokens and ids from.
pub trait Ids: Send + Sync {
    /// 32 random bytes as 64 hex digits.
    fn token(&self) -> String;

    /// A random UUID.
    fn uuid(&self) -> Uuid;
}

/// The system's randomness.
#[derive(Debug, Default)]
pub struct RandomIds;

impl Ids for RandomIds {
    fn token(&self) -> String {
        let mut bytes = [0; 32];
        rand::rng().fill_bytes(&mut bytes);
        hex::encode(bytes)
    }

    fn uuid(&self) -> Uuid {
        Uuid::new_v4()
    }
}
