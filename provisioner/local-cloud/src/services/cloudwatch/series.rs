//! Datapoints: fine ones for a while, minutes for days, and no more than that.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

/// How many fine buckets a series keeps; older ones become minutes.
const FINE: usize = 1800;
/// How many minutes a series keeps: a day, as far back as alarms over minutes look.
const MINUTES: usize = 1440;
const MINUTE_MS: i64 = 60_000;
/// How many different values a bucket tells apart to three digits; more of them are told
/// apart by 10 %.
const VALUES: usize = 64;
const COARSE: f64 = 1.1;

/// What tells one metric from another. Dimensions are sorted by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct MetricId {
    pub namespace: String,
    pub name: String,
    pub dimensions: Vec<(String, String)>,
}

impl MetricId {
    pub(super) fn new<'a>(
        namespace: &str,
        name: &str,
        dimensions: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let mut dimensions: Vec<(String, String)> = dimensions
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        dimensions.sort();
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            dimensions,
        }
    }
}

/// Every series.
#[derive(Default)]
pub(super) struct Metrics {
    pub series: BTreeMap<MetricId, Series>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Series {
    pub unit: String,
    minutes: VecDeque<Bucket>,
    fine: VecDeque<Bucket>,
}

/// What was measured within a short time, together.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Bucket {
    /// Its beginning, in milliseconds since 1970.
    #[serde(rename = "t")]
    pub at: i64,
    #[serde(rename = "n")]
    pub count: f64,
    #[serde(rename = "s")]
    pub sum: f64,
    #[serde(rename = "l")]
    pub minimum: f64,
    #[serde(rename = "h")]
    pub maximum: f64,
    /// Values with their counts: for percentiles.
    #[serde(rename = "v")]
    values: Vec<(f64, f64)>,
}

impl Bucket {
    /// `count` times the same value.
    pub(super) fn of(at: i64, value: f64, count: f64) -> Self {
        Self {
            at,
            count,
            sum: value * count,
            minimum: value,
            maximum: value,
            values: vec![(three_digits(value), count)],
        }
    }

    /// A set of values of which only the statistics are known.
    pub(super) fn of_set(at: i64, count: f64, sum: f64, minimum: f64, maximum: f64) -> Self {
        let values = if count > 0.0 {
            vec![(sum / count, count)]
        } else {
            Vec::new()
        };
        Self {
            at,
            count,
            sum,
            minimum,
            maximum,
            values,
        }
    }

    /// Takes another's values in.
    pub(super) fn add(&mut self, other: &Self) {
        if self.count == 0.0 {
            self.minimum = other.minimum;
            self.maximum = other.maximum;
        }
        self.count += other.count;
        self.sum += other.sum;
        self.minimum = self.minimum.min(other.minimum);
        self.maximum = self.maximum.max(other.maximum);
        for (value, count) in &other.values {
            self.add_value(*value, *count);
        }
        if self.values.len() > VALUES {
            let fine = std::mem::take(&mut self.values);
            for (value, count) in fine {
                self.add_value(coarse(value), count);
            }
        }
    }

    fn add_value(&mut self, value: f64, count: f64) {
        match self
            .values
            .binary_search_by(|(known, _)| known.total_cmp(&value))
        {
            Ok(place) => self.values[place].1 += count,
            Err(place) => self.values.insert(place, (value, count)),
        }
    }

    /// The value below which `percent` of the values lie.
    pub(super) fn percentile(&self, percent: f64) -> f64 {
        let wanted = self.count * percent / 100.0;
        let mut seen = 0.0;
        for (value, count) in &self.values {
            seen += count;
            if seen >= wanted {
                return value.clamp(self.minimum, self.maximum);
            }
        }
        self.maximum
    }
}

fn three_digits(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let scale = 10_f64.powf(2.0 - value.abs().log10().floor());
    if scale.is_finite() {
        (value * scale).round() / scale
    } else {
        value
    }
}

/// The nearest power of 1.1, of either sign: off by 5 % at most.
fn coarse(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let exponent = (value.abs().ln() / COARSE.ln()).round();
    COARSE.powf(exponent).copysign(value)
}

impl Series {
    /// Takes a bucket in; buckets of one time become one.
    pub(super) fn add(&mut self, bucket: &Bucket) {
        insert(&mut self.fine, bucket);
        while self.fine.len() > FINE {
            let Some(mut oldest) = self.fine.pop_front() else {
                return;
            };
            oldest.at -= oldest.at.rem_euclid(MINUTE_MS);
            insert(&mut self.minutes, &oldest);
        }
        while self.minutes.len() > MINUTES {
            self.minutes.pop_front();
        }
    }

    /// Everything measured in periods of `period` milliseconds from `from` to before `to`.
    pub(super) fn periods(&self, from: i64, to: i64, period: i64) -> BTreeMap<i64, Bucket> {
        let mut periods: BTreeMap<i64, Bucket> = BTreeMap::new();
        let buckets = self.minutes.iter().chain(&self.fine);
        for bucket in buckets.filter(|bucket| (from..to).contains(&bucket.at)) {
            let at = from + (bucket.at - from) / period * period;
            periods.entry(at).or_default().add(bucket);
        }
        for (at, bucket) in &mut periods {
            bucket.at = *at;
        }
        periods
    }

    fn last(&self) -> i64 {
        let newest = self.fine.back().or(self.minutes.back());
        newest.map_or(0, |bucket| bucket.at)
    }
}

fn insert(buckets: &mut VecDeque<Bucket>, bucket: &Bucket) {
    let place = buckets.partition_point(|known| known.at < bucket.at);
    match buckets.get_mut(place).filter(|known| known.at == bucket.at) {
        Some(known) => known.add(bucket),
        None => buckets.insert(place, bucket.clone()),
    }
}

impl Metrics {
    pub(super) fn load(file: &Path) -> anyhow::Result<Self> {
        let bytes = match std::fs::read(file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => return Err(error).with_context(|| format!("reading {}", file.display())),
        };
        let series: Vec<(MetricId, Series)> = ciborium::from_reader(bytes.as_slice())
            .with_context(|| format!("{} is not readable as metrics", file.display()))?;
        Ok(Self {
            series: series.into_iter().collect(),
        })
    }

    pub(super) fn bytes(&self) -> anyhow::Result<Vec<u8>> {
        let series: Vec<_> = self.series.iter().collect();
        let mut bytes = Vec::new();
        ciborium::into_writer(&series, &mut bytes).context("writing metrics")?;
        Ok(bytes)
    }

    /// Drops series that nobody has written to since `before` (milliseconds since 1970).
    pub(super) fn forget_before(&mut self, before: i64) {
        self.series.retain(|_, series| series.last() >= before);
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "small whole numbers are exact")]
mod tests {
    use super::{Bucket, FINE, MetricId, Metrics, Series};

    #[test]
    fn periods_hold_what_was_measured_in_them() {
        let mut series = Series::default();
        for (at, value) in [
            (1000, 1.0),
            (1500, 3.0),
            (1500, 5.0),
            (2000, 10.0),
            (900, 7.0),
        ] {
            series.add(&Bucket::of(at, value, 1.0));
        }
        let periods = series.periods(1000, 3000, 1000);
        let first = &periods[&1000];
        assert_eq!((first.count, first.sum), (3.0, 9.0));
        assert_eq!((first.minimum, first.maximum), (1.0, 5.0));
        assert_eq!(periods[&2000].sum, 10.0);
        assert_eq!(periods.len(), 2);
    }

    #[test]
    fn percentiles_are_right_within_five_percent() {
        let mut bucket = Bucket::default();
        for value in 1..=1000 {
            bucket.add(&Bucket::of(0, f64::from(value), 1.0));
        }
        for (percent, exact) in [(50.0, 500.0), (95.0, 950.0), (99.0, 990.0)] {
            let found = bucket.percentile(percent);
            assert!(
                (found / exact - 1.0_f64).abs() < 0.06,
                "p{percent}: {found}"
            );
        }
        assert!(bucket.values.len() < 120, "{}", bucket.values.len());
        assert_eq!(bucket.percentile(100.0), 1000.0);
    }

    #[test]
    fn old_datapoints_become_minutes_and_nothing_is_lost() {
        let mut series = Series::default();
        let count = i64::try_from(FINE).unwrap() + 500;
        for second in 0..count {
            series.add(&Bucket::of(second * 1000, 1.0, 1.0));
        }
        let total: f64 = series
            .periods(0, count * 1000, 60_000)
            .values()
            .map(|bucket| bucket.sum)
            .sum();
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        let expected = count as f64;
        assert_eq!(total, expected);
        assert!(series.fine.len() <= FINE && series.minutes.len() < 20);
    }

    #[test]
    fn metrics_survive_writing_and_reading() {
        let mut metrics = Metrics::default();
        let id = MetricId::new("Mine", "Lag", [("b", "2"), ("a", "1")]);
        let series = metrics.series.entry(id.clone()).or_default();
        series.add(&Bucket::of(5000, 2.5, 4.0));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("metrics.cbor");
        std::fs::write(&file, metrics.bytes().unwrap()).unwrap();
        let again = Metrics::load(&file).unwrap();
        assert_eq!(again.series[&id].periods(0, 9000, 9000)[&0].sum, 10.0);
        assert_eq!(id.dimensions[0].0, "a");
    }
}
