//! Tags as most services write them: a list of keys and values, each key once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::{Answer, AwsError};
use crate::protocol::values;

/// What is kept: keys and values.
pub(crate) type Tags = BTreeMap<String, String>;

/// One tag on the wire.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(crate) struct Tag {
    pub(crate) key: String,
    #[serde(default)]
    pub(crate) value: String,
}

impl Tag {
    /// Key and value, as they are kept.
    pub(crate) fn pair(self) -> (String, String) {
        (self.key, self.value)
    }
}

/// `TagResource`, `UntagResource` or `ListTagsForResource` of services whose things go by ARN.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(crate) struct Request {
    #[serde(alias = "ResourceARN")]
    resource_arn: String,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    tag_keys: Vec<String>,
}

impl Request {
    /// Reads the operation's input.
    ///
    /// # Errors
    /// When a member is missing or unknown.
    pub(crate) fn parse(input: Value) -> Answer<Self> {
        values::parse(input)
    }

    /// Whose tags they are.
    pub(crate) fn arn(&self) -> &str {
        &self.resource_arn
    }

    /// Adds, takes away, and answers with what is kept then; only the listing's answer has members.
    ///
    /// # Errors
    /// With `code`, when a tag cannot be; see [`add`].
    pub(crate) fn perform(self, kept: &mut Tags, is_list: bool, code: &str) -> Answer {
        add(kept, self.tags, code)?;
        kept.retain(|key, _| !self.tag_keys.contains(key));
        Ok(if is_list {
            json!({ "Tags": list(kept) })
        } else {
            json!({})
        })
    }
}

/// Adds tags to those kept, at most 50.
///
/// # Errors
/// With `code`, when a key is empty, too long or AWS's own, or there are too many.
pub(crate) fn add(kept: &mut Tags, given: Vec<Tag>, code: &str) -> Answer<()> {
    let mut all = kept.clone();
    for Tag { key, value } in given {
        if key.is_empty() || key.len() > 128 || value.len() > 256 || key.starts_with("aws:") {
            return Err(AwsError::new(
                code,
                format!(
                    "The tag key '{key}' must have 1 to 128 characters, not begin with 'aws:', \
                     and its value at most 256"
                ),
            ));
        }
        all.insert(key, value);
    }
    if all.len() > 50 {
        return Err(AwsError::new(code, "A resource has at most 50 tags"));
    }
    *kept = all;
    Ok(())
}

/// The list to answer with.
pub(crate) fn list(kept: &Tags) -> Vec<Tag> {
    kept.iter()
        .map(|(key, value)| Tag {
            key: key.clone(),
            value: value.clone(),
        })
        .collect()
}
