//! How traffic moves, by CodeDeploy's own names: `Linear10PercentEvery1Minute`.

use serde::Serialize;

/// A shift that was read from its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shift {
    /// Everything at once.
    AllAtOnce,
    /// Equal increments.
    Linear {
        /// Percent an increment.
        percent: u8,
        /// Minutes between two.
        minutes: u16,
    },
    /// One increment, a wait, the rest.
    Canary {
        /// Percent of the first increment.
        percent: u8,
        /// Minutes until the rest.
        minutes: u16,
    },
}

/// What a custom configuration puts into the template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Custom {
    kind: &'static str,
    percentage_key: &'static str,
    interval_key: &'static str,
    percentage: u8,
    interval: u16,
}

const PREDEFINED: [&str; 9] = [
    "AllAtOnce",
    "Canary10Percent5Minutes",
    "Canary10Percent10Minutes",
    "Canary10Percent15Minutes",
    "Canary10Percent30Minutes",
    "Linear10PercentEvery1Minute",
    "Linear10PercentEvery2Minutes",
    "Linear10PercentEvery3Minutes",
    "Linear10PercentEvery10Minutes",
];

/// Reads a shift from its name.
#[must_use]
pub fn parse(name: &str) -> Option<Shift> {
    if name == "AllAtOnce" {
        return Some(Shift::AllAtOnce);
    }
    let (percent, minutes) = if let Some(rest) = name.strip_prefix("Linear") {
        rest.split_once("PercentEvery")?
    } else {
        name.strip_prefix("Canary")?.split_once("Percent")?
    };
    let percent: u8 = percent.parse().ok()?;
    let minutes: u16 = minutes
        .strip_suffix("Minutes")
        .or_else(|| minutes.strip_suffix("Minute"))?
        .parse()
        .ok()?;
    // AWS's limits: 99 % an increment, 2,880 minutes between first and last.
    if !(1..=99).contains(&percent) || minutes == 0 {
        return None;
    }
    let shift = if name.starts_with("Linear") {
        Shift::Linear { percent, minutes }
    } else {
        Shift::Canary { percent, minutes }
    };
    (shift.minutes() <= 2880).then_some(shift)
}

impl Shift {
    /// The weights of the new version, step by step; the last is 100.
    #[must_use]
    pub fn weights(&self) -> Vec<u8> {
        match *self {
            Self::AllAtOnce => vec![100],
            Self::Canary { percent, .. } => vec![percent, 100],
            Self::Linear { percent, .. } => {
                let mut weights: Vec<u8> = (percent..100).step_by(usize::from(percent)).collect();
                weights.push(100);
                weights
            }
        }
    }

    /// Minutes from the first to the last step.
    #[must_use]
    pub fn minutes(&self) -> u64 {
        let steps = self.weights().len() as u64 - 1;
        match *self {
            Self::AllAtOnce => 0,
            Self::Linear { minutes, .. } | Self::Canary { minutes, .. } => {
                steps * u64::from(minutes)
            }
        }
    }
}

/// CodeDeploy's name for the configuration: AWS's own where there is one, else the stage's.
#[must_use]
pub fn config_name(stage: &str, name: &str) -> String {
    if name == "AllAtOnce" {
        "CodeDeployDefault.LambdaAllAtOnce".to_owned()
    } else if PREDEFINED.contains(&name) {
        format!("CodeDeployDefault.Lambda{name}")
    } else {
        format!("spoke-{stage}-{name}")
    }
}

/// What the template must declare for a shift AWS does not predefine.
#[must_use]
pub fn custom(name: &str) -> Option<Custom> {
    if PREDEFINED.contains(&name) {
        return None;
    }
    match parse(name)? {
        Shift::AllAtOnce => None,
        Shift::Linear { percent, minutes } => Some(Custom {
            kind: "TimeBasedLinear",
            percentage_key: "LinearPercentage",
            interval_key: "LinearInterval",
            percentage: percent,
            interval: minutes,
        }),
        Shift::Canary { percent, minutes } => Some(Custom {
            kind: "TimeBasedCanary",
            percentage_key: "CanaryPercentage",
            interval_key: "CanaryInterval",
            percentage: percent,
            interval: minutes,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::{Shift, config_name, custom, parse};

    #[test]
    fn a_linear_shift_of_ten_percent_takes_ten_steps_and_nine_minutes() {
        let shift = parse("Linear10PercentEvery1Minute").unwrap();
        assert_eq!(shift.weights(), [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
        assert_eq!(shift.minutes(), 9);
    }

    #[test]
    fn a_step_that_does_not_divide_hundred_ends_at_hundred() {
        let shift = parse("Linear30PercentEvery2Minutes").unwrap();
        assert_eq!(shift.weights(), [30, 60, 90, 100]);
        assert_eq!(shift.minutes(), 6);
        assert_eq!(
            parse("Canary5Percent20Minutes").unwrap().weights(),
            [5, 100]
        );
    }

    #[test]
    fn what_codedeploy_would_refuse_is_no_shift() {
        for name in [
            "",
            "Linear",
            "Linear10Percent",
            "Linear0PercentEvery1Minute",
            "Canary100Percent5Minutes",
            "Canary10Percent0Minutes",
            "Linear1PercentEvery60Minutes",
            "Linear300PercentEvery1Minute",
        ] {
            assert_eq!(parse(name), None, "{name}");
        }
        assert_eq!(parse("AllAtOnce"), Some(Shift::AllAtOnce));
    }

    #[test]
    fn only_a_shift_aws_does_not_predefine_is_declared() {
        assert_eq!(custom("Linear10PercentEvery1Minute"), None);
        assert!(custom("Canary5Percent20Minutes").is_some());
        assert_eq!(
            config_name("prod", "Linear10PercentEvery1Minute"),
            "CodeDeployDefault.LambdaLinear10PercentEvery1Minute"
        );
        assert_eq!(
            config_name("prod", "Canary5Percent20Minutes"),
            "spoke-prod-Canary5Percent20Minutes"
        );
    }
}
