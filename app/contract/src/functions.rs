//! The Lambda functions. One binary serves them all and picks by [`Function::name`].

use serde::{Deserialize, Serialize};

/// A Lambda function of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Function {
    /// Pages, GraphQL, login and Twilio's webhooks, behind the HTTP API.
    Web,
    /// Background jobs, invoked asynchronously with `{"jobId": n}`.
    Worker,
    /// Inbound texts from the inbound queue (fallback route and simulated replies).
    Inbound,
    /// Delivery reports from the report queue, in batches.
    Reports,
    /// CodeDeploy's hook before traffic: runs the migrations.
    Preflight,
    /// CodeDeploy's hook after traffic: points the instance at the new bundle.
    Postflight,
    /// Periodic work: takes up abandoned jobs, expires reservations.
    Scheduled,
}

impl Function {
    /// Every function, in the order templates and releases walk them.
    pub const ALL: [Self; 7] = [
        Self::Web,
        Self::Worker,
        Self::Inbound,
        Self::Reports,
        Self::Preflight,
        Self::Postflight,
        Self::Scheduled,
    ];

    /// The short name: the value of [`crate::vars::FUNCTION`] and the binary's first argument.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Worker => "worker",
            Self::Inbound => "inbound",
            Self::Reports => "reports",
            Self::Preflight => "preflight",
            Self::Postflight => "postflight",
            Self::Scheduled => "scheduled",
        }
    }

    /// The function whose short name is `name`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|function| function.name() == name)
    }

    /// The Lambda function name in a stage: `spoke-<stage>-<name>`.
    ///
    /// Hooks are named `CodeDeployHook_spoke-<stage>-<name>`: the managed role of CodeDeploy
    /// may invoke only names that start with `CodeDeployHook_`.
    #[must_use]
    pub fn lambda_name(self, stage: &str) -> String {
        let name = self.name();
        if self.is_hook() {
            format!("CodeDeployHook_spoke-{stage}-{name}")
        } else {
            format!("spoke-{stage}-{name}")
        }
    }

    /// Whether CodeDeploy invokes it (then always unpublished, by name).
    #[must_use]
    pub const fn is_hook(self) -> bool {
        matches!(self, Self::Preflight | Self::Postflight)
    }

    /// How many connections to the database an environment opens at most, where `pool` is what
    /// [`crate::vars::DB_MAX_POOL`] says. A worker says that it is alive while a long statement holds its other one.
    #[must_use]
    pub const fn connections(self, pool: u32) -> u32 {
        if matches!(self, Self::Worker) && pool < 2 {
            2
        } else {
            pool
        }
    }

    /// Whether a release moves its alias after the web alias has fully shifted.
    #[must_use]
    pub const fn follows_web(self) -> bool {
        matches!(
            self,
            Self::Worker | Self::Inbound | Self::Reports | Self::Scheduled
        )
    }
}

/// The alias every function but the hooks is called through.
pub const LIVE: &str = "Live";

#[cfg(test)]
mod tests {
    use super::Function;

    #[test]
    fn every_function_is_found_by_its_name() {
        for function in Function::ALL {
            assert_eq!(Function::from_name(function.name()), Some(function));
        }
        assert_eq!(Function::from_name("api"), None);
    }

    #[test]
    fn hooks_carry_the_prefix_the_managed_role_may_invoke() {
        assert_eq!(
            Function::Preflight.lambda_name("prod"),
            "CodeDeployHook_spoke-prod-preflight"
        );
        assert_eq!(Function::Web.lambda_name("prod"), "spoke-prod-web");
    }
}
