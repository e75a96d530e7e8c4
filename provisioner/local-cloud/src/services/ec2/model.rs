//! What EC2 remembers, and how it is found.

use std::collections::BTreeMap;

use rand::Rng as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::{Answer, AwsError};

/// Every thing as its describe operation shows it, by kind and id.
#[derive(Default, Serialize, Deserialize)]
pub struct Model {
    things: BTreeMap<Kind, BTreeMap<String, Value>>,
}

/// What there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Kind {
    Vpc,
    Subnet,
    InternetGateway,
    NatGateway,
    RouteTable,
    SecurityGroup,
    Address,
    VpcEndpoint,
}

impl Kind {
    /// What its ids begin with.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::Vpc => "vpc",
            Self::Subnet => "subnet",
            Self::InternetGateway => "igw",
            Self::NatGateway => "nat",
            Self::RouteTable => "rtb",
            Self::SecurityGroup => "sg",
            Self::Address => "eipalloc",
            Self::VpcEndpoint => "vpce",
        }
    }

    /// The kind an id's beginning tells.
    fn of(id: &str) -> Option<Self> {
        let kinds = [
            Self::Vpc,
            Self::Subnet,
            Self::InternetGateway,
            Self::NatGateway,
            Self::RouteTable,
            Self::SecurityGroup,
            Self::Address,
            Self::VpcEndpoint,
        ];
        let (prefix, _) = id.rsplit_once('-')?;
        kinds.into_iter().find(|kind| kind.prefix() == prefix)
    }

    /// The code and the words for an id that is not there.
    fn missing(self, id: &str) -> AwsError {
        let (code, noun) = match self {
            Self::Vpc => ("InvalidVpcID.NotFound", "vpc ID"),
            Self::Subnet => ("InvalidSubnetID.NotFound", "subnet ID"),
            Self::InternetGateway => ("InvalidInternetGatewayID.NotFound", "internetGateway ID"),
            Self::NatGateway => ("NatGatewayNotFound", "NatGateway"),
            Self::RouteTable => ("InvalidRouteTableID.NotFound", "routeTable ID"),
            Self::SecurityGroup => ("InvalidGroup.NotFound", "security group"),
            Self::Address => ("InvalidAllocationID.NotFound", "allocation ID"),
            Self::VpcEndpoint => ("InvalidVpcEndpointId.NotFound", "Vpc Endpoint Id"),
        };
        AwsError::new(code, format!("The {noun} '{id}' does not exist"))
    }
}

impl Model {
    pub(super) fn all(&self, kind: Kind) -> impl Iterator<Item = &Value> {
        self.things
            .get(&kind)
            .into_iter()
            .flat_map(BTreeMap::values)
    }

    pub(super) fn get(&self, kind: Kind, id: &str) -> Answer<&Value> {
        let found = self.things.get(&kind).and_then(|things| things.get(id));
        found.ok_or_else(|| kind.missing(id))
    }

    pub(super) fn get_mut(&mut self, kind: Kind, id: &str) -> Answer<&mut Value> {
        let found = self
            .things
            .get_mut(&kind)
            .and_then(|things| things.get_mut(id));
        found.ok_or_else(|| kind.missing(id))
    }

    /// A thing by its id alone.
    pub(super) fn tagged(&mut self, id: &str) -> Answer<&mut Value> {
        let kind = Kind::of(id)
            .ok_or_else(|| AwsError::new("InvalidID", format!("The ID '{id}' is not valid")))?;
        self.get_mut(kind, id)
    }

    pub(super) fn put(&mut self, kind: Kind, id: &str, thing: Value) {
        self.things
            .entry(kind)
            .or_default()
            .insert(id.to_owned(), thing);
    }

    pub(super) fn remove(&mut self, kind: Kind, id: &str) -> Answer<Value> {
        let found = self
            .things
            .get_mut(&kind)
            .and_then(|things| things.remove(id));
        found.ok_or_else(|| kind.missing(id))
    }
}

/// A new id: the prefix and 17 hexadecimal digits, as AWS makes them.
pub(super) fn new_id(prefix: &str) -> String {
    let number: u128 = rand::rng().random();
    let digits = format!("{number:032x}");
    format!("{prefix}-{}", digits.get(..17).unwrap_or(&digits))
}

/// A member that is text.
pub(super) fn member<'a>(thing: &'a Value, name: &str) -> &'a str {
    thing.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Items of a member that is a list.
pub(super) fn items<'a>(thing: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    thing
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// The list a member is, made when it is missing.
pub(super) fn list<'a>(thing: &'a mut Value, name: &str) -> Answer<&'a mut Vec<Value>> {
    if thing.get(name).is_none() {
        thing[name] = json!([]);
    }
    let list = thing.get_mut(name).and_then(Value::as_array_mut);
    list.ok_or_else(|| AwsError::internal(format!("{name} is not a list")))
}

/// Something else still needs it.
pub(super) fn dependent(what: &str) -> AwsError {
    AwsError::new(
        "DependencyViolation",
        format!("{what} has dependencies and cannot be deleted."),
    )
}
