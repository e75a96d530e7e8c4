//! `spokectl config`: what a value is and where it came from.

use serde::Serialize;
use serde_json::Value;

use crate::cli::Global;
use crate::context::{self, flag};
use crate::failure::{Failure, Kind, codes};
use crate::repository::Repository;
use crate::stage;
use crate::stage::keys::{self, Key};
use crate::ui::Ui;
use crate::ui::table::table;

/// The stage file's settings: what each is, and where its value comes from
///
/// Examples:
///   spokectl config explain database.class --stage prod
///   spokectl config explain --stage prod
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Explain one key, or list all of them
    Explain {
        /// For example `database.class` or `app.env.MAX_CONTACTS`
        key: Option<String>,
    },
}

/// A key, explained.
#[derive(Debug, Serialize)]
struct Explained {
    key: String,
    value: Option<Value>,
    /// `stages/prod.toml:12`, `default`, `computed`, `not set`.
    source: String,
    default: Option<&'static str>,
    meaning: &'static str,
}

pub(super) fn run(global: &Global, args: Args, ui: &Ui) -> Result<Kind, Failure> {
    let Action::Explain { key } = args.action;
    let repository = context::here()?;
    let (name, path) = stage::place(&repository, &global.stage)?;
    let text = stage::read(&repository, &name, &path)?;
    let stage = stage::resolve(&name, &text)?;
    let document = serde_json::to_value(&stage).map_err(anyhow::Error::from)?;
    let file = File {
        repository: &repository,
        path: &path,
        text: &text,
        document: &document,
    };
    match key {
        Some(key) => one(&file, &name, &key, ui),
        None => Ok(all(&file, ui)),
    }
}

struct File<'a> {
    repository: &'a Repository,
    path: &'a std::path::Path,
    text: &'a str,
    document: &'a Value,
}

impl File<'_> {
    fn explained(&self, path: &str, key: &Key) -> Explained {
        // A number or a list nobody wrote and nothing says a default of is only the type's own nothing.
        let value = keys::value(self.document, path).cloned().filter(|value| {
            key.default.is_some()
                || keys::line(self.text, path).is_some()
                || value.as_f64() != Some(0.0) && value != &Value::String(String::new())
        });
        let source = match (keys::line(self.text, path), &value) {
            (Some(line), _) => format!("{}:{line}", self.repository.shown(self.path)),
            (None, None) => "not set".to_owned(),
            (None, Some(_)) if path == "database.connections_alarm" => {
                "computed from database.class".to_owned()
            }
            (None, Some(_)) => "default".to_owned(),
        };
        Explained {
            key: path.to_owned(),
            value,
            source,
            default: key.default,
            meaning: key.meaning,
        }
    }
}

fn one(file: &File<'_>, name: &str, path: &str, ui: &Ui) -> Result<Kind, Failure> {
    let Some(key) = keys::find(path) else {
        let mut failure = Failure::new(
            codes::NO_SUCH_KEY,
            format!("a stage file has no key \"{path}\""),
        );
        let like = keys::like(path);
        if !like.is_empty() {
            failure = failure.why(format!("there is {}", like.join(", ")));
        }
        return Err(failure.next(format!("spokectl config explain{}", flag(name))));
    };
    let explained = file.explained(path, &key);
    ui.data(&explained, || {
        let mut lines = vec![
            format!("{} = {}", explained.key, shown(explained.value.as_ref())),
            format!("from     {}", explained.source),
        ];
        if let Some(default) = explained.default {
            lines.push(format!("default  {default}"));
        }
        lines.push(format!("meaning  {}", explained.meaning));
        lines.join("\n")
    });
    Ok(Kind::Ok)
}

fn all(file: &File<'_>, ui: &Ui) -> Kind {
    let explained: Vec<_> = keys::ALL
        .iter()
        .map(|key| file.explained(key.path, key))
        .collect();
    ui.data(&explained, || {
        let rows = explained
            .iter()
            .map(|one| {
                vec![
                    one.key.clone(),
                    shown(one.value.as_ref()),
                    one.source.clone(),
                ]
            })
            .collect();
        table(&["key", "value", "from"], rows)
    });
    Kind::Ok
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "(nothing)".to_owned(), ToString::to_string)
}
