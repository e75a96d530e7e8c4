//! The state of an alarm from its datapoints: M of N, and what to make of missing ones.
//! Facts: "Configuring how CloudWatch alarms treat missing data" of AWS's CloudWatch guide.

use serde::{Deserialize, Serialize};

/// How many datapoints beyond N are looked at, so that late ones do not count as missing.
pub(super) const BEYOND: usize = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum State {
    #[serde(rename = "OK")]
    Ok,
    #[serde(rename = "ALARM")]
    Alarm,
    #[serde(rename = "INSUFFICIENT_DATA")]
    InsufficientData,
}

impl State {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        [Self::Ok, Self::Alarm, Self::InsufficientData]
            .into_iter()
            .find(|state| state.text() == text)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Treatment {
    Missing,
    Ignore,
    Breaching,
    NotBreaching,
}

/// What the datapoints say. The newest comes last.
#[derive(Debug, PartialEq)]
pub(super) struct Verdict {
    /// None: the state stays as it is.
    pub state: Option<State>,
    /// Places of the datapoints that decided.
    pub considered: Vec<usize>,
    /// How many of those breach the threshold.
    pub breaching: usize,
    /// How many missing ones were filled in.
    pub filled: usize,
}

/// Judges datapoints: `Some(true)` breaches, `None` is missing.
pub(super) fn judge(points: &[Option<bool>], n: usize, m: usize, missing: Treatment) -> Verdict {
    let mut considered: Vec<usize> = (0..points.len())
        .rev()
        .filter(|place| points[*place].is_some())
        .take(n)
        .collect();
    let breaching = considered
        .iter()
        .filter(|place| points[**place] == Some(true))
        .count();
    let filled = n - considered.len();
    let decide = |breaching: usize| {
        if breaching >= m {
            State::Alarm
        } else {
            State::Ok
        }
    };
    let state = match missing {
        _ if filled == 0 => Some(decide(breaching)),
        Treatment::Breaching => Some(decide(breaching + filled)),
        Treatment::NotBreaching => Some(decide(breaching)),
        Treatment::Missing if considered.is_empty() => Some(State::InsufficientData),
        Treatment::Ignore if considered.is_empty() => None,
        Treatment::Missing | Treatment::Ignore if breaching >= m => Some(State::Alarm),
        Treatment::Missing | Treatment::Ignore if breaching < considered.len() => Some(State::Ok),
        // Only breaching ones, and too few of them.
        Treatment::Ignore => None,
        Treatment::Missing => {
            // The oldest of them is as old as M datapoints: it would be an alarm by now.
            let oldest = considered.last().copied().unwrap_or_default();
            (points.len() - oldest >= m).then_some(State::Alarm)
        }
    };
    considered.reverse();
    Verdict {
        state,
        considered,
        breaching,
        filled,
    }
}

#[cfg(test)]
mod tests {
    use super::{State, Treatment, judge};

    fn points(text: &str) -> Vec<Option<bool>> {
        text.split(' ')
            .map(|point| match point {
                "X" => Some(true),
                "0" => Some(false),
                _ => None,
            })
            .collect()
    }

    /// The tables of AWS's guide: missing, ignore, breaching, notBreaching; K keeps the state.
    #[test]
    fn missing_data_is_treated_as_aws_documents() {
        let tables = [
            (3, "0 - X - X", "O O O O"),
            (3, "- - - - 0", "O O O O"),
            (3, "- - - - -", "I K A O"),
            (3, "0 X X - X", "A A A A"),
            (3, "- - X - -", "A K A O"),
            (2, "0 - X - X", "A A A A"),
            (2, "0 0 X 0 X", "A A A A"),
            (2, "0 - X - -", "O O A O"),
            (2, "- - - - 0", "O O A O"),
            (2, "- - - X -", "A K A O"),
        ];
        let treatments = [
            Treatment::Missing,
            Treatment::Ignore,
            Treatment::Breaching,
            Treatment::NotBreaching,
        ];
        for (m, data, expected) in tables {
            let found = treatments.map(|missing| match judge(&points(data), 3, m, missing).state {
                Some(State::Ok) => "O",
                Some(State::Alarm) => "A",
                Some(State::InsufficientData) => "I",
                None => "K",
            });
            assert_eq!(found.join(" "), expected, "{m} of 3: {data}");
        }
    }

    #[test]
    fn m_of_n_counts_the_newest() {
        let state = |data: &str| judge(&points(data), 3, 2, Treatment::Missing).state;
        assert_eq!(state("X X 0 0 X"), Some(State::Ok));
        assert_eq!(state("0 0 X 0 X"), Some(State::Alarm));
        assert_eq!(state("0 0 0 0 X"), Some(State::Ok));
    }
}
