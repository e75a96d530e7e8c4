//! Metric math: a small language of series, numbers, operators and functions.
//! Facts: "Using metric math" of AWS's CloudWatch guide: series meet where both have data,
//! a division by zero has no value, a comparison is 1 or 0.

use std::collections::BTreeMap;

/// Values by time, in milliseconds since 1970.
pub(super) type Points = BTreeMap<i64, f64>;

/// What an expression comes to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Number(f64),
    Series(Points),
    /// `METRICS()` and the like.
    Several(Vec<Points>),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    Number(f64),
    Name(String),
    Text(String),
    Negative(Box<Expression>),
    Binary(Operator, Box<Expression>, Box<Expression>),
    Call(String, Vec<Expression>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
    Minus,
    Times,
    Over,
    Power,
}

/// What names and `METRICS()` stand for while an expression is evaluated.
pub(super) struct Scope<'a> {
    pub names: &'a BTreeMap<String, Points>,
    /// The times at which there could be data, for `FILL`.
    pub grid: &'a [i64],
    pub period_seconds: f64,
}

/// Reads an expression.
pub(super) fn read(text: &str) -> Result<Expression, String> {
    let tokens = tokens(text)?;
    let mut reader = Reader { tokens, place: 0 };
    let expression = reader.binary(0)?;
    match reader.peek() {
        None => Ok(expression),
        Some(token) => Err(format!(
            "'{token:?}' does not belong at the end of '{text}'"
        )),
    }
}

/// The names an expression refers to.
pub(super) fn names(expression: &Expression) -> Vec<String> {
    match expression {
        Expression::Number(_) | Expression::Text(_) => Vec::new(),
        Expression::Name(name) => vec![name.clone()],
        Expression::Negative(inner) => names(inner),
        Expression::Binary(_, left, right) => {
            let mut found = names(left);
            found.extend(names(right));
            found
        }
        Expression::Call(_, arguments) => arguments.iter().flat_map(names).collect(),
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(f64),
    Word(String),
    Text(String),
    Sign(&'static str),
}

const SIGNS: &[&str] = &[
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "^", "(", ")", ",",
];

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if first.is_ascii_digit() || first == '.' {
            let end = |c: char| !(c.is_ascii_digit() || c == '.');
            let length = rest.find(end).unwrap_or(rest.len());
            let number = rest[..length]
                .parse()
                .map_err(|_| format!("'{}' is not a number", &rest[..length]))?;
            tokens.push(Token::Number(number));
            length
        } else if first.is_ascii_alphabetic() || first == '_' {
            let end = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
            let length = rest.find(end).unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..length].to_owned()));
            length
        } else if first == '"' || first == '\'' {
            let inside = &rest[1..];
            let length = inside.find(first).ok_or("a quotation has no end")?;
            tokens.push(Token::Text(inside[..length].to_owned()));
            length + 2
        } else {
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
            let sign = sign.ok_or_else(|| format!("'{first}' has no meaning in metric math"))?;
            tokens.push(Token::Sign(sign));
            sign.len()
        };
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

struct Reader {
    tokens: Vec<Token>,
    place: usize,
}

impl Reader {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.place)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.place).cloned();
        self.place += 1;
        token
    }

    fn expect(&mut self, sign: &'static str) -> Result<(), String> {
        match self.next() {
            Some(Token::Sign(found)) if found == sign => Ok(()),
            found => Err(format!("'{sign}' is missing before {found:?}")),
        }
    }

    /// Operators that bind at least as strongly as `least`.
    fn binary(&mut self, least: u8) -> Result<Expression, String> {
        let mut left = self.unary()?;
        while let Some((operator, strength)) = self.peek().and_then(operator) {
            if strength < least {
                break;
            }
            self.place += 1;
            let right = self.binary(strength + 1)?;
            left = Expression::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expression, String> {
        match self.next() {
            Some(Token::Sign("-")) => Ok(Expression::Negative(Box::new(self.unary()?))),
            Some(Token::Sign("+")) => self.unary(),
            Some(Token::Sign("(")) => {
                let inner = self.binary(0)?;
                self.expect(")")?;
                Ok(inner)
            }
            Some(Token::Number(number)) => Ok(Expression::Number(number)),
            Some(Token::Text(text)) => Ok(Expression::Text(text)),
            Some(Token::Word(word)) if self.peek() == Some(&Token::Sign("(")) => {
                self.place += 1;
                Ok(Expression::Call(word.to_uppercase(), self.arguments()?))
            }
            Some(Token::Word(word)) => Ok(Expression::Name(word)),
            found => Err(format!("a value is missing before {found:?}")),
        }
    }

    fn arguments(&mut self) -> Result<Vec<Expression>, String> {
        let mut arguments = Vec::new();
        if self.peek() == Some(&Token::Sign(")")) {
            self.place += 1;
            return Ok(arguments);
        }
        loop {
            arguments.push(self.binary(0)?);
            match self.next() {
                Some(Token::Sign(",")) => {}
                Some(Token::Sign(")")) => return Ok(arguments),
                found => return Err(format!("')' is missing before {found:?}")),
            }
        }
    }
}

fn operator(token: &Token) -> Option<(Operator, u8)> {
    use Operator as O;
    Some(match token {
        Token::Sign("||") => (O::Or, 1),
        Token::Sign("&&") => (O::And, 2),
        Token::Word(word) if word.eq_ignore_ascii_case("or") => (O::Or, 1),
        Token::Word(word) if word.eq_ignore_ascii_case("and") => (O::And, 2),
        Token::Sign("==") => (O::Equal, 3),
        Token::Sign("!=") => (O::NotEqual, 3),
        Token::Sign("<") => (O::Less, 3),
        Token::Sign("<=") => (O::LessOrEqual, 3),
        Token::Sign(">") => (O::Greater, 3),
        Token::Sign(">=") => (O::GreaterOrEqual, 3),
        Token::Sign("+") => (O::Plus, 4),
        Token::Sign("-") => (O::Minus, 4),
        Token::Sign("*") => (O::Times, 5),
        Token::Sign("/") => (O::Over, 5),
        Token::Sign("^") => (O::Power, 6),
        _ => return None,
    })
}

/// What an expression comes to.
pub(super) fn evaluate(expression: &Expression, scope: &Scope) -> Result<Value, String> {
    match expression {
        Expression::Number(number) => Ok(Value::Number(*number)),
        Expression::Text(text) => Err(format!("the text '{text}' is no value")),
        Expression::Name(name) => scope
            .names
            .get(name)
            .map(|points| Value::Series(points.clone()))
            .ok_or_else(|| format!("there is no metric with the id '{name}'")),
        Expression::Negative(inner) => each(evaluate(inner, scope)?, |value| Some(-value)),
        Expression::Binary(operator, left, right) => {
            let left = evaluate(left, scope)?;
            let right = evaluate(right, scope)?;
            both(left, right, |left, right| apply(*operator, left, right))
        }
        Expression::Call(function, arguments) => call(function, arguments, scope),
    }
}

fn apply(operator: Operator, left: f64, right: f64) -> Option<f64> {
    let flag = |holds: bool| Some(f64::from(u8::from(holds)));
    #[expect(clippy::float_cmp, reason = "that is what == means in metric math")]
    let equal = left == right;
    match operator {
        Operator::Or => flag(left != 0.0 || right != 0.0),
        Operator::And => flag(left != 0.0 && right != 0.0),
        Operator::Equal => flag(equal),
        Operator::NotEqual => flag(!equal),
        Operator::Less => flag(left < right),
        Operator::LessOrEqual => flag(left <= right),
        Operator::Greater => flag(left > right),
        Operator::GreaterOrEqual => flag(left >= right),
        Operator::Plus => Some(left + right),
        Operator::Minus => Some(left - right),
        Operator::Times => Some(left * right),
        Operator::Over => Some(left / right),
        Operator::Power => Some(left.powf(right)),
    }
}

fn call(function: &str, arguments: &[Expression], scope: &Scope) -> Result<Value, String> {
    match (function, arguments) {
        ("METRICS", []) => Ok(Value::Several(scope.names.values().cloned().collect())),
        ("METRICS", [Expression::Text(part)]) => {
            let fitting = scope.names.iter().filter(|(name, _)| name.contains(part));
            Ok(Value::Several(
                fitting.map(|(_, points)| points.clone()).collect(),
            ))
        }
        ("IF", [condition, yes, no]) => choose(condition, yes, Some(no), scope),
        ("IF", [condition, yes]) => choose(condition, yes, None, scope),
        ("FILL", [series, filling]) => fill(series, filling, scope),
        ("PERIOD", [_]) => Ok(Value::Number(scope.period_seconds)),
        ("ABS", [value]) => each(evaluate(value, scope)?, |value| Some(value.abs())),
        ("CEIL", [value]) => each(evaluate(value, scope)?, |value| Some(value.ceil())),
        ("FLOOR", [value]) => each(evaluate(value, scope)?, |value| Some(value.floor())),
        ("RATE", [series]) => rate(evaluate(series, scope)?),
        ("SUM" | "AVG" | "MIN" | "MAX", [value]) => summary(function, evaluate(value, scope)?),
        ("SUM" | "AVG" | "MIN" | "MAX", several) if several.len() > 1 => {
            let mut all = Vec::new();
            for value in several {
                match evaluate(value, scope)? {
                    Value::Series(points) => all.push(points),
                    Value::Several(more) => all.extend(more),
                    Value::Number(number) => {
                        all.push(scope.grid.iter().map(|at| (*at, number)).collect());
                    }
                }
            }
            summary(function, Value::Several(all))
        }
        _ => Err(format!(
            "{function} with {} arguments is not offered",
            arguments.len()
        )),
    }
}

/// `IF(condition, yes, no)`, time by time.
fn choose(
    condition: &Expression,
    yes: &Expression,
    no: Option<&Expression>,
    scope: &Scope,
) -> Result<Value, String> {
    let yes = evaluate(yes, scope)?;
    let no = no.map(|no| evaluate(no, scope)).transpose()?;
    let pick = |holds: bool| if holds { Some(&yes) } else { no.as_ref() };
    match evaluate(condition, scope)? {
        Value::Number(condition) => {
            let empty = || Value::Series(Points::new());
            Ok(pick(condition != 0.0).cloned().unwrap_or_else(empty))
        }
        Value::Series(condition) => {
            let chosen = condition.iter().filter_map(|(at, condition)| {
                let value = match pick(*condition != 0.0)? {
                    Value::Number(number) => *number,
                    Value::Series(points) => *points.get(at)?,
                    Value::Several(_) => return None,
                };
                Some((*at, value))
            });
            Ok(Value::Series(chosen.collect()))
        }
        Value::Several(_) => Err("IF takes one series as its condition".to_owned()),
    }
}

/// `FILL(series, 0)`, `FILL(series, REPEAT)`.
fn fill(series: &Expression, filling: &Expression, scope: &Scope) -> Result<Value, String> {
    let Value::Series(points) = evaluate(series, scope)? else {
        return Err("FILL takes a series".to_owned());
    };
    let repeat = matches!(filling, Expression::Name(name) if name.eq_ignore_ascii_case("REPEAT"));
    let constant = if repeat {
        None
    } else {
        match evaluate(filling, scope)? {
            Value::Number(number) => Some(number),
            _ => return Err("FILL takes a number or REPEAT".to_owned()),
        }
    };
    let mut last = None;
    let filled = scope.grid.iter().filter_map(|at| {
        let value = points.get(at).copied().or(constant).or(last)?;
        last = Some(value);
        Some((*at, value))
    });
    Ok(Value::Series(filled.collect()))
}

/// Change per second.
fn rate(value: Value) -> Result<Value, String> {
    let Value::Series(points) = value else {
        return Err("RATE takes a series".to_owned());
    };
    let changes = points.iter().zip(points.iter().skip(1));
    #[expect(clippy::cast_precision_loss, reason = "a few days in milliseconds")]
    let rates = changes
        .map(|((before, from), (at, to))| (*at, (to - from) / ((at - before) as f64 / 1000.0)));
    Ok(Value::Series(rates.collect()))
}

/// Of one series: a number. Of several: a series.
fn summary(function: &str, value: Value) -> Result<Value, String> {
    let together = |values: &[f64]| -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a few thousand values")]
        let count = values.len() as f64;
        match function {
            "SUM" => values.iter().sum(),
            "AVG" => values.iter().sum::<f64>() / count,
            "MIN" => values.iter().copied().fold(f64::INFINITY, f64::min),
            _ => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }
    };
    match value {
        Value::Number(number) => Ok(Value::Number(number)),
        Value::Series(points) if points.is_empty() => Ok(Value::Series(points)),
        Value::Series(points) => {
            let values: Vec<f64> = points.values().copied().collect();
            Ok(Value::Number(together(&values)))
        }
        Value::Several(all) => {
            let mut by_time: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
            for (at, value) in all.into_iter().flatten() {
                by_time.entry(at).or_default().push(value);
            }
            let summaries = by_time.iter().map(|(at, values)| (*at, together(values)));
            Ok(Value::Series(summaries.collect()))
        }
    }
}

fn each(value: Value, change: impl Fn(f64) -> Option<f64>) -> Result<Value, String> {
    let points = |points: Points| -> Points {
        let changed = points
            .into_iter()
            .filter_map(|(at, value)| Some((at, change(value)?)));
        changed.collect()
    };
    match value {
        Value::Number(number) => change(number)
            .map(Value::Number)
            .ok_or_else(|| "a number has no value".to_owned()),
        Value::Series(series) => Ok(Value::Series(points(series))),
        Value::Several(all) => Ok(Value::Several(all.into_iter().map(points).collect())),
    }
}

fn both(
    left: Value,
    right: Value,
    apply: impl Fn(f64, f64) -> Option<f64>,
) -> Result<Value, String> {
    let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
    Ok(match (left, right) {
        (Value::Number(left), Value::Number(right)) => Value::Number(
            finite(apply(left, right)).ok_or("a division by zero between two numbers")?,
        ),
        (Value::Series(left), Value::Number(right)) => Value::Series(
            left.into_iter()
                .filter_map(|(at, left)| Some((at, finite(apply(left, right))?)))
                .collect(),
        ),
        (Value::Number(left), Value::Series(right)) => Value::Series(
            right
                .into_iter()
                .filter_map(|(at, right)| Some((at, finite(apply(left, right))?)))
                .collect(),
        ),
        (Value::Series(left), Value::Series(right)) => Value::Series(
            left.into_iter()
                .filter_map(|(at, left)| Some((at, finite(apply(left, *right.get(&at)?))?)))
                .collect(),
        ),
        _ => return Err("METRICS() goes into SUM, AVG, MIN or MAX first".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Points, Scope, Value, evaluate, read};

    fn points(values: &[(i64, f64)]) -> Points {
        values.iter().copied().collect()
    }

    fn calculate(text: &str) -> Result<Value, String> {
        let names = BTreeMap::from([
            ("inv".to_owned(), points(&[(1, 10.0), (2, 0.0), (3, 4.0)])),
            ("err".to_owned(), points(&[(1, 1.0), (2, 0.0), (3, 4.0)])),
            ("gap".to_owned(), points(&[(2, 5.0)])),
        ]);
        let scope = Scope {
            names: &names,
            grid: &[1, 2, 3],
            period_seconds: 60.0,
        };
        evaluate(&read(text)?, &scope)
    }

    #[test]
    fn the_error_rate_of_an_alarm() {
        let rate = calculate("IF(inv>0, err*100/inv, 0)");
        assert_eq!(
            rate,
            Ok(Value::Series(points(&[(1, 10.0), (2, 0.0), (3, 100.0)])))
        );
    }

    #[test]
    fn a_division_by_zero_has_no_value_and_gaps_stay_gaps() {
        assert_eq!(
            calculate("err / inv"),
            Ok(Value::Series(points(&[(1, 0.1), (3, 1.0)])))
        );
        assert_eq!(
            calculate("inv + gap"),
            Ok(Value::Series(points(&[(2, 5.0)])))
        );
        assert_eq!(
            calculate("inv + FILL(gap, 0)"),
            Ok(Value::Series(points(&[(1, 10.0), (2, 5.0), (3, 4.0)])))
        );
        assert_eq!(
            calculate("FILL(gap, REPEAT)"),
            Ok(Value::Series(points(&[(2, 5.0), (3, 5.0)])))
        );
    }

    #[test]
    fn operators_bind_as_usual() {
        for (text, expected) in [
            ("1 + 2 * 3", 7.0),
            ("(1 + 2) * 3", 9.0),
            ("10 - 4 - 3", 3.0),
            ("2 ^ 3 * 2", 16.0),
            ("-2 + 5", 3.0),
            ("1 < 2 AND 3 >= 3", 1.0),
            ("1 == 2 || 0 != 0", 0.0),
            ("MAX(inv) - MIN(err)", 10.0),
            ("PERIOD(inv)", 60.0),
        ] {
            assert_eq!(calculate(text), Ok(Value::Number(expected)), "{text}");
        }
        assert_eq!(
            calculate("SUM(METRICS())"),
            Ok(Value::Series(points(&[(1, 11.0), (2, 5.0), (3, 8.0)])))
        );
    }

    #[test]
    fn nonsense_is_told() {
        for text in [
            "",
            "1 +",
            "IF(",
            "unknown",
            "SEARCH('x')",
            "1 2",
            "#",
            "1 / 0",
        ] {
            assert!(calculate(text).is_err(), "{text}");
        }
    }
}
