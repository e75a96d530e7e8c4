//! The rule of a composite alarm: `ALARM("a") AND (OK("b") OR NOT INSUFFICIENT_DATA(c))`,
//! `AT_LEAST(2, ALARM, (a, b, c))`.

use super::evaluate::State;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Rule {
    Constant(bool),
    Is(State, String),
    Not(Box<Rule>),
    And(Box<Rule>, Box<Rule>),
    Or(Box<Rule>, Box<Rule>),
    AtLeast(usize, State, Vec<String>),
}

/// Reads a rule.
pub(super) fn read(text: &str) -> Result<Rule, String> {
    let mut reader = Reader {
        tokens: tokens(text)?,
        place: 0,
    };
    let rule = reader.or()?;
    match reader.next() {
        None => Ok(rule),
        Some(token) => Err(format!("'{token}' does not belong at the end of the rule")),
    }
}

impl Rule {
    /// Whether the rule holds; an alarm that is not there has insufficient data.
    pub(super) fn holds(&self, state_of: &impl Fn(&str) -> Option<State>) -> bool {
        let is =
            |name: &str, state: State| state_of(name).unwrap_or(State::InsufficientData) == state;
        match self {
            Self::Constant(value) => *value,
            Self::Is(state, name) => is(name, *state),
            Self::Not(inner) => !inner.holds(state_of),
            Self::And(left, right) => left.holds(state_of) && right.holds(state_of),
            Self::Or(left, right) => left.holds(state_of) || right.holds(state_of),
            Self::AtLeast(count, state, names) => {
                names.iter().filter(|name| is(name, *state)).count() >= *count
            }
        }
    }

    /// The alarms it looks at.
    pub(super) fn names(&self) -> Vec<&str> {
        match self {
            Self::Constant(_) => Vec::new(),
            Self::Is(_, name) => vec![name],
            Self::Not(inner) => inner.names(),
            Self::And(left, right) | Self::Or(left, right) => {
                let mut names = left.names();
                names.extend(right.names());
                names
            }
            Self::AtLeast(_, _, names) => names.iter().map(String::as_str).collect(),
        }
    }
}

/// Parentheses, commas, words and quoted names.
fn tokens(text: &str) -> Result<Vec<String>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '(' | ')' | ',' => {
                tokens.push(first.to_string());
                1
            }
            '"' => {
                let end = rest[1..].find('"').ok_or("a quotation has no end")?;
                tokens.push(rest[1..=end].to_owned());
                end + 2
            }
            _ => {
                let end = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | '"');
                let length = rest.find(end).unwrap_or(rest.len());
                tokens.push(rest[..length].to_owned());
                length
            }
        };
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

struct Reader {
    tokens: Vec<String>,
    place: usize,
}

impl Reader {
    fn next(&mut self) -> Option<String> {
        let token = self.tokens.get(self.place).cloned();
        self.place += 1;
        token
    }

    fn takes(&mut self, word: &str) -> bool {
        let found = self
            .tokens
            .get(self.place)
            .is_some_and(|token| token == word);
        if found {
            self.place += 1;
        }
        found
    }

    fn expect(&mut self, word: &str) -> Result<(), String> {
        if self.takes(word) {
            return Ok(());
        }
        Err(format!(
            "'{word}' is missing before {:?}",
            self.tokens.get(self.place)
        ))
    }

    fn or(&mut self) -> Result<Rule, String> {
        let mut left = self.and()?;
        while self.takes("OR") {
            left = Rule::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Rule, String> {
        let mut left = self.not()?;
        while self.takes("AND") {
            left = Rule::And(Box::new(left), Box::new(self.not()?));
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Rule, String> {
        if self.takes("NOT") {
            return Ok(Rule::Not(Box::new(self.not()?)));
        }
        if self.takes("(") {
            let inner = self.or()?;
            self.expect(")")?;
            return Ok(inner);
        }
        let word = self.next().ok_or("the rule ends too early")?;
        match word.as_str() {
            "TRUE" => Ok(Rule::Constant(true)),
            "FALSE" => Ok(Rule::Constant(false)),
            "AT_LEAST" => self.at_least(),
            state => {
                let state = read_state(state)?;
                self.expect("(")?;
                let name = self.name()?;
                self.expect(")")?;
                Ok(Rule::Is(state, name))
            }
        }
    }

    fn at_least(&mut self) -> Result<Rule, String> {
        self.expect("(")?;
        let count = self.next().and_then(|count| count.parse().ok());
        let count = count.ok_or("AT_LEAST begins with a number")?;
        self.expect(",")?;
        let state = read_state(&self.next().unwrap_or_default())?;
        self.expect(",")?;
        self.expect("(")?;
        let mut names = vec![self.name()?];
        while self.takes(",") {
            names.push(self.name()?);
        }
        self.expect(")")?;
        self.expect(")")?;
        Ok(Rule::AtLeast(count, state, names))
    }

    /// A name, or the ARN of an alarm.
    fn name(&mut self) -> Result<String, String> {
        let text = self.next().ok_or("an alarm's name is missing")?;
        let name = text
            .split_once(":alarm:")
            .map_or(text.as_str(), |(_, name)| name);
        Ok(name.to_owned())
    }
}

fn read_state(text: &str) -> Result<State, String> {
    State::read(text).ok_or_else(|| {
        format!("'{text}' is none of ALARM, OK, INSUFFICIENT_DATA, AT_LEAST, TRUE, FALSE, NOT")
    })
}

#[cfg(test)]
mod tests {
    use super::{State, read};

    #[test]
    fn rules_hold_as_they_read() {
        let state_of = |name: &str| match name {
            "a" | "with space" => Some(State::Alarm),
            "b" => Some(State::Ok),
            _ => None,
        };
        for (rule, expected) in [
            ("ALARM(a)", true),
            ("ALARM(\"with space\")", true),
            ("ALARM(arn:aws:cloudwatch:us-east-1:0:alarm:a)", true),
            ("ALARM(b) OR OK(b)", true),
            ("NOT ALARM(a) OR ALARM(a) AND OK(b)", true),
            ("NOT (ALARM(a) OR ALARM(b))", false),
            ("INSUFFICIENT_DATA(c)", true),
            ("AT_LEAST(2, ALARM, (a, b, \"with space\"))", true),
            ("AT_LEAST(3, ALARM, (a, b, \"with space\"))", false),
            ("TRUE AND NOT FALSE", true),
        ] {
            assert_eq!(read(rule).unwrap().holds(&state_of), expected, "{rule}");
        }
        for rule in [
            "",
            "ALARM",
            "ALARM(a",
            "BROKEN(a)",
            "ALARM(a) ALARM(b)",
            "AND",
        ] {
            assert!(read(rule).is_err(), "{rule}");
        }
    }
}
