//! Tags as most services write them: a list of keys and values, each key once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Answer, AwsError};

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
