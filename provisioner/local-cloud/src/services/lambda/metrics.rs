//! The metrics AWS publishes about functions, under the dimensions AWS uses: by function, by
//! the name it was called under, and, through an alias, by the version that really answered.

use std::time::Duration;

use crate::Cloud;
use crate::services::cloudwatch;

use super::console::millis;
use super::names::Reference;

const NAMESPACE: &str = "AWS/Lambda";

/// Who was called, and which version answered (absent when none did).
pub(super) struct Target<'a> {
    pub reference: &'a Reference,
    pub executed: &'a str,
}

impl Target<'_> {
    pub(super) fn invoked(
        &self,
        cloud: &Cloud,
        duration: Duration,
        failed: bool,
        concurrent: usize,
    ) {
        self.record(cloud, "Invocations", 1.0, "Count");
        self.record(cloud, "Errors", f64::from(u8::from(failed)), "Count");
        self.record(cloud, "Throttles", 0.0, "Count");
        self.record(cloud, "Duration", millis(duration), "Milliseconds");
        #[expect(clippy::cast_precision_loss, reason = "a few thousand at most")]
        let concurrent = concurrent as f64;
        self.record(cloud, "ConcurrentExecutions", concurrent, "Count");
    }

    pub(super) fn throttled(&self, cloud: &Cloud) {
        self.record(cloud, "Throttles", 1.0, "Count");
    }

    pub(super) fn record(&self, cloud: &Cloud, metric: &str, value: f64, unit: &str) {
        let function = ("FunctionName", self.reference.name.as_str());
        let resource = self.reference.resource();
        let resource = ("Resource", resource.as_str());
        let put = |dimensions: &[(&str, &str)]| {
            cloudwatch::record(cloud, NAMESPACE, metric, dimensions, value, unit);
        };
        put(&[]);
        put(&[function]);
        put(&[function, resource]);
        let through_alias = self
            .reference
            .published()
            .is_some_and(|qualifier| qualifier.parse::<u64>().is_err());
        if through_alias && !self.executed.is_empty() {
            put(&[function, resource, ("ExecutedVersion", self.executed)]);
        }
    }
}
