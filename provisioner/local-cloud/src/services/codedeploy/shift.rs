//! The arithmetic of a shift: which share at which minute.

use std::time::Duration;

use super::model::Routing;

/// One step: the target version's share in percent, and the wait before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
    pub percentage: f64,
    pub wait: Duration,
}

/// The steps of a deployment, the last being 100 %.
pub(super) fn steps(routing: Routing) -> Vec<Step> {
    let at = |percentage: f64, minutes: u32| Step {
        percentage,
        wait: Duration::from_secs(u64::from(minutes) * 60),
    };
    match routing {
        Routing::AllAtOnce => vec![at(100.0, 0)],
        Routing::Canary {
            percentage,
            minutes,
        } => vec![at(f64::from(percentage), 0), at(100.0, minutes)],
        Routing::Linear {
            percentage,
            minutes,
        } => {
            let step = u32::from(percentage.max(1));
            let count = 100_u32.div_ceil(step);
            (1..=count)
                .map(|number| {
                    let share = f64::from((number * step).min(100));
                    at(share, if number == 1 { 0 } else { minutes })
                })
                .collect()
        }
    }
}

/// Minutes between the first and the last shift.
pub(super) fn minutes(routing: Routing) -> u32 {
    let seconds: u64 = steps(routing).iter().map(|step| step.wait.as_secs()).sum();
    u32::try_from(seconds / 60).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Routing, minutes, steps};

    fn shares(routing: Routing) -> Vec<f64> {
        steps(routing).iter().map(|step| step.percentage).collect()
    }

    #[test]
    fn shares_grow_as_aws_grows_them() {
        let canary = Routing::Canary {
            percentage: 10,
            minutes: 5,
        };
        assert_eq!(shares(canary), [10.0, 100.0]);
        assert_eq!(minutes(canary), 5);
        let linear = Routing::Linear {
            percentage: 10,
            minutes: 1,
        };
        assert_eq!(shares(linear).len(), 10);
        assert_eq!(minutes(linear), 9);
        let thirds = Routing::Linear {
            percentage: 30,
            minutes: 2,
        };
        assert_eq!(shares(thirds), [30.0, 60.0, 90.0, 100.0]);
        assert_eq!(shares(Routing::AllAtOnce), [100.0]);
    }
}
