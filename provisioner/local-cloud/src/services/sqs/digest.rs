//! MD5 digests by which clients check what they sent and received.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use serde_json::Value;

use crate::error::Answer;

pub(super) fn of_body(body: &str) -> String {
    hex::encode(Md5::digest(body))
}

/// By name: name, type, and value with a byte that tells text from bytes, each with its
/// length before it. Source: SQS developer guide, "Calculating the MD5 message digest for
/// message attributes".
pub(super) fn of_attributes(attributes: &BTreeMap<String, Value>) -> Answer<Option<String>> {
    if attributes.is_empty() {
        return Ok(None);
    }
    let mut md5 = Md5::new();
    for (name, attribute) in attributes {
        let kind = attribute["DataType"].as_str().unwrap_or_default();
        sized(&mut md5, name.as_bytes());
        sized(&mut md5, kind.as_bytes());
        if kind.starts_with("Binary") {
            let value = attribute["BinaryValue"].as_str().unwrap_or_default();
            let bytes = STANDARD.decode(value).map_err(|_| {
                super::invalid_value(format!(
                    "The message attribute '{name}' must contain base64 text in BinaryValue."
                ))
            })?;
            md5.update([2]);
            sized(&mut md5, &bytes);
        } else {
            let value = attribute["StringValue"].as_str().unwrap_or_default();
            md5.update([1]);
            sized(&mut md5, value.as_bytes());
        }
    }
    Ok(Some(hex::encode(md5.finalize())))
}

fn sized(md5: &mut Md5, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    md5.update(length.to_be_bytes());
    md5.update(bytes);
}
