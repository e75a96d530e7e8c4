//! How long AWS takes over a resource, so that whoever watches knows whether to worry.
//!
//! Seconds for making and changing are the averages AWS publishes in the source of its tool rain; the others, and what is
//! still normal, are rounded experience of CloudFormation's users. None of them is a promise.

/// A resource's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It is made.
    Create,
    /// It is changed.
    Update,
    /// It is taken away.
    Delete,
}

impl Way {
    /// From an event's status; a roll-back is the way it takes.
    #[must_use]
    pub fn of(status: &str) -> Self {
        if status.starts_with("DELETE") {
            Self::Delete
        } else if status.starts_with("CREATE") {
            Self::Create
        } else {
            Self::Update
        }
    }
}

/// What is usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usual {
    /// Seconds it takes mostly.
    pub seconds: u64,
    /// Seconds that are still normal.
    pub most: u64,
    /// What it waits for meanwhile.
    pub waits_for: &'static str,
}

const MINUTE: u64 = 60;

/// What is usual for a type; none where it is a matter of seconds.
#[must_use]
pub fn of(kind: &str, way: Way) -> Option<Usual> {
    use Way::{Create, Delete, Update};
    let interface = "network interfaces, which Lambda takes away in its own time";
    let (seconds, most, waits_for) = match (kind, way) {
        ("AWS::RDS::DBInstance", Create) => (595, 25, "the instance to start and back itself up"),
        ("AWS::RDS::DBInstance", Update) => (171, 40, "the change, with its interruption"),
        ("AWS::RDS::DBInstance", Delete) => (420, 40, "the last snapshot"),
        ("AWS::RDS::DBCluster", Create) => (222, 15, "the cluster's storage"),
        ("AWS::RDS::DBCluster", Update) => (62, 30, "the change of the cluster"),
        ("AWS::RDS::DBCluster", Delete) => (300, 30, "the last snapshot"),
        ("AWS::ElastiCache::ReplicationGroup", Create) => (712, 30, "the nodes and their TLS"),
        ("AWS::ElastiCache::ReplicationGroup", Update) => (208, 40, "one node after the other"),
        ("AWS::ElastiCache::ReplicationGroup", Delete) => (480, 30, "the nodes to stop"),
        ("AWS::CloudFront::Distribution", Create) => (266, 40, "every edge to know it"),
        ("AWS::CloudFront::Distribution", Update) => (164, 40, "every edge to know it"),
        ("AWS::CloudFront::Distribution", Delete) => (300, 40, "every edge to forget it"),
        ("AWS::CertificateManager::Certificate", Create) => (
            239,
            40,
            "the domain's record to be seen, without it for ever",
        ),
        ("AWS::KMS::Key", Create) => (120, 5, "the key to be known everywhere"),
        ("AWS::EC2::NatGateway", _) => (106, 10, "the gateway"),
        ("AWS::EC2::VPCEndpoint", Create) => (47, 10, "an interface in every subnet"),
        ("AWS::EC2::VPCEndpoint", Update) => (30, 10, "an interface in every subnet"),
        ("AWS::EC2::VPCEndpoint", Delete) => (240, 15, "its interfaces to be taken away"),
        ("AWS::EC2::SecurityGroup" | "AWS::EC2::Subnet", Delete) => (60, 40, interface),
        ("AWS::EC2::InternetGateway" | "AWS::EC2::VPCGatewayAttachment", Delete) => {
            (60, 20, "public addresses to be given back")
        }
        ("AWS::Lambda::Function", Create | Update) => (20, 10, "its network interface"),
        ("AWS::Lambda::Function", Delete) => (120, 40, interface),
        ("AWS::WAFv2::WebACL", Delete) => (120, 20, "the distribution to let go of it"),
        ("AWS::Route53::RecordSetGroup", _) => (60, 5, "every name server to have it"),
        _ => return None,
    };
    Some(Usual {
        seconds,
        most: most * MINUTE,
        waits_for,
    })
}

#[cfg(test)]
mod tests {
    use super::{Way, of};

    #[test]
    fn slow_ones_are_known_and_quick_ones_left_alone() {
        let database = of("AWS::RDS::DBInstance", Way::of("UPDATE_IN_PROGRESS")).unwrap();
        assert!(database.seconds < database.most);
        let function = of("AWS::Lambda::Function", Way::of("DELETE_IN_PROGRESS")).unwrap();
        assert_eq!(function.most, 40 * 60);
        assert_eq!(
            of("AWS::SSM::Parameter", Way::of("CREATE_IN_PROGRESS")),
            None
        );
        assert_eq!(Way::of("UPDATE_ROLLBACK_IN_PROGRESS"), Way::Update);
    }
}
