//! A release is one record of three parts: API version, bundle, schema.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a page needs to load one front-end bundle. Written by the web build, uploaded as
/// `bundles/<id>.json`, and the very value the bundle pointer holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AssetManifest {
    /// The bundle's id: the first 12 hex digits of the SHA-256 over its file names.
    pub bundle: String,
    /// The entry script, under [`crate::names::ASSETS_PREFIX`]: `assets/index-4f1c9a2b.js`.
    pub script: String,
    /// Style sheets to link, in order.
    pub styles: Vec<String>,
}

/// One release of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Release {
    /// Counts up from 1 within a stage.
    pub number: u64,
    /// What was built: a git commit, `-dirty` behind it when the tree was not clean.
    pub revision: String,
    /// The published version each alias points at, by [`crate::functions::Function::name`].
    pub versions: BTreeMap<String, String>,
    /// The front-end bundle pages name.
    pub assets: AssetManifest,
    /// The newest migration that has run: `20261201093000`.
    pub schema: String,
    /// The archive of the functions in the artifact bucket.
    pub code: CodeObject,
    /// The CodeDeploy deployment that shifted the traffic.
    pub deployment_id: String,
    /// Who released: the caller's ARN.
    pub by: String,
    /// RFC 3339.
    pub at: String,
    /// `deploy` or `rollback`, and why.
    pub reason: String,
}

/// Where the function archive lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CodeObject {
    /// The artifact bucket.
    pub bucket: String,
    /// `functions/<sha256>.zip`.
    pub key: String,
    /// Lower-case hex SHA-256 of the archive.
    pub sha256: String,
}
