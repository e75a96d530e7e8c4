//! Statistics: the five plain ones and percentiles.

use std::fmt;

use super::series::Bucket;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Statistic {
    SampleCount,
    Average,
    Sum,
    Minimum,
    Maximum,
    Percentile(f64),
}

impl Statistic {
    /// Reads `Average`, `Sum`, ..., `p95` or `p99.9`.
    pub(super) fn read(text: &str) -> Option<Self> {
        Some(match text {
            "SampleCount" => Self::SampleCount,
            "Average" => Self::Average,
            "Sum" => Self::Sum,
            "Minimum" => Self::Minimum,
            "Maximum" => Self::Maximum,
            _ => {
                let percent: f64 = text.strip_prefix('p')?.parse().ok()?;
                (0.0..=100.0)
                    .contains(&percent)
                    .then_some(Self::Percentile(percent))?
            }
        })
    }

    pub(super) fn of(self, bucket: &Bucket) -> f64 {
        match self {
            Self::SampleCount => bucket.count,
            Self::Average => bucket.sum / bucket.count,
            Self::Sum => bucket.sum,
            Self::Minimum => bucket.minimum,
            Self::Maximum => bucket.maximum,
            Self::Percentile(percent) => bucket.percentile(percent),
        }
    }
}

impl fmt::Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percentile(percent) => write!(f, "p{percent}"),
            plain => write!(f, "{plain:?}"),
        }
    }
}
