//! Listing objects, in both versions of the operation.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::dto::{
    CommonPrefix, ETag, EncodingType, ListObjectsInput, ListObjectsOutput, ListObjectsV2Input,
    ListObjectsV2Output, Object, ObjectStorageClass,
};
use s3s::{S3Error, S3ErrorCode, S3Result};

use super::{Store, timestamp};
use crate::services::s3::objects;

/// What `encoding-type=url` leaves as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'*')
    .remove(b'/');

/// One page.
struct Page {
    contents: Vec<Object>,
    prefixes: Vec<CommonPrefix>,
    /// The last key or prefix on it, if there is more.
    last: Option<String>,
}

fn page(
    s3: &Store,
    bucket: &str,
    prefix: &str,
    delimiter: &str,
    after: &str,
    most: usize,
    encode: &dyn Fn(&str) -> String,
) -> Page {
    let mut page = Page {
        contents: Vec::new(),
        prefixes: Vec::new(),
        last: None,
    };
    let mut last = String::new();
    s3.objects.walk(bucket, prefix, after, |object| {
        let group = group(&object.key, prefix, delimiter);
        // A group counts once, and not again on the page after its own.
        if let Some(group) = group
            && (group == last || group == after)
        {
            return true;
        }
        if page.contents.len() + page.prefixes.len() == most {
            page.last = Some(last.clone());
            return false;
        }
        if let Some(group) = group {
            group.clone_into(&mut last);
            page.prefixes.push(CommonPrefix {
                prefix: Some(encode(group)),
            });
        } else {
            last.clone_from(&object.key);
            page.contents.push(entry(object, encode));
        }
        true
    });
    if most == 0 {
        page.last = None;
    }
    page
}

/// The part of a key up to the first delimiter after the prefix.
fn group<'a>(key: &'a str, prefix: &str, delimiter: &str) -> Option<&'a str> {
    if delimiter.is_empty() {
        return None;
    }
    let place = key.get(prefix.len()..)?.find(delimiter)?;
    key.get(..prefix.len() + place + delimiter.len())
}

fn entry(object: &objects::Object, encode: &dyn Fn(&str) -> String) -> Object {
    Object {
        key: Some(encode(&object.key)),
        size: i64::try_from(object.size).ok(),
        e_tag: Some(ETag::Strong(object.etag.clone())),
        last_modified: Some(timestamp(object.modified)),
        storage_class: Some(ObjectStorageClass::from_static(
            ObjectStorageClass::STANDARD,
        )),
        ..Object::default()
    }
}

/// At most a thousand.
fn most(given: Option<i32>) -> usize {
    given.map_or(1000, |most| usize::try_from(most).unwrap_or(0).min(1000))
}

/// Names are percent-encoded when the client asks, so that any key fits into XML.
fn encoder(encoding: Option<&EncodingType>) -> impl Fn(&str) -> String + use<> {
    let encoded = encoding.is_some_and(|encoding| encoding.as_str() == EncodingType::URL);
    move |text| {
        if encoded {
            utf8_percent_encode(text, PLAIN).to_string()
        } else {
            text.to_owned()
        }
    }
}

pub(super) fn first_version(s3: &Store, input: ListObjectsInput) -> ListObjectsOutput {
    let prefix = input.prefix.unwrap_or_default();
    let delimiter = input.delimiter.unwrap_or_default();
    let marker = input.marker.unwrap_or_default();
    let most = most(input.max_keys);
    let encode = encoder(input.encoding_type.as_ref());
    let page = page(
        s3,
        &input.bucket,
        &prefix,
        &delimiter,
        &marker,
        most,
        &encode,
    );
    ListObjectsOutput {
        is_truncated: Some(page.last.is_some()),
        // Given only with a delimiter; without one the last key serves.
        next_marker: page
            .last
            .filter(|_| !delimiter.is_empty())
            .map(|last| encode(&last)),
        contents: Some(page.contents),
        common_prefixes: Some(page.prefixes),
        name: Some(input.bucket),
        prefix: Some(encode(&prefix)),
        marker: Some(encode(&marker)),
        max_keys: i32::try_from(most).ok(),
        delimiter: Some(encode(&delimiter)).filter(|delimiter| !delimiter.is_empty()),
        encoding_type: input.encoding_type,
        ..ListObjectsOutput::default()
    }
}

pub(super) fn second_version(
    s3: &Store,
    input: ListObjectsV2Input,
) -> S3Result<ListObjectsV2Output> {
    let prefix = input.prefix.unwrap_or_default();
    let delimiter = input.delimiter.unwrap_or_default();
    let after = match &input.continuation_token {
        Some(token) => token_key(token)?,
        None => input.start_after.clone().unwrap_or_default(),
    };
    let most = most(input.max_keys);
    let encode = encoder(input.encoding_type.as_ref());
    let page = page(
        s3,
        &input.bucket,
        &prefix,
        &delimiter,
        &after,
        most,
        &encode,
    );
    Ok(ListObjectsV2Output {
        is_truncated: Some(page.last.is_some()),
        next_continuation_token: page.last.map(|last| URL_SAFE_NO_PAD.encode(last)),
        key_count: i32::try_from(page.contents.len() + page.prefixes.len()).ok(),
        contents: Some(page.contents),
        common_prefixes: Some(page.prefixes),
        name: Some(input.bucket),
        prefix: Some(encode(&prefix)),
        max_keys: i32::try_from(most).ok(),
        delimiter: Some(encode(&delimiter)).filter(|delimiter| !delimiter.is_empty()),
        start_after: input.start_after.as_deref().map(encode),
        continuation_token: input.continuation_token,
        encoding_type: input.encoding_type,
        ..ListObjectsV2Output::default()
    })
}

fn token_key(token: &str) -> S3Result<String> {
    URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| {
            S3Error::with_message(
                S3ErrorCode::InvalidArgument,
                "The continuation token provided is incorrect",
            )
        })
}
