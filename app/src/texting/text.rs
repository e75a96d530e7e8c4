//! What a text may look like.

use crate::error::{Error, Result};

/// Trims, and turns typographic apostrophes into plain ones: one of them alone would more than
/// double the price of a text.
pub fn normalise(text: &str) -> String {
    text.trim().replace(['\u{2018}', '\u{2019}'], "'")
}

/// Checks a normalised text: not empty, not longer than `max` UTF-16 units.
///
/// # Errors
/// [`Error::BadInput`] that says which.
pub fn check(text: &str, max: usize) -> Result<()> {
    if text.is_empty() {
        return Err(Error::bad_input("text", "A text cannot be empty."));
    }
    let length = text.encode_utf16().count();
    if length > max {
        return Err(Error::bad_input(
            "text",
            format!("This text has {length} characters; {max} is the most."),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{check, normalise};

    #[test]
    fn apostrophes_become_plain_and_ends_are_trimmed() {
        assert_eq!(normalise("  it\u{2019}s \u{2018}ok\u{2019}\n"), "it's 'ok'");
    }

    #[test]
    fn length_is_counted_in_utf_16_units() {
        assert!(check("ab", 2).is_ok());
        assert!(check("abc", 2).is_err());
        assert!(check("\u{1F600}", 2).is_ok());
        assert!(check("\u{1F600}a", 2).is_err());
        assert!(check("", 2).is_err());
    }
}
