//! Injected faults: the next calls of an operation fail, are slow, or are throttled.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::{Answer, AwsError};
use crate::time::Time;

/// The faults in force. None at start; they do not survive a restart.
#[derive(Default)]
pub struct Faults {
    active: Mutex<Vec<Active>>,
}

/// One fault. It meets calls from clients and those services make of each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// A service's key (`lambda`, `s3`), or `*`.
    pub service: String,
    /// An operation's name (`Invoke`, `PutObject`), or `*`.
    pub operation: String,
    /// What happens.
    #[serde(flatten)]
    pub kind: Kind,
    /// How many calls it meets before it is gone; absent: until the faults are cleared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

/// What a fault does to a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// Answers this error; the operation is not performed.
    Error {
        /// The error's code.
        code: String,
        /// The error's text.
        message: String,
        /// The HTTP status.
        status: u16,
    },
    /// Answers as AWS throttles: `ThrottlingException`, "Rate exceeded", status 400.
    Throttle(bool),
    /// Waits this many seconds of cloud time, then performs the operation.
    DelaySeconds(f64),
}

/// A fault in force.
#[derive(Clone, Debug, Serialize)]
pub struct Active {
    /// Its name.
    pub id: Uuid,
    /// What it is; `times` counts down.
    #[serde(flatten)]
    pub fault: Fault,
}

impl Faults {
    /// Puts a fault in force.
    pub fn add(&self, fault: Fault) -> Uuid {
        let id = Uuid::new_v4();
        self.lock().push(Active { id, fault });
        id
    }

    /// The faults in force.
    #[must_use]
    pub fn list(&self) -> Vec<Active> {
        self.lock().clone()
    }

    /// Ends all faults.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// What the first fault that fits does to this call, counted down.
    fn take(&self, service: &str, operation: &str) -> Option<Kind> {
        let mut active = self.lock();
        let fits = |wanted: &str, given: &str| wanted == "*" || wanted == given;
        let place = active.iter().position(|Active { fault, .. }| {
            fits(&fault.service, service) && fits(&fault.operation, operation)
        })?;
        let fault = &mut active[place].fault;
        let kind = fault.kind.clone();
        if let Some(times) = &mut fault.times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                active.remove(place);
            }
        }
        Some(kind)
    }

    /// Lets a call pass, late or not at all.
    ///
    /// # Errors
    /// The injected one.
    pub(crate) async fn meet(&self, time: &Time, service: &str, operation: &str) -> Answer<()> {
        match self.take(service, operation) {
            None | Some(Kind::Throttle(false)) => Ok(()),
            Some(Kind::Error {
                code,
                message,
                status,
            }) => Err(AwsError::new(code, message).status(status)),
            Some(Kind::Throttle(true)) => {
                Err(AwsError::new("ThrottlingException", "Rate exceeded"))
            }
            Some(Kind::DelaySeconds(seconds)) => {
                let delay = Duration::try_from_secs_f64(seconds).unwrap_or_default();
                time.sleep(delay).await;
                Ok(())
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Active>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Faults, Kind};
    use crate::time::Time;

    #[tokio::test]
    async fn a_counted_fault_meets_its_operation_that_often() {
        let faults = Faults::default();
        faults.add(Fault {
            service: "ssm".to_owned(),
            operation: "GetParameter".to_owned(),
            kind: Kind::Throttle(true),
            times: Some(1),
        });
        let time = Time::new(1.0);
        assert!(faults.meet(&time, "ssm", "PutParameter").await.is_ok());
        let error = faults.meet(&time, "ssm", "GetParameter").await.unwrap_err();
        assert_eq!(error.code, "ThrottlingException");
        assert!(faults.meet(&time, "ssm", "GetParameter").await.is_ok());
    }

    #[test]
    fn the_wire_form_is_flat() {
        let fault: Fault =
            serde_json::from_str(r#"{"service":"*","operation":"*","delaySeconds":2.5,"times":3}"#)
                .unwrap();
        assert_eq!(fault.kind, Kind::DelaySeconds(2.5));
    }
}
