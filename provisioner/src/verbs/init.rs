//! `spokectl init`: at most ten questions, and a stage file.

use serde::Serialize;

use crate::cli::Global;
use crate::context::{self, flag};
use crate::failure::{Blame as _, Failure, Kind, codes};
use crate::stage;
use crate::stage::sizing::{self, Sizing};
use crate::stage::write::{self, Chosen};
use crate::ui::Ui;

/// Ask a few questions and write the stage file
///
/// Every question is also a flag; what is not given is asked on a terminal. Elsewhere account,
/// region, texts, texters and the ids of --sign-in slack or auth0 have to be given, and all else
/// takes its default. The file has every setting there is, with its meaning. Nothing is read from an
/// account and nothing is made there.
///
/// Examples:
///   spokectl init
///   spokectl init --stage prod --account 123456789012 --region us-west-2 --texts 300000 --texters 800 \
///     --domain text.example.org --carrier AC01234567... --alarms ops@example.org --budget 500
///   spokectl init --stage prod --sign-in slack --client-id 1234.5678 --provider T0CAMPAIGN
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// The AWS account: 12 digits
    #[arg(long, value_name = "DIGITS")]
    pub account: Option<String>,
    /// The AWS region
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// Texts a day at the peak
    #[arg(long, value_name = "NUMBER")]
    pub texts: Option<u64>,
    /// Texters at once at the peak
    #[arg(long, value_name = "NUMBER")]
    pub texters: Option<u64>,
    /// The domain people use, or none
    #[arg(long, value_name = "NAME")]
    pub domain: Option<String>,
    /// Twilio's account (AC...), or none: texts are simulated then
    #[arg(long, value_name = "SID")]
    pub carrier: Option<String>,
    /// How people sign in
    #[arg(long, value_name = "WAY", value_parser = ["password", "slack", "auth0"])]
    pub sign_in: Option<String>,
    /// The client id Slack or Auth0 gave; only with --sign-in slack or auth0
    #[arg(long, value_name = "ID")]
    pub client_id: Option<String>,
    /// Slack's workspace (T...) or Auth0's domain; only with --sign-in slack or auth0
    #[arg(long, value_name = "NAME")]
    pub provider: Option<String>,
    /// Where alarms go: addresses, with commas between them
    #[arg(long, value_name = "ADDRESSES")]
    pub alarms: Option<String>,
    /// Dollars a week it may cost
    #[arg(long, value_name = "DOLLARS", value_parser = dollars)]
    pub budget: Option<u32>,
    /// Who owns it, for the tags; not asked
    #[arg(long, value_name = "NAME")]
    pub owner: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    stage: String,
    file: String,
    next: Vec<String>,
}

/// How people sign in, complete.
enum SignIn {
    Password,
    Slack { client_id: String, team: String },
    Auth0 { client_id: String, domain: String },
}

/// The answers, complete.
struct Answers {
    account: String,
    region: String,
    texts: u64,
    texters: u64,
    domain: Option<String>,
    carrier: Option<String>,
    sign_in: SignIn,
    alarms: Vec<String>,
    budget: Option<u32>,
    owner: String,
}

pub(super) fn run(global: &Global, args: &Args, ui: &Ui) -> Result<Kind, Failure> {
    let repository = context::here()?;
    let name = name(global, ui)?;
    let (name, path) = stage::place(&repository, &name)?;
    if path.exists() {
        return Err(
            Failure::new(codes::NOT_EMPTY, format!("stage {name} is there already"))
                .why(repository.shown(&path))
                .state("nothing was written")
                .next(format!("spokectl config explain{}", flag(&name))),
        );
    }
    let answers = answers(args, ui)?;
    let text = write::text(&name, &chosen(&answers));
    // Whatever is wrong with an answer is told before the file exists.
    stage::resolve(&name, &text).map_err(|failure| failure.state("nothing was written"))?;
    std::fs::write(&path, text).blame(
        codes::FOLDER,
        format!("{} cannot be written", repository.shown(&path)),
    )?;
    let flag = flag(&name);
    let mut next = vec![
        format!("spokectl plan{flag}"),
        format!("spokectl deploy{flag}"),
    ];
    // The first deploy makes the secrets, and stops before the functions until they are set.
    if answers.carrier.is_some() {
        next.push(format!("spokectl secrets set twilio{flag}"));
    }
    if !matches!(answers.sign_in, SignIn::Password) {
        next.push(format!("spokectl secrets set sign-in{flag}"));
    }
    if next.len() > 2 {
        next.push(format!("spokectl deploy{flag}"));
    }
    let written = Written {
        stage: name,
        file: repository.shown(&path),
        next,
    };
    ui.data(&written, || {
        format!(
            "{}\n\nthen  {}",
            written.file,
            written.next.join("\n      ")
        )
    });
    Ok(Kind::Ok)
}

fn name(global: &Global, ui: &Ui) -> Result<String, Failure> {
    if global.stage != "local" {
        return Ok(global.stage.clone());
    }
    ask(
        ui,
        "What is this instance called? It becomes part of every name.",
        "--stage",
        "prod",
    )
}

/// An answer from a terminal; without one the flag is needed, for what has no sensible default.
fn ask(ui: &Ui, question: &str, flag: &str, default: &str) -> Result<String, Failure> {
    if !ui.can_ask() {
        return Err(
            Failure::new(codes::NO_TERMINAL, format!("{flag} is missing"))
                .why(format!("{question} Nobody can be asked here."))
                .state("nothing was written")
                .next(format!("spokectl init {flag} ...")),
        );
    }
    Ok(line(ui, question, default))
}

/// A question whose answer may be a flag's.
struct Asked<'a> {
    given: &'a Option<String>,
    flag: &'a str,
    question: &'a str,
    default: &'a str,
}

/// Two answers that belong together, asked for as one; where one is given, only the other is asked for.
fn two(
    ui: &Ui,
    both: &str,
    first: &Asked<'_>,
    second: &Asked<'_>,
) -> Result<(String, String), Failure> {
    let alone = |asked: &Asked<'_>| ask(ui, asked.question, asked.flag, asked.default);
    match (first.given, second.given) {
        (Some(first), Some(second)) => Ok((first.clone(), second.clone())),
        (Some(first), None) => Ok((first.clone(), alone(second)?)),
        (None, Some(second)) => Ok((alone(first)?, second.clone())),
        (None, None) => {
            let answer = ask(ui, both, first.flag, "")?;
            let words: Vec<_> = answer.split_whitespace().collect();
            match words[..] {
                [one] => Ok((one.to_owned(), second.default.to_owned())),
                [one, other] => Ok((one.to_owned(), other.to_owned())),
                _ => Err(misread(&answer, "one or two words", both)),
            }
        }
    }
}

/// An answer that is none.
fn misread(answer: &str, wanted: &str, question: &str) -> Failure {
    Failure::new(
        codes::STAGE_VALUE,
        format!("\"{answer}\" cannot be read: {wanted}, please"),
    )
    .why(question)
    .state("nothing was written")
    .next("spokectl init")
}

/// Whole dollars, as people write them: `500`, `$500`, `1,500`.
fn dollars(text: &str) -> Result<u32, String> {
    let digits = text
        .trim()
        .trim_start_matches('$')
        .replace([',', '_', ' '], "");
    digits
        .parse()
        .map_err(|_| "whole dollars a week, such as 500".to_owned())
}

/// The same for what may stay at its default.
fn ask_or(ui: &Ui, question: &str, default: &str) -> String {
    if !ui.can_ask() {
        return default.to_owned();
    }
    line(ui, question, default)
}

/// A line that was typed; an empty one means the default.
fn line(ui: &Ui, question: &str, default: &str) -> String {
    let shown = if default.is_empty() {
        String::new()
    } else {
        format!(" [{default}]")
    };
    let answer = ui.line(&format!("{question}{shown}"));
    if answer.is_empty() {
        default.to_owned()
    } else {
        answer
    }
}

fn answers(args: &Args, ui: &Ui) -> Result<Answers, Failure> {
    let (account, region) = two(
        ui,
        "Which AWS account (12 digits: aws sts get-caller-identity), and which region unless us-east-1? A space between them, please.",
        &Asked {
            given: &args.account,
            flag: "--account",
            question: "Which AWS account? 12 digits: aws sts get-caller-identity",
            default: "",
        },
        &Asked {
            given: &args.region,
            flag: "--region",
            question: "Which AWS region?",
            default: "us-east-1",
        },
    )?;
    let texts = count(
        args.texts,
        ui,
        "How many texts a day, at the peak?",
        "--texts",
        "20000",
    )?;
    let texters = count(
        args.texters,
        ui,
        "How many texters at once, at the peak?",
        "--texters",
        "50",
    )?;
    let optional = |flag: &Option<String>, question: &str| {
        let answer = flag.clone().unwrap_or_else(|| ask_or(ui, question, "none"));
        (answer != "none" && !answer.is_empty()).then_some(answer)
    };
    let domain = optional(
        &args.domain,
        "Which domain do people use? none: an address of CloudFront's",
    );
    let carrier = optional(
        &args.carrier,
        "Twilio's account SID (AC...)? none: texts are simulated",
    );
    let sign_in = sign_in(args, ui)?;
    let alarms: Vec<String> = optional(
        &args.alarms,
        "Where do alarms go? Addresses, with commas between them",
    )
    .iter()
    .flat_map(|text| text.split(','))
    .map(|address| address.trim().to_owned())
    .collect();
    let budget = match args.budget {
        Some(budget) => Some(budget),
        None => budget(ui)?,
    };
    let owner = args
        .owner
        .clone()
        .or_else(|| alarms.first().cloned())
        .unwrap_or_else(|| "nobody yet".to_owned());
    Ok(Answers {
        account,
        region,
        texts,
        texters,
        domain,
        carrier,
        sign_in,
        alarms,
        budget,
        owner,
    })
}

fn budget(ui: &Ui) -> Result<Option<u32>, Failure> {
    let question = "How many dollars a week may it cost? none: plan never warns";
    let answer = ask_or(ui, question, "none");
    if answer == "none" {
        return Ok(None);
    }
    dollars(&answer)
        .map(Some)
        .map_err(|wanted| misread(&answer, &wanted, question))
}

fn count(
    flag: Option<u64>,
    ui: &Ui,
    question: &str,
    name: &str,
    default: &str,
) -> Result<u64, Failure> {
    if let Some(count) = flag {
        return Ok(count);
    }
    let answer = ask(ui, question, name, default)?;
    answer
        .replace([',', '_', ' '], "")
        .parse()
        .map_err(|_| misread(&answer, "a number", question))
}

fn sign_in(args: &Args, ui: &Ui) -> Result<SignIn, Failure> {
    let way = args.sign_in.clone().unwrap_or_else(|| {
        ask_or(
            ui,
            "How do people sign in: password, slack or auth0?",
            "password",
        )
    });
    let of_provider = |both, id, place| {
        let asked = |given, flag, question| Asked {
            given,
            flag,
            question,
            default: "",
        };
        let id = asked(&args.client_id, "--client-id", id);
        let place = asked(&args.provider, "--provider", place);
        two(ui, both, &id, &place)
    };
    match way.as_str() {
        "password" => Ok(SignIn::Password),
        "slack" => {
            let (client_id, team) = of_provider(
                "Which client id did Slack give, and for which workspace (its id, T...)? A space between them, please.",
                "Which client id did Slack give?",
                "For which workspace of Slack? Its id, T...",
            )?;
            Ok(SignIn::Slack { client_id, team })
        }
        "auth0" => {
            let (client_id, domain) = of_provider(
                "Which client id did Auth0 give, and under which domain (such as campaign.us.auth0.com)? A space between them, please.",
                "Which client id did Auth0 give?",
                "Under which domain of Auth0? Such as campaign.us.auth0.com",
            )?;
            Ok(SignIn::Auth0 { client_id, domain })
        }
        other => Err(Failure::new(
            codes::STAGE_VALUE,
            format!("\"{other}\" is no way to sign in"),
        )
        .why("people sign in with a password, by Slack or by Auth0")
        .state("nothing was written")
        .next("spokectl init --sign-in password")),
    }
}

/// The answers as the file's values.
fn chosen(answers: &Answers) -> Chosen {
    let size = sizing::of(answers.texts, answers.texters);
    let mut chosen = Chosen::new();
    let mut set = |path: &str, value: String| {
        chosen.insert(path.to_owned(), value);
    };
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    set("account", quoted(&answers.account));
    set("region", quoted(&answers.region));
    set("owner", quoted(&answers.owner));
    set("network.cidr", quoted("10.20.0.0/16"));
    set("release.shift", quoted("Linear10PercentEvery1Minute"));
    set("app.glibc", quoted("2.34"));
    set("cache.version", quoted("8.0"));
    let addresses: Vec<_> = answers
        .alarms
        .iter()
        .map(|address| quoted(address))
        .collect();
    set("alerts.email", format!("[{}]", addresses.join(", ")));
    if let Some(budget) = answers.budget {
        set("alerts.weekly_budget", budget.to_string());
    }
    if let Some(domain) = &answers.domain {
        set("edge.domain", quoted(domain));
    }
    match &answers.carrier {
        Some(sid) => set("app.env.TWILIO_ACCOUNT_SID", quoted(sid)),
        None => set("app.env.SKIP_TWILIO_AND_AUTOREPLY", quoted("1")),
    }
    match &answers.sign_in {
        SignIn::Password => {}
        SignIn::Slack { client_id, team } => {
            set("app.env.PASSPORT_STRATEGY", quoted("slack"));
            set("app.env.SLACK_CLIENT_ID", quoted(client_id));
            set("app.env.SLACK_TEAM_ID", quoted(team));
        }
        SignIn::Auth0 { client_id, domain } => {
            set("app.env.PASSPORT_STRATEGY", quoted("auth0"));
            set("app.env.AUTH0_CLIENT_ID", quoted(client_id));
            set("app.env.AUTH0_DOMAIN", quoted(domain));
        }
    }
    sized(size, &mut set);
    chosen
}

fn sized(size: Sizing, set: &mut impl FnMut(&str, String)) {
    let quoted = |text: &str| format!("\"{text}\"");
    set("database.kind", quoted(size.database));
    set(
        "database.version",
        quoted(if size.database == "rds" {
            "16.9"
        } else {
            "16.8"
        }),
    );
    if size.class.is_empty() {
        set("database.min_capacity", size.capacity.0.to_string());
        set("database.max_capacity", size.capacity.1.to_string());
    } else {
        set("database.class", quoted(size.class));
    }
    if size.storage_gib > 0 {
        set("database.storage_gib", size.storage_gib.to_string());
    }
    set("database.multi_az", size.multi_az.to_string());
    set("cache.class", quoted(size.cache));
    set("cache.nodes", size.cache_nodes.to_string());
    set("network.zones", size.zones.to_string());
    set(
        "network.nat",
        quoted(if size.nat_each { "each" } else { "one" }),
    );
    let small = if size.worker > 4 { 10 } else { 3 };
    set("app.concurrency.web", size.web.to_string());
    set("app.concurrency.worker", size.worker.to_string());
    set("app.concurrency.inbound", small.to_string());
    set("app.concurrency.reports", small.to_string());
    set("app.concurrency.scheduled", "1".to_owned());
}
