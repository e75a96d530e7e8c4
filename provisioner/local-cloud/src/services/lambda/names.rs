//! Names, ARNs and qualifiers of functions.

use crate::Cloud;
use crate::error::{Answer, AwsError};

use super::refusals::invalid;

/// What names stand for the unpublished version.
pub(super) const LATEST: &str = "$LATEST";

/// A function as callers name it: by name, by `name:qualifier`, by partial or whole ARN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    pub name: String,
    pub qualifier: Option<String>,
}

impl Reference {
    /// Reads what a caller wrote; a qualifier given apart must agree with one inside.
    pub(super) fn read(text: &str, qualifier: Option<&str>) -> Answer<Self> {
        let (name, inside) = split(text)?;
        check_name(name)?;
        let qualifier = qualifier.filter(|text| !text.is_empty());
        match (inside, qualifier) {
            (Some(inside), Some(apart)) if inside != apart => Err(invalid(format!(
                "The derived qualifier from the function name does not match the specified qualifier: \
                 {inside} and {apart}"
            ))),
            (inside, apart) => {
                let qualifier = inside.or(apart).map(str::to_owned);
                if let Some(qualifier) = &qualifier {
                    check_qualifier(qualifier)?;
                }
                Ok(Self {
                    name: name.to_owned(),
                    qualifier,
                })
            }
        }
    }

    /// The qualifier, unless it is `$LATEST`, which is what an absent one means.
    pub(super) fn published(&self) -> Option<&str> {
        self.qualifier.as_deref().filter(|text| *text != LATEST)
    }

    /// The ARN as it was asked for.
    pub(super) fn arn(&self, cloud: &Cloud) -> String {
        match &self.qualifier {
            Some(qualifier) => qualified_arn(cloud, &self.name, qualifier),
            None => arn(cloud, &self.name),
        }
    }

    /// The `Resource` dimension of metrics: `name` or `name:qualifier`.
    pub(super) fn resource(&self) -> String {
        match self.published() {
            Some(qualifier) => format!("{}:{qualifier}", self.name),
            None => self.name.clone(),
        }
    }
}

pub(super) fn arn(cloud: &Cloud, name: &str) -> String {
    cloud.arn("lambda", &format!("function:{name}"))
}

pub(super) fn qualified_arn(cloud: &Cloud, name: &str, qualifier: &str) -> String {
    cloud.arn("lambda", &format!("function:{name}:{qualifier}"))
}

fn split(text: &str) -> Answer<(&str, Option<&str>)> {
    let parts: Vec<&str> = text.split(':').collect();
    match parts.as_slice() {
        [name] | ["arn", _, "lambda", _, _, "function", name] | [_, "function", name] => {
            Ok((name, None))
        }
        ["arn", _, "lambda", _, _, "function", name, qualifier]
        | [_, "function", name, qualifier]
        | [name, qualifier] => Ok((name, Some(qualifier))),
        _ => Err(malformed(text)),
    }
}

fn malformed(text: &str) -> AwsError {
    AwsError::validation(format!(
        "1 validation error detected: Value '{text}' at 'functionName' failed to satisfy constraint: \
         Member must be a function name, a partial ARN or an ARN"
    ))
}

fn check_name(name: &str) -> Answer<()> {
    let fits = (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if fits { Ok(()) } else { Err(malformed(name)) }
}

fn check_qualifier(qualifier: &str) -> Answer<()> {
    let fits = (1..=128).contains(&qualifier.len())
        && qualifier
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'$'));
    if fits {
        return Ok(());
    }
    Err(AwsError::validation(format!(
        "1 validation error detected: Value '{qualifier}' at 'qualifier' failed to satisfy constraint: \
         Member must satisfy regular expression pattern: (|[a-zA-Z0-9$_-]+)"
    )))
}

#[cfg(test)]
mod tests {
    use super::Reference;

    fn read(text: &str) -> (String, Option<String>) {
        let reference = Reference::read(text, None).unwrap();
        (reference.name, reference.qualifier)
    }

    #[test]
    fn every_way_to_name_a_function_is_understood() {
        let plain = ("web".to_owned(), None);
        let live = ("web".to_owned(), Some("Live".to_owned()));
        assert_eq!(read("web"), plain);
        assert_eq!(read("web:Live"), live);
        assert_eq!(read("000000000000:function:web"), plain);
        assert_eq!(read("000000000000:function:web:Live"), live);
        assert_eq!(
            read("arn:aws:lambda:us-east-1:000000000000:function:web"),
            plain
        );
        assert_eq!(
            read("arn:aws:lambda:us-east-1:000000000000:function:web:Live"),
            live
        );
    }

    #[test]
    fn contradicting_qualifiers_are_refused() {
        assert!(Reference::read("web:1", Some("2")).is_err());
        assert!(Reference::read("web:1", Some("1")).is_ok());
    }

    #[test]
    fn a_name_with_other_characters_is_refused() {
        for name in ["", "a b", "a/b", "arn:aws:s3:::bucket"] {
            assert!(Reference::read(name, None).is_err(), "{name}");
        }
    }
}
