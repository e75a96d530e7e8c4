//! Words that opt the sender out when they are the whole message.

const WORDS: [&str; 8] = [
    "STOP",
    "STOPALL",
    "QUIT",
    "END",
    "REVOKE",
    "OPTOUT",
    "CANCEL",
    "UNSUBSCRIBE",
];

/// Whether the whole text, whatever its case and punctuation, asks for no more texts.
pub fn is_opt_out(text: &str) -> bool {
    let letters: String = text
        .chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_uppercase)
        .collect();
    WORDS.contains(&letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::is_opt_out;

    #[test]
    fn a_whole_message_opts_out_in_any_dress() {
        for text in [
            "STOP",
            "stop",
            " Stop. ",
            "STOP!!!",
            "\"stop\"",
            "quit",
            "End",
            "REVOKE",
            "opt out",
            "Opt-Out",
            "OPTOUT",
            "cancel",
            "unsubscribe.",
            "S.T.O.P.",
            "stop all",
        ] {
            assert!(is_opt_out(text), "{text}");
        }
    }

    #[test]
    fn a_word_inside_a_sentence_does_not() {
        for text in [
            "",
            "Stop by any time",
            "please stop",
            "the end",
            "don't quit",
            "stopp",
            "1",
        ] {
            assert!(!is_opt_out(text), "{text}");
        }
    }
}
