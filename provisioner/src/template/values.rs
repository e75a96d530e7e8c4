//! What the templates are given: the stage, and what follows from it.

use anyhow::bail;
use serde::Serialize;
use serde_json::{Map, Value, json};
use spoke_contract::functions::{Function, LIVE};
use spoke_contract::names;
use spoke_contract::vars::{self, Source};

use super::{dashboard, shift};
use crate::release::lock;
use crate::scale::{Settings, wake};
use crate::stage::{DatabaseKind, Nat, Stage};

/// Everything the templates name.
pub fn of(stage: &Stage) -> anyhow::Result<Value> {
    let mut functions = Map::new();
    for function in Function::ALL {
        functions.insert(
            function.name().to_owned(),
            serde_json::to_value(function_values(stage, function)?)?,
        );
    }
    let api_url = api_url(stage);
    Ok(json!({
        "stage": stage,
        "network": network(stage),
        "edge": stage.edge,
        "log_metrics": log_metrics(),
        "dashboard": dashboard::body(stage)?,
        "database": database(stage),
        "cache": {
            "tls": stage.cache.tls,
            "version": stage.cache.version,
            "class": stage.cache.class,
            "nodes": stage.cache.nodes,
            "failover": stage.cache.nodes > 1,
            "deletion_policy": if stage.database.deletion_protection { "Snapshot" } else { "Delete" },
        },
        "shift": {
            "config_name": shift::config_name(&stage.name, &stage.release.shift),
            "custom": shift::custom(&stage.release.shift),
        },
        "grants": grants(stage),
        "scaler": scaler(stage)?,
        "functions": functions,
        "api_url": api_url,
    }))
}

/// The address people use: the domain, else CloudFront's, else the HTTP API's own.
fn api_url(stage: &Stage) -> String {
    match &stage.edge.domain {
        Some(domain) => format!("https://{domain}"),
        None if stage.edge.cdn => "!Sub https://${Cdn.DomainName}".to_owned(),
        None => "!GetAtt Api.ApiEndpoint".to_owned(),
    }
}

/// What is counted in log lines; the patterns are lines the application writes.
fn log_metrics() -> Value {
    json!([
        { "id": "FailedJobs", "group": "WorkerLogs", "pattern": "{ $.message = \"job failed\" }" },
        { "id": "InboundTexts", "group": "WebLogs", "pattern": "{ $.message = \"answered\" && $.path = \"/twilio\" }" },
        { "id": "DeliveryReports", "group": "WebLogs", "pattern": "{ $.message = \"answered\" && $.path = \"/twilio-message-report\" }" },
    ])
}

/// `10.20` of `10.20.0.0/16`.
#[must_use]
pub fn first_two_octets(cidr: &str) -> Option<String> {
    let octets = cidr.strip_suffix(".0.0/16")?;
    let (first, second) = octets.split_once('.')?;
    let first: u8 = first.parse().ok()?;
    let second: u8 = second.parse().ok()?;
    let private = first == 10
        || (first == 172 && (16..=31).contains(&second))
        || (first == 192 && second == 168);
    private.then(|| format!("{first}.{second}"))
}

fn network(stage: &Stage) -> Value {
    let base = first_two_octets(&stage.network.cidr).unwrap_or_default();
    let zones: Vec<Value> = (0..stage.network.zones)
        .map(|index| {
            let id = char::from(b'A' + index);
            json!({
                "id": id,
                "index": index,
                "public_cidr": format!("{base}.{index}.0/24"),
                // Functions need an address per subnet and group, not per environment; /20 leaves room for all else.
                "private_cidr": format!("{base}.{}.0/20", 16 * (u16::from(index) + 1)),
                "own_nat": match stage.network.nat {
                    Nat::None => false,
                    Nat::One => index == 0,
                    Nat::Each => true,
                },
                "nat": match stage.network.nat {
                    Nat::None => Value::Null,
                    Nat::One => json!("A"),
                    Nat::Each => json!(id),
                },
            })
        })
        .collect();
    let endpoints: Vec<Value> = stage
        .network
        .endpoints
        .iter()
        .map(|service| json!({ "id": logical_id(service), "service": service }))
        .collect();
    let existing = stage.network.existing.as_ref();
    let private_subnets: Vec<String> = existing.map_or_else(
        || {
            zones
                .iter()
                .map(|zone| {
                    format!(
                        "!Ref PrivateSubnet{}",
                        zone["id"].as_str().unwrap_or_default()
                    )
                })
                .collect()
        },
        |there| there.private_subnets.clone(),
    );
    json!({
        "cidr": stage.network.cidr,
        "existing": existing.is_some(),
        "vpc": existing.map_or("!Ref Vpc", |there| &there.vpc_id),
        "vpc_cidr": existing.map_or(&stage.network.cidr, |there| &there.cidr),
        "other_subnets": private_subnets.get(1..).unwrap_or_default(),
        "private_subnets": private_subnets,
        "zones": zones,
        "endpoints": endpoints,
    })
}

/// `secretsmanager` becomes `Secretsmanager`, `execute-api` `ExecuteApi`.
fn logical_id(service: &str) -> String {
    service
        .split(|c: char| !c.is_ascii_alphanumeric())
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |first| {
                first.to_ascii_uppercase().to_string() + letters.as_str()
            })
        })
        .collect()
}

fn database(stage: &Stage) -> Value {
    let database = &stage.database;
    let existing = database.existing.as_ref();
    let serverless = database.kind == DatabaseKind::AuroraServerless;
    let aurora = serverless || database.kind == DatabaseKind::Aurora;
    let instances: Vec<Value> = (1..=if database.multi_az { 2 } else { 1 })
        .map(|number: u8| json!({ "id": if number == 1 { "Writer" } else { "Standby" }, "number": number }))
        .collect();
    let name = format!("spoke-{}", stage.name);
    let id = existing.map_or_else(
        || {
            if aurora {
                "!Ref DatabaseCluster"
            } else {
                "!Ref Database"
            }
            .to_owned()
        },
        |there| there.id.clone(),
    );
    json!({
        "aurora": aurora,
        "existing": existing.is_some(),
        "id": id,
        "secret": existing.map_or("!Ref DatabaseSecret", |there| &there.secret_arn),
        "security_group": existing.map(|there| &there.security_group),
        "serverless": serverless,
        "instances": instances,
        "dimension": database.dimension(),
        "first_instance": if aurora { format!("{name}-1") } else { name.clone() },
        "log_group": format!("/aws/rds/{}/{name}/postgresql", if aurora { "cluster" } else { "instance" }),
        "has_replica": aurora && database.multi_az,
        // Bytes: a tenth of what was ordered.
        "storage_alarm": (database.kind == DatabaseKind::Rds)
            .then(|| u64::from(database.storage_gib) * 1024 * 1024 * 1024 / 10),
        "burstable": !serverless && existing.is_none() && database.class.starts_with("db.t"),
        "major": database.version.split('.').next(),
        "version": database.version,
        "class": if serverless { "db.serverless" } else { &database.class },
        "storage_gib": database.storage_gib,
        "multi_az": database.multi_az,
        "backup_days": database.backup_days,
        "deletion_protection": database.deletion_protection,
        "force_ssl": u8::from(database.tls),
        "min_capacity": database.min_capacity,
        "max_capacity": database.max_capacity,
    })
}

/// One function, as the partial `function` wants it.
#[derive(Serialize)]
struct FunctionValues {
    id: String,
    name: &'static str,
    stage: String,
    purpose: &'static str,
    lambda_name: String,
    hook: bool,
    memory: u32,
    timeout: u32,
    visibility: u32,
    concurrency: Option<u32>,
    architecture: &'static str,
    log_days: u32,
    env: Vec<Setting>,
}

/// One environment variable as YAML.
#[derive(Serialize)]
struct Setting {
    name: &'static str,
    value: String,
}

fn function_values(stage: &Stage, function: Function) -> anyhow::Result<FunctionValues> {
    let (memory, timeout) = match function {
        // The HTTP API gives up after 30 s; one second less lets the function say so itself.
        Function::Web => (stage.app.web_memory, 29),
        Function::Worker => (stage.app.worker_memory, 900),
        Function::Inbound | Function::Reports => (256, 60),
        Function::Scheduled => (256, 55),
        Function::Preflight => (512, 900),
        Function::Postflight => (256, 120),
    };
    Ok(FunctionValues {
        id: logical_id(function.name()),
        name: function.name(),
        stage: stage.name.clone(),
        purpose: purpose(function),
        lambda_name: function.lambda_name(&stage.name),
        hook: function.is_hook(),
        memory,
        timeout,
        visibility: timeout * 6,
        concurrency: stage.app.concurrency.get(function.name()).copied(),
        architecture: stage.app.architecture.name(),
        log_days: stage.app.log_days,
        env: environment(stage, function)?,
    })
}

const fn purpose(function: Function) -> &'static str {
    match function {
        Function::Web => "pages, GraphQL, login, webhooks",
        Function::Worker => "background jobs",
        Function::Inbound => "inbound texts from the queue",
        Function::Reports => "delivery reports from the queue",
        Function::Preflight => "hook before traffic, runs the migrations",
        Function::Postflight => "hook after traffic, moves the bundle pointer",
        Function::Scheduled => "periodic work",
    }
}

/// The variables of one function, row by row of the contract. Lambda has 4 KB for all of them,
/// so what equals the application's default is left out.
fn environment(stage: &Stage, function: Function) -> anyhow::Result<Vec<Setting>> {
    let mut settings = Vec::new();
    for var in vars::ALL {
        let value = match var.source {
            Source::Plain => None,
            Source::Stage => stage.app.env.get(var.name).map(|value| quote(value)),
            Source::Template => template_value(stage, function, var.name)?,
        };
        if let Some(value) = value {
            settings.push(Setting {
                name: var.name,
                value,
            });
        }
    }
    Ok(settings)
}

/// A YAML scalar that is text whatever it looks like; JSON strings are YAML.
fn quote(text: &str) -> String {
    Value::from(text).to_string()
}

/// The value of a row the templates fill, as YAML; `None` leaves the variable out.
fn template_value(stage: &Stage, function: Function, name: &str) -> anyhow::Result<Option<String>> {
    let reference = |parameter: &str| Some(format!("!Ref {parameter}"));
    let value = match name {
        vars::FUNCTION => Some(quote(function.name())),
        vars::STAGE => Some(quote(&stage.name)),
        vars::RELEASE => reference("Release"),
        vars::BUNDLE => reference("Bundle"),
        vars::BASE_URL => Some(api_url(stage)),
        vars::TRUSTED_PROXIES => stage.edge.cdn.then(|| quote("1")),
        vars::ASSET_BUCKET => reference("AssetBucket"),
        // CloudFront serves pages and assets under one name; without it the web function serves the assets itself.
        vars::ASSET_DOMAIN => None,
        vars::PRIVATE_BUCKET => reference("PrivateBucket"),
        vars::DATABASE_SECRET_ARN => reference("DatabaseSecretArn"),
        vars::DB_USE_SSL => Some(quote(if stage.database.tls { "1" } else { "0" })),
        // Migrations go straight to the database and to nothing else.
        vars::REDIS_URL | vars::REDIS_SECRET_ARN if function == Function::Preflight => None,
        vars::REDIS_URL => reference("CacheUrl"),
        vars::REDIS_SECRET_ARN => stage.cache.tls.then(|| "!Ref CacheSecretArn".to_owned()),
        vars::SESSION_SECRET_ARN => {
            (function == Function::Web).then(|| "!Ref SessionSecretArn".to_owned())
        }
        vars::POINTER_PARAMETER => Some(quote(&names::pointer_parameter(&stage.name))),
        vars::PENDING_RELEASE_PARAMETER => (function == Function::Postflight)
            .then(|| quote(&names::pending_release_parameter(&stage.name))),
        vars::JOB_EXECUTOR => Some(quote("LAMBDA")),
        vars::JOB_LAMBDA_WORKER_FUNCTION_NAME => Some(quote(&format!(
            "{}:{LIVE}",
            Function::Worker.lambda_name(&stage.name)
        ))),
        vars::INBOUND_QUEUE_URL => reference("InboundQueue"),
        vars::REPORT_QUEUE_URL => reference("ReportQueue"),
        vars::TWILIO_SECRET_ARN => {
            (stage.twilio_secret && !function.is_hook()).then(|| "!Ref TwilioSecretArn".to_owned())
        }
        vars::TWILIO_FALLBACK_KEY => (stage.twilio_secret && !function.is_hook())
            .then(|| r#"!Select [2, !Split ["/", !Ref AWS::StackId]]"#.to_owned()),
        vars::ORIGIN_SECRET_ARN => {
            (stage.edge.cdn && function == Function::Web).then(|| "!Ref OriginSecretArn".to_owned())
        }
        vars::SIGN_IN_SECRET_ARN => (stage.sign_in_secret && function == Function::Web)
            .then(|| "!Ref SignInSecretArn".to_owned()),
        other => {
            bail!("no template value for the variable {other}: give it one in template/values.rs")
        }
    };
    Ok(value)
}

/// What the functions' roles name. Written by name and not by reference where a reference would
/// run in a circle (worker's alias, deployment group).
fn grants(stage: &Stage) -> Value {
    let name = &stage.name;
    let parameter = |path: &str| {
        format!(
            "!Sub \"arn:${{AWS::Partition}}:ssm:${{AWS::Region}}:${{AWS::AccountId}}:parameter{path}\""
        )
    };
    let lambda = |function: Function| {
        format!(
            "!Sub \"arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:{}:{LIVE}\"",
            function.lambda_name(name)
        )
    };
    let mut jobs = vec!["!Ref DatabaseSecretArn"];
    let mut hooks = vec!["!Ref DatabaseSecretArn"];
    if stage.cache.tls {
        jobs.push("!Ref CacheSecretArn");
        hooks.push("!Ref CacheSecretArn");
    }
    if stage.twilio_secret {
        jobs.push("!Ref TwilioSecretArn");
    }
    let mut web = jobs.clone();
    web.push("!Ref SessionSecretArn");
    if stage.edge.cdn {
        web.push("!Ref OriginSecretArn");
    }
    if stage.sign_in_secret {
        web.push("!Ref SignInSecretArn");
    }
    let following: Vec<String> = Function::ALL
        .into_iter()
        .filter(|function| function.follows_web())
        .map(|function| {
            // UpdateAlias is asked for on the function, GetAlias on the function as well.
            lambda(function).replace(&format!(":{LIVE}"), "")
        })
        .collect();
    json!({
        "web_secrets": list(&web),
        "job_secrets": list(&jobs),
        "hook_secrets": list(&hooks),
        "pointer": parameter(&names::pointer_parameter(name)),
        "tables": parameter(&names::tables_parameter(name)),
        "pending": parameter(&names::pending_release_parameter(name)),
        "bundles": "!Sub \"arn:${AWS::Partition}:s3:::${AssetBucket}/*\"",
        "uploads": "!Sub \"arn:${AWS::Partition}:s3:::${PrivateBucket}/contactUploads/*\"",
        "files": "!Sub \"arn:${AWS::Partition}:s3:::${PrivateBucket}/*\"",
        "worker": lambda(Function::Worker),
        "worker_dead": "!GetAtt WorkerDeadLetters.Arn",
        "queues": list(&["!GetAtt InboundQueue.Arn", "!GetAtt ReportQueue.Arn"]),
        "following": list(&following),
        "deployment_group": format!(
            "!Sub \"arn:${{AWS::Partition}}:codedeploy:${{AWS::Region}}:${{AWS::AccountId}}:deploymentgroup:spoke-{name}/spoke-{name}-web\""
        ),
    })
}

/// The function that looks after the database's size; null where the database is not ours to change.
fn scaler(stage: &Stage) -> anyhow::Result<Value> {
    let Some(settings) = Settings::of(stage) else {
        return Ok(Value::Null);
    };
    let name = &stage.name;
    let arn = |service: &str, resource: &str| {
        format!(
            "!Sub \"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}\""
        )
    };
    let database = settings.database();
    let mut databases = vec![arn("rds", &format!("db:{database}"))];
    let (mut look, mut change) = (vec!["rds:DescribeDBInstances"], Vec::new());
    if stage.database.kind == DatabaseKind::Rds {
        change.push("rds:ModifyDBInstance");
    } else {
        databases = vec![arn("rds", &format!("cluster:{database}"))];
        for number in 1..=settings.machine.count {
            databases.push(arn("rds", &format!("db:{database}-{number}")));
            // The machine that joins for as long as a change takes.
            if stage.database.kind == DatabaseKind::Aurora {
                databases.push(arn("rds", &format!("db:{database}-{number}-scaling")));
            }
        }
        look.push("rds:DescribeDBClusters");
    }
    match stage.database.kind {
        DatabaseKind::Aurora => change.extend([
            "rds:ModifyDBInstance",
            "rds:CreateDBInstance",
            "rds:DeleteDBInstance",
            "rds:FailoverDBCluster",
        ]),
        DatabaseKind::AuroraServerless => change.push("rds:ModifyDBCluster"),
        DatabaseKind::Rds | DatabaseKind::Existing => {}
    }
    Ok(json!({
        "name": names::scaler_function(name),
        "settings": quote(&serde_json::to_string(&settings)?),
        "timeout": wake::TIMEOUT_SECONDS,
        // An account whose quota is small has none to reserve; a stage that reserves for others has it for this as well.
        "reserved": !stage.app.concurrency.is_empty(),
        "look": look.join(", "),
        "change": change.join(", "),
        "databases": list(&databases),
        "parameters": list(&[
            arn("ssm", &format!("parameter{}", names::scaling_parameter(name))),
            arn("ssm", &format!("parameter{}", lock::parameter(name))),
        ]),
        "history": format!("!Sub \"arn:${{AWS::Partition}}:s3:::${{ArtifactBucket}}/scaling/{name}/*\""),
        "slack": stage.scaling.slack_secret.as_ref().map(|secret| {
            // Secrets Manager ends an ARN with six letters of its own.
            arn("secretsmanager", &format!("secret:{secret}-??????"))
        }),
    }))
}

/// A YAML list in one line.
fn list(items: &[impl AsRef<str>]) -> String {
    let items: Vec<_> = items.iter().map(AsRef::as_ref).collect();
    format!("[{}]", items.join(", "))
}
