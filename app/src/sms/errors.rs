//! What the carrier's error codes mean: who must act, and whether trying again is right.
//! From Twilio's error dictionary (twilio.com/docs/api/errors).

/// What to make of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The person wants no texts: becomes an opt-out.
    OptedOut,
    /// The number takes no texts: nobody can do anything.
    Number,
    /// The person's phone or a queue was not ready: tried again, with growing pauses.
    TryLater,
    /// The text was filtered or is malformed: whoever writes the script must change it.
    Content,
    /// The campaign's numbers or messaging service are not in order: an admin must act.
    Campaign,
    /// The whole account is not in order: whoever runs the instance must act.
    Account,
    /// It waited at the carrier until its time was over.
    Expired,
    /// Not in our list.
    Unknown,
}

/// The class of a code.
pub fn class(code: i32) -> Class {
    match code {
        21_610 => Class::OptedOut,
        21_211 | 21_217 | 21_408 | 21_612 | 21_614 | 30_004 | 30_005 | 30_006 => Class::Number,
        20_429 | 21_611 | 30_001 | 30_003 | 30_017 | 30_022 => Class::TryLater,
        21_602 | 21_617 | 30_007 | 30_019 => Class::Content,
        21_603 | 21_606 | 21_624 | 21_701 | 21_703 | 21_704 | 21_705 | 30_032 | 30_034 => {
            Class::Campaign
        }
        20_003 | 20_005 | 20_006 | 30_002 | 30_010 => Class::Account,
        30_036 => Class::Expired,
        _ => Class::Unknown,
    }
}

impl Class {
    /// For whoever looks at a failed text: what happened, and who can do something.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::OptedOut => "This person has opted out at the carrier.",
            Self::Number => "This number takes no texts.",
            Self::TryLater => "The phone or the carrier was not ready; it was tried several times.",
            Self::Content => "The carrier filtered this text. An admin should change the wording.",
            Self::Campaign => {
                "The campaign's numbers are not in order at the carrier. An admin must look at them."
            }
            Self::Account => {
                "The carrier does not accept the account. Whoever runs this instance must act."
            }
            Self::Expired => "Texting hours ended before the carrier could send it.",
            Self::Unknown => "The carrier could not deliver it.",
        }
    }
}

/// What a failed text's code means.
pub fn meaning(code: Option<i32>) -> &'static str {
    code.map_or(Class::Unknown, class).meaning()
}

#[cfg(test)]
mod tests {
    use super::{Class, class, meaning};

    #[test]
    fn codes_say_who_must_act() {
        let cases = [
            (21_610, Class::OptedOut),
            (30_003, Class::TryLater),
            (30_005, Class::Number),
            (30_007, Class::Content),
            (21_703, Class::Campaign),
            (20_003, Class::Account),
            (30_036, Class::Expired),
            (99_999, Class::Unknown),
        ];
        for (code, expected) in cases {
            assert_eq!(class(code), expected, "{code}");
        }
        assert_eq!(meaning(None), Class::Unknown.meaning());
    }
}
