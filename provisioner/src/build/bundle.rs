//! A built front end: hashed files and a manifest.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use spoke_contract::names::ASSETS_PREFIX;
use spoke_contract::release::AssetManifest;

/// A front-end bundle on disk.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// What a page needs to load it.
    pub manifest: AssetManifest,
    /// The files, by the key they are served under.
    pub files: Vec<(String, PathBuf)>,
}

/// Reads `dist`: `assets/*` and the one manifest the build wrote beside them.
pub fn read(dist: &Path) -> anyhow::Result<Bundle> {
    let mut manifests = list(&dist.join("manifest"))?;
    let Some(path) = manifests.pop() else {
        bail!("{} holds no manifest", dist.display());
    };
    if !manifests.is_empty() {
        bail!("{} holds more than one manifest", dist.display());
    }
    let text = std::fs::read(&path).with_context(|| path.display().to_string())?;
    let manifest: AssetManifest =
        serde_json::from_slice(&text).with_context(|| path.display().to_string())?;
    let mut files: Vec<_> = list(&dist.join(ASSETS_PREFIX))?
        .into_iter()
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?;
            Some((format!("{ASSETS_PREFIX}{name}"), path))
        })
        .collect();
    files.sort();
    for named in manifest.styles.iter().chain([&manifest.script]) {
        if !files.iter().any(|(key, _)| key == named) {
            bail!("the manifest names {named}, which was not built");
        }
    }
    Ok(Bundle { manifest, files })
}

fn list(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            files.push(entry.path());
        }
    }
    Ok(files)
}

/// The media type of a hashed file; a browser refuses a script of the wrong one.
#[must_use]
pub fn content_type(key: &str) -> &'static str {
    match key.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("webp") => "image/webp",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("woff") => "font/woff",
        Some("html") => "text/html; charset=utf-8",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    fn dist(manifest: &str) -> tempfile::TempDir {
        let dist = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dist.path().join("assets")).unwrap();
        std::fs::create_dir_all(dist.path().join("manifest")).unwrap();
        std::fs::write(dist.path().join("assets/index-1.js"), "1").unwrap();
        std::fs::write(dist.path().join("manifest/0123.json"), manifest).unwrap();
        dist
    }

    #[test]
    fn a_bundle_is_its_manifest_and_its_files() {
        let dist = dist(r#"{"bundle":"0123","script":"assets/index-1.js","styles":[]}"#);
        let bundle = read(dist.path()).unwrap();
        assert_eq!(bundle.manifest.bundle, "0123");
        assert_eq!(bundle.files[0].0, "assets/index-1.js");
    }

    #[test]
    fn a_manifest_that_names_what_was_not_built_is_refused() {
        let dist = dist(r#"{"bundle":"0123","script":"assets/index-2.js","styles":[]}"#);
        let error = read(dist.path()).unwrap_err().to_string();
        assert!(error.contains("assets/index-2.js"), "{error}");
    }

    #[test]
    fn two_manifests_are_one_too_many() {
        let dist = dist(r#"{"bundle":"0123","script":"assets/index-1.js","styles":[]}"#);
        std::fs::write(dist.path().join("manifest/4567.json"), "{}").unwrap();
        assert!(read(dist.path()).is_err());
    }
}
