//! Random passwords.

use rand::Rng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use serde::Deserialize;
use serde_json::json;

use super::invalid_parameter;
use crate::error::Answer;
use crate::protocol::values::optional_integer;

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &str = "0123456789";
const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase", default)]
#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the operation's input has them"
)]
pub(super) struct Wanted {
    #[serde(deserialize_with = "optional_integer")]
    password_length: Option<i64>,
    exclude_characters: String,
    exclude_numbers: bool,
    exclude_punctuation: bool,
    exclude_uppercase: bool,
    exclude_lowercase: bool,
    include_space: bool,
    require_each_included_type: Option<bool>,
}

pub(super) fn random(wanted: Wanted) -> Answer {
    let password = make(&wanted, &mut rand::rng())?;
    Ok(json!({ "RandomPassword": password }))
}

fn make(wanted: &Wanted, chance: &mut impl Rng) -> Answer<String> {
    let length = usize::try_from(wanted.password_length.unwrap_or(32))
        .ok()
        .filter(|length| (1..=4096).contains(length))
        .ok_or_else(|| invalid_parameter("PasswordLength must be between 1 and 4096."))?;
    let kinds: Vec<Vec<char>> = [
        (LOWER, !wanted.exclude_lowercase),
        (UPPER, !wanted.exclude_uppercase),
        (DIGITS, !wanted.exclude_numbers),
        (PUNCTUATION, !wanted.exclude_punctuation),
        (" ", wanted.include_space),
    ]
    .into_iter()
    .filter(|(_, included)| *included)
    .map(|(letters, _)| {
        letters
            .chars()
            .filter(|letter| !wanted.exclude_characters.contains(*letter))
            .collect::<Vec<char>>()
    })
    .filter(|letters| !letters.is_empty())
    .collect();
    let all = kinds.concat();
    if all.is_empty() {
        return Err(invalid_parameter(
            "The password must contain at least one type of character.",
        ));
    }
    let each = wanted.require_each_included_type.unwrap_or(true);
    if each && length < kinds.len() {
        return Err(invalid_parameter(
            "The password is too short to hold each included type of character.",
        ));
    }
    let mut letters: Vec<char> = kinds
        .iter()
        .filter(|_| each)
        .filter_map(|kind| kind.choose(chance).copied())
        .collect();
    while letters.len() < length {
        letters.extend(all.choose(chance));
    }
    letters.shuffle(chance);
    Ok(letters.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::{PUNCTUATION, Wanted, make};

    #[test]
    fn passwords_hold_each_wanted_type_and_nothing_excluded() {
        let wanted = Wanted {
            password_length: Some(4),
            exclude_characters: "aA0".to_owned(),
            ..Wanted::default()
        };
        for _ in 0..200 {
            let password = make(&wanted, &mut rand::rng()).unwrap();
            assert_eq!(password.chars().count(), 4);
            assert!(!password.contains(['a', 'A', '0']), "{password}");
            assert!(password.contains(|c: char| c.is_ascii_lowercase()));
            assert!(password.contains(|c: char| c.is_ascii_uppercase()));
            assert!(password.contains(|c: char| c.is_ascii_digit()));
            assert!(password.contains(|c: char| PUNCTUATION.contains(c)));
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let short = Wanted {
            password_length: Some(3),
            ..Wanted::default()
        };
        assert!(make(&short, &mut rand::rng()).is_err());
    }
}
