//! `spokectl secrets`: values go in from a terminal or a pipe, and never come out.

use std::io::{IsTerminal as _, Read as _};

use serde::Serialize;

use crate::cli::Global;
use crate::context::Context;
use crate::failure::{Blame as _, Failure, Kind, codes};
use crate::ui::table::table;
use crate::ui::{Ui, ago};

/// The instance's secrets: which are set, and a new value for one
///
/// The first deploy makes them, and stops before the functions until each one that is needed has its
/// value. A value is read from the terminal, unseen, or from stdin; never from the command line,
/// where every process of this machine could read it. It is never printed, and no function has it in
/// its environment.
///
/// Examples:
///   spokectl secrets list --stage prod
///   spokectl secrets set twilio --stage prod
///   pass show twilio | spokectl secrets set twilio --stage prod
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Which secrets there are, and when each was set
    List,
    /// Give a secret a new value
    Set {
        /// Which secret
        #[arg(value_enum)]
        secret: Secret,
    },
}

/// A secret somebody may set; database and cache have theirs made by AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Secret {
    /// Seals the session cookies; a new value signs everybody out
    Session,
    /// Twilio's auth token
    Twilio,
    /// The client secret of Slack or Auth0, where people sign in by it
    SignIn,
}

impl Secret {
    const ALL: [Self; 3] = [Self::Session, Self::Twilio, Self::SignIn];

    const fn word(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Twilio => "twilio",
            Self::SignIn => "sign-in",
        }
    }

    fn name(self, stage: &str) -> String {
        format!("spoke-{stage}-{}", self.word())
    }

    /// What is wrong with a value, without a word of it.
    fn mistake(self, value: &str) -> Option<String> {
        let length = value.chars().count();
        match self {
            _ if value.chars().any(char::is_whitespace) => {
                Some("it has spaces or line breaks inside".to_owned())
            }
            Self::Session if length < 32 => {
                Some(format!("{length} characters; 32 or more are needed"))
            }
            Self::Twilio if length != 32 || !value.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                Some(format!(
                    "{length} characters; Twilio's auth token has 32 hexadecimal digits"
                ))
            }
            Self::SignIn if length < 32 => Some(format!(
                "{length} characters; a client secret of Slack or Auth0 has 32 or more"
            )),
            Self::Session | Self::Twilio | Self::SignIn => None,
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Known {
    secret: &'static str,
    name: String,
    exists: bool,
    is_set: bool,
    changed: Option<chrono::DateTime<chrono::Utc>>,
}

pub(super) async fn run(global: &Global, args: Args, ui: Ui) -> Result<Kind, Failure> {
    let ctx = Context::connect(global, &ui).await?;
    match args.action {
        Action::List => list(&ctx).await,
        Action::Set { secret } => set(&ctx, secret, global.yes).await,
    }
}

async fn list(ctx: &Context) -> Result<Kind, Failure> {
    let mut secrets = Vec::new();
    for secret in Secret::ALL {
        let name = secret.name(&ctx.stage.name);
        let found = ctx
            .cloud
            .secrets
            .find(&name)
            .await
            .blame(codes::UNREADABLE, "the secrets cannot be listed")?;
        secrets.push(Known {
            secret: secret.word(),
            name,
            exists: found.is_some(),
            is_set: found.as_ref().is_some_and(|found| found.is_set),
            changed: found.and_then(|found| found.changed),
        });
    }
    ctx.ui.data(&secrets, || {
        let now = chrono::Utc::now();
        let rows = secrets
            .iter()
            .map(|one| {
                let state = match (one.exists, one.is_set, one.changed) {
                    (false, _, _) => "not there".to_owned(),
                    (true, false, _) => "empty".to_owned(),
                    (true, true, None) => "set".to_owned(),
                    (true, true, Some(at)) => format!("changed {}", ago(at, now)),
                };
                vec![one.secret.to_owned(), one.name.clone(), state]
            })
            .collect();
        table(&["secret", "name", ""], rows)
    });
    Ok(Kind::Ok)
}

async fn set(ctx: &Context, secret: Secret, yes: bool) -> Result<Kind, Failure> {
    let name = secret.name(&ctx.stage.name);
    let what = format!("the secret {name} was not set");
    let found = ctx
        .cloud
        .secrets
        .find(&name)
        .await
        .blame(codes::SECRET, &what)?;
    if found.is_none() {
        return Err(Failure::new(codes::SECRET, what)
            .why("it does not exist: the data stack makes it, for a stage that needs it")
            .state("nothing was changed")
            .next(format!("spokectl deploy{}", ctx.flag())));
    }
    if secret == Secret::Session && !yes {
        let agreed = ctx.ui.can_ask()
            && ctx
                .ui
                .ask("A new session secret signs everybody out. Go on?");
        if !agreed {
            return Err(Failure::new(codes::NO_TERMINAL, what)
                .why("a new session secret signs everybody out, and nobody agreed to that")
                .state("nothing was changed")
                .next(format!("spokectl secrets set session{} --yes", ctx.flag())));
        }
    }
    let value = read(&ctx.ui, &name).blame(codes::SECRET, &what)?;
    if let Some(mistake) = secret.mistake(&value) {
        return Err(Failure::new(codes::SECRET, what)
            .why(mistake)
            .state("nothing was changed")
            .next(format!(
                "spokectl secrets set {}{}",
                secret.word(),
                ctx.flag()
            )));
    }
    let version = ctx
        .cloud
        .secrets
        .put(&name, &value)
        .await
        .blame(codes::SECRET, &what)?;
    ctx.ui.data(
        &serde_json::json!({ "secret": secret.word(), "name": name, "version": version }),
        || format!("{name} is set; functions read it as they start"),
    );
    Ok(Kind::Ok)
}

/// From a terminal without an echo, else from stdin to its end.
fn read(ui: &Ui, name: &str) -> anyhow::Result<String> {
    let mut value = String::new();
    if std::io::stdin().is_terminal() {
        ui.say(format!("The new value of {name} (it is not shown):"));
        value = console::Term::stderr().read_secure_line()?;
    } else {
        std::io::stdin().read_to_string(&mut value)?;
    }
    Ok(value.trim().to_owned())
}
