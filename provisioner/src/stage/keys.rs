//! Every key of a stage file: what it means and what holds when it is left out. `init` writes its comments from here,
//! `config explain` answers from here, and a test compares it with the types.

use serde_json::Value;
use spoke_contract::vars::{self, Source};
use toml::de::DeTable;

/// One key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// `database.class`.
    pub path: &'static str,
    /// What holds when it is left out, as TOML; none where a value is needed (or there is none by default).
    pub default: Option<&'static str>,
    /// What it means.
    pub meaning: &'static str,
}

const fn key(path: &'static str, default: Option<&'static str>, meaning: &'static str) -> Key {
    Key {
        path,
        default,
        meaning,
    }
}

/// Every key, in the order of the file.
pub const ALL: &[Key] = &[
    key(
        "account",
        None,
        "The AWS account, 12 digits. Law: every command compares it with the identity it really has, before anything else.",
    ),
    key(
        "region",
        None,
        "Where everything lies: us-east-1, us-east-2 or us-west-2. Law, as the account; only the certificate and the web ACL lie in us-east-1.",
    ),
    key(
        "owner",
        None,
        "A tag on everything, so that a bill and a stranger's question find somebody.",
    ),
    key(
        "endpoint_file",
        None,
        "Where endpoint and access key are found instead of AWS's own; `spokectl up` writes it for the cloud on this machine.",
    ),
    key(
        "network.cidr",
        None,
        "A private /16 of its own; subnets are cut out of it. Not for a network that was here before.",
    ),
    key("network.zones", Some("2"), "Availability zones, 2 or 3."),
    key(
        "network.nat",
        Some("\"one\""),
        "How the functions reach the carrier: \"one\" NAT gateway (cheap), \"each\" zone one (survives the loss of a zone), \"none\" (endpoints only, and no carrier).",
    ),
    key(
        "network.endpoints",
        Some("[]"),
        "AWS services reached inside the network, $1.68 a week each and zone: codedeploy, secretsmanager, sqs, ssm, lambda, ...",
    ),
    key(
        "network.existing.vpc_id",
        None,
        "A network that was here before: its id.",
    ),
    key(
        "network.existing.cidr",
        None,
        "Its addresses: database and cache are reached there.",
    ),
    key(
        "network.existing.private_subnets",
        None,
        "Two or more of its subnets in different zones, with a way out.",
    ),
    key(
        "database.kind",
        None,
        "\"rds\": one PostgreSQL; \"aurora\": machines of a class; \"aurora-serverless\": grows and shrinks by itself; \"existing\": one that was here before.",
    ),
    key(
        "database.version",
        None,
        "The engine's version, explicit, so that drift can be told.",
    ),
    key(
        "database.class",
        None,
        "The machine, for example db.t4g.medium; Aurora Serverless needs none. A change is an outage of minutes. One that was enlarged since stays as large: `spokectl scale status`.",
    ),
    key(
        "database.storage_gib",
        None,
        "GiB, 20 or more; Aurora needs none. It grows without an outage and never shrinks.",
    ),
    key(
        "database.multi_az",
        Some("false"),
        "A standby in another zone: doubles the price, and an outage lasts a minute instead of many.",
    ),
    key(
        "database.backup_days",
        Some("7"),
        "Days automatic backups are kept, 1 to 35.",
    ),
    key(
        "database.deletion_protection",
        Some("true"),
        "AWS refuses to delete it.",
    ),
    key(
        "database.tls",
        Some("true"),
        "TLS between functions and database. Off only where both are on one machine.",
    ),
    key(
        "database.min_capacity",
        None,
        "Aurora Serverless: capacity units it never falls below; 1 is about 2 GiB. A low floor climbs slowly.",
    ),
    key(
        "database.max_capacity",
        None,
        "Aurora Serverless: capacity units it never exceeds. It sets how many connections there can be. Enlarged since, it stays so: `spokectl scale status`.",
    ),
    key(
        "database.connections_alarm",
        None,
        "Connections at which the alarm rings; left out: four fifths of what the class takes.",
    ),
    key(
        "database.existing.id",
        None,
        "A database that was here before: the identifier of its cluster, or of its instance.",
    ),
    key(
        "database.existing.is_cluster",
        Some("false"),
        "Whether it is an Aurora cluster.",
    ),
    key(
        "database.existing.secret_arn",
        None,
        "The secret with host, port, username, password and dbname as JSON.",
    ),
    key(
        "database.existing.security_group",
        None,
        "Its security group, which lets the functions in.",
    ),
    key(
        "database.existing.max_connections",
        None,
        "What `SHOW max_connections` says there.",
    ),
    key("cache.version", None, "The version of Valkey."),
    key(
        "cache.class",
        None,
        "The cache's machine, for example cache.t4g.micro.",
    ),
    key(
        "cache.nodes",
        Some("1"),
        "Nodes; with 2 or more it fails over by itself.",
    ),
    key(
        "cache.tls",
        Some("true"),
        "TLS and a password. Off only where both are on one machine.",
    ),
    key(
        "app.profile",
        Some("\"release\""),
        "How the functions are built: \"release\" runs fastest, \"dev\" compiles fastest.",
    ),
    key(
        "app.glibc",
        None,
        "The glibc where the functions run: 2.34 on AWS, where it is needed; they are cross-compiled for it. Left out, they are built for this machine.",
    ),
    key(
        "app.architecture",
        Some("\"x86_64\""),
        "The processor where the functions run: \"x86_64\", or \"arm64\", which costs a fifth less.",
    ),
    key(
        "app.log_days",
        Some("30"),
        "Days the logs are kept: 1, 3, 5, 7, 14, 30, 60, 90, ...",
    ),
    key(
        "app.web_memory",
        Some("1024"),
        "MB of the web function; CPU comes with it, one at 1,769 MB.",
    ),
    key("app.worker_memory", Some("1024"), "MB of the worker."),
    key(
        "app.access_log",
        Some("true"),
        "A line for every request of the API.",
    ),
    key(
        "app.concurrency",
        Some("{}"),
        "Most requests a function handles at once, by its name: web, worker, inbound, reports, scheduled. Each is a connection to the database. Reserved out of the account's quota (1,000, a new account has 10; 100 always stay free).",
    ),
    key(
        "app.env",
        Some("{}"),
        "The application's own settings; the names are the environment variables of the functions.",
    ),
    key(
        "edge.cdn",
        Some("true"),
        "CloudFront in front of API and assets.",
    ),
    key(
        "edge.domain",
        None,
        "The address people use, without https://; left out, it is CloudFront's.",
    ),
    key(
        "edge.hosted_zone",
        None,
        "The Route 53 zone of the domain, Z...; left out, the DNS records are made by hand.",
    ),
    key(
        "edge.waf",
        Some("false"),
        "A web ACL in front of everything: about $2.10 a week.",
    ),
    key(
        "edge.requests_per_address",
        Some("3000"),
        "Requests one address may send in five minutes before the web ACL turns it away; a phone bank shares one address.",
    ),
    key(
        "release.shift",
        None,
        "How traffic moves: AllAtOnce, Linear10PercentEvery1Minute, Canary10Percent5Minutes, ...",
    ),
    key(
        "release.min_requests",
        Some("100"),
        "Requests the new version has to meet during the shift for its verdict to mean something; fewer are inconclusive.",
    ),
    key(
        "release.codedeploy",
        Some("true"),
        "CodeDeploy shifts the traffic. Off only where there is none: stacks and functions are made, and nothing is ever released.",
    ),
    key(
        "release.drift_check",
        Some("true"),
        "A deploy looks for what was changed by hand, and refuses (--drift goes on). Off only where nobody can tell.",
    ),
    key(
        "alerts.email",
        Some("[]"),
        "Who is told when an alarm changes its state; each address confirms a first mail.",
    ),
    key(
        "alerts.latency_ms",
        Some("3000"),
        "p95 of the answers at which the alarm rings.",
    ),
    key(
        "alerts.encrypted",
        Some("true"),
        "Whether notices are encrypted at rest, with a key of their own ($0.23 a week).",
    ),
    key(
        "alerts.log_metrics",
        Some("true"),
        "Alarms over what the functions say in their log lines: failed jobs, no answers while sending.",
    ),
    key(
        "alerts.ratios",
        Some("true"),
        "Alarms over a ratio of two metrics: errors, 5xx, no answers while sending. Two of them stop a release, so off only without CodeDeploy.",
    ),
    key(
        "alerts.weekly_budget",
        None,
        "Dollars a week above which `plan` warns.",
    ),
    key(
        "scaling.policy",
        Some("\"propose\""),
        "What happens when the database is at its limit: \"propose\" a larger one to a person, or \"act\" by itself within the ceilings below.",
    ),
    key(
        "scaling.highest",
        None,
        "The largest class it may become, for example \"db.r7g.4xlarge\"; Aurora Serverless: the most capacity units, for example \"64\". Left out: as large as its family goes.",
    ),
    key(
        "scaling.weekly_budget",
        None,
        "Dollars a week the database may cost after a change; Aurora Serverless is counted at its most.",
    ),
    key(
        "scaling.cool_down_minutes",
        Some("60"),
        "Minutes between two changes; a rejected proposal is not made again for as long.",
    ),
    key(
        "scaling.keep_days",
        Some("7"),
        "Days after which an enlarged database that is calm is proposed to become smaller again.",
    ),
    key(
        "scaling.quiet",
        Some("[]"),
        "Times in which nothing is changed without a person: \"18:00-21:30\", or with a day, \"Tue 17:00-22:00\".",
    ),
    key(
        "scaling.time_zone",
        Some("\"America/New_York\""),
        "The zone of scaling.quiet, and of the evenings in which no database becomes smaller.",
    ),
    key(
        "scaling.slack_secret",
        None,
        "The secret whose value is the address of a Slack webhook; left out, only the mail addresses are told.",
    ),
    key(
        "scaling.period_seconds",
        Some("60"),
        "Seconds one measured value stands for. 60 on AWS; less only for a cloud that is sped up.",
    ),
];

/// A key by its path; the settings below `app.env` and `app.concurrency` are keys as well.
#[must_use]
pub fn find(path: &str) -> Option<Key> {
    if let Some(known) = ALL.iter().find(|key| key.path == path) {
        return Some(*known);
    }
    if let Some(name) = path.strip_prefix("app.env.") {
        return vars::ALL
            .iter()
            .find(|var| var.name == name && var.source == Source::Stage)
            .map(|var| Key {
                path: var.name,
                default: (!var.default.is_empty()).then_some(var.default),
                meaning: var.meaning,
            });
    }
    path.strip_prefix("app.concurrency.")
        .and_then(spoke_contract::functions::Function::from_name)
        .filter(|function| !function.is_hook())
        .map(|function| Key {
            path: function.name(),
            default: None,
            meaning: "Most requests this function handles at once; left out, what the account has left.",
        })
}

/// The paths most like a mistyped one, best first.
#[must_use]
pub fn like(path: &str) -> Vec<&'static str> {
    let last = path.rsplit('.').next().unwrap_or(path);
    ALL.iter()
        .map(|key| key.path)
        .filter(|known| {
            known.contains(last) || path.contains(known.rsplit('.').next().unwrap_or(known))
        })
        .take(3)
        .collect()
}

/// A value below a JSON document, by its path.
#[must_use]
pub fn value<'a>(document: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.')
        .try_fold(document, |value, name| value.get(name))
        .filter(|value| !value.is_null())
}

/// The line a key is set in, counted from 1; in a table of its own, in an inline one or with dots.
#[must_use]
pub fn line(text: &str, path: &str) -> Option<usize> {
    let document = DeTable::parse(text).ok()?;
    let mut table = document.get_ref();
    let mut names = path.split('.').peekable();
    loop {
        let name = names.next()?;
        let (key, value) = table.iter().find(|(key, _)| key.get_ref() == name)?;
        if names.peek().is_none() {
            return Some(text[..key.span().start].matches('\n').count() + 1);
        }
        table = value.get_ref().as_table()?;
    }
}

#[cfg(test)]
mod tests {
    use super::{ALL, find, like, line};

    #[test]
    fn no_key_is_described_twice() {
        let mut paths: Vec<_> = ALL.iter().map(|key| key.path).collect();
        paths.sort_unstable();
        let count = paths.len();
        paths.dedup();
        assert_eq!(paths.len(), count);
    }

    #[test]
    fn a_setting_of_the_application_is_a_key() {
        assert_eq!(find("app.env.MAX_CONTACTS").unwrap().default, Some("60000"));
        assert!(find("app.env.STAGE").is_none());
        assert!(find("app.concurrency.web").is_some());
        assert!(find("app.concurrency.preflight").is_none());
        assert_eq!(like("databse.class")[0], "database.class");
    }

    #[test]
    fn the_line_of_a_key_is_found_in_its_section() {
        let text =
            "account = \"1\"\n[database]\n# class = 1\nclass = \"db\"\n[cache]\nclass = \"c\"\n";
        assert_eq!(line(text, "account"), Some(1));
        assert_eq!(line(text, "database.class"), Some(4));
        assert_eq!(line(text, "cache.class"), Some(6));
        assert_eq!(line(text, "cache.nodes"), None);
        let text = "database = { class = \"db\", tls = false }\napp.log_days = 7\n[app.env]\n\"MAX_CONTACTS\" = \"1\"\n";
        for (path, number) in [
            ("database", 1),
            ("database.tls", 1),
            ("app.log_days", 2),
            ("app.env", 3),
            ("app.env.MAX_CONTACTS", 4),
        ] {
            assert_eq!(line(text, path), Some(number), "{path}");
        }
        assert_eq!(line(text, "database.class.name"), None);
        assert_eq!(line("account = ", "account"), None);
    }
}
