//! Instance classes: what each stands for, and what of it this machine gives.

use crate::error::{Answer, AwsError};

/// What a class stands for on AWS.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Class {
    /// Virtual processors.
    pub(super) vcpus: f64,
    /// Memory in GiB.
    pub(super) memory: f64,
}

/// Connections a server here is given at most; `max_connections` of large classes stays a
/// number for AWS.
const MOST_CONNECTIONS: u32 = 1000;

/// Buffers a server here is given at most, in MiB.
const MOST_BUFFERS: u32 = 128;

/// Families with their memory per virtual processor in GiB, and their sizes' highest power:
/// `large` is 2 virtual processors, each step doubles. Source: RDS user guide, "DB instance
/// classes".
const FAMILIES: [(&str, f64, &[&str]); 14] = [
    ("m5", 4.0, STEPS),
    ("m6g", 4.0, STEPS),
    ("m6i", 4.0, STEPS),
    ("m7g", 4.0, STEPS),
    ("m7i", 4.0, STEPS),
    ("m8g", 4.0, STEPS),
    ("r5", 8.0, STEPS),
    ("r6g", 8.0, STEPS),
    ("r6i", 8.0, STEPS),
    ("r7g", 8.0, STEPS),
    ("r7i", 8.0, STEPS),
    ("r8g", 8.0, STEPS),
    ("x2g", 16.0, STEPS),
    ("x2iedn", 32.0, STEPS),
];

const STEPS: &[&str] = &[
    "large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge",
    "48xlarge",
];

/// Virtual processors of a size.
fn vcpus(size: &str) -> Option<f64> {
    match size {
        "large" => Some(2.0),
        "xlarge" => Some(4.0),
        other => {
            let times: f64 = other.strip_suffix("xlarge")?.parse().ok()?;
            Some(times * 4.0)
        }
    }
}

/// The burstable families: their sizes do not follow the steps.
fn burstable(size: &str) -> Option<Class> {
    let (vcpus, memory) = match size {
        "micro" => (2.0, 1.0),
        "small" => (2.0, 2.0),
        "medium" => (2.0, 4.0),
        "large" => (2.0, 8.0),
        "xlarge" => (4.0, 16.0),
        "2xlarge" => (8.0, 32.0),
        _ => return None,
    };
    Some(Class { vcpus, memory })
}

/// What a class's name stands for; nothing for a name AWS does not have.
pub(super) fn find(name: &str) -> Option<Class> {
    let (family, size) = name.strip_prefix("db.")?.split_once('.')?;
    if matches!(family, "t3" | "t4g") {
        return burstable(size);
    }
    let (_, per_vcpu, sizes) = FAMILIES.iter().find(|(known, ..)| *known == family)?;
    let vcpus = sizes.contains(&size).then(|| vcpus(size)).flatten()?;
    Some(Class {
        vcpus,
        memory: vcpus * per_vcpu,
    })
}

/// What an Aurora Serverless v2 capacity stands for: a unit is 2 GiB with the processor that
/// goes with it, a quarter of one.
pub(super) fn capacity(units: f64) -> Class {
    Class {
        vcpus: units / 4.0,
        memory: units * 2.0,
    }
}

/// Checks that an engine runs on a class.
pub(super) fn check(name: &str, engine: &str) -> Answer<()> {
    if name != "db.serverless" && find(name).is_none() {
        return Err(AwsError::new(
            "InvalidParameterValue",
            format!("Invalid DB Instance class: {name}"),
        ));
    }
    let aurora = engine == "aurora-postgresql";
    let family = name
        .strip_prefix("db.")
        .and_then(|rest| rest.split('.').next());
    let family = family.unwrap_or_default();
    let runs_aurora = matches!(
        name,
        "db.serverless" | "db.t3.medium" | "db.t3.large" | "db.t4g.medium" | "db.t4g.large"
    ) || family.starts_with('r')
        || family.starts_with("x2g");
    if (aurora && runs_aurora) || (!aurora && name != "db.serverless") {
        return Ok(());
    }
    Err(AwsError::new(
        "InvalidParameterCombination",
        format!(
            "RDS does not support creating a DB instance with the following combination: \
             DBInstanceClass={name}, Engine={engine}."
        ),
    ))
}

impl Class {
    /// `LEAST(DBInstanceClassMemory / 9531392, 5000)`, the default of `PostgreSQL` on RDS.
    pub(super) fn connections(self) -> u32 {
        let bytes = self.memory * 1_073_741_824.0;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and 5,000"
        )]
        let connections = (bytes / 9_531_392.0).clamp(10.0, 5000.0) as u32;
        connections
    }

    /// `max_connections` of the server here.
    pub(super) fn real_connections(self) -> u32 {
        self.connections().min(MOST_CONNECTIONS)
    }

    /// `shared_buffers` of the server here, in MiB: a quarter of the memory, as on RDS, within
    /// what a laptop can give.
    pub(super) fn real_buffers(self) -> u32 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "memory is positive and small"
        )]
        let quarter = (self.memory * 256.0) as u32;
        quarter.min(MOST_BUFFERS)
    }
}

#[cfg(test)]
mod tests {
    use super::{Class, check, find};

    #[test]
    fn classes_are_what_aws_says() {
        let class = |name: &str| find(name).map(|Class { vcpus, memory }| (vcpus, memory));
        assert_eq!(class("db.t4g.micro"), Some((2.0, 1.0)));
        assert_eq!(class("db.r6g.large"), Some((2.0, 16.0)));
        assert_eq!(class("db.r7g.8xlarge"), Some((32.0, 256.0)));
        assert_eq!(class("db.m6i.xlarge"), Some((4.0, 16.0)));
        assert_eq!(class("db.foo"), None);
        assert_eq!(class("db.r6g.tiny"), None);
        assert_eq!(find("db.r6g.large").unwrap().connections(), 1802);
        assert_eq!(find("db.r6g.8xlarge").unwrap().connections(), 5000);
        assert_eq!(find("db.t4g.micro").unwrap().connections(), 112);
    }

    #[test]
    fn aurora_runs_on_fewer_classes() {
        assert!(check("db.t4g.micro", "postgres").is_ok());
        assert!(check("db.t4g.micro", "aurora-postgresql").is_err());
        assert!(check("db.serverless", "aurora-postgresql").is_ok());
        assert!(check("db.serverless", "postgres").is_err());
        let words = check("db.foo", "postgres").unwrap_err().message;
        assert_eq!(words, "Invalid DB Instance class: db.foo");
    }
}
