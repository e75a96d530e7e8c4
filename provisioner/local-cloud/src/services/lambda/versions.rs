//! Publishing: an immutable copy of `$LATEST` under the next number.

use serde::Deserialize;
use serde_json::Value;

use crate::Cloud;
use crate::error::Answer;
use crate::protocol::values;

use super::functions::describe_version;
use super::model::{Function, revision};
use super::names::Reference;
use super::refusals::{check_revision, invalid};
use super::settings::check_description;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Input {
    function_name: String,
    code_sha256: Option<String>,
    description: Option<String>,
    revision_id: Option<String>,
}

/// `PublishVersion`.
pub(super) fn operation(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let name = Reference::read(&input.function_name, None)?.name;
    let description = input.description.map(check_description).transpose()?;
    cloud.services.lambda.store.write(|model| {
        let function = model.function_mut(cloud, &name)?;
        check_revision(input.revision_id.as_deref(), &function.latest.revision)?;
        let sha256 = input.code_sha256.filter(|sha256| !sha256.is_empty());
        if sha256.is_some_and(|sha256| sha256 != function.latest.code.sha256) {
            return Err(invalid(format!(
                "CodeSHA256 ({}) is different from current CodeSHA256 in $LATEST. Please try again with \
                 the CodeSHA256 in $LATEST.",
                function.latest.code.sha256
            )));
        }
        Ok(publish(cloud, function, description))
    })
}

/// Publishes `$LATEST`, unless code and configuration are those of the last version: then
/// that version is the answer.
pub(super) fn publish(
    cloud: &Cloud,
    function: &mut Function,
    description: Option<String>,
) -> Value {
    let latest = &function.latest;
    let mut published = latest.clone();
    if let Some(description) = description.filter(|text| !text.is_empty()) {
        published.settings.description = description;
    }
    if let Some(last) = function.last_published()
        && last.code == latest.code
        && same_settings(function, last)
    {
        return describe_version(cloud, &function.name, last);
    }
    published.version = function.next_version.to_string();
    published.revision = revision();
    published.last_modified = cloud.time.now();
    let answer = describe_version(cloud, &function.name, &published);
    function.versions.insert(function.next_version, published);
    function.next_version += 1;
    answer
}

/// A version's own description does not make it different.
fn same_settings(function: &Function, last: &super::model::Version) -> bool {
    let mut settings = last.settings.clone();
    settings
        .description
        .clone_from(&function.latest.settings.description);
    settings == function.latest.settings
}
