//! A bucket's configuration on the wire: `PUT /bucket?cors` and its kin, whose XML is turned
//! into the model's shape and back. Signatures have been verified by `s3s` before.

use std::sync::{Arc, Weak};

use http::{Extensions, HeaderMap, Method, Uri};
use http_body_util::{BodyExt as _, Limited};
use quick_xml::Reader;
use quick_xml::events::Event;
use s3s::route::S3Route;
use s3s::{Body, S3Request, S3Response, S3Result};
use serde_json::{Map, Value, json};

use super::configuration::{KINDS, Kind};
use super::wire::{alive, s3_error};
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::services;

const LARGEST: usize = 1024 * 1024;

/// (query parameter, operations' subject, root element)
const SUBRESOURCES: &[(&str, &str, &str)] = &[
    ("cors", "BucketCors", "CORSConfiguration"),
    (
        "encryption",
        "BucketEncryption",
        "ServerSideEncryptionConfiguration",
    ),
    (
        "publicAccessBlock",
        "PublicAccessBlock",
        "PublicAccessBlockConfiguration",
    ),
    ("versioning", "BucketVersioning", "VersioningConfiguration"),
    (
        "lifecycle",
        "BucketLifecycleConfiguration",
        "LifecycleConfiguration",
    ),
    ("policy", "BucketPolicy", "Policy"),
    ("tagging", "BucketTagging", "Tagging"),
    (
        "ownershipControls",
        "BucketOwnershipControls",
        "OwnershipControls",
    ),
];

/// Elements that repeat, by root element, and the member they are a list in.
const LISTS: &[(&str, &str, &str)] = &[
    ("CORSConfiguration", "CORSRule", "CORSRules"),
    ("CORSConfiguration", "AllowedHeader", "AllowedHeaders"),
    ("CORSConfiguration", "AllowedMethod", "AllowedMethods"),
    ("CORSConfiguration", "AllowedOrigin", "AllowedOrigins"),
    ("CORSConfiguration", "ExposeHeader", "ExposeHeaders"),
    ("ServerSideEncryptionConfiguration", "Rule", "Rules"),
    ("LifecycleConfiguration", "Rule", "Rules"),
    ("OwnershipControls", "Rule", "Rules"),
];

/// The way in, installed in `s3s`.
pub(super) struct Subresources {
    pub(super) cloud: Weak<Cloud>,
}

#[async_trait::async_trait]
impl S3Route for Subresources {
    fn is_match(&self, method: &Method, uri: &Uri, _: &HeaderMap, _: &mut Extensions) -> bool {
        matches!(*method, Method::GET | Method::PUT | Method::DELETE) && named(uri).is_some()
    }

    async fn call(&self, request: S3Request<Body>) -> S3Result<S3Response<Body>> {
        perform(&alive(&self.cloud)?, request)
            .await
            .map_err(|error| s3_error(&error))
    }
}

/// The bucket, the kind of configuration and its root element.
fn named(uri: &Uri) -> Option<(&str, &'static Kind, &'static str)> {
    let bucket = uri.path().trim_matches('/');
    if bucket.is_empty() || bucket.contains('/') {
        return None;
    }
    let asked = uri.query()?.split('&').find_map(|pair| {
        let name = pair.split('=').next()?;
        SUBRESOURCES.iter().find(|(known, ..)| *known == name)
    })?;
    let kind = KINDS.iter().find(|kind| kind.subject == asked.1)?;
    Some((bucket, kind, asked.2))
}

async fn perform(cloud: &Arc<Cloud>, request: S3Request<Body>) -> Answer<S3Response<Body>> {
    let (bucket, kind, root) = named(&request.uri)
        .ok_or_else(|| AwsError::internal("a request that is no subresource"))?;
    let call = |operation: String, input| async move {
        services::call(cloud, "s3", &operation, input).await
    };
    let named = json!({ "Bucket": bucket });
    match request.method {
        Method::GET => {
            let answer = call(format!("Get{}", kind.subject), named).await?;
            Ok(written(kind, root, answer))
        }
        Method::DELETE => {
            let operation = kind
                .delete
                .ok_or_else(|| AwsError::new("MethodNotAllowed", "not allowed").status(405))?;
            call(operation.to_owned(), named).await?;
            Ok(empty(204))
        }
        _ => {
            let body = Limited::new(request.input, LARGEST)
                .collect()
                .await
                .map_err(|error| AwsError::new("IncompleteBody", error.to_string()))?
                .to_bytes();
            let given = if kind.subject == "BucketPolicy" {
                Value::String(String::from_utf8_lossy(&body).into_owned())
            } else {
                read(root, &body)?
            };
            let mut input = named;
            input[kind.member] = given;
            call(format!("Put{}", kind.subject), input).await?;
            // A policy is answered with 204, the others with 200.
            let mut answer = empty(if kind.subject == "BucketPolicy" {
                204
            } else {
                200
            });
            if !matches!(kind.subject, "BucketCors" | "BucketTagging") {
                answer.headers.insert(
                    "x-local-cloud-note",
                    http::HeaderValue::from_static("recorded, not performed"),
                );
            }
            Ok(answer)
        }
    }
}

fn empty(status: u16) -> S3Response<Body> {
    let mut response = S3Response::new(Body::empty());
    response.status = http::StatusCode::from_u16(status).ok();
    response
}

fn written(kind: &Kind, root: &str, answer: Value) -> S3Response<Body> {
    let inner = if kind.wrapped {
        answer.get(kind.member).cloned().unwrap_or_default()
    } else {
        answer
    };
    let (content_type, body) = match inner {
        Value::String(policy) => ("application/json", policy),
        inner => (
            "application/xml",
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
                 <{root} xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{}</{root}>",
                write(root, &inner)
            ),
        ),
    };
    let mut response = S3Response::new(Body::from(body));
    response.headers.insert(
        http::header::CONTENT_TYPE,
        http::HeaderValue::from_static(content_type),
    );
    response
}

fn malformed(why: impl std::fmt::Display) -> AwsError {
    AwsError::new(
        "MalformedXML",
        format!("The XML you provided was not well-formed ({why})"),
    )
}

/// Reads a configuration's XML into the model's shape.
fn read(root: &str, xml: &[u8]) -> Answer<Value> {
    let text = std::str::from_utf8(xml).map_err(malformed)?;
    let mut reader = Reader::from_str(text);
    let mut open: Vec<(String, Map<String, Value>, String)> = Vec::new();
    loop {
        match reader.read_event().map_err(malformed)? {
            Event::Start(tag) => open.push((name(tag.local_name())?, Map::new(), String::new())),
            Event::Empty(tag) => {
                let name = name(tag.local_name())?;
                let Some((_, parent, _)) = open.last_mut() else {
                    return rooted(root, &name, json!(""));
                };
                insert(root, parent, name, json!(""));
            }
            Event::Text(text) => {
                if let Some((.., content)) = open.last_mut() {
                    content.push_str(&text.decode().map_err(malformed)?);
                }
            }
            Event::GeneralRef(entity) => {
                let entity = entity.decode().map_err(malformed)?;
                let text = quick_xml::escape::unescape(&format!("&{entity};"))
                    .map_err(malformed)?
                    .into_owned();
                if let Some((.., content)) = open.last_mut() {
                    content.push_str(&text);
                }
            }
            Event::End(_) => {
                let Some((name, members, text)) = open.pop() else {
                    return Err(malformed("an element ends that did not begin"));
                };
                let value = if members.is_empty() {
                    Value::String(text.trim().to_owned())
                } else {
                    Value::Object(members)
                };
                let Some((_, parent, _)) = open.last_mut() else {
                    return rooted(root, &name, value);
                };
                insert(root, parent, name, value);
            }
            Event::Eof => return Err(malformed("it ends early")),
            _ => {}
        }
    }
}

fn name(local: quick_xml::name::LocalName<'_>) -> Answer<String> {
    let name = std::str::from_utf8(local.into_inner()).map_err(malformed)?;
    Ok(name.to_owned())
}

fn rooted(wanted: &str, name: &str, value: Value) -> Answer<Value> {
    if name != wanted {
        return Err(malformed(format!("{name} instead of {wanted}")));
    }
    Ok(match value {
        Value::String(text) if text.is_empty() => json!({}),
        other => other,
    })
}

fn insert(root: &str, parent: &mut Map<String, Value>, name: String, value: Value) {
    let list = LISTS
        .iter()
        .find(|(of, element, _)| *of == root && *element == name)
        .map(|(.., member)| *member);
    match (root, name.as_str(), list) {
        (_, _, Some(member)) => push(parent, member, value),
        // The one list with an element of its own around it.
        ("Tagging", "TagSet", _) => {
            let tags = value.get("Tags").cloned().unwrap_or_else(|| json!([]));
            parent.insert(name, tags);
        }
        ("Tagging", "Tag", _) => push(parent, "Tags", value),
        // An empty filter is a structure, an empty prefix is a text.
        ("LifecycleConfiguration", "Filter", _) if value == json!("") => {
            parent.insert(name, json!({}));
        }
        // A filter holds one tag, its conjunction many.
        ("LifecycleConfiguration", "And", _) => {
            let mut value = value;
            if let Some(tag) = value.as_object_mut().and_then(|and| and.remove("Tag")) {
                value["Tags"] = if tag.is_array() { tag } else { json!([tag]) };
            }
            parent.insert(name, value);
        }
        _ => match parent.get_mut(&name) {
            Some(Value::Array(items)) => items.push(value),
            Some(other) => *other = json!([other.take(), value]),
            None => {
                parent.insert(name, value);
            }
        },
    }
}

fn push(parent: &mut Map<String, Value>, member: &str, value: Value) {
    let list = parent.entry(member).or_insert_with(|| json!([]));
    if let Some(list) = list.as_array_mut() {
        list.push(value);
    }
}

/// Writes the model's shape as the configuration's XML.
fn write(root: &str, value: &Value) -> String {
    let Some(members) = value.as_object() else {
        return match value {
            Value::String(text) => quick_xml::escape::escape(text.as_str()).into_owned(),
            other => other.to_string(),
        };
    };
    let mut xml = String::new();
    for (member, value) in members {
        let name = LISTS
            .iter()
            .find(|(of, _, list)| *of == root && list == member)
            .map_or(member.as_str(), |(_, element, _)| *element);
        match value {
            Value::Array(tags) if member == "TagSet" => {
                let tags: Vec<String> = tags.iter().map(|tag| element("Tag", root, tag)).collect();
                xml.extend(["<TagSet>", &tags.concat(), "</TagSet>"]);
            }
            Value::Array(items) => {
                let name = if member == "Tags" { "Tag" } else { name };
                xml.extend(items.iter().map(|item| element(name, root, item)));
            }
            value => xml.push_str(&element(name, root, value)),
        }
    }
    xml
}

fn element(name: &str, root: &str, value: &Value) -> String {
    format!("<{name}>{}</{name}>", write(root, value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{read, write};

    #[test]
    fn configurations_survive_both_ways() {
        let cases = [
            (
                "CORSConfiguration",
                json!({ "CORSRules": [{
                    "AllowedHeaders": ["*"],
                    "AllowedMethods": ["PUT", "GET"],
                    "AllowedOrigins": ["http://a&b"],
                    "MaxAgeSeconds": "60",
                }]}),
            ),
            (
                "Tagging",
                json!({ "TagSet": [{ "Key": "k", "Value": "v" }, { "Key": "l", "Value": "" }] }),
            ),
            (
                "LifecycleConfiguration",
                json!({ "Rules": [{
                    "ID": "r",
                    "Status": "Enabled",
                    "Filter": { "And": { "Prefix": "p", "Tags": [{ "Key": "k", "Value": "v" }] } },
                    "AbortIncompleteMultipartUpload": { "DaysAfterInitiation": "7" },
                }]}),
            ),
        ];
        for (root, value) in cases {
            let xml = format!("<{root} xmlns=\"x\">{}</{root}>", write(root, &value));
            assert_eq!(read(root, xml.as_bytes()).unwrap(), value, "{xml}");
        }
    }

    #[test]
    fn broken_xml_is_refused() {
        for xml in ["", "<Tagging>", "<Other/>", "<Tagging></Wrong>"] {
            assert!(read("Tagging", xml.as_bytes()).is_err(), "{xml}");
        }
    }
}
