//! Prices on demand in us-east-1, each with the day it was read. Nothing here is asked of AWS: `plan` prints the date
//! beside every sum, and other regions cost up to a fifth more or less.
//!
//! None was read from AWS's own pages or price list: each is as somebody who had it from there published it, and the
//! comment over a group says who. Nothing stands on memory alone.

/// What one thing costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Price {
    /// What it is of: `db.t4g.micro`, `nat-gateway`.
    pub of: &'static str,
    /// Dollars an hour.
    pub hourly: f64,
    /// The day it was read.
    pub date: &'static str,
}

/// Hours of a week, and of the month AWS bills by.
pub const HOURS_A_WEEK: f64 = 168.0;
const HOURS_A_MONTH: f64 = 730.0;

const fn hourly(of: &'static str, hourly: f64, date: &'static str) -> Price {
    Price { of, hourly, date }
}

const fn monthly(of: &'static str, monthly: f64, date: &'static str) -> Price {
    Price {
        of,
        hourly: monthly / HOURS_A_MONTH,
        date,
    }
}

/// The oldest day among the prices: the one `plan` prints.
pub const DATE: &str = "2024-02-01";

/// The table. Classes are followed by doubling within a family from their smallest known size, as AWS prices them.
pub const ALL: &[Price] = &[
    // Aurora PostgreSQL, one machine: what AWS publishes for choosing a database, of that day.
    hourly("aurora:db.t4g.medium", 0.073, "2026-08-20"),
    hourly("aurora:db.t4g.large", 0.146, "2026-08-20"),
    hourly("aurora:db.r6g.large", 0.260, "2026-08-20"),
    hourly("aurora:db.r7g.large", 0.276, "2026-08-20"),
    hourly("aurora:db.r8g.large", 0.276, "2026-08-20"),
    // An Aurora capacity unit: as above.
    hourly("aurora:acu", 0.12, "2026-08-20"),
    // RDS PostgreSQL, one machine in one zone, and a GiB of gp3: two tools' tables of AWS's price list, and half of an
    // r8g.xlarge in an article of 2026. Of r6g.large other tables say 0.215 and 0.218, which are MySQL's.
    hourly("rds:db.t4g.micro", 0.016, "2026-04-01"),
    hourly("rds:db.t4g.small", 0.032, "2026-04-01"),
    hourly("rds:db.t4g.medium", 0.065, "2026-04-01"),
    hourly("rds:db.r6g.large", 0.225, "2026-04-01"),
    hourly("rds:db.r7g.large", 0.239, "2026-04-01"),
    hourly("rds:db.r8g.large", 0.239, "2026-04-01"),
    hourly("rds:db.m7g.large", 0.168, "2026-04-01"),
    monthly("rds:storage", 0.115, "2026-05-03"),
    // Valkey, one node: a tool's table of AWS's price list, of that day. Four fifths of what Redis costs.
    hourly("cache:cache.t4g.micro", 0.0128, "2026-10-02"),
    hourly("cache:cache.t4g.small", 0.0256, "2026-10-02"),
    hourly("cache:cache.t4g.medium", 0.052, "2026-10-02"),
    hourly("cache:cache.r7g.large", 0.1752, "2026-10-02"),
    // The rest: Infracost's expected outputs, of that day, and AWS's announcement for addresses.
    hourly("nat-gateway", 0.045, "2024-07-01"),
    hourly("public-address", 0.005, "2024-02-01"),
    hourly("interface-endpoint", 0.01, "2024-07-01"),
    monthly("alarm-metric", 0.10, "2024-07-01"),
    monthly("custom-metric", 0.30, "2024-07-01"),
    monthly("secret", 0.40, "2024-07-01"),
    monthly("key", 1.0, "2024-07-01"),
    monthly("web-acl", 5.0, "2024-07-01"),
    monthly("web-acl-rule", 1.0, "2024-07-01"),
];

/// Dollars an hour of something in the table; a larger size of a known class by doubling.
#[must_use]
pub fn of(what: &str) -> Option<f64> {
    if let Some(price) = ALL.iter().find(|price| price.of == what) {
        return Some(price.hourly);
    }
    let (family, size) = what.rsplit_once('.')?;
    let steps = match size {
        "xlarge" => 2.0,
        _ => 2.0 * size.strip_suffix("xlarge")?.parse::<f64>().ok()?,
    };
    let large = ALL
        .iter()
        .find(|price| price.of == format!("{family}.large"));
    large
        .map(|price| price.hourly * steps)
        .or_else(|| of_medium(family).map(|medium| medium * 2.0 * steps))
}

fn of_medium(family: &str) -> Option<f64> {
    ALL.iter()
        .find(|price| price.of == format!("{family}.medium"))
        .map(|price| price.hourly)
}

#[cfg(test)]
mod tests {
    use super::{ALL, DATE, HOURS_A_WEEK, of};

    #[test]
    fn the_printed_date_is_the_oldest() {
        assert_eq!(ALL.iter().map(|price| price.date).min(), Some(DATE));
    }

    #[test]
    fn larger_sizes_cost_double() {
        let week = of("aurora:db.r6g.8xlarge").unwrap() * HOURS_A_WEEK;
        // AWS's own price of the 8xlarge is 4.152 an hour: 697 dollars a week.
        assert!((week - 697.0).abs() < 3.0, "{week}");
        assert_eq!(of("rds:db.q1.large"), None);
        assert!(of("rds:db.t4g.xlarge").unwrap() > 0.25);
    }
}
