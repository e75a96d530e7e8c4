//! The data folder: made whole or not at all, taken over from a killed run, owned by whoever
//! may run the server.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use super::{Binaries, Options};
use crate::parts::install;
use crate::parts::processes;

/// Who runs the server. `PostgreSQL` refuses to run as root.
#[derive(Clone, Debug)]
pub(super) enum Runner {
    /// We ourselves.
    Ourselves,
    /// We are root and may enter a user namespace in which we are nobody: no owner changes.
    Namespace,
    /// We are root and run it as this user and group, who must own the folder.
    User(u32, u32),
}

impl Runner {
    /// Picks the least intrusive way that works here.
    pub(super) async fn choose(folder: &Path) -> anyhow::Result<Self> {
        if !install::is_root().await {
            return Ok(Self::Ourselves);
        }
        let namespace = Self::Namespace.command(Path::new("true"));
        let arguments: Vec<_> = namespace.iter().skip(1).map(OsString::as_os_str).collect();
        if install::run("unshare", &arguments, None).await.is_ok() {
            return Ok(Self::Namespace);
        }
        let (user, group) = unprivileged().context(
            "PostgreSQL refuses to run as root, and this machine has neither user namespaces nor \
             a user postgres or nobody: run as another user",
        )?;
        for parent in folder.ancestors() {
            let mode = std::fs::metadata(parent)?.permissions().mode();
            if mode & 0o001 == 0 && parent != folder {
                bail!(
                    "PostgreSQL refuses to run as root, and the user it would run as may not pass \
                     {}: run as another user, or keep the cloud's folder where every user may look",
                    parent.display()
                );
            }
        }
        Ok(Self::User(user, group))
    }

    /// The command that runs `program`; its arguments follow.
    pub(super) fn command(&self, program: &Path) -> Vec<OsString> {
        let mut command: Vec<OsString> = match self {
            Self::Namespace => ["unshare", "--user", "--map-user=65534", "--map-group=65534"]
                .map(OsString::from)
                .to_vec(),
            Self::Ourselves | Self::User(..) => Vec::new(),
        };
        command.push(program.into());
        command
    }

    pub(super) fn user(&self) -> Option<(u32, u32)> {
        match self {
            Self::User(user, group) => Some((*user, *group)),
            Self::Ourselves | Self::Namespace => None,
        }
    }

    /// Gives a folder to whoever runs the server.
    pub(super) async fn own(&self, folder: &Path) -> anyhow::Result<()> {
        let Self::User(user, group) = self else {
            return Ok(());
        };
        let owner = format!("{user}:{group}");
        install::run(
            "chown",
            &["-R".as_ref(), owner.as_ref(), folder.as_os_str()],
            None,
        )
        .await
        .map(drop)
    }
}

/// The ids of a user made for this, from the user list.
fn unprivileged() -> Option<(u32, u32)> {
    let list = std::fs::read_to_string("/etc/passwd").ok()?;
    let find = |name: &str| {
        list.lines().find_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            (fields.first() == Some(&name))
                .then(|| Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?)))
                .flatten()
        })
    };
    find("postgres").or_else(|| find("nobody"))
}

/// The major version that made a data folder; nothing for one that does not exist.
pub(super) fn version(data: &Path) -> anyhow::Result<Option<u32>> {
    if !data.exists() {
        return Ok(None);
    }
    let file = data.join("PG_VERSION");
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    let whole = ["global/pg_control", "postgresql.conf", "base"];
    match text.trim().parse() {
        Ok(major) if whole.iter().all(|part| data.join(part).exists()) => Ok(Some(major)),
        _ => bail!(
            "{} is not a whole PostgreSQL data folder. If its data is not needed, delete it and \
             start again; otherwise put it back from a copy.",
            data.display()
        ),
    }
}

/// Only its owner may look.
pub(super) fn private(folder: &Path) -> anyhow::Result<()> {
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
        .with_context(|| format!("making {} private", folder.display()))
}

/// Makes `folder/data`, whole or not at all.
pub(super) async fn initialise(
    folder: &Path,
    binaries: &Binaries,
    runner: &Runner,
    options: &Options,
) -> anyhow::Result<()> {
    install::whole(&folder.join("data"), async |partial| {
        private(partial)?;
        let secret = folder.join("password.partial");
        if let Some(password) = &options.password {
            std::fs::write(&secret, password)
                .with_context(|| format!("writing {}", secret.display()))?;
            std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600))?;
        }
        runner.own(folder).await?;
        let made = initdb(partial, &secret, binaries, runner, options).await;
        if options.password.is_some() {
            std::fs::remove_file(&secret)?;
        }
        made
    })
    .await
    .with_context(|| format!("making a database in {}", folder.display()))
}

async fn initdb(
    data: &Path,
    secret: &Path,
    binaries: &Binaries,
    runner: &Runner,
    options: &Options,
) -> anyhow::Result<()> {
    let mut command = runner.command(&binaries.initdb());
    command.push("-D".into());
    command.push(data.into());
    command.push("-U".into());
    command.push(options.user.clone().into());
    // Data is flushed by the first checkpoint anyway; a folder lost before that was empty.
    let fixed = [
        "-E",
        "UTF8",
        "--locale=C",
        "--auth-local=trust",
        "--no-sync",
    ];
    command.extend(fixed.map(OsString::from));
    if options.password.is_some() {
        command.push("--auth-host=scram-sha-256".into());
        command.push("--pwfile".into());
        command.push(secret.into());
    } else {
        command.push("--auth-host=trust".into());
    }
    if let Some((user, group)) = runner.user() {
        let ids = [format!("--reuid={user}"), format!("--regid={group}")];
        let head = [
            "setpriv".into(),
            ids[0].clone().into(),
            ids[1].clone().into(),
        ];
        command.splice(0..0, head.into_iter().chain(["--clear-groups".into()]));
    }
    let program = command.remove(0);
    let arguments: Vec<_> = command.iter().map(OsString::as_os_str).collect();
    install::run(program, &arguments, None).await.map(drop)
}

/// Makes sure nobody else runs on the data folder: waits for the server of a run that was
/// killed, which its guard is stopping, and removes the mark of one that is gone.
pub(super) async fn release(data: &Path) -> anyhow::Result<()> {
    const LIMIT: Duration = Duration::from_secs(30);
    let mark = data.join("postmaster.pid");
    let started = Instant::now();
    loop {
        let Ok(text) = std::fs::read_to_string(&mark) else {
            return Ok(());
        };
        let pid = text
            .lines()
            .next()
            .and_then(|line| line.trim().parse().ok());
        let alive = pid.is_some_and(|pid| processes::works_in(pid, data));
        if !alive {
            return match std::fs::remove_file(&mark) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    Err(error).with_context(|| format!("removing {}", mark.display()))
                }
                _ => Ok(()),
            };
        }
        if started.elapsed() > LIMIT {
            bail!(
                "PostgreSQL process {} still runs on {}: another local cloud uses this folder. \
                 Stop it and start again.",
                pid.unwrap_or_default(),
                data.display()
            );
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
