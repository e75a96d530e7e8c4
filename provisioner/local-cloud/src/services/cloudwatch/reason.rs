//! Why an alarm is in its state, in CloudWatch's words.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::evaluate::{State, Treatment, Verdict};
use super::model::{MetricWatch, Source};

/// A looked-at period: its beginning and its value.
pub(super) type Point = (i64, Option<f64>);

/// The sentence.
pub(super) fn text(
    watch: &MetricWatch,
    points: &[Point],
    verdict: &Verdict,
    from: State,
    to: State,
) -> String {
    let m = watch.datapoints_to_alarm();
    if to == State::InsufficientData {
        let unknown = watch.n - verdict.considered.len();
        return format!(
            "Insufficient Data: {unknown} datapoint{} unknown.",
            were(unknown)
        );
    }
    if verdict.considered.is_empty() {
        let treated = match watch.missing {
            Some(Treatment::Breaching) => "Breaching",
            _ => "NonBreaching",
        };
        return format!(
            "Threshold Crossed: no datapoints were received for {n} period{} and {n} missing datapoint{} treated as [{treated}].",
            if watch.n == 1 { "" } else { "s" },
            were(watch.n),
            n = watch.n,
        );
    }
    let breaching = to == State::Alarm;
    let shown: Vec<String> = verdict
        .considered
        .iter()
        .rev()
        .filter_map(|place| {
            let (at, value) = points[*place];
            let value = value?;
            (watch.comparison.breaches(value, watch.threshold) == breaching).then(|| {
                let at = DateTime::from_timestamp_millis(at).unwrap_or_default();
                format!("{} ({})", number(value), at.format("%d/%m/%y %H:%M:%S"))
            })
        })
        .collect();
    let count = shown.len();
    let needed = if breaching { m } else { watch.n + 1 - m };
    format!(
        "Threshold Crossed: {count} out of the last {} datapoint{} [{}] {} {}{} the threshold ({}) \
         (minimum {needed} datapoint{} for {} -> {} transition).",
        watch.n,
        if watch.n == 1 { "" } else { "s" },
        shown.join(", "),
        if count == 1 { "was" } else { "were" },
        if breaching { "" } else { "not " },
        watch.comparison.words(),
        number(watch.threshold),
        if needed == 1 { "" } else { "s" },
        if from == State::InsufficientData {
            State::Ok.text()
        } else {
            from.text()
        },
        to.text(),
    )
}

fn were(count: usize) -> &'static str {
    if count == 1 { " was" } else { "s were" }
}

/// `5.0`, as CloudWatch prints numbers.
fn number(value: f64) -> String {
    format!("{value:?}")
}

/// `StateReasonData`: the datapoints themselves.
pub(super) fn data(
    watch: &MetricWatch,
    points: &[Point],
    verdict: &Verdict,
    now: DateTime<Utc>,
) -> Value {
    let instant = |millis: i64| {
        let at = DateTime::from_timestamp_millis(millis).unwrap_or_default();
        at.format("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string()
    };
    let considered: Vec<(i64, f64)> = verdict
        .considered
        .iter()
        .filter_map(|place| Some((points[*place].0, points[*place].1?)))
        .collect();
    let values: Vec<f64> = considered.iter().map(|(_, value)| *value).collect();
    let evaluated: Vec<Value> = considered
        .iter()
        .rev()
        .map(|(at, value)| json!({ "timestamp": instant(*at), "value": value }))
        .collect();
    let mut data = json!({
        "version": "1.0",
        "queryDate": now.to_rfc3339_opts(SecondsFormat::Millis, true).replace('Z', "+0000"),
    });
    if let Some((start, _)) = considered.first() {
        data["startDate"] = json!(instant(*start));
    }
    if let Source::Metric(stat) = &watch.source {
        data["statistic"] = json!(stat.stat);
    }
    data["period"] = json!(watch.period());
    data["recentDatapoints"] = json!(values);
    data["threshold"] = json!(watch.threshold);
    data["evaluatedDatapoints"] = json!(evaluated);
    data
}
