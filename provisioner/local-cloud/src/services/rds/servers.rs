//! The `PostgreSQL` servers: brought to what the model wants of them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use anyhow::Context as _;

use super::classes::Class;
use super::model::{Parameter, Server};
use crate::Cloud;
use crate::parts::postgres::session::{Session, identifier, literal};
use crate::parts::postgres::{Options, Postgres};

/// A server's place: whoever holds the lock may start and stop it.
#[derive(Clone, Default)]
pub(super) struct Slot {
    running: Arc<tokio::sync::Mutex<Option<Running>>>,
}

/// A running server and what it was started with.
struct Running {
    postgres: Postgres,
    class: Class,
}

/// The superuser RDS keeps for itself; the master user is none.
const ADMIN: &str = "rdsadmin";

fn slot(cloud: &Cloud, key: &str) -> Slot {
    let servers = &cloud.services.rds.servers;
    let mut servers = servers.lock().unwrap_or_else(PoisonError::into_inner);
    servers.entry(key.to_owned()).or_default().clone()
}

/// Where a server's data is.
pub(super) fn folder(cloud: &Cloud, key: &str) -> PathBuf {
    cloud.options.root.join("databases").join(key)
}

/// Brings a server to what the model wants: running or not, with its class's settings, its
/// master user, databases and parameters. With `restart` it is restarted in any case.
///
/// Parameters the server does not take leave it running without them: that is the answer's
/// complaint, `incompatible-parameters` on RDS.
///
/// # Errors
/// When the server does not start or cannot be prepared.
pub(super) async fn settle(
    cloud: &Cloud,
    key: &str,
    restart: bool,
) -> anyhow::Result<Option<anyhow::Error>> {
    let slot = slot(cloud, key);
    let mut running = slot.running.lock().await;
    let (wanted, class, parameters) = {
        let model = cloud.services.rds.store.read();
        let (class, parameters) = model.machine(key);
        (model.servers.get(key).cloned(), class, parameters)
    };
    let wanted = wanted.filter(|server| server.runs);
    let stays = !restart
        && running
            .as_ref()
            .is_some_and(|running| running.class == class);
    if (wanted.is_none() || !stays)
        && let Some(old) = running.take()
    {
        old.postgres.stop().await?;
    }
    let Some(wanted) = wanted else {
        return Ok(None);
    };
    let fresh = running.is_none();
    if fresh {
        let postgres = start(cloud, key, &wanted, class, &parameters).await?;
        *running = Some(Running { postgres, class });
    }
    let Some(started) = running.as_mut() else {
        return Ok(None);
    };
    prepare(cloud, key, &wanted, &started.postgres).await?;
    let again = match configure(&started.postgres, &parameters, fresh).await {
        Ok(again) => again,
        Err(complaint) => return Ok(Some(complaint)),
    };
    if !again {
        return Ok(None);
    }
    // Some parameters take effect only in a server started with them.
    if let Some(old) = running.take() {
        old.postgres.stop().await?;
    }
    let (postgres, complaint) = match start(cloud, key, &wanted, class, &parameters).await {
        Ok(postgres) => (postgres, None),
        Err(complaint) => {
            let file = folder(cloud, key).join("data/postgresql.auto.conf");
            std::fs::write(&file, "").with_context(|| format!("emptying {}", file.display()))?;
            let postgres = start(cloud, key, &wanted, class, &parameters).await?;
            (postgres, Some(complaint))
        }
    };
    *running = Some(Running { postgres, class });
    Ok(complaint)
}

async fn start(
    cloud: &Cloud,
    key: &str,
    wanted: &Server,
    class: Class,
    parameters: &BTreeMap<String, Parameter>,
) -> anyhow::Result<Postgres> {
    let mut options = Options::new(cloud.options.supply.clone());
    ADMIN.clone_into(&mut options.user);
    // Nobody but us knows it; we come in by the private socket.
    options.password = Some(uuid::Uuid::new_v4().to_string());
    options.max_connections = connections(class, parameters);
    options.shared_buffers = class.real_buffers();
    options.port = wanted.port;
    let taken = wanted.port != 0 && !is_free(wanted.port).await;
    if taken {
        let port = wanted.port;
        (cloud.options.supply.say)(&format!(
            "Port {port} of {key} is taken: it gets another one"
        ));
        options.port = 0;
    }
    let postgres = Postgres::start(&folder(cloud, key), options).await?;
    let port = postgres.port();
    cloud.services.rds.store.write(|model| {
        if let Some(server) = model.servers.get_mut(key) {
            server.port = port;
        }
    });
    Ok(postgres)
}

async fn is_free(port: u16) -> bool {
    tokio::net::TcpListener::bind(("127.0.0.1", port))
        .await
        .is_ok()
}

/// `max_connections`: the group's number when it has one, else the class's.
fn connections(class: Class, parameters: &BTreeMap<String, Parameter>) -> u32 {
    let own = parameters.get("max_connections");
    let own = own.and_then(|parameter| parameter.value.parse().ok());
    own.unwrap_or_else(|| class.real_connections())
}

/// Makes the master user, its password and the databases, as far as they are missing.
async fn prepare(
    cloud: &Cloud,
    key: &str,
    wanted: &Server,
    postgres: &Postgres,
) -> anyhow::Result<()> {
    let mut session = postgres.session("postgres").await?;
    let user = identifier(&wanted.user);
    let known = format!(
        "select 1 from pg_roles where rolname = {}",
        literal(&wanted.user)
    );
    if session.query(&known).await?.is_empty() {
        // What RDS gives a master user: much, but not everything.
        let make = format!(
            "create role {user} login createdb createrole;
             grant pg_monitor, pg_signal_backend to {user} with admin option"
        );
        session
            .query(&make)
            .await
            .context("making the master user")?;
    }
    if let Some(password) = &wanted.password {
        let set = format!("alter role {user} password {}", literal(password));
        session
            .query(&set)
            .await
            .context("setting the master password")?;
    }
    for database in &wanted.databases {
        let known = format!(
            "select 1 from pg_database where datname = {}",
            literal(database)
        );
        if session.query(&known).await?.is_empty() {
            let name = identifier(database);
            let make = format!("create database {name} owner {user}");
            session
                .query(&make)
                .await
                .with_context(|| format!("making database {database}"))?;
        }
    }
    cloud.services.rds.store.write(|model| {
        if let Some(server) = model.servers.get_mut(key)
            && server.password == wanted.password
        {
            server.password = None;
        }
    });
    Ok(())
}

/// Applies a group's parameters: all of them to a `fresh` server, else those that need no
/// restart. Those of RDS itself (`rds.*`) mean nothing to `PostgreSQL`. Whether a fresh server
/// must start once more to have them all.
async fn configure(
    postgres: &Postgres,
    parameters: &BTreeMap<String, Parameter>,
    fresh: bool,
) -> anyhow::Result<bool> {
    let mut session = postgres.session("postgres").await?;
    if fresh {
        session.query("alter system reset all").await?;
    }
    for (name, parameter) in parameters {
        let own = name.starts_with("rds.") || name == "max_connections";
        if own || !(parameter.immediate || fresh) {
            continue;
        }
        let (quoted, value) = (identifier(name), literal(&parameter.value));
        let set = format!("alter system set {quoted} = {value}");
        let set = session.query(&set).await;
        set.with_context(|| format!("setting {name}"))?;
    }
    let loaded = "select pg_conf_load_time()";
    let before = session.query(loaded).await?;
    session.query("select pg_reload_conf()").await?;
    let started = std::time::Instant::now();
    while session.query(loaded).await? == before {
        if started.elapsed() > std::time::Duration::from_secs(10) {
            anyhow::bail!("PostgreSQL did not read its settings again");
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let waiting = "select 1 from pg_settings where pending_restart";
    Ok(fresh && !session.query(waiting).await?.is_empty())
}

/// Starts every server that should run.
pub(super) async fn resume(cloud: &Arc<Cloud>) -> anyhow::Result<()> {
    let keys: Vec<String> = {
        let model = cloud.services.rds.store.read();
        let running = model.servers.iter().filter(|(_, server)| server.runs);
        running.map(|(key, _)| key.clone()).collect()
    };
    let starts = keys.iter().map(|key| async move {
        let started = settle(cloud, key, true).await;
        let complaint = started.with_context(|| format!("starting database {key}"))?;
        Ok::<_, anyhow::Error>((key.clone(), complaint))
    });
    let started = futures::future::try_join_all(starts).await?;
    super::instances::resumed(cloud);
    for (key, complaint) in started {
        if let Some(complaint) = complaint {
            super::instances::complain(cloud, &key, &complaint);
        }
    }
    Ok(())
}

/// Whether a server that should run has died by itself.
pub(super) fn has_died(cloud: &Cloud, key: &str) -> bool {
    let slot = slot(cloud, key);
    slot.running.try_lock().is_ok_and(|mut running| {
        let running = running.as_mut();
        running.is_some_and(|running| !running.postgres.is_running())
    })
}

/// Stops every server.
pub(super) async fn stop_all(cloud: &Cloud) {
    let slots: Vec<Slot> = {
        let servers = &cloud.services.rds.servers;
        let mut servers = servers.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *servers).into_values().collect()
    };
    let stops = slots.iter().map(|slot| async {
        if let Some(running) = slot.running.lock().await.take()
            && let Err(error) = running.postgres.stop().await
        {
            tracing::warn!(error = format!("{error:#}"), "stopping a database");
        }
    });
    futures::future::join_all(stops).await;
}

/// What a server is measured by.
pub(super) struct Vitals {
    pub(super) pids: Vec<u32>,
    pub(super) class: Class,
    socket: PathBuf,
}

/// A running server's processes and class; nothing while it stops, starts or is stopped.
pub(super) fn vitals(cloud: &Cloud, key: &str) -> Option<Vitals> {
    let slot = slot(cloud, key);
    let running = slot.running.try_lock().ok()?;
    let running = running.as_ref()?;
    Some(Vitals {
        pids: running.postgres.pids(),
        class: running.class,
        socket: running.postgres.socket(),
    })
}

impl Vitals {
    /// Connections of clients, without ours, and bytes on disk.
    pub(super) async fn ask(&self) -> anyhow::Result<(f64, f64)> {
        let mut session = Session::open(&self.socket, ADMIN, "postgres").await?;
        let ask = "select count(*) filter (where backend_type = 'client backend' and \
                   pid <> pg_backend_pid()), (select sum(pg_database_size(oid)) from pg_database) \
                   from pg_stat_activity";
        let rows = session.query(ask).await?;
        let row = rows.first().context("no statistics")?;
        let number = |index: usize| -> anyhow::Result<f64> {
            let text = row.get(index).cloned().flatten().context("no number")?;
            Ok(text.parse()?)
        };
        Ok((number(0)?, number(1)?))
    }
}

/// A whole copy of a server's data in `to`; a running server goes on running.
pub(super) async fn copy(cloud: &Cloud, key: &str, to: &std::path::Path) -> anyhow::Result<()> {
    let slot = slot(cloud, key);
    let running = slot.running.lock().await;
    let from = folder(cloud, key);
    std::fs::create_dir_all(to).with_context(|| format!("creating {}", to.display()))?;
    let Some(running) = running.as_ref() else {
        return copy_folder(&from, to).await;
    };
    // PostgreSQL documentation, "Making a Base Backup Using the Low Level API": the files,
    // then the label, then the log written meanwhile.
    let mut session = running.postgres.session("postgres").await?;
    session
        .query("select pg_backup_start('snapshot', true)")
        .await?;
    copy_folder(&from, to).await?;
    let rows = session
        .query("select labelfile from pg_backup_stop(false)")
        .await?;
    let label = rows.first().and_then(|row| row.first().cloned().flatten());
    let label = label.context("the backup has no label")?;
    let data = to.join("data");
    std::fs::write(data.join("backup_label"), label)?;
    copy_folder(&from.join("data/pg_wal"), &data.join("pg_wal")).await?;
    remove_if_there(&data.join("postmaster.pid"))?;
    remove_if_there(&data.join("postmaster.opts"))
}

fn remove_if_there(file: &std::path::Path) -> anyhow::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", file.display()))
        }
        _ => Ok(()),
    }
}

/// Copies a folder's content. Files may vanish while a server runs on it; the log replays
/// what they held.
async fn copy_folder(from: &std::path::Path, to: &std::path::Path) -> anyhow::Result<()> {
    let mut source = from.as_os_str().to_owned();
    source.push("/.");
    let copied = tokio::process::Command::new("cp")
        .arg("-a")
        .arg(source)
        .arg(to)
        .output()
        .await
        .context("running cp")?;
    let said = String::from_utf8_lossy(&copied.stderr);
    let vanished = said.lines().all(|line| line.contains("No such file"));
    if copied.status.success() || vanished {
        return Ok(());
    }
    anyhow::bail!("copying {}: {}", from.display(), said.trim())
}

/// Forgets a server; its data is deleted.
pub(super) async fn destroy(cloud: &Cloud, key: &str) -> anyhow::Result<()> {
    let slot = slot(cloud, key);
    if let Some(running) = slot.running.lock().await.take() {
        running.postgres.stop().await?;
    }
    cloud
        .services
        .rds
        .store
        .write(|model| model.servers.remove(key));
    let folder = folder(cloud, key);
    match std::fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("deleting {}", folder.display()))
        }
        _ => Ok(()),
    }
}
