//! The cloud's time. Timestamps are real; only waits are shortened.
//!
//! At speed 60 a ten-minute shift takes ten seconds, an alarm's one-minute period is one
//! second long, a hook's hour is a minute. What clients read and write stays as it is: only
//! the durations the cloud itself waits for, or counts in, pass through [`Time::real`].

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};

/// The clock every wait is taken from.
pub struct Time {
    speed: AtomicU64,
}

impl Time {
    /// A clock on which waits take `1 / speed` of their time. Speeds that are not positive
    /// and finite count as 1.
    #[must_use]
    pub fn new(speed: f64) -> Self {
        Self {
            speed: AtomicU64::new(positive(speed).to_bits()),
        }
    }

    /// The time of day, never sped up.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    /// How many cloud seconds pass in a real one while something waits.
    #[must_use]
    pub fn speed(&self) -> f64 {
        f64::from_bits(self.speed.load(Ordering::Relaxed))
    }

    /// Changes the speed of waits that start from now on.
    pub fn set_speed(&self, speed: f64) {
        self.speed
            .store(positive(speed).to_bits(), Ordering::Relaxed);
    }

    /// The real duration of a wait of `cloud` time.
    #[must_use]
    pub fn real(&self, cloud: Duration) -> Duration {
        cloud.div_f64(self.speed())
    }

    /// Waits `cloud` time.
    pub async fn sleep(&self, cloud: Duration) {
        tokio::time::sleep(self.real(cloud)).await;
    }
}

fn positive(speed: f64) -> f64 {
    if speed.is_finite() && speed > 0.0 {
        speed
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Time;

    #[test]
    fn ten_minutes_take_ten_seconds_at_speed_sixty() {
        assert_eq!(
            Time::new(60.0).real(Duration::from_mins(10)),
            Duration::from_secs(10)
        );
    }

    #[test]
    fn a_speed_of_zero_counts_as_real_time() {
        assert_eq!(
            Time::new(0.0).real(Duration::from_secs(3)),
            Duration::from_secs(3)
        );
    }
}
