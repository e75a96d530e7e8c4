//! What an executable asks of the machine it runs on: architecture and glibc, read from the ELF
//! file itself (System V ABI; symbol versions as in the Linux Standard Base, "Symbol Versioning").

use anyhow::{Context as _, bail};

use crate::stage::Architecture;

/// `SHT_GNU_verneed`: the versions of symbols a file needs.
const VERSIONS_NEEDED: u32 = 0x6fff_fffe;
/// `EM_X86_64` and `EM_AARCH64`.
const MACHINES: [(u16, Architecture); 2] = [(62, Architecture::X86), (183, Architecture::Arm64)];

/// What a file asks for.
#[derive(Debug, PartialEq, Eq)]
pub struct Needs {
    /// The processor it is for, if Lambda has such.
    pub architecture: Option<Architecture>,
    /// The newest glibc version it names, `(2, 34)`; none if it is linked statically.
    pub glibc: Option<(u32, u32)>,
}

/// Reads a little-endian 64-bit ELF file.
pub fn needs(file: &[u8]) -> anyhow::Result<Needs> {
    if file.get(..6) != Some(b"\x7fELF\x02\x01") {
        bail!("not a 64-bit little-endian ELF executable: functions run on Linux");
    }
    let machine = u16_at(file, 18)?;
    let architecture = MACHINES
        .into_iter()
        .find_map(|(number, name)| (number == machine).then_some(name));
    let sections = usize::try_from(u64_at(file, 40)?)?;
    let (size, count) = (
        usize::from(u16_at(file, 58)?),
        usize::from(u16_at(file, 60)?),
    );
    let mut glibc = None;
    for index in 0..count {
        let section = sections + index * size;
        if u32_at(file, section + 4)? != VERSIONS_NEEDED {
            continue;
        }
        let at = usize::try_from(u64_at(file, section + 24)?)?;
        let link = usize::try_from(u32_at(file, section + 40)?)?;
        let names = usize::try_from(u64_at(file, sections + link * size + 24)?)?;
        glibc = glibc.max(newest(file, at, names)?);
    }
    Ok(Needs {
        architecture,
        glibc,
    })
}

/// Walks the list of files, and in each the list of versions.
fn newest(file: &[u8], mut entry: usize, names: usize) -> anyhow::Result<Option<(u32, u32)>> {
    let mut newest = None;
    loop {
        let mut version = entry + usize::try_from(u32_at(file, entry + 8)?)?;
        for _ in 0..u16_at(file, entry + 2)? {
            let name = text_at(file, names + usize::try_from(u32_at(file, version + 8)?)?)?;
            newest = newest.max(glibc_version(name));
            version += usize::try_from(u32_at(file, version + 12)?)?;
        }
        match u32_at(file, entry + 12)? {
            0 => return Ok(newest),
            next => entry += usize::try_from(next)?,
        }
    }
}

/// `GLIBC_2.34` as `(2, 34)`.
fn glibc_version(name: &str) -> Option<(u32, u32)> {
    version(name.strip_prefix("GLIBC_")?)
}

/// `2.34` as `(2, 34)`.
#[must_use]
pub fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split('.').map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?))
}

fn bytes_at<const N: usize>(file: &[u8], at: usize) -> anyhow::Result<[u8; N]> {
    file.get(at..at + N)
        .and_then(|bytes| bytes.try_into().ok())
        .context("the file is cut off")
}

fn u16_at(file: &[u8], at: usize) -> anyhow::Result<u16> {
    Ok(u16::from_le_bytes(bytes_at(file, at)?))
}

fn u32_at(file: &[u8], at: usize) -> anyhow::Result<u32> {
    Ok(u32::from_le_bytes(bytes_at(file, at)?))
}

fn u64_at(file: &[u8], at: usize) -> anyhow::Result<u64> {
    Ok(u64::from_le_bytes(bytes_at(file, at)?))
}

fn text_at(file: &[u8], at: usize) -> anyhow::Result<&str> {
    let rest = file.get(at..).context("the file is cut off")?;
    let end = rest
        .iter()
        .position(|byte| *byte == 0)
        .context("the file is cut off")?;
    Ok(std::str::from_utf8(&rest[..end])?)
}

#[cfg(test)]
mod tests {
    use super::{glibc_version, needs};
    use crate::stage::Architecture;

    #[test]
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    fn this_very_program_names_its_glibc() {
        let file = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let needs = needs(&file).unwrap();
        let is_x86 = needs.architecture == Some(Architecture::X86);
        assert_eq!(is_x86, cfg!(target_arch = "x86_64"));
        assert!(needs.glibc.unwrap() >= (2, 17), "{needs:?}");
    }

    #[test]
    fn what_is_no_executable_is_refused() {
        assert!(needs(b"#!/bin/sh\n").is_err());
        assert!(needs(b"\x7fELF\x02\x01").is_err());
        assert_eq!(glibc_version("GLIBC_2.34"), Some((2, 34)));
        assert_eq!(glibc_version("GLIBC_PRIVATE"), None);
    }
}
