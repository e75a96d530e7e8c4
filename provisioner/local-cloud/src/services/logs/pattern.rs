//! Filter patterns: terms, phrases, optional and excluded terms, and conditions on JSON.
//!
//! `ERROR "time out" -retry`, `?ERROR ?WARN`, `{ $.status >= 500 && $.path = "/a*" }`.
//! Space-delimited patterns (`[ip, user, ...]`) and regular expressions are refused.

use serde_json::Value;

use super::invalid;
use crate::error::Answer;

/// A parsed pattern.
pub(super) enum Pattern {
    Terms {
        all: Vec<String>,
        any: Vec<String>,
        none: Vec<String>,
    },
    /// Alternatives of conditions that must all hold.
    Json(Vec<Vec<Condition>>),
}

pub(super) struct Condition {
    path: Vec<String>,
    operator: Operator,
    value: String,
}

#[derive(Clone, Copy, PartialEq)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Pattern {
    pub(super) fn parse(text: &str) -> Answer<Self> {
        let text = text.trim();
        if let Some(inner) = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')) {
            return inner
                .split("||")
                .map(|all| all.split("&&").map(Condition::parse).collect())
                .collect::<Answer<_>>()
                .map(Self::Json);
        }
        if text.starts_with(['[', '{', '%']) {
            return Err(invalid(format!(
                "The local cloud does not offer the filter pattern {text}: \
                 use terms or {{ $.field = \"value\" }}."
            )));
        }
        let (mut all, mut any, mut none) = (Vec::new(), Vec::new(), Vec::new());
        for word in words(text)? {
            if let Some(word) = word.strip_prefix('?') {
                any.push(unquoted(word));
            } else if let Some(word) = word.strip_prefix('-') {
                none.push(unquoted(word));
            } else {
                all.push(unquoted(&word));
            }
        }
        Ok(Self::Terms { all, any, none })
    }

    pub(super) fn matches(&self, message: &str) -> bool {
        match self {
            Self::Terms { all, any, none } => {
                let has = |word: &String| message.contains(word.as_str());
                all.iter().all(has)
                    && (any.is_empty() || any.iter().any(has))
                    && !none.iter().any(has)
            }
            Self::Json(alternatives) => serde_json::from_str(message).is_ok_and(|json: Value| {
                alternatives
                    .iter()
                    .any(|conditions| conditions.iter().all(|c| c.holds(&json)))
            }),
        }
    }
}

/// Splits at white space outside quotes.
fn words(text: &str) -> Answer<Vec<String>> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for letter in text.chars() {
        match letter {
            '"' => quoted = !quoted,
            _ if letter.is_whitespace() && !quoted => {
                words.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(word) = words.last_mut() {
            word.push(letter);
        }
    }
    if quoted {
        return Err(invalid("Invalid filter pattern: a quote is not closed."));
    }
    words.retain(|word| !word.is_empty());
    Ok(words)
}

fn unquoted(word: &str) -> String {
    word.trim_matches('"').to_owned()
}

impl Condition {
    fn parse(text: &str) -> Answer<Self> {
        const OPERATORS: [(&str, Operator); 6] = [
            ("!=", Operator::NotEqual),
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("=", Operator::Equal),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ];
        let bad = || {
            invalid(format!(
                "Invalid filter pattern: '{}' is not $.field, an operator and a value.",
                text.trim()
            ))
        };
        let (place, token, operator) = OPERATORS
            .iter()
            .filter_map(|(token, operator)| Some((text.find(token)?, *token, *operator)))
            .min_by_key(|(place, token, _)| (*place, usize::MAX - token.len()))
            .ok_or_else(bad)?;
        let path = text[..place].trim().strip_prefix("$.").ok_or_else(bad)?;
        let value = text[place + token.len()..].trim();
        if value.is_empty() {
            return Err(bad());
        }
        Ok(Self {
            path: path.split('.').map(str::to_owned).collect(),
            operator,
            value: unquoted(value),
        })
    }

    fn holds(&self, json: &Value) -> bool {
        let found = self
            .path
            .iter()
            .try_fold(json, |value, part| value.get(part.as_str()));
        let Some(found) = found else {
            return false;
        };
        let text = match found {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        match self.operator {
            Operator::Equal => self.same(&text),
            Operator::NotEqual => !self.same(&text),
            _ => {
                let (Some(found), Ok(wanted)) = (found.as_f64(), self.value.parse::<f64>()) else {
                    return false;
                };
                match self.operator {
                    Operator::Less => found < wanted,
                    Operator::LessOrEqual => found <= wanted,
                    Operator::Greater => found > wanted,
                    Operator::GreaterOrEqual => found >= wanted,
                    Operator::Equal | Operator::NotEqual => false,
                }
            }
        }
    }

    /// Equal as numbers or as text; `*` stands for anything.
    fn same(&self, text: &str) -> bool {
        if let (Ok(a), Ok(b)) = (self.value.parse::<f64>(), text.parse::<f64>()) {
            return a.total_cmp(&b).is_eq();
        }
        let parts: Vec<&str> = self.value.split('*').collect();
        let [first, middle @ .., last] = parts.as_slice() else {
            return self.value == text;
        };
        let Some(rest) = text.strip_prefix(first).and_then(|t| t.strip_suffix(last)) else {
            return false;
        };
        middle
            .iter()
            .try_fold(rest, |rest, part| {
                rest.find(part).map(|at| &rest[at + part.len()..])
            })
            .is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn patterns_match_as_documented() {
        let cases = [
            ("", "anything", true),
            ("ERROR", "an ERROR here", true),
            ("ERROR", "an error here", false),
            ("ERROR \"time out\"", "ERROR: time out", true),
            ("ERROR -retry", "ERROR, will retry", false),
            ("?ERROR ?WARN", "a WARN", true),
            ("{ $.a = \"x\" }", r#"{"a":"x"}"#, true),
            ("{ $.a = \"x*\" }", r#"{"a":"xyz"}"#, true),
            ("{ $.a = \"x*\" }", r#"{"a":"ayz"}"#, false),
            ("{ $.a.b >= 500 }", r#"{"a":{"b":503}}"#, true),
            ("{ $.a = 1 && $.b != 2 }", r#"{"a":1,"b":2}"#, false),
            ("{ $.a = 1 || $.b = 2 }", r#"{"a":0,"b":2}"#, true),
            ("{ $.a = 1 }", "not json", false),
        ];
        for (pattern, message, wanted) in cases {
            let parsed = Pattern::parse(pattern).unwrap();
            assert_eq!(parsed.matches(message), wanted, "{pattern} on {message}");
        }
    }

    #[test]
    fn what_is_not_offered_is_refused() {
        for pattern in ["[ip, user]", "{ a = 1 }", "\"open", "%regex%"] {
            assert!(Pattern::parse(pattern).is_err(), "{pattern}");
        }
    }
}
