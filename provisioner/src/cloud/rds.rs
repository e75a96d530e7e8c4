//! RDS: what the database is, and making it another size.

use aws_config::SdkConfig;
use aws_sdk_rds::Client;
use aws_sdk_rds::types::{PendingModifiedValues, ServerlessV2ScalingConfiguration};
use serde::Serialize;

use super::{is, words};

/// RDS.
#[derive(Clone, Debug)]
pub struct Databases(Client);

/// An instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Instance {
    /// Its identifier.
    pub id: String,
    /// Its class.
    pub class: String,
    /// `available`, `modifying`, ...
    pub status: String,
    /// What waits for the maintenance window, but for the class: `EngineVersion 16.10`.
    pub pending: Vec<String>,
    /// The class that is pending.
    pub pending_class: Option<String>,
}

/// A cluster.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cluster {
    /// `available`, `modifying`, `failing-over`, ...
    pub status: String,
    /// The member that writes.
    pub writer: String,
    /// The others.
    pub readers: Vec<String>,
    /// Least and most capacity units, of a serverless one.
    pub capacity: Option<(f64, f64)>,
}

impl Databases {
    pub(super) fn new(config: &SdkConfig) -> Self {
        Self(Client::new(config))
    }

    /// An instance, if it exists.
    pub async fn instance(&self, id: &str) -> anyhow::Result<Option<Instance>> {
        let answer = self
            .0
            .describe_db_instances()
            .db_instance_identifier(id)
            .send()
            .await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) if is(&error, "DBInstanceNotFound") => return Ok(None),
            Err(error) => return Err(words(error).context(format!("reading database {id}"))),
        };
        let found = answer.db_instances.unwrap_or_default().into_iter().next();
        Ok(found.map(|instance| {
            let waiting = instance.pending_modified_values;
            Instance {
                id: instance.db_instance_identifier.unwrap_or_default(),
                class: instance.db_instance_class.unwrap_or_default(),
                status: instance.db_instance_status.unwrap_or_default(),
                pending: waiting.as_ref().map(pending).unwrap_or_default(),
                pending_class: waiting.and_then(|waiting| waiting.db_instance_class),
            }
        }))
    }

    /// A cluster, if it exists.
    pub async fn cluster(&self, id: &str) -> anyhow::Result<Option<Cluster>> {
        let answer = self
            .0
            .describe_db_clusters()
            .db_cluster_identifier(id)
            .send()
            .await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) if is(&error, "DBClusterNotFoundFault") => return Ok(None),
            Err(error) => return Err(words(error).context(format!("reading database {id}"))),
        };
        let found = answer.db_clusters.unwrap_or_default().into_iter().next();
        Ok(found.map(|cluster| {
            let (mut writer, mut readers) = (String::new(), Vec::new());
            for member in cluster.db_cluster_members.unwrap_or_default() {
                let id = member.db_instance_identifier.unwrap_or_default();
                if member.is_cluster_writer == Some(true) {
                    writer = id;
                } else {
                    readers.push(id);
                }
            }
            readers.sort();
            let capacity = cluster
                .serverless_v2_scaling_configuration
                .and_then(|range| Some((range.min_capacity?, range.max_capacity?)));
            Cluster {
                status: cluster.status.unwrap_or_default(),
                writer,
                readers,
                capacity,
            }
        }))
    }

    /// Gives an instance another class at once. AWS applies everything else that is pending along with it.
    pub async fn set_class(&self, id: &str, class: &str) -> anyhow::Result<()> {
        self.0
            .modify_db_instance()
            .db_instance_identifier(id)
            .db_instance_class(class)
            .apply_immediately(true)
            .send()
            .await
            .map_err(|error| words(error).context(format!("making {id} a {class}")))?;
        Ok(())
    }

    /// Gives a serverless cluster another range.
    pub async fn set_capacity(&self, id: &str, min: f64, max: f64) -> anyhow::Result<()> {
        let range = ServerlessV2ScalingConfiguration::builder()
            .min_capacity(min)
            .max_capacity(max)
            .build();
        self.0
            .modify_db_cluster()
            .db_cluster_identifier(id)
            .serverless_v2_scaling_configuration(range)
            .apply_immediately(true)
            .send()
            .await
            .map_err(|error| words(error).context(format!("giving {id} {min} to {max} ACU")))?;
        Ok(())
    }

    /// Adds a reader to an Aurora cluster.
    pub async fn add_reader(&self, cluster: &str, id: &str, class: &str) -> anyhow::Result<()> {
        self.0
            .create_db_instance()
            .db_instance_identifier(id)
            .db_cluster_identifier(cluster)
            .db_instance_class(class)
            .engine("aurora-postgresql")
            .publicly_accessible(false)
            .auto_minor_version_upgrade(false)
            .send()
            .await
            .map_err(|error| words(error).context(format!("adding {id} to {cluster}")))?;
        Ok(())
    }

    /// Makes a reader the writer.
    pub async fn fail_over(&self, cluster: &str, to: &str) -> anyhow::Result<()> {
        self.0
            .failover_db_cluster()
            .db_cluster_identifier(cluster)
            .target_db_instance_identifier(to)
            .send()
            .await
            .map_err(|error| words(error).context(format!("failing over to {to}")))?;
        Ok(())
    }

    /// Removes an instance of a cluster; the cluster keeps the data.
    pub async fn remove(&self, id: &str) -> anyhow::Result<()> {
        self.0
            .delete_db_instance()
            .db_instance_identifier(id)
            .skip_final_snapshot(true)
            .send()
            .await
            .map_err(|error| words(error).context(format!("removing {id}")))?;
        Ok(())
    }
}

/// What waits, but for the class, in words.
fn pending(waiting: &PendingModifiedValues) -> Vec<String> {
    let numbers = [
        ("AllocatedStorage", waiting.allocated_storage),
        ("Port", waiting.port),
        ("BackupRetentionPeriod", waiting.backup_retention_period),
        ("Iops", waiting.iops),
        ("StorageThroughput", waiting.storage_throughput),
    ];
    let texts = [
        ("EngineVersion", &waiting.engine_version),
        ("DBInstanceIdentifier", &waiting.db_instance_identifier),
        ("StorageType", &waiting.storage_type),
        (
            "CACertificateIdentifier",
            &waiting.ca_certificate_identifier,
        ),
        ("DBSubnetGroupName", &waiting.db_subnet_group_name),
        ("LicenseModel", &waiting.license_model),
        ("Engine", &waiting.engine),
    ];
    let mut all: Vec<String> = texts
        .iter()
        .filter_map(|(name, value)| Some(format!("{name} {}", value.as_ref()?)))
        .collect();
    all.extend(
        numbers
            .iter()
            .filter_map(|(name, value)| Some(format!("{name} {}", (*value)?))),
    );
    if let Some(multi_az) = waiting.multi_az {
        all.push(format!("MultiAZ {multi_az}"));
    }
    if waiting.master_user_password.is_some() {
        all.push("a new master password".to_owned());
    }
    if waiting.pending_cloudwatch_logs_exports.is_some() {
        all.push("other log exports".to_owned());
    }
    all
}
