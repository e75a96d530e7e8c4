//! Passwords: Argon2id, off the async threads.

use anyhow::{Context, anyhow};
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

use crate::error::{Error, Result};

/// The shortest password that is taken.
const MIN_LENGTH: usize = 8;
/// The longest: hashing more is work for an attacker to give us.
const MAX_LENGTH: usize = 200;
/// What is verified when there is no such person, so that the answer takes as long.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c3Bva2Utbm9ib2R5cw$Wk5IdWlXZEVqdVh1bHZJb2xpZ2h0bm9uZQ";

/// Checks a password somebody chose.
///
/// # Errors
/// [`Error::BadInput`].
pub fn check(password: &str) -> Result<()> {
    let length = password.chars().count();
    if (MIN_LENGTH..=MAX_LENGTH).contains(&length) {
        return Ok(());
    }
    Err(Error::bad_input(
        "password",
        format!("A password has {MIN_LENGTH} to {MAX_LENGTH} characters."),
    ))
}

/// The hash, in PHC notation.
///
/// # Errors
/// When there is no memory for it.
pub async fn hash(password: &str) -> Result<String> {
    let password = password.to_owned();
    let hash = tokio::task::spawn_blocking(move || {
        Argon2::default()
            .hash_password(password.as_bytes())
            .map(|hash| hash.to_string())
    });
    let hash = hash.await.context("hashing a password broke down")?;
    Ok(hash.map_err(|error| anyhow!("hashing a password: {error}"))?)
}

/// Whether the password belongs to the hash. Takes as long when there is none.
///
/// # Errors
/// When the work breaks down.
pub async fn is_right(password: &str, hash: Option<&str>) -> Result<bool> {
    if password.chars().count() > MAX_LENGTH {
        return Ok(false);
    }
    let password = password.to_owned();
    let is_known = hash.is_some();
    let hash = hash.unwrap_or(NOBODYS).to_owned();
    let verified = tokio::task::spawn_blocking(move || {
        PasswordHash::new(&hash).is_ok_and(|hash| {
            Argon2::default()
                .verify_password(password.as_bytes(), &hash)
                .is_ok()
        })
    });
    Ok(verified.await.context("checking a password broke down")? && is_known)
}

#[cfg(test)]
mod tests {
    use super::{NOBODYS, check, hash, is_right};

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let own = hash("correct horse").await.unwrap();
        assert!(own.starts_with("$argon2id$"));
        assert!(is_right("correct horse", Some(&own)).await.unwrap());
        assert!(!is_right("correct horses", Some(&own)).await.unwrap());
        assert!(!is_right("correct horse", None).await.unwrap());
        assert!(!is_right("x", Some("not a hash")).await.unwrap());
    }

    #[test]
    fn nobodys_hash_is_one() {
        assert!(argon2::password_hash::phc::PasswordHash::new(NOBODYS).is_ok());
    }

    #[test]
    fn short_and_endless_passwords_are_refused() {
        assert!(check("1234567").is_err());
        assert!(check("12345678").is_ok());
        assert!(check(&"x".repeat(201)).is_err());
    }
}
