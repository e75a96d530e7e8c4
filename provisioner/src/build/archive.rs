//! The function archive: the same binary gives the same bytes, so that the same code has the
//! same name in the artifact bucket wherever and whenever it was packed.

use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::{elf, kept, sha256};
use crate::failure::{Blame as _, Failure, codes};
use crate::repository::Repository;
use crate::stage::{App, Architecture};

/// Lambda takes this much, unpacked.
const MOST_UNPACKED: u64 = 250 * 1024 * 1024;

/// A packed archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    /// Where it lies.
    pub path: PathBuf,
    /// Lower-case hex SHA-256.
    pub sha256: String,
    /// Bytes, packed.
    pub bytes: u64,
}

impl Archive {
    /// Its key in the artifact bucket.
    #[must_use]
    pub fn key(&self) -> String {
        format!("functions/{}.zip", self.sha256)
    }

    /// Enough of its digest to tell it from others.
    #[must_use]
    pub fn short(&self) -> &str {
        self.sha256.get(..12).unwrap_or(&self.sha256)
    }

    /// Its size for people.
    #[must_use]
    pub fn size(&self) -> String {
        megabytes(self.bytes)
    }
}

/// `12.3 MB`.
#[must_use]
pub fn megabytes(bytes: u64) -> String {
    let tenths = bytes * 10 / (1024 * 1024);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

/// Packs a binary for the functions of `app`, unless the archive of the very same bytes is still here. Each program has
/// a folder of its own.
pub fn pack(
    repository: &Repository,
    program: &str,
    binary: &Path,
    app: &App,
) -> Result<Archive, Failure> {
    let contents = std::fs::read(binary)
        .with_context(|| format!("reading {}", binary.display()))
        .blame(codes::ARTIFACT, "the function binary cannot be read")?;
    check(&contents, app.glibc.as_deref(), app.architecture)?;
    let known = kept(repository, format!("{program}/{}.zip", sha256(&contents)))
        .blame(codes::FOLDER, "the folder for build results cannot be made")?;
    if let Ok(packed) = std::fs::read(&known)
        && is_whole(&packed)
    {
        return Ok(described(known, &packed));
    }
    let packed =
        write(&contents).blame(codes::ARTIFACT, "the function archive cannot be written")?;
    store(&known, &packed).blame(codes::FOLDER, "the function archive cannot be kept")?;
    Ok(described(known, &packed))
}

fn described(path: PathBuf, packed: &[u8]) -> Archive {
    Archive {
        sha256: sha256(packed),
        bytes: packed.len() as u64,
        path,
    }
}

/// The end record is written last: an archive that has it was written to its end.
fn is_whole(packed: &[u8]) -> bool {
    packed.len() > 22 && packed[packed.len() - 22..].starts_with(b"PK\x05\x06")
}

/// Keeps the newest archive of a program only; a dev binary weighs tens of megabytes.
fn store(path: &Path, packed: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        for entry in std::fs::read_dir(folder)?.flatten() {
            if entry.path().extension().is_some_and(|kind| kind == "zip") {
                std::fs::remove_file(entry.path())?;
            }
        }
    }
    std::fs::write(path, packed)
}

/// `bootstrap`, executable, with a fixed time.
fn write(contents: &[u8]) -> anyhow::Result<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(6))
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(0o755);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("bootstrap", options)?;
    archive.write_all(contents)?;
    Ok(archive.finish()?.into_inner())
}

/// What Lambda would refuse, or what would crash at its first start.
fn check(contents: &[u8], glibc: Option<&str>, wanted: Architecture) -> Result<(), Failure> {
    let unpacked = contents.len() as u64;
    if unpacked > MOST_UNPACKED {
        return Err(
            Failure::new(codes::ARTIFACT, "the function binary is too large")
                .why(format!(
                    "{} of {} allowed unpacked",
                    megabytes(unpacked),
                    megabytes(MOST_UNPACKED)
                ))
                .next("set app.profile = \"release\" in the stage file"),
        );
    }
    let Some(most) = glibc else { return Ok(()) };
    let needs = elf::needs(contents).blame(codes::ARTIFACT, "this binary cannot run on Lambda")?;
    if needs.architecture != Some(wanted) {
        let is = needs
            .architecture
            .map_or("another processor", Architecture::name);
        return Err(
            Failure::new(codes::ARTIFACT, "this binary cannot run on Lambda")
                .why(format!(
                    "it is for {is}, the functions run on {}",
                    wanted.name()
                ))
                .state("nothing was uploaded or changed")
                .next("set app.architecture in the stage file"),
        );
    }
    match (needs.glibc, elf::version(most)) {
        (Some(needed), Some(there)) if needed > there => Err(Failure::new(
            codes::ARTIFACT,
            "this binary cannot run on Lambda",
        )
        .why(format!(
            "it asks for glibc {}.{}; the functions run where it is {most}",
            needed.0, needed.1
        ))
        .state("nothing was uploaded or changed")
        .next(format!(
            "set app.glibc = \"{most}\" and let spokectl build it"
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read as _};

    use super::{check, is_whole, write};
    use crate::stage::Architecture::{Arm64, X86};

    #[test]
    fn the_same_binary_gives_the_same_bytes() {
        let packed = write(b"binary").unwrap();
        assert_eq!(packed, write(b"binary").unwrap());
        assert!(is_whole(&packed));
        assert!(!is_whole(&packed[..packed.len() - 1]));
        let mut archive = zip::ZipArchive::new(Cursor::new(packed)).unwrap();
        let mut file = archive.by_name("bootstrap").unwrap();
        assert_eq!(file.unix_mode().unwrap() & 0o777, 0o755);
        let mut contents = String::new();
        file.read_to_string(&mut contents).unwrap();
        assert_eq!(contents, "binary");
    }

    #[test]
    fn a_script_is_no_function_where_the_stage_checks() {
        let failure = check(b"#!/bin/sh", Some("2.34"), X86).unwrap_err();
        assert!(failure.why[0].contains("ELF"), "{failure:?}");
        assert!(check(b"#!/bin/sh", None, X86).is_ok());
    }

    #[test]
    #[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
    fn a_binary_for_a_newer_glibc_is_refused() {
        let file = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let failure = check(&file, Some("2.2"), X86).unwrap_err();
        assert!(failure.why[0].contains("glibc"), "{failure:?}");
        assert!(check(&file, Some("2.99"), X86).is_ok());
        let failure = check(&file, Some("2.99"), Arm64).unwrap_err();
        assert_eq!(
            failure.why,
            ["it is for x86_64, the functions run on arm64"]
        );
    }
}
