//! Throttling by stage and route: a token bucket each, as large as the burst limit.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::model::{Limits, Stage};

#[derive(Default)]
pub(super) struct Throttles {
    buckets: Mutex<HashMap<String, Bucket>>,
}

struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl Throttles {
    /// Whether one more request may pass.
    pub(super) fn admit(&self, api: &str, stage: &Stage, route_key: &str) -> bool {
        let own = stage.route_limits.get(route_key);
        let limits = own
            .filter(|limits| limits.throttling_rate_limit.is_some())
            .unwrap_or(&stage.default_limits);
        let Some((rate, burst)) = rate_and_burst(limits) else {
            return true;
        };
        let key = format!("{api} {} {route_key}", stage.name);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(key).or_insert_with(|| Bucket {
            tokens: burst,
            filled: Instant::now(),
        });
        let gained = bucket.filled.elapsed().as_secs_f64() * rate;
        bucket.tokens = (bucket.tokens + gained).min(burst);
        bucket.filled = Instant::now();
        let admitted = bucket.tokens >= 1.0;
        if admitted {
            bucket.tokens -= 1.0;
        }
        admitted
    }
}

fn rate_and_burst(limits: &Limits) -> Option<(f64, f64)> {
    let rate = limits.throttling_rate_limit?;
    let burst = limits.throttling_burst_limit.map_or(rate, f64::from);
    Some((rate, burst))
}
