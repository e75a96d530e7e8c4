//! How many segments the carrier bills a text as.

/// The GSM 03.38 alphabet besides ASCII letters and digits, one unit each.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà";
/// Its extension table: two units each.
const EXTENDED: &str = "^{}\\[~]|€\u{c}";

/// The number of segments; an empty text has none.
pub fn count(text: &str) -> usize {
    match gsm_units(text) {
        Some(units) => segments(units, 160, 153),
        None => segments(text.encode_utf16().count(), 70, 67),
    }
}

/// Units in the GSM alphabet; none when a character lies outside it.
fn gsm_units(text: &str) -> Option<usize> {
    text.chars()
        .map(|character| match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' => Some(1),
            _ if BASIC.contains(character) => Some(1),
            _ if EXTENDED.contains(character) => Some(2),
            _ => None,
        })
        .sum()
}

fn segments(units: usize, single: usize, part: usize) -> usize {
    if units <= single {
        usize::from(units > 0)
    } else {
        units.div_ceil(part)
    }
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn segments_are_counted_as_the_carrier_bills_them() {
        let cases = [
            (String::new(), 0),
            ("a".repeat(160), 1),
            ("a".repeat(161), 2),
            ("a".repeat(306), 2),
            ("a".repeat(307), 3),
            ("{".repeat(80), 1),
            ("{".repeat(81), 2),
            ("\u{1F600}".repeat(35), 1),
            ("\u{1F600}".repeat(36), 2),
            (format!("{}\u{2019}", "a".repeat(70)), 2),
        ];
        for (text, expected) in cases {
            assert_eq!(count(&text), expected, "{text}");
        }
    }
}
