//! Instances: made, changed, restarted, stopped, deleted.

use std::sync::Arc;

use anyhow::Context as _;
use chrono::Utc;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::input::{self, Tag, conflict, invalid};
use super::model::{Instance, Model, Server, instance_key};
use super::{classes, servers, show, snapshots};
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values::{optional_boolean, optional_integer, parse};
use crate::services;

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct Create {
    #[serde(rename = "DBInstanceIdentifier")]
    id: String,
    #[serde(rename = "DBInstanceClass")]
    class: String,
    engine: String,
    #[serde(rename = "DBName")]
    db_name: Option<String>,
    #[serde(rename = "DBClusterIdentifier")]
    cluster: Option<String>,
    master_username: Option<String>,
    master_user_password: Option<String>,
    #[serde(deserialize_with = "optional_boolean")]
    manage_master_user_password: Option<bool>,
    #[serde(rename = "DBParameterGroupName")]
    parameter_group: Option<String>,
    #[serde(rename = "DBSubnetGroupName")]
    subnet_group: Option<String>,
    vpc_security_group_ids: Vec<String>,
    enable_cloudwatch_logs_exports: Vec<String>,
    #[serde(deserialize_with = "optional_integer")]
    // Every server has a free port of its own, shown as its endpoint.
    port: Option<i64>,
    #[serde(deserialize_with = "optional_integer")]
    promotion_tier: Option<i64>,
    tags: Vec<Tag>,
}

/// Makes an instance; its server starts in the background.
pub(super) async fn create(cloud: &Arc<Cloud>, input: Value) -> Answer {
    let (mut settings, rest) = input::split(input)?;
    let mut input: Create = parse(rest)?;
    input::check_identifier(&input.id, "DBInstanceIdentifier")?;
    input.id = input.id.to_lowercase();
    if !matches!(input.engine.as_str(), "postgres" | "aurora-postgresql") {
        let engine = &input.engine;
        return Err(invalid(format!(
            "Invalid DB engine: {engine}. The local cloud offers postgres and aurora-postgresql."
        )));
    }
    classes::check(&input.class, &input.engine)?;
    if input.engine == "aurora-postgresql" && input.cluster.is_none() {
        return Err(conflict(
            "Aurora instances belong to a cluster: give DBClusterIdentifier.",
        ));
    }
    if input.cluster.is_none() && settings.get("AllocatedStorage").is_none() {
        return Err(conflict(
            "The parameter AllocatedStorage must be provided and must not be blank.",
        ));
    }
    let password = master(cloud, &mut input, &mut settings).await?;
    settings.insert(
        "VpcSecurityGroupIds".to_owned(),
        json!(input.vpc_security_group_ids),
    );
    let exports = &input.enable_cloudwatch_logs_exports;
    settings.insert("EnabledCloudwatchLogsExports".to_owned(), json!(exports));
    settings.insert(
        "PromotionTier".to_owned(),
        json!(input.promotion_tier.unwrap_or(1)),
    );
    let (key, answer) = cloud
        .services
        .rds
        .store
        .write(|model| insert(cloud, model, input, settings, password))?;
    work(cloud, key, false);
    Ok(answer)
}

/// The master password: the given one, or one kept in a secret.
async fn master(
    cloud: &Arc<Cloud>,
    input: &mut Create,
    settings: &mut Map<String, Value>,
) -> Answer<Option<String>> {
    if input.cluster.is_some() {
        if input.master_username.is_some() || input.master_user_password.is_some() {
            return Err(conflict(
                "The cluster has the master user, not its instances.",
            ));
        }
        return Ok(None);
    }
    let user = input.master_username.clone().unwrap_or_default();
    if input.manage_master_user_password == Some(true) {
        let (arn, password) = managed_secret(cloud, &user).await?;
        let secret = json!({ "SecretArn": arn, "SecretStatus": "active" });
        settings.insert("MasterUserSecret".to_owned(), secret);
        return Ok(Some(password));
    }
    let password = input.master_user_password.clone().unwrap_or_default();
    input::check_master(&user, &password)?;
    Ok(Some(password))
}

/// A secret RDS makes and owns.
pub(super) async fn managed_secret(cloud: &Arc<Cloud>, user: &str) -> Answer<(String, String)> {
    let wanted = json!({ "PasswordLength": 32, "ExcludePunctuation": true });
    let answer = services::call(cloud, "secretsmanager", "GetRandomPassword", wanted).await?;
    let text =
        |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let password = text(&answer, "RandomPassword").unwrap_or_default();
    let secret = json!({
        "Name": format!("rds!db-{}", Uuid::new_v4()),
        "SecretString": json!({ "username": user, "password": password }).to_string(),
    });
    let answer = services::call(cloud, "secretsmanager", "CreateSecret", secret).await?;
    Ok((text(&answer, "ARN").unwrap_or_default(), password))
}

fn insert(
    cloud: &Cloud,
    model: &mut Model,
    input: Create,
    mut settings: Map<String, Value>,
    password: Option<String>,
) -> Answer<(String, Value)> {
    if model.instances.contains_key(&input.id) {
        return Err(AwsError::new(
            "DBInstanceAlreadyExists",
            "DB instance already exists",
        ));
    }
    if let Some(group) = &input.subnet_group
        && !model.subnet_groups.contains_key(&group.to_lowercase())
    {
        return Err(super::groups::missing_subnets(group));
    }
    if let Some(group) = &input.parameter_group
        && !model.parameter_groups.contains_key(&group.to_lowercase())
        && !group.starts_with("default.")
    {
        return Err(super::groups::missing_parameters(group));
    }
    for (name, default) in [("StorageType", json!("gp3")), ("MultiAZ", json!(false))] {
        settings.entry(name).or_insert(default);
    }
    settings.insert("DBName".to_owned(), json!(input.db_name));
    let user = input.master_username.clone().unwrap_or_default();
    settings.insert("MasterUsername".to_owned(), json!(user));
    let instance = Instance {
        id: input.id.clone(),
        resource_id: resource_id("db"),
        class: input.class,
        engine: input.engine,
        status: "creating".to_owned(),
        cluster: input.cluster.as_ref().map(|id| id.to_lowercase()),
        created: Utc::now(),
        parameter_group: input.parameter_group.map(|name| name.to_lowercase()),
        subnet_group: input.subnet_group.map(|name| name.to_lowercase()),
        last_snapshot: None,
        pending: Map::new(),
        settings,
    };
    let key = instance.key();
    if let Some(cluster) = &instance.cluster {
        let cluster = model.cluster_mut(cluster)?;
        cluster.members.push(instance.id.clone());
        if let Some(server) = model.servers.get_mut(&key) {
            server.runs = true;
        }
    } else {
        // What a snapshot restored, or a retry finds, is not made anew.
        model.servers.entry(key.clone()).or_insert_with(|| Server {
            port: 0,
            user,
            password,
            databases: input.db_name.into_iter().collect(),
            runs: true,
        });
    }
    let arn = cloud.arn("rds", &format!("db:{}", instance.id));
    tag(model, &arn, &input.tags);
    model
        .instances
        .insert(instance.id.clone(), instance.clone());
    let answer = json!({ "DBInstance": show::instance(cloud, model, &instance) });
    Ok((key, answer))
}

pub(super) fn tag(model: &mut Model, arn: &str, tags: &[Tag]) {
    let all = model.tags.entry(arn.to_owned()).or_default();
    all.extend(tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())));
}

/// `db-ABCDEFGH...`, the id that never changes.
pub(super) fn resource_id(prefix: &str) -> String {
    let id = Uuid::new_v4().simple().to_string().to_uppercase();
    format!("{prefix}-{}", id.get(..26).unwrap_or(&id))
}

/// Settles a server in the background, then marks what stands for it.
pub(super) fn work(cloud: &Arc<Cloud>, key: String, restart: bool) {
    let cloud = Arc::clone(cloud);
    let background = Arc::clone(&cloud);
    background.background.spawn(async move {
        match servers::settle(&cloud, &key, restart).await {
            Ok(None) => {
                let store = &cloud.services.rds.store;
                store.write(|model| finish(model, &key, true));
            }
            Ok(Some(complaint)) | Err(complaint) => complain(&cloud, &key, &complaint),
        }
    });
}

/// A server does not run as its group wants: tells why, and shows it.
pub(super) fn complain(cloud: &Cloud, key: &str, complaint: &anyhow::Error) {
    let error = format!("{complaint:#}");
    tracing::error!(key, error, "a database does not take its settings");
    let store = &cloud.services.rds.store;
    store.write(|model| finish(model, key, false));
}

/// Everything that waited for a server gets its lasting status, unless a password was asked for meanwhile: then
/// whoever brings it there finishes.
fn finish(model: &mut Model, key: &str, well: bool) {
    let server = model.servers.get(key);
    let runs = server.is_some_and(|server| server.runs);
    if well && runs && server.is_some_and(|server| server.password.is_some()) {
        return;
    }
    let status = match (well, runs) {
        (true, true) => "available",
        (true, false) => "stopped",
        (false, _) => "incompatible-parameters",
    };
    for instance in model
        .instances
        .values_mut()
        .filter(|instance| instance.key() == key)
    {
        if instance.status != "deleting" {
            status.clone_into(&mut instance.status);
            instance.pending.remove("MasterUserPassword");
        }
    }
    let cluster = key
        .strip_prefix("cluster-")
        .and_then(|id| model.clusters.get_mut(id));
    if let Some(cluster) = cluster
        && cluster.status != "deleting"
    {
        let idle = cluster.members.is_empty();
        let status = if idle { "available" } else { status };
        status.clone_into(&mut cluster.status);
    }
}

/// After a restart of the cloud: what was under way is done or was taken up.
pub(super) fn resumed(cloud: &Arc<Cloud>) {
    let deleting = cloud.services.rds.store.write(|model| {
        let keys: Vec<String> = model.servers.keys().cloned().collect();
        for key in keys {
            finish(model, &key, true);
        }
        let deleting = model
            .instances
            .values()
            .filter(|instance| instance.status == "deleting");
        deleting
            .map(|instance| instance.id.clone())
            .collect::<Vec<_>>()
    });
    for id in deleting {
        remove(cloud, id);
    }
    super::clusters::resumed(cloud);
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct Modify {
    #[serde(rename = "DBInstanceIdentifier")]
    id: String,
    #[serde(rename = "DBInstanceClass")]
    class: Option<String>,
    #[serde(deserialize_with = "optional_boolean")]
    apply_immediately: Option<bool>,
    master_user_password: Option<String>,
    #[serde(rename = "DBParameterGroupName")]
    parameter_group: Option<String>,
    vpc_security_group_ids: Option<Vec<String>>,
    cloudwatch_logs_export_configuration: Option<LogTypes>,
    #[serde(deserialize_with = "optional_integer")]
    promotion_tier: Option<i64>,
    #[serde(deserialize_with = "optional_boolean")]
    // Versions are recorded, not run.
    allow_major_version_upgrade: Option<bool>,
}

/// Which logs are exported from now on.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct LogTypes {
    enable_log_types: Vec<String>,
    disable_log_types: Vec<String>,
}

impl LogTypes {
    pub(super) fn apply(&self, settings: &mut Map<String, Value>) {
        let now = settings
            .get("EnabledCloudwatchLogsExports")
            .cloned()
            .unwrap_or(json!([]));
        let now = now.as_array().cloned().unwrap_or_default();
        let kept = now.into_iter().filter(|name| {
            let mut gone = self.disable_log_types.iter();
            !gone.any(|gone| json!(gone) == *name)
        });
        let mut all: Vec<Value> = kept.collect();
        for name in &self.enable_log_types {
            if !all.contains(&json!(name)) {
                all.push(json!(name));
            }
        }
        settings.insert("EnabledCloudwatchLogsExports".to_owned(), Value::Array(all));
    }
}

/// Members that wait for the maintenance window unless they are to be applied at once.
const WAITING: [&str; 4] = [
    "AllocatedStorage",
    "EngineVersion",
    "MultiAZ",
    "StorageType",
];

/// Changes an instance. A change of class restarts the server: connections break.
pub(super) fn modify(cloud: &Arc<Cloud>, input: Value) -> Answer {
    let (settings, rest) = input::split(input)?;
    let input: Modify = parse(rest)?;
    let now = input.apply_immediately == Some(true);
    let (key, works, answer) = cloud
        .services
        .rds
        .store
        .write(|model| change(cloud, model, &input, settings, now))?;
    if works {
        work(cloud, key, false);
    }
    Ok(answer)
}

fn change(
    cloud: &Cloud,
    model: &mut Model,
    input: &Modify,
    settings: Map<String, Value>,
    now: bool,
) -> Answer<(String, bool, Value)> {
    let instance = model.instance(&input.id)?;
    // Parameters that do not work are mended by a modification.
    if instance.status != "incompatible-parameters" {
        check_available(instance)?;
    }
    if let Some(group) = &input.parameter_group
        && !model.parameter_groups.contains_key(&group.to_lowercase())
        && !group.starts_with("default.")
    {
        return Err(super::groups::missing_parameters(group));
    }
    let instance = model.instance_mut(&input.id)?;
    let mut pending = instance.pending.clone();
    if let Some(class) = input
        .class
        .as_ref()
        .filter(|class| **class != instance.class)
    {
        classes::check(class, &instance.engine)?;
        pending.insert("DBInstanceClass".to_owned(), json!(class));
    }
    for (name, value) in settings {
        if instance.settings.get(&name) == Some(&value) {
            continue;
        }
        if name == "AllocatedStorage"
            && value.as_i64() < instance.settings.get(&name).and_then(Value::as_i64)
        {
            return Err(invalid(
                "Invalid storage size for engine name postgres: storage can only grow",
            ));
        }
        if WAITING.contains(&name.as_str()) {
            pending.insert(name, value);
        } else {
            instance.settings.insert(name, value);
        }
    }
    if let Some(password) = &input.master_user_password {
        input::check_password(password)?;
        pending.insert("MasterUserPassword".to_owned(), json!("****"));
    }
    if let Some(groups) = &input.vpc_security_group_ids {
        instance
            .settings
            .insert("VpcSecurityGroupIds".to_owned(), json!(groups));
    }
    if let Some(types) = &input.cloudwatch_logs_export_configuration {
        types.apply(&mut instance.settings);
    }
    if let Some(tier) = input.promotion_tier {
        instance
            .settings
            .insert("PromotionTier".to_owned(), json!(tier));
    }
    if let Some(group) = &input.parameter_group {
        instance.parameter_group = Some(group.to_lowercase());
    }
    instance.pending = pending;
    let works = input.master_user_password.is_some()
        || input.parameter_group.is_some()
        || (now && !instance.pending.is_empty());
    if works {
        "modifying".clone_into(&mut instance.status);
    }
    let shown = instance.clone();
    let key = instance.key();
    if now {
        // What was asked for is shown as pending until the server has it.
        apply_pending(instance);
    }
    let answer = json!({ "DBInstance": show::instance(cloud, model, &shown) });
    if let (Some(password), Some(server)) =
        (&input.master_user_password, model.servers.get_mut(&key))
    {
        server.password = Some(password.clone());
    }
    Ok((key, works, answer))
}

fn apply_pending(instance: &mut Instance) {
    let pending = std::mem::take(&mut instance.pending);
    for (name, value) in pending {
        match (name.as_str(), value.as_str()) {
            ("DBInstanceClass", Some(class)) => class.clone_into(&mut instance.class),
            ("MasterUserPassword", _) => {
                instance.pending.insert(name, value);
            }
            _ => {
                instance.settings.insert(name, value);
            }
        }
    }
}

pub(super) fn check_available(instance: &Instance) -> Answer<()> {
    if instance.status == "available" {
        return Ok(());
    }
    Err(AwsError::new(
        "InvalidDBInstanceState",
        format!(
            "Database instance is not in available state: {} is {}.",
            instance.id, instance.status
        ),
    ))
}

/// Names an instance.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct Named {
    #[serde(rename = "DBInstanceIdentifier")]
    id: String,
    #[serde(deserialize_with = "optional_boolean")]
    // There is no second zone to fail over to.
    force_failover: Option<bool>,
    #[serde(rename = "DBSnapshotIdentifier")]
    // Stopping keeps the data anyway.
    snapshot: Option<String>,
}

/// Restarts, stops or starts an instance's server.
pub(super) fn turn(cloud: &Arc<Cloud>, input: &Named, operation: &str) -> Answer {
    let (from, to, runs) = match operation {
        "StopDBInstance" => ("available", "stopping", false),
        "StartDBInstance" => ("stopped", "starting", true),
        _ => ("available", "rebooting", true),
    };
    let (key, answer) = cloud.services.rds.store.write(|model| {
        let instance = model.instance_mut(&input.id)?;
        if instance.status != from {
            return Err(AwsError::new(
                "InvalidDBInstanceState",
                format!("Instance {} is not in {from} state.", instance.id),
            ));
        }
        if instance.cluster.is_some() && operation != "RebootDBInstance" {
            return Err(conflict(
                "An Aurora instance is stopped and started with its cluster.",
            ));
        }
        to.clone_into(&mut instance.status);
        let (key, shown) = (instance.key(), instance.clone());
        if let Some(server) = model.servers.get_mut(&key) {
            server.runs = runs;
        }
        Ok((
            key,
            json!({ "DBInstance": show::instance(cloud, model, &shown) }),
        ))
    })?;
    work(cloud, key, operation == "RebootDBInstance");
    Ok(answer)
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the names are AWS's")]
pub(super) struct Delete {
    #[serde(rename = "DBInstanceIdentifier")]
    id: String,
    #[serde(deserialize_with = "optional_boolean")]
    skip_final_snapshot: Option<bool>,
    #[serde(rename = "FinalDBSnapshotIdentifier")]
    final_snapshot: Option<String>,
    #[serde(deserialize_with = "optional_boolean")]
    // There are no automated backups.
    delete_automated_backups: Option<bool>,
}

/// Deletes an instance, after a last snapshot unless that is to be skipped.
pub(super) fn delete(cloud: &Arc<Cloud>, input: &Delete) -> Answer {
    let (id, answer) = cloud.services.rds.store.write(|model| {
        let instance = model.instance(&input.id)?;
        if instance.flag("DeletionProtection") {
            return Err(conflict(
                "Cannot delete protected DB Instance, please disable deletion protection and try \
                 again.",
            ));
        }
        let alone = instance.cluster.is_none();
        let skip = input.skip_final_snapshot == Some(true);
        match (&input.final_snapshot, skip) {
            (None, false) if alone => {
                return Err(conflict(
                    "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.",
                ));
            }
            (Some(_), true) => {
                return Err(conflict(
                    "FinalDBSnapshotIdentifier cannot be specified when SkipFinalSnapshot is set.",
                ));
            }
            (Some(name), false) => snapshots::check_new(model, name)?,
            _ => {}
        }
        let instance = model.instance_mut(&input.id)?;
        "deleting".clone_into(&mut instance.status);
        instance.last_snapshot = input.final_snapshot.clone().filter(|_| alone);
        let shown = instance.clone();
        let answer = json!({ "DBInstance": show::instance(cloud, model, &shown) });
        Ok((shown.id, answer))
    })?;
    remove(cloud, id);
    Ok(answer)
}

/// Takes an instance away with its server, after its last snapshot.
fn remove(cloud: &Arc<Cloud>, id: String) {
    let cloud = Arc::clone(cloud);
    let background = Arc::clone(&cloud);
    background.background.spawn(async move {
        let (cluster, snapshot) = {
            let model = cloud.services.rds.store.read();
            let instance = model.instances.get(&id);
            let cluster = instance.and_then(|instance| instance.cluster.clone());
            (
                cluster,
                instance.and_then(|instance| instance.last_snapshot.clone()),
            )
        };
        let key = instance_key(&id);
        let gone = async {
            if let Some(name) = snapshot {
                let taken = snapshots::take(&cloud, &name, &key).await;
                taken.context("taking the last snapshot")?;
            }
            match &cluster {
                None => servers::destroy(&cloud, &key).await,
                Some(cluster) => super::clusters::leave(&cloud, cluster, &id).await,
            }
        };
        let gone = gone.await;
        let arn = cloud.arn("rds", &format!("db:{id}"));
        cloud.services.rds.store.write(|model| match gone {
            Ok(()) => {
                model.instances.remove(&id);
                model.tags.remove(&arn);
            }
            Err(error) => {
                let error = format!("{error:#}");
                tracing::error!(id, error, "a database could not be deleted");
                if let Ok(instance) = model.instance_mut(&id) {
                    "available".clone_into(&mut instance.status);
                }
            }
        });
    });
}
