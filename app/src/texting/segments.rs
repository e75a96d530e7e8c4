//! How many segments the carrier bills a text as.

/// The GSM 03.38 alphabet besides ASCII letters and digits, one unit each.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà";
/// Its extension table: two units each.
const EXTENDED: &str = "^{}\\[~]|€\u{c}";

/// The number of segments; an empty text has none.
pub fn count(text: &str) -> usize {
    let gsm: Option<Vec<usize>> = text.chars().map(gsm_units).collect();
    match gsm {
        Some(units) => segments(&units, 160, 153),
        None => segments(
            &text.chars().map(char::len_utf16).collect::<Vec<_>>(),
            70,
            67,
        ),
    }
}

/// Units of a character in the GSM alphabet; none when it lies outside it.
fn gsm_units(character: char) -> Option<usize> {
    match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' => Some(1),
        _ if BASIC.contains(character) => Some(1),
        _ if EXTENDED.contains(character) => Some(2),
        _ => None,
    }
}

/// How many parts characters of these sizes fill: none is ever split between two.
fn segments(units: &[usize], single: usize, part: usize) -> usize {
    if units.iter().sum::<usize>() <= single {
        return usize::from(!units.is_empty());
    }
    let mut parts = 1;
    let mut filled = 0;
    for unit in units {
        if filled + unit > part {
            parts += 1;
            filled = 0;
        }
        filled += unit;
    }
    parts
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::count;

    #[derive(Deserialize)]
    struct Vector {
        text: String,
        segments: usize,
    }

    #[test]
    fn segments_are_counted_as_the_shared_vectors_say() {
        let vectors: Vec<Vector> =
            serde_json::from_str(include_str!("../../segment-vectors.json")).unwrap();
        assert!(vectors.len() > 20);
        for vector in vectors {
            assert_eq!(count(&vector.text), vector.segments, "{:?}", vector.text);
        }
    }
}
