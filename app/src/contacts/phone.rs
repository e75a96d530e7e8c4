//! Telephone numbers, into E.164.

use phonenumber::metadata::DATABASE;
use phonenumber::{Metadata, Mode, PhoneNumber};

use crate::contacts::zones;

/// How strict to be, and where numbers without a country code belong.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// `SUPPRESS_PHONE_VALIDATION`: possible numbers of any country pass, not only valid ones of the home country.
    pub accepts_possible: bool,
    /// ISO 3166 code of the home country.
    pub country: &'a str,
}

/// Why it is not taken, for whoever uploaded it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("This is not a valid phone number.")]
    NoNumber,
    /// With the home country's calling code.
    #[error("This is a foreign phone number; only numbers that begin with +{0} are loaded.")]
    Foreign(u16),
}

/// The number in E.164.
///
/// North American numbers, nearly all there are, are read by hand: the library takes fifty
/// times as long, which a million rows would feel.
///
/// # Errors
/// Why it is not taken.
pub fn parse(raw: &str, rules: Rules<'_>) -> Result<String, Fault> {
    let raw = raw.trim();
    if raw.len() > 64 {
        return Err(Fault::NoNumber);
    }
    let may_be_foreign = raw.starts_with('+') && !raw.starts_with("+1");
    if rules.country == "US" && !may_be_foreign {
        return north_american(raw, rules.accepts_possible).ok_or(Fault::NoNumber);
    }
    let number = with_library(raw, rules).ok_or(Fault::NoNumber)?;
    let home = calling_code(rules.country).ok_or(Fault::NoNumber)?;
    if !rules.accepts_possible && number.code().value() != home {
        return Err(Fault::Foreign(home));
    }
    Ok(number.format().mode(Mode::E164).to_string())
}

fn north_american(raw: &str, accepts_possible: bool) -> Option<String> {
    let mut digits = String::with_capacity(12);
    for character in raw.chars() {
        match character {
            '0'..='9' => digits.push(character),
            '+' if digits.is_empty() => {}
            ' ' | '\u{a0}' | '-' | '\u{2011}' | '\u{2013}' | '.' | '(' | ')' | '/' => {}
            _ => return None,
        }
    }
    let national = match digits.len() {
        10 => digits.as_str(),
        11 => digits.strip_prefix('1')?,
        _ => return None,
    };
    let bytes = national.as_bytes();
    let is_valid = bytes[0] >= b'2'
        && bytes[3] >= b'2'
        && !national[3..6].ends_with("11")
        && zones::is_area_code(national[..3].parse().ok()?);
    (accepts_possible || is_valid).then(|| format!("+1{national}"))
}

fn with_library(raw: &str, rules: Rules<'_>) -> Option<PhoneNumber> {
    let country = rules.country.parse().ok()?;
    let number = phonenumber::parse(Some(country), raw).ok()?;
    (rules.accepts_possible || phonenumber::is_valid(&number)).then_some(number)
}

/// What every number of the country begins with, and perhaps of others that share its numbers.
fn calling_code(country: &str) -> Option<u16> {
    DATABASE.by_id(country).map(Metadata::country_code)
}

#[cfg(test)]
mod tests {
    use super::{Fault, Rules, parse};

    const STRICT: Rules<'_> = Rules {
        accepts_possible: false,
        country: "US",
    };
    const LENIENT: Rules<'_> = Rules {
        accepts_possible: true,
        country: "US",
    };

    #[test]
    fn numbers_as_people_type_them() {
        for raw in [
            "6175550123",
            "(617) 555-0123",
            "+1 617 555 0123",
            "1-617-555-0123",
            "617.555.0123",
            " 617\u{a0}555\u{2013}0123 ",
        ] {
            assert_eq!(parse(raw, STRICT).as_deref(), Ok("+16175550123"), "{raw}");
        }
        // Canada's begin like ours.
        assert_eq!(
            parse("+1 416-555-0123", STRICT).as_deref(),
            Ok("+14165550123")
        );
    }

    #[test]
    fn foreign_numbers_are_refused_unless_validation_is_suppressed() {
        let british = "+44 20 7183 8750";
        assert_eq!(parse(british, STRICT), Err(Fault::Foreign(1)));
        assert_eq!(parse(british, LENIENT).as_deref(), Ok("+442071838750"));
        let at_home = Rules {
            country: "GB",
            ..STRICT
        };
        for raw in [british, "020 7183 8750"] {
            assert_eq!(parse(raw, at_home).as_deref(), Ok("+442071838750"), "{raw}");
        }
        assert_eq!(parse("+1 617 555 0123", at_home), Err(Fault::Foreign(44)));
        assert_eq!(parse("020 7183", at_home), Err(Fault::NoNumber));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for raw in [
            "",
            "617555012",
            "61755501234",
            "0175550123",
            "617-155-0123",
            "617-911-0123",
            "617-555-O123",
            "555-555-0123",
            "+44 1",
            "not a number",
            "26175550123",
        ] {
            assert_eq!(parse(raw, STRICT), Err(Fault::NoNumber), "{raw}");
        }
    }

    #[test]
    fn possible_numbers_pass_when_validation_is_suppressed() {
        assert_eq!(
            parse("555-555-0100", LENIENT).as_deref(),
            Ok("+15555550100")
        );
        assert_eq!(
            parse("+15550000000", LENIENT).as_deref(),
            Ok("+15550000000")
        );
        assert_eq!(parse("555", LENIENT), Err(Fault::NoNumber));
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_typed_is_a_number_or_none(raw in "(\\PC{0,30}|[-+() .0-9]{0,20})", accepts_possible: bool) {
            for country in ["US", "GB", "nowhere"] {
                let rules = Rules { accepts_possible, country };
                if let Ok(number) = parse(&raw, rules) {
                    let digits = number.strip_prefix('+').unwrap();
                    proptest::prop_assert!((3..=17).contains(&digits.len()), "{number}");
                    proptest::prop_assert!(digits.bytes().all(|digit| digit.is_ascii_digit()), "{number}");
                    // What is valid is read again as the same.
                    if !accepts_possible {
                        proptest::prop_assert_eq!(parse(&number, rules), Ok(number));
                    }
                }
            }
        }
    }
}
