//! What a stage file asks for that cannot be.

use spoke_contract::functions::Function;
use spoke_contract::vars::{self, Source};

use super::{App, Architecture, Database, DatabaseKind, Edge, Nat, Stage};

/// Where a stage may lie: the regions whose templates are judged before each release of ours
/// (`tests/templates/test_templates.py` has the same list).
const REGIONS: [&str; 3] = ["us-east-1", "us-east-2", "us-west-2"];

/// Every mistake at once: nobody wants to find them one by one.
pub(super) fn of(stage: &Stage) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut expect = |holds: bool, sentence: String| {
        if !holds {
            wrong.push(sentence);
        }
    };
    expect(
        stage.account.len() == 12 && stage.account.bytes().all(|b| b.is_ascii_digit()),
        format!("account: 12 digits, not \"{}\"", stage.account),
    );
    expect(
        REGIONS.contains(&stage.region.as_str()),
        format!(
            "region: one of {}, where the templates are judged, not \"{}\"",
            REGIONS.join(", "),
            stage.region
        ),
    );
    // Whatever the binary asks for, Lambda would be the first to say that it is not there.
    expect(
        stage.app.glibc.is_some() || stage.endpoint_file.is_some(),
        "app.glibc: on AWS the functions are cross-compiled and checked for its machines; \"2.34\" is what provided.al2023 has"
            .to_owned(),
    );
    network_mistakes(stage, &mut expect);
    database_mistakes(&stage.database, &mut expect);
    app_mistakes(&stage.app, &mut expect);
    sign_in_mistakes(&stage.app, &mut expect);
    edge_mistakes(&stage.edge, &mut expect);
    scaling_mistakes(stage, &mut expect);
    expect(
        stage.alerts.ratios || !stage.release.codedeploy,
        "alerts.ratios: the alarms that stop a release are ratios; leave it on where CodeDeploy shifts traffic".to_owned(),
    );
    // Released by nothing, a domain would show 503 for ever.
    expect(
        stage.release.codedeploy || stage.edge.domain.is_none(),
        "release.codedeploy: without CodeDeploy nothing is ever released, and edge.domain would name pages that never come; leave it on".to_owned(),
    );
    expect(
        crate::template::shift::parse(&stage.release.shift).is_some(),
        format!(
            "release.shift: AllAtOnce, Linear<p>PercentEvery<n>Minute(s) or Canary<p>Percent<n>Minutes, not \"{}\"",
            stage.release.shift
        ),
    );
    wrong
}

fn network_mistakes(stage: &Stage, expect: &mut impl FnMut(bool, String)) {
    let network = &stage.network;
    if let Some(existing) = &network.existing {
        expect(
            network.cidr.is_empty(),
            "network.cidr: an existing network has its own, in network.existing.cidr".to_owned(),
        );
        expect(
            existing.vpc_id.starts_with("vpc-"),
            format!(
                "network.existing.vpc_id: vpc-..., not \"{}\"",
                existing.vpc_id
            ),
        );
        expect(
            existing.private_subnets.len() >= 2
                && existing
                    .private_subnets
                    .iter()
                    .all(|id| id.starts_with("subnet-")),
            "network.existing.private_subnets: two or more of subnet-..., in different zones"
                .to_owned(),
        );
        expect(
            is_cidr(&existing.cidr),
            format!(
                "network.existing.cidr: for example 10.0.0.0/16, not \"{}\"",
                existing.cidr
            ),
        );
        return;
    }
    expect(
        (2..=3).contains(&network.zones),
        format!("network.zones: 2 or 3, not {}", network.zones),
    );
    expect(
        crate::template::values::first_two_octets(&network.cidr).is_some(),
        format!(
            "network.cidr: a private /16 such as 10.20.0.0/16, not \"{}\"",
            network.cidr
        ),
    );
    if network.nat == Nat::None {
        for needed in ["codedeploy", "lambda", "secretsmanager", "sqs", "ssm"] {
            let is_wanted = needed != "codedeploy" || stage.release.codedeploy;
            expect(
                !is_wanted || network.endpoints.iter().any(|e| e == needed),
                format!(
                    "network.endpoints: without NAT the functions need \"{needed}\"; a hook that cannot report hangs for an hour"
                ),
            );
        }
        expect(
            !stage.twilio_secret,
            "network.nat: without NAT the carrier cannot be reached; set app.env.SKIP_TWILIO_AND_AUTOREPLY or a NAT gateway".to_owned(),
        );
        expect(
            !stage.sign_in_secret,
            "network.nat: without NAT neither Slack nor Auth0 can be reached; set app.env.PASSPORT_STRATEGY = \"local\" or a NAT gateway".to_owned(),
        );
    }
}

/// `10.0.0.0/16`.
fn is_cidr(text: &str) -> bool {
    text.split_once('/').is_some_and(|(address, bits)| {
        address.parse::<std::net::Ipv4Addr>().is_ok()
            && bits
                .parse::<u8>()
                .is_ok_and(|bits| (8..=28).contains(&bits))
    })
}

fn edge_mistakes(edge: &Edge, expect: &mut impl FnMut(bool, String)) {
    expect(
        edge.cdn || (edge.domain.is_none() && !edge.waf),
        "edge.cdn: a domain and a web ACL belong to CloudFront; leave it on".to_owned(),
    );
    expect(
        edge.domain.as_deref().is_none_or(|domain| {
            domain.contains('.')
                && domain
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c))
        }),
        format!(
            "edge.domain: a name like text.example.org, without https://, not \"{}\"",
            edge.domain.as_deref().unwrap_or_default()
        ),
    );
    expect(
        edge.hosted_zone
            .as_deref()
            .is_none_or(|zone| edge.domain.is_some() && zone.starts_with('Z')),
        "edge.hosted_zone: the Z... id of the domain's zone, and only together with edge.domain"
            .to_owned(),
    );
    expect(
        (10..=2_000_000_000).contains(&edge.requests_per_address),
        format!(
            "edge.requests_per_address: 10 or more, not {}",
            edge.requests_per_address
        ),
    );
}

fn database_mistakes(database: &Database, expect: &mut impl FnMut(bool, String)) {
    let serverless = database.kind == DatabaseKind::AuroraServerless;
    let existing = database.kind == DatabaseKind::Existing;
    expect(
        existing == database.existing.is_some(),
        "database.existing: belongs to kind = \"existing\", and only to it".to_owned(),
    );
    if let Some(there) = &database.existing {
        expect(
            there.security_group.starts_with("sg-") && there.secret_arn.starts_with("arn:") && there.max_connections > 0,
            "database.existing: security_group is sg-..., secret_arn is arn:..., max_connections is what SHOW max_connections says".to_owned(),
        );
        return;
    }
    if existing {
        return;
    }
    expect(
        database
            .version
            .split('.')
            .next()
            .is_some_and(|major| major.parse::<u8>().is_ok()),
        format!(
            "database.version: for example 16.9, not \"{}\"",
            database.version
        ),
    );
    expect(
        serverless || database.class.starts_with("db."),
        format!(
            "database.class: for example db.t4g.medium, not \"{}\"",
            database.class
        ),
    );
    expect(
        database.kind != DatabaseKind::Rds || database.storage_gib >= 20,
        format!(
            "database.storage_gib: 20 or more, not {}",
            database.storage_gib
        ),
    );
    expect(
        !serverless
            || (database.min_capacity >= 0.5
                && database.max_capacity >= database.min_capacity.max(1.0)),
        "database.min_capacity, database.max_capacity: 0.5 or more, in this order".to_owned(),
    );
    expect(
        !serverless
            || [database.min_capacity, database.max_capacity]
                .iter()
                .all(|units| (units * 2.0).fract() == 0.0 && *units <= 256.0),
        "database.min_capacity, database.max_capacity: steps of 0.5, at most 256".to_owned(),
    );
    expect(
        (1..=35).contains(&database.backup_days),
        format!(
            "database.backup_days: 1 to 35, not {}",
            database.backup_days
        ),
    );
}

fn scaling_mistakes(stage: &Stage, expect: &mut impl FnMut(bool, String)) {
    let scaling = &stage.scaling;
    if let Some(highest) = &scaling.highest {
        let known = match stage.database.kind {
            DatabaseKind::Existing => false,
            DatabaseKind::AuroraServerless => highest
                .parse::<f64>()
                .is_ok_and(|units| (1.0..=256.0).contains(&units)),
            DatabaseKind::Rds | DatabaseKind::Aurora => {
                crate::scale::ladder::vcpus(highest).is_some()
            }
        };
        expect(
            known,
            format!(
                "scaling.highest: a class such as db.r7g.4xlarge, for Aurora Serverless capacity units such as 64, not \"{highest}\""
            ),
        );
    }
    expect(
        scaling.weekly_budget.is_none_or(|dollars| dollars > 0.0),
        "scaling.weekly_budget: more than nothing; leave it out to have none".to_owned(),
    );
    for window in &scaling.quiet {
        expect(
            crate::scale::hours::Window::parse(window).is_some(),
            format!("scaling.quiet: for example 18:00-21:30 or Tue 17:00-22:00, not \"{window}\""),
        );
    }
    expect(
        scaling.time_zone.parse::<chrono_tz::Tz>().is_ok(),
        format!(
            "scaling.time_zone: for example America/Chicago, not \"{}\"",
            scaling.time_zone
        ),
    );
    expect(
        [1, 5, 10, 20, 30, 60].contains(&scaling.period_seconds),
        format!(
            "scaling.period_seconds: 1, 5, 10, 20, 30 or 60, not {}",
            scaling.period_seconds
        ),
    );
}

/// The application would not start without these.
fn sign_in_mistakes(app: &App, expect: &mut impl FnMut(bool, String)) {
    let value = |name: &str| app.env.get(name).map_or("", String::as_str);
    let needed: &[(&str, &str)] = match value(vars::PASSPORT_STRATEGY) {
        "" | "local" => &[],
        "slack" => &[
            (vars::SLACK_CLIENT_ID, "the client id of your Slack app"),
            (vars::SLACK_TEAM_ID, "the id of your workspace, T..."),
        ],
        "auth0" => &[
            (vars::AUTH0_DOMAIN, "for example campaign.us.auth0.com"),
            (
                vars::AUTH0_CLIENT_ID,
                "the client id of your Auth0 application",
            ),
        ],
        other => {
            expect(
                false,
                format!("app.env.PASSPORT_STRATEGY: local, slack or auth0, not \"{other}\""),
            );
            &[]
        }
    };
    for (name, meaning) in needed {
        expect(
            !value(name).is_empty(),
            format!(
                "app.env.{name}: {meaning}; people sign in with {}",
                value(vars::PASSPORT_STRATEGY)
            ),
        );
    }
    expect(
        !value(vars::AUTH0_DOMAIN).contains(['/', ':']),
        format!(
            "app.env.AUTH0_DOMAIN: a host name without https://, not \"{}\"",
            value(vars::AUTH0_DOMAIN)
        ),
    );
    let team = value(vars::SLACK_TEAM_ID);
    expect(
        team.is_empty() || team.starts_with(['T', 'E']),
        format!("app.env.SLACK_TEAM_ID: the id of a workspace, T..., not \"{team}\""),
    );
}

fn app_mistakes(app: &App, expect: &mut impl FnMut(bool, String)) {
    expect(
        app.glibc
            .as_deref()
            .is_none_or(|text| crate::build::elf::version(text).is_some()),
        "app.glibc: for example 2.34, which provided.al2023 has".to_owned(),
    );
    expect(
        app.glibc.is_some() || app.architecture == Architecture::X86,
        "app.architecture: arm64 is cross-compiled, and needs app.glibc = \"2.34\" for that"
            .to_owned(),
    );
    for name in app.concurrency.keys() {
        expect(
            Function::from_name(name).is_some_and(|function| !function.is_hook()),
            format!("app.concurrency.{name}: there is no such function, or it is a hook"),
        );
    }
    for name in app.env.keys() {
        let known = vars::ALL
            .iter()
            .find(|var| var.name == name && var.source == Source::Stage);
        expect(
            known.is_some(),
            format!("app.env.{name}: the application knows no such setting, or sets it itself"),
        );
    }
}
