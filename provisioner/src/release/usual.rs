//! How long AWS takes over a resource, so that whoever watches knows whether to worry.
//!
//! Figures are rounded experience of CloudFormation's users, not promises; where AWS's documentation names a time (a network
//! interface of Lambda, removal: 20 minutes and more; a certificate: until its record is seen) it is that.

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
    let (usual, most, waits_for) = match (kind, way) {
        ("AWS::RDS::DBInstance", Create) => (8, 25, "the instance to start and back itself up"),
        ("AWS::RDS::DBInstance", Update) => {
            (10, 40, "the change of the instance, with its interruption")
        }
        ("AWS::RDS::DBInstance", Delete) => (7, 40, "the last snapshot"),
        ("AWS::RDS::DBCluster", Create) => (2, 10, "the cluster's storage"),
        ("AWS::RDS::DBCluster", Update) => (3, 30, "the change of the cluster"),
        ("AWS::RDS::DBCluster", Delete) => (5, 30, "the last snapshot"),
        ("AWS::ElastiCache::ReplicationGroup", Create) => (10, 30, "the nodes and their TLS"),
        ("AWS::ElastiCache::ReplicationGroup", Update) => (12, 40, "one node after the other"),
        ("AWS::ElastiCache::ReplicationGroup", Delete) => (8, 30, "the nodes to stop"),
        ("AWS::CloudFront::Distribution", Create | Update) => {
            (4, 40, "every edge of the world to know it")
        }
        ("AWS::CloudFront::Distribution", Delete) => {
            (5, 40, "every edge of the world to forget it")
        }
        ("AWS::CertificateManager::Certificate", Create) => {
            (3, 40, "the domain's record to be seen; without it for ever")
        }
        ("AWS::EC2::NatGateway", Create) => (2, 10, "the gateway's address"),
        ("AWS::EC2::NatGateway", Delete) => (1, 10, "its connections to end"),
        ("AWS::EC2::VPCEndpoint", Create) => (2, 10, "an interface in every subnet"),
        ("AWS::EC2::VPCEndpoint", Delete) => (4, 15, "its interfaces to be taken away"),
        ("AWS::EC2::SecurityGroup" | "AWS::EC2::Subnet", Delete) => (
            1,
            40,
            "network interfaces of functions, which Lambda takes away in its own time",
        ),
        ("AWS::EC2::InternetGateway" | "AWS::EC2::VPCGatewayAttachment", Delete) => {
            (1, 20, "public addresses to be given back")
        }
        ("AWS::Lambda::Function", Create) => {
            (1, 10, "its network interface, the first in these subnets")
        }
        ("AWS::Lambda::Function", Update) => (
            1,
            10,
            "the new code, and its network interface if that changed",
        ),
        ("AWS::Lambda::Function", Delete) => (
            2,
            40,
            "its network interface, which Lambda takes away in its own time",
        ),
        ("AWS::Lambda::EventSourceMapping", _) => (1, 5, "the queue's poller"),
        ("AWS::WAFv2::WebACL", Delete) => (2, 20, "the distribution to let go of it"),
        ("AWS::Route53::RecordSetGroup", _) => (1, 5, "every name server to have it"),
        _ => return None,
    };
    Some(Usual {
        seconds: usual * MINUTE,
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
