//! What CloudFormation remembers.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::changes::Change;

/// Everything, by stack id. Deleted stacks stay, as AWS keeps them readable by id.
#[derive(Default, Serialize, Deserialize)]
pub struct Model {
    pub(super) stacks: BTreeMap<String, Stack>,
}

/// What a stack is to be: everything a caller decides.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Desired {
    /// The template as it was sent.
    pub(super) template: String,
    /// Values by parameter, as given or defaulted.
    pub(super) parameters: BTreeMap<String, Given>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) capabilities: Vec<String>,
    pub(super) notification_arns: Vec<String>,
    pub(super) role: Option<String>,
}

/// A parameter's value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Given {
    pub(super) value: String,
    /// What stands behind a Parameter Store name.
    pub(super) resolved: Option<String>,
}

/// A stack.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Stack {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) status: String,
    pub(super) reason: Option<String>,
    pub(super) created: DateTime<Utc>,
    pub(super) updated: Option<DateTime<Utc>>,
    pub(super) deleted: Option<DateTime<Utc>>,
    pub(super) change_set: Option<String>,
    pub(super) desired: Desired,
    pub(super) on_failure: OnFailure,
    pub(super) termination_protection: bool,
    pub(super) policy: Option<String>,
    pub(super) outputs: Vec<Output>,
    /// Names of exports this stack uses.
    pub(super) imports: BTreeSet<String>,
    /// By logical id.
    pub(super) resources: BTreeMap<String, Resource>,
    /// Physical resources that the clean-up deletes.
    pub(super) leaving: Vec<Resource>,
    /// The update that is under way or failed to roll back.
    pub(super) update: Option<Update>,
    /// The operation the caller started last; events carry it.
    pub(super) token: Option<String>,
    pub(super) change_sets: Vec<ChangeSet>,
    /// Oldest first.
    pub(super) events: Vec<Event>,
}

/// What happens to a stack whose creation fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum OnFailure {
    #[default]
    Rollback,
    Delete,
    DoNothing,
}

/// An output with its value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Output {
    pub(super) key: String,
    pub(super) value: String,
    pub(super) description: Option<String>,
    pub(super) export: Option<String>,
}

/// A resource of a stack: what was last asked for and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Resource {
    pub(super) logical: String,
    pub(super) kind: String,
    /// Its id in its service; before it is made, the id it is expected to get, if that can be
    /// told.
    pub(super) physical: Option<String>,
    pub(super) status: String,
    pub(super) reason: Option<String>,
    pub(super) at: DateTime<Utc>,
    /// The properties last applied, with every function evaluated; secrets stay references.
    pub(super) properties: Map<String, Value>,
    /// What `Ref` gives.
    pub(super) reference: String,
    /// What `Fn::GetAtt` gives.
    pub(super) attributes: Map<String, Value>,
    /// Logical ids this one was made after.
    pub(super) needs: BTreeSet<String>,
    pub(super) deletion_policy: Policy,
    pub(super) replace_policy: Policy,
    /// The name it got when the template gave none.
    pub(super) generated_name: Option<String>,
    pub(super) metadata: Value,
}

/// What becomes of a physical resource that leaves a stack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Policy {
    #[default]
    Delete,
    Retain,
    RetainExceptOnCreate,
    Snapshot,
}

/// An update under way: the way back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Update {
    /// What the stack was before.
    pub(super) previous: Desired,
    pub(super) previous_outputs: Vec<Output>,
    pub(super) previous_imports: BTreeSet<String>,
    /// What was done so far, in order; undone from the end.
    pub(super) journal: Vec<Done>,
    /// Asked to stop by `CancelUpdateStack`.
    pub(super) cancelled: bool,
    /// A stack policy for this update alone.
    pub(super) policy: Option<String>,
    /// Leave the stack as it is when the update fails.
    pub(super) keep_on_failure: bool,
}

/// One thing an update did.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Done {
    /// A resource that was not there before.
    Created(String),
    /// A resource changed in place, or about to be; the resource as it was.
    Updated(Box<Resource>),
    /// A resource replaced, or about to be; the resource as it was.
    Replaced(Box<Resource>),
}

impl Done {
    pub(super) fn logical(&self) -> &str {
        match self {
            Self::Created(logical) => logical,
            Self::Updated(before) | Self::Replaced(before) => &before.logical,
        }
    }
}

/// A change set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ChangeSet {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) created: DateTime<Utc>,
    pub(super) status: String,
    pub(super) reason: Option<String>,
    pub(super) execution: String,
    pub(super) desired: Desired,
    pub(super) on_failure: Option<String>,
    pub(super) changes: Vec<Change>,
}

/// A stack event.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Event {
    pub(super) id: String,
    pub(super) at: DateTime<Utc>,
    pub(super) logical: String,
    pub(super) physical: String,
    pub(super) kind: String,
    pub(super) status: String,
    pub(super) reason: Option<String>,
    pub(super) properties: Option<String>,
    pub(super) token: Option<String>,
}

impl Stack {
    /// Whether an operation is under way. A stack in review waits for nobody.
    pub(super) fn is_busy(&self) -> bool {
        self.status.ends_with("_IN_PROGRESS") && self.status != "REVIEW_IN_PROGRESS"
    }

    pub(super) fn is_deleted(&self) -> bool {
        self.status == "DELETE_COMPLETE"
    }

    /// Notes an event; the newest is last.
    pub(super) fn event(&mut self, mut event: Event) {
        event.token.clone_from(&self.token);
        self.events.push(event);
    }

    /// Moves the stack on, with its event.
    pub(super) fn set_status(&mut self, status: &str, reason: Option<String>) {
        status.clone_into(&mut self.status);
        self.reason.clone_from(&reason);
        let (logical, physical) = (self.name.clone(), self.id.clone());
        let kind = "AWS::CloudFormation::Stack";
        self.event(Event::new(logical, physical, kind, status, reason));
    }

    /// Moves a resource on, with its event.
    pub(super) fn set_resource(&mut self, logical: &str, status: &str, reason: Option<String>) {
        let Some(resource) = self.resources.get_mut(logical) else {
            return;
        };
        status.clone_into(&mut resource.status);
        resource.reason.clone_from(&reason);
        resource.at = Utc::now();
        let event = Event::of(resource, status, reason);
        self.event(event);
    }
}

impl Event {
    pub(super) fn new(
        logical: String,
        physical: String,
        kind: &str,
        status: &str,
        reason: Option<String>,
    ) -> Self {
        Self {
            id: uuid::Uuid::new_v4().to_string(),
            at: Utc::now(),
            logical,
            physical,
            kind: kind.to_owned(),
            status: status.to_owned(),
            reason,
            properties: None,
            token: None,
        }
    }

    /// An event of a resource, with the properties asked for.
    pub(super) fn of(resource: &Resource, status: &str, reason: Option<String>) -> Self {
        let mut event = Self::new(
            resource.logical.clone(),
            resource.physical.clone().unwrap_or_default(),
            &resource.kind,
            status,
            reason,
        );
        event.properties = Some(Value::Object(resource.properties.clone()).to_string());
        event
    }
}
