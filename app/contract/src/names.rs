//! Names of things two programs look up: parameters, Redis keys, object keys.

/// The SSM parameter that holds the bundle pointer of a stage: an [`crate::release::AssetManifest`] as JSON.
#[must_use]
pub fn pointer_parameter(stage: &str) -> String {
    format!("/spoke/{stage}/pointer")
}

/// The SSM parameter that holds the current [`crate::release::Release`] of a stage as JSON.
#[must_use]
pub fn release_parameter(stage: &str) -> String {
    format!("/spoke/{stage}/release")
}

/// The SSM parameter that holds the [`crate::release::Release`] being made: written before the
/// shift, read by the postflight hook (it moves the other functions' aliases to the versions
/// named there), removed when the release is recorded or has gone back.
#[must_use]
pub fn pending_release_parameter(stage: &str) -> String {
    format!("/spoke/{stage}/release-pending")
}

/// The SSM parameter that holds the [`crate::tables::TableSizes`] of a stage as JSON.
#[must_use]
pub fn tables_parameter(stage: &str) -> String {
    format!("/spoke/{stage}/tables")
}

/// The Redis key that caches the bundle pointer, prefixed by the stage: two stages may share a cache.
#[must_use]
pub fn pointer_key(stage: &str) -> String {
    format!("{stage}:bundle")
}

/// Where a stage's release records are kept in the artifact bucket: `releases/<stage>/<number>.json`.
#[must_use]
pub fn release_object(stage: &str, number: u64) -> String {
    format!("releases/{stage}/{number:06}.json")
}

/// The SSM parameter that holds what the scaler knows: what is enlarged, proposed, under way.
#[must_use]
pub fn scaling_parameter(stage: &str) -> String {
    format!("/spoke/{stage}/scaling")
}

/// Where the changes of a stage's database are kept in the artifact bucket: `scaling/<stage>/<number>.json`.
#[must_use]
pub fn scaling_object(stage: &str, number: u64) -> String {
    format!("scaling/{stage}/{number:06}.json")
}

/// The function that looks after the size of a stage's database.
#[must_use]
pub fn scaler_function(stage: &str) -> String {
    format!("spoke-{stage}-scaler")
}

/// Where the hashed front-end files lie in the asset bucket, and under which path pages name them.
pub const ASSETS_PREFIX: &str = "assets/";

/// Where each bundle's manifest lies in the asset bucket: `bundles/<id>.json`.
#[must_use]
pub fn bundle_object(bundle: &str) -> String {
    format!("bundles/{bundle}.json")
}

/// Where uploads of contacts lie in the private bucket: `contactUploads/<organization>/<64 hex>`.
#[must_use]
pub fn contact_upload_prefix(organization_id: i32) -> String {
    format!("contactUploads/{organization_id}/")
}

/// The namespace of the metrics the functions themselves write.
pub const METRICS_NAMESPACE: &str = "Spoke";

/// How many requests the web function could not do for a reason nobody planned for: answers with a status of 500 or
/// more, and operations that failed inside an answer of 200. By `FunctionName` and `ExecutedVersion`.
pub const FAILED_REQUESTS: &str = "FailedRequests";
