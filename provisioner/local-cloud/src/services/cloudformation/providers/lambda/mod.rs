//! Lambda types.

pub(super) mod alias;
pub(super) mod event_invoke_config;
pub(super) mod event_source_mapping;
pub(super) mod function;
pub(super) mod permission;
pub(super) mod version;

/// A function's name, from a name or an ARN; the qualifier of an alias or version apart.
fn split_qualifier(reference: &str) -> (String, Option<String>) {
    let rest = reference
        .split_once(":function:")
        .map_or(reference, |(_, rest)| rest);
    match rest.split_once(':') {
        Some((name, qualifier)) => (name.to_owned(), Some(qualifier.to_owned())),
        None => (rest.to_owned(), None),
    }
}
