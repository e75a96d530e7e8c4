//! A failure blames, explains and hands over the next command.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::process::ExitCode;

use serde::{Serialize, Serializer};

/// How a command ended; the table of exit codes of the help text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Done.
    Ok,
    /// It did not work; nothing needs mending.
    Error,
    /// Changes or findings were found (only by verbs that look for them).
    Findings,
    /// The release failed and everything is back where it was.
    RolledBack,
    /// The release failed and something is left that needs a hand.
    NeedsRepair,
    /// A guard refused.
    Refused,
    /// Somebody else is at work on the stage.
    Locked,
    /// It cannot be told whether it worked.
    Inconclusive,
    /// The command went away; the work goes on.
    Detached,
}

impl Kind {
    /// The number of the table in `--help`.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Error => 1,
            Self::Findings => 2,
            Self::RolledBack => 3,
            Self::NeedsRepair => 4,
            Self::Refused => 5,
            Self::Locked => 6,
            Self::Inconclusive => 7,
            Self::Detached => 130,
        }
    }

    /// The same for the operating system.
    #[must_use]
    pub fn exit_code(self) -> ExitCode {
        ExitCode::from(self.number())
    }
}

/// A failure's name: searchable, and never given to another failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// `SPK-<area>-<number>`.
    pub id: &'static str,
    /// What it usually means for the exit code.
    pub kind: Kind,
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id)
    }
}

/// Every failure there is.
pub mod codes {
    use super::{Code, Kind};

    macro_rules! codes {
        ($($(#[$doc:meta])* $name:ident = $id:literal, $kind:ident;)*) => {
            $($(#[$doc])* pub const $name: Code = Code { id: $id, kind: Kind::$kind };)*
            /// The registry.
            pub const ALL: &[Code] = &[$($name),*];
        };
    }

    codes! {
        /// A failure nobody foresaw; the raw words are shown.
        UNKNOWN = "SPK-GEN-0001", Error;
        /// Not inside a working copy of the repository.
        NO_REPOSITORY = "SPK-GEN-0002", Error;
        /// A confirmation was needed and nobody could be asked.
        NO_TERMINAL = "SPK-GEN-0003", Refused;
        /// The command line is no command of ours.
        USAGE = "SPK-GEN-0005", Error;
        /// A folder or file that would be written over holds something else.
        NOT_EMPTY = "SPK-GEN-0004", Refused;
        /// There is no stage file of that name.
        STAGE_MISSING = "SPK-STG-0001", Error;
        /// The stage file does not parse.
        STAGE_SYNTAX = "SPK-STG-0002", Error;
        /// A value of the stage file cannot be.
        STAGE_VALUE = "SPK-STG-0003", Error;
        /// A stage file has no such key.
        NO_SUCH_KEY = "SPK-STG-0007", Error;
        /// A secret could not be set.
        SECRET = "SPK-STG-0008", Error;
        /// The stage's endpoint file is not there: its cloud is not running.
        CLOUD_NOT_RUNNING = "SPK-STG-0004", Error;
        /// The identity belongs to another account than the stage file says.
        WRONG_ACCOUNT = "SPK-STG-0005", Refused;
        /// Nobody could say who we are.
        NO_IDENTITY = "SPK-STG-0006", Error;
        /// A secret a release needs has no value.
        SECRET_EMPTY = "SPK-STG-0009", Refused;
        /// There are no credentials for AWS.
        NO_CREDENTIALS = "SPK-STG-0010", Error;
        /// The credentials for AWS have run out.
        CREDENTIALS_EXPIRED = "SPK-STG-0011", Error;
        /// A template does not render.
        RENDER = "SPK-TPL-0001", Error;
        /// A rendered template is larger than CloudFormation takes.
        TEMPLATE_SIZE = "SPK-TPL-0002", Refused;
        /// A saved plan is not what would happen any more.
        PLAN_STALE = "SPK-PLN-0001", Refused;
        /// The planner refuses: it cannot go well.
        PLAN_REFUSED = "SPK-PLN-0002", Refused;
        /// Something grave needs a confirmation of its own.
        NOT_ACCEPTED = "SPK-PLN-0003", Refused;
        /// Something was changed by hand since the last deploy.
        DRIFTED = "SPK-PLN-0004", Refused;
        /// CloudFormation refused a change set.
        CHANGE_SET = "SPK-CF-0001", Error;
        /// A stack could not be made; it went back.
        STACK_CREATE = "SPK-CF-0002", RolledBack;
        /// A stack could not be changed; it went back.
        STACK_UPDATE = "SPK-CF-0003", RolledBack;
        /// A stack stands where only a hand can help.
        STACK_STUCK = "SPK-CF-0004", NeedsRepair;
        /// CloudFormation did not answer as it should.
        STACK_UNREADABLE = "SPK-CF-0005", Inconclusive;
        /// The stage is locked by somebody.
        LOCKED = "SPK-LCK-0001", Locked;
        /// The lock could not be written or read.
        LOCK_UNREADABLE = "SPK-LCK-0002", Error;
        /// A program needed for building is missing or too old.
        TOOLCHAIN = "SPK-BLD-0001", Error;
        /// The function binary does not compile.
        BUILD_FUNCTION = "SPK-BLD-0002", Error;
        /// The front end does not build.
        BUILD_WEB = "SPK-BLD-0003", Error;
        /// What was built cannot be deployed.
        ARTIFACT = "SPK-BLD-0004", Refused;
        /// An upload failed.
        UPLOAD = "SPK-REL-0001", Error;
        /// Versions could not be published.
        PUBLISH = "SPK-REL-0002", Error;
        /// The release's record could not be read or written.
        RECORD = "SPK-REL-0003", Error;
        /// A release is under way that nobody watches.
        UNFINISHED = "SPK-REL-0004", Locked;
        /// There is no release to go back to.
        NOTHING_TO_GO_BACK_TO = "SPK-REL-0005", Refused;
        /// The schema has lost what the release to go back to needs.
        SCHEMA_LOST = "SPK-REL-0010", Refused;
        /// The stage was never deployed.
        NEVER_RELEASED = "SPK-REL-0006", Error;
        /// The user left before anything moved.
        INTERRUPTED = "SPK-REL-0009", Error;
        /// Going back failed half-way.
        GO_BACK = "SPK-REL-0007", NeedsRepair;
        /// There is no such bundle or release.
        NOT_FOUND = "SPK-REL-0008", Error;
        /// CodeDeploy did not take the deployment.
        SHIFT_REFUSED = "SPK-CD-0001", Error;
        /// A hook said no, and everything is back.
        HOOK_FAILED = "SPK-CD-0002", RolledBack;
        /// An alarm stopped the shift, and everything is back.
        ALARM_STOPPED = "SPK-CD-0003", RolledBack;
        /// The shift was stopped by somebody, and everything is back.
        SHIFT_STOPPED = "SPK-CD-0004", RolledBack;
        /// The shift failed for another reason, and everything is back.
        SHIFT_FAILED = "SPK-CD-0005", RolledBack;
        /// The shift failed and not everything is back.
        SHIFT_LEFT_MOVED = "SPK-CD-0006", NeedsRepair;
        /// The shift cannot be read.
        SHIFT_UNREADABLE = "SPK-CD-0007", Inconclusive;
        /// An alarm that would stop the shift rings before it has begun.
        ALARM_BEFORE = "SPK-CD-0010", Refused;
        /// A probe of the new version failed, and everything is back.
        PROBE_FAILED = "SPK-CD-0014", RolledBack;
        /// The new version failed more often than the old one, and everything is back.
        NEW_VERSION_WORSE = "SPK-CD-0015", RolledBack;
        /// The alarm on the new version could not be put.
        VERSION_ALARM = "SPK-CD-0016", Error;
        /// A canary that nothing could fail.
        CANARY_BLIND = "SPK-CD-0012", Refused;
        /// A hook cannot reach CodeDeploy.
        HOOK_MUTE = "SPK-CD-0013", Error;
        /// A hook died without a verdict, and everything is back.
        HOOK_DEAD = "SPK-CD-0011", RolledBack;
        /// The user left; the shift, or the stack's change, goes on.
        DETACHED = "SPK-CD-0009", Detached;
        /// The alias is split between two versions and no deployment is at work.
        ALIAS_SPLIT = "SPK-CD-0008", NeedsRepair;
        /// The local cloud did not start.
        LOCAL_CLOUD = "SPK-UP-0001", Error;
        /// A port is taken.
        PORT_TAKEN = "SPK-UP-0002", Error;
        /// The folder for everything local cannot be written.
        FOLDER = "SPK-UP-0003", Error;
        /// The demonstration data could not be made.
        DEMO = "SPK-UP-0004", Error;
        /// The instance does not answer.
        NO_ANSWER = "SPK-UP-0006", Error;
        /// The local cloud does not stop.
        NOT_STOPPING = "SPK-UP-0005", Error;
        /// The database is being changed.
        SCALE_UNDER_WAY = "SPK-SCL-0001", Locked;
        /// A change of the database's size is not made.
        SCALE_REFUSED = "SPK-SCL-0002", Refused;
        /// A change of the database's size failed or hangs.
        SCALE_FAILED = "SPK-SCL-0003", NeedsRepair;
        /// There is no proposal to answer.
        NOTHING_PROPOSED = "SPK-SCL-0004", Refused;
        /// Sentry did not take what it was told.
        SENTRY = "SPK-SNT-0001", Error;
        /// Reading something for a screen failed.
        UNREADABLE = "SPK-OPS-0001", Error;
    }
}

/// What went wrong. Boxed, so that a result that went well stays small.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Failure(Box<Story>);

/// A failure's story, in the order in which it is told.
#[derive(Clone, Debug, Serialize)]
pub struct Story {
    /// How the command ends.
    pub kind: Kind,
    /// Its name.
    pub code: Code,
    /// What failed.
    pub what: String,
    /// The first cause; AWS's or the compiler's words once.
    pub why: Vec<String>,
    /// What state things are in now.
    pub state: Vec<String>,
    /// The next command, with this run's names in it.
    pub next: Vec<String>,
}

impl Failure {
    /// A failure of `code` that says `what`.
    #[must_use]
    pub fn new(code: Code, what: impl Into<String>) -> Self {
        Self(Box::new(Story {
            kind: code.kind,
            code,
            what: what.into(),
            why: Vec::new(),
            state: Vec::new(),
            next: Vec::new(),
        }))
    }

    /// Adds a cause.
    #[must_use]
    pub fn why(mut self, cause: impl fmt::Display) -> Self {
        self.why.push(cause.to_string());
        self
    }

    /// Adds a sentence about how things are now.
    #[must_use]
    pub fn state(mut self, sentence: impl Into<String>) -> Self {
        self.state.push(sentence.into());
        self
    }

    /// Adds the next command.
    #[must_use]
    pub fn next(mut self, command: impl Into<String>) -> Self {
        let command = command.into();
        if !self.next.contains(&command) {
            self.next.push(command);
        }
        self
    }

    /// The same, where nothing had been touched when it failed.
    #[must_use]
    pub fn untouched(mut self) -> Self {
        const NOTHING: &str = "nothing was touched";
        if !self.state.iter().any(|sentence| sentence.contains(NOTHING)) {
            self.state.insert(0, NOTHING.to_owned());
        }
        self.state.retain(|sentence| sentence != GOES_ON);
        // Nothing was tried, so nothing is uncertain.
        if self.kind == Kind::Inconclusive {
            self.kind = Kind::Error;
        }
        self
    }

    /// Whether the session has ended: until somebody signs in again, nothing will work.
    #[must_use]
    pub fn is_expired(&self) -> bool {
        self.aws_says(&EXPIRED)
    }

    /// Whether AWS throttled what failed.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.aws_says(&THROTTLED)
    }

    fn aws_says(&self, codes: &[&str]) -> bool {
        let mut said = self.why.iter().filter_map(|cause| cause.split_once(':'));
        said.any(|(code, _)| codes.contains(&code))
    }

    /// Ends otherwise than the code usually does.
    #[must_use]
    pub fn kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }
}

impl Deref for Failure {
    type Target = Story;

    fn deref(&self) -> &Story {
        &self.0
    }
}

impl DerefMut for Failure {
    fn deref_mut(&mut self) -> &mut Story {
        &mut self.0
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.what)?;
        if let Some(why) = self.why.first() {
            write!(f, ": {why}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

impl From<anyhow::Error> for Failure {
    /// A failure that was already explained stays as it is; anything else is unknown, and says so.
    fn from(error: anyhow::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(failure) => failure,
            Err(error) => Self::new(codes::UNKNOWN, error.to_string()).causes(&error),
        }
    }
}

impl Failure {
    fn causes(mut self, error: &anyhow::Error) -> Self {
        self.why
            .extend(error.chain().skip(1).map(ToString::to_string));
        self.advised()
    }

    /// What AWS's own code says about what to do, whatever it was that failed.
    pub(crate) fn advised(self) -> Self {
        if self.is_expired() {
            self.state("your session has ended")
                .state(GOES_ON)
                .next(sign_in())
                .next(typed())
        } else if self.is_throttled() {
            self.state(
                "AWS throttles this account's requests, and trying again for a while did not help",
            )
            .next(format!("wait a minute, then: {}", typed()))
        } else if self.aws_says(&DENIED) {
            self.next("ask for the action named above; `spokectl workflow` writes a role that has what a release needs")
        } else {
            self
        }
    }
}

/// How to sign in again, with the profile in use.
fn sign_in() -> String {
    let profile = std::env::var("AWS_PROFILE").map(|profile| format!(" --profile {profile}"));
    format!(
        "sign in again, for example: aws sso login{}",
        profile.unwrap_or_default()
    )
}

/// This command as it was typed, for those who shall type it again.
#[must_use]
pub fn typed() -> String {
    let words = std::env::args_os().skip(1).map(|word| {
        let word = word.to_string_lossy().into_owned();
        if word.contains(char::is_whitespace) {
            format!("\"{word}\"")
        } else {
            word
        }
    });
    let words: Vec<_> = std::iter::once("spokectl".to_owned())
        .chain(words)
        .collect();
    words.join(" ")
}

/// Of a command that may have begun something.
const GOES_ON: &str = "what was done stays, and the next run goes on from there";

/// A session that ended.
const EXPIRED: [&str; 3] = ["ExpiredToken", "ExpiredTokenException", "RequestExpired"];
/// Too many requests, of whomever.
const THROTTLED: [&str; 6] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "SlowDown",
];
/// A permission that is not there.
const DENIED: [&str; 3] = [
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
];

/// Turns an error into a [`Failure`] where it is known what it means.
pub trait Blame<T> {
    /// Names the failure; the error's chain becomes the cause.
    fn blame(self, code: Code, what: impl Into<String>) -> Result<T, Failure>;
}

impl<T, E: Into<anyhow::Error>> Blame<T> for Result<T, E> {
    fn blame(self, code: Code, what: impl Into<String>) -> Result<T, Failure> {
        self.map_err(|error| {
            let error = error.into();
            match error.downcast::<Failure>() {
                Ok(failure) => failure,
                Err(error) => {
                    let mut failure = Failure::new(code, what);
                    failure.why = error.chain().map(ToString::to_string).collect();
                    failure.advised()
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use anyhow::Context as _;

    use super::{Blame as _, Failure, codes};

    #[test]
    fn every_code_names_one_failure() {
        let ids: BTreeSet<_> = codes::ALL.iter().map(|code| code.id).collect();
        assert_eq!(ids.len(), codes::ALL.len());
        for id in ids {
            let parts: Vec<_> = id.split('-').collect();
            let [prefix, area, number] = parts[..] else {
                panic!("{id} is not SPK-<area>-<number>");
            };
            assert_eq!(prefix, "SPK");
            assert!(area.bytes().all(|b| b.is_ascii_uppercase()), "{id}");
            assert_eq!(number.len(), 4, "{id}");
            assert!(number.parse::<u16>().is_ok(), "{id}");
        }
    }

    #[test]
    fn an_explained_failure_is_not_explained_again() {
        let inner: anyhow::Result<()> =
            Err(Failure::new(codes::LOCKED, "the stage is locked").into());
        let outer = inner.blame(codes::UPLOAD, "the upload failed").unwrap_err();
        assert_eq!(outer.code, codes::LOCKED);
    }

    #[test]
    fn awss_own_code_says_what_to_do() {
        for (code, word) in [
            ("ExpiredToken", "sign in again"),
            ("Throttling", "wait a minute"),
            ("AccessDenied", "ask for the action"),
        ] {
            let error: anyhow::Result<()> = Err(anyhow::anyhow!("{code}: told by AWS"));
            let failure = error
                .context("writing the lock")
                .blame(codes::UPLOAD, "the upload failed")
                .unwrap_err();
            assert!(failure.next[0].starts_with(word), "{failure:?}");
        }
        let other: anyhow::Result<()> = Err(anyhow::anyhow!("NoSuchKey: told by AWS"));
        assert!(
            other
                .blame(codes::UPLOAD, "the upload failed")
                .unwrap_err()
                .next
                .is_empty()
        );
    }

    #[test]
    fn the_chain_of_an_error_becomes_the_cause() {
        let error = std::fs::read("/does/not/exist").context("reading the manifest");
        let failure = error.blame(codes::UPLOAD, "the upload failed").unwrap_err();
        assert_eq!(failure.why[0], "reading the manifest");
        assert!(failure.why[1].contains("No such file"));
    }
}
