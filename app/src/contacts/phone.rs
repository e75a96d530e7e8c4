//! Telephone numbers, into E.164.

use crate::contacts::zones;

/// How strict to be, and where numbers without a country code belong.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// `SUPPRESS_PHONE_VALIDATION`: possible numbers pass, not only valid ones.
    pub accepts_possible: bool,
    /// ISO 3166 code of the home country.
    pub country: &'a str,
}

/// The number in E.164; none when it is not one.
///
/// North American numbers, nearly all there are, are read by hand: the library takes fifty
/// times as long, which a million rows would feel.
pub fn parse(raw: &str, rules: Rules<'_>) -> Option<String> {
    let raw = raw.trim();
    if raw.len() > 64 {
        return None;
    }
    let is_foreign = raw.starts_with('+') && !raw.starts_with("+1");
    if rules.country == "US" && !is_foreign {
        return north_american(raw, rules.accepts_possible);
    }
    with_library(raw, rules)
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

fn with_library(raw: &str, rules: Rules<'_>) -> Option<String> {
    let country = rules.country.parse().ok()?;
    let number = phonenumber::parse(Some(country), raw).ok()?;
    (rules.accepts_possible || phonenumber::is_valid(&number))
        .then(|| number.format().mode(phonenumber::Mode::E164).to_string())
}

#[cfg(test)]
mod tests {
    use super::{Rules, parse};

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
            assert_eq!(parse(raw, STRICT).as_deref(), Some("+16175550123"), "{raw}");
        }
        assert_eq!(
            parse("+44 20 7183 8750", STRICT).as_deref(),
            Some("+442071838750")
        );
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
            assert_eq!(parse(raw, STRICT), None, "{raw}");
        }
    }

    #[test]
    fn possible_numbers_pass_when_validation_is_suppressed() {
        assert_eq!(
            parse("555-555-0100", LENIENT).as_deref(),
            Some("+15555550100")
        );
        assert_eq!(
            parse("+15550000000", LENIENT).as_deref(),
            Some("+15550000000")
        );
        assert_eq!(parse("555", LENIENT), None);
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_typed_is_a_number_or_none(raw in "(\\PC{0,30}|[-+() .0-9]{0,20})", accepts_possible: bool) {
            for country in ["US", "GB", "nowhere"] {
                let rules = Rules { accepts_possible, country };
                if let Some(number) = parse(&raw, rules) {
                    let digits = number.strip_prefix('+').unwrap();
                    proptest::prop_assert!((3..=17).contains(&digits.len()), "{number}");
                    proptest::prop_assert!(digits.bytes().all(|digit| digit.is_ascii_digit()), "{number}");
                    // What is valid is read again as the same.
                    if !accepts_possible {
                        proptest::prop_assert_eq!(parse(&number, rules), Some(number));
                    }
                }
            }
        }
    }
}
