//! Scalars of our own.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

/// A date and time, or a day that begins at midnight UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date(pub DateTime<Utc>);

#[Scalar(name = "Date")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else {
            return Err(InputValueError::expected_type(value));
        };
        if let Ok(day) = text.parse::<NaiveDate>() {
            return Ok(Self(day.and_time(NaiveTime::MIN).and_utc()));
        }
        match DateTime::parse_from_rfc3339(text) {
            Ok(time) => Ok(Self(time.to_utc())),
            Err(_) => Err(InputValueError::custom(
                "not a date like 2026-11-03 or 2026-11-03T12:00:00Z",
            )),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_rfc3339_opts(chrono::SecondsFormat::Millis, true))
    }
}

/// JSON, encoded as text.
#[derive(Clone, Debug)]
pub struct Json(pub serde_json::Value);

#[Scalar(name = "JSON")]
impl ScalarType for Json {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else {
            return Err(InputValueError::expected_type(value));
        };
        serde_json::from_str(text)
            .map(Self)
            .map_err(|error| InputValueError::custom(format!("not JSON: {error}")))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A telephone number in E.164: `+16175550123`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phone(pub String);

#[Scalar(name = "Phone")]
impl ScalarType for Phone {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = value else {
            return Err(InputValueError::expected_type(value));
        };
        if is_e164(&text) {
            Ok(Self(text))
        } else {
            Err(InputValueError::custom("not a number like +16175550123"))
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

fn is_e164(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (2..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|digit| digit.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use async_graphql::{ScalarType, Value};

    use super::{Date, Phone};

    #[test]
    fn dates_are_days_or_moments() {
        let parse = |text: &str| Date::parse(Value::String(text.to_owned()));
        assert_eq!(
            parse("2026-11-03").unwrap(),
            parse("2026-11-03T00:00:00Z").unwrap()
        );
        assert_eq!(
            parse("2026-11-03T01:00:00+01:00").unwrap(),
            parse("2026-11-03").unwrap()
        );
        assert!(parse("tomorrow").is_err());
    }

    #[test]
    fn numbers_are_e164() {
        let parse = |text: &str| Phone::parse(Value::String(text.to_owned()));
        assert!(parse("+16175550123").is_ok());
        for bad in ["16175550123", "+0617", "+1617555012345678", "+1 617", "+"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
