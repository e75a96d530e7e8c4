//! Function code: archives taken in, unpacked once per content, removed when nobody uses them.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Cursor, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::services::s3;

use super::model::Code;
use super::refusals::invalid;

/// The largest archive that may travel inside a request, in bytes.
const INLINE_LIMIT: usize = 50 * 1024 * 1024;
/// The largest function, unpacked, in bytes.
const UNPACKED_LIMIT: u64 = 250 * 1024 * 1024;

/// Where the code of a function comes from.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Source {
    zip_file: Option<String>,
    #[serde(rename = "S3Bucket")]
    bucket: Option<String>,
    #[serde(rename = "S3Key")]
    key: Option<String>,
}

/// Fetches the archive, unpacks it below `<root>/lambda/` and checks that it can run.
pub(super) async fn take_in(cloud: &Arc<Cloud>, source: Source) -> Answer<Code> {
    let archive = fetch(cloud, source).await?;
    let root = folder(cloud);
    tokio::task::spawn_blocking(move || unpack(&root, &archive))
        .await
        .map_err(AwsError::internal)?
}

/// The folder a version's environments start in.
pub(super) fn task_root(cloud: &Cloud, code: &Code) -> PathBuf {
    folder(cloud).join(&code.folder)
}

/// The archive itself, kept beside what was unpacked.
pub(super) fn archive(cloud: &Cloud, code: &Code) -> PathBuf {
    folder(cloud).join(format!("{}.zip", code.folder))
}

/// Removes code that no version uses any more. Only at start: nothing runs then.
pub(super) fn forget_unused(cloud: &Cloud) -> anyhow::Result<()> {
    let folder = folder(cloud);
    let Ok(entries) = fs::read_dir(&folder) else {
        return Ok(());
    };
    let used = used(cloud);
    for entry in entries {
        let path = entry?.path();
        let name = path.file_stem().and_then(|name| name.to_str());
        if name.is_some_and(|name| used.contains(name)) {
            continue;
        }
        let removed = if path.is_dir() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        removed.with_context(|| format!("removing unused code {}", path.display()))?;
    }
    Ok(())
}

fn used(cloud: &Cloud) -> BTreeSet<String> {
    let model = cloud.services.lambda.store.read();
    model
        .functions
        .values()
        .flat_map(|function| function.versions.values().chain([&function.latest]))
        .map(|version| version.code.folder.clone())
        .collect()
}

fn folder(cloud: &Cloud) -> PathBuf {
    cloud.options.root.join("lambda")
}

async fn fetch(cloud: &Arc<Cloud>, source: Source) -> Answer<Bytes> {
    match source {
        Source {
            zip_file: Some(text),
            bucket: None,
            key: None,
        } => {
            let archive = STANDARD
                .decode(text)
                .map_err(|_| invalid("Could not decode the given zip file: not base64"))?;
            if archive.len() > INLINE_LIMIT {
                return Err(AwsError::new(
                    "RequestEntityTooLargeException",
                    format!("Request must be smaller than {INLINE_LIMIT} bytes for the CreateFunction operation"),
                )
                .status(413));
            }
            Ok(archive.into())
        }
        Source {
            zip_file: None,
            bucket: Some(bucket),
            key: Some(key),
        } => s3::read_object(cloud, &bucket, &key)
            .await
            .map_err(|error| {
                invalid(format!(
                    "Error occurred while GetObject. S3 Error Code: {}. S3 Error Message: {}",
                    error.code, error.message
                ))
            }),
        _ => Err(invalid(
            "Please provide a source for function code: either ZipFile, or S3Bucket and S3Key.",
        )),
    }
}

fn unpack(root: &Path, archive: &[u8]) -> Answer<Code> {
    let digest = Sha256::digest(archive);
    let code = Code {
        sha256: STANDARD.encode(digest),
        folder: hex::encode(digest),
        size: archive.len() as u64,
    };
    let target = root.join(&code.folder);
    if target.is_dir() {
        return Ok(code);
    }
    // Unpacked aside and renamed, so that a folder under its final name is always whole.
    let partial = root.join(format!("partial-{}", Uuid::new_v4().simple()));
    if let Err(error) = unpack_into(&partial, archive) {
        drop(fs::remove_dir_all(&partial));
        return Err(error);
    }
    fs::write(root.join(format!("{}.zip", code.folder)), archive)?;
    match fs::rename(&partial, &target) {
        // Somebody else unpacked the same archive meanwhile.
        Err(_) if target.is_dir() => drop(fs::remove_dir_all(&partial)),
        renamed => renamed?,
    }
    Ok(code)
}

fn unpack_into(folder: &Path, archive: &[u8]) -> Answer<()> {
    fs::create_dir_all(folder)?;
    let unreadable = |error: zip::result::ZipError| {
        invalid(format!(
            "Could not unzip uploaded file. Please check your file, then try to upload again: {error}"
        ))
    };
    let mut zip = zip::ZipArchive::new(Cursor::new(archive)).map_err(unreadable)?;
    let mut left = UNPACKED_LIMIT;
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).map_err(unreadable)?;
        let Some(relative) = entry.enclosed_name() else {
            return Err(invalid(format!(
                "Could not unzip uploaded file: {} leads out of the archive.",
                entry.name().unwrap_or_default()
            )));
        };
        let path = folder.join(relative);
        if entry.is_dir() {
            fs::create_dir_all(&path)?;
            continue;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let mode = entry.unix_mode().unwrap_or(0o644) & 0o777;
        let mut file = fs::File::create(&path)?;
        let written = std::io::copy(&mut (&mut entry).take(left + 1), &mut file)?;
        left = left.checked_sub(written).ok_or_else(|| {
            invalid(format!(
                "Unzipped size must be smaller than {UNPACKED_LIMIT} bytes"
            ))
        })?;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode | 0o400))?;
    }
    Ok(())
}

/// Whether a package can be started. AWS takes one that cannot, and says so when it is invoked.
pub(super) fn has_bootstrap(folder: &Path) -> bool {
    fs::metadata(folder.join("bootstrap"))
        .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}
