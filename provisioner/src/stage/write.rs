//! A stage file, written: every key with its meaning, what is chosen set, all else shown with its default.

use std::collections::BTreeMap;

use super::keys;

/// What was chosen, as TOML by path.
pub type Chosen = BTreeMap<String, String>;

/// Keys for a few stages only: shown where they are chosen, else left to `config explain`.
const SELDOM: [&str; 3] = ["endpoint_file", "network.existing.", "database.existing."];

/// The text of a stage file.
#[must_use]
pub fn text(name: &str, chosen: &Chosen) -> String {
    let mut lines = vec![
        format!(
            "# Stage {name}: who, where, how large. `spokectl config explain <key>` says what a key means and where its value comes from."
        ),
        "# A key behind a \"#\" is left out: what stands there holds anyway.".to_owned(),
    ];
    let mut section = "";
    for key in keys::ALL {
        let is_chosen = chosen.contains_key(key.path);
        if !is_chosen && SELDOM.iter().any(|seldom| key.path.starts_with(seldom)) {
            continue;
        }
        let (table, name) = key.path.rsplit_once('.').unwrap_or(("", key.path));
        // Tables of their own stand at the end of their section.
        if ["app.env", "app.concurrency"].contains(&key.path) {
            lines.extend(table_of(key, chosen));
            section = key.path;
            continue;
        }
        if table != section {
            lines.push(String::new());
            lines.push(format!("[{table}]"));
            section = table;
        }
        lines.push(format!("# {}", key.meaning));
        lines.push(match (chosen.get(key.path), key.default) {
            (Some(value), _) => format!("{name} = {value}"),
            (None, Some(default)) => format!("# {name} = {default}"),
            (None, None) => format!("# {name} ="),
        });
    }
    lines.join("\n") + "\n"
}

fn table_of(key: &keys::Key, chosen: &Chosen) -> Vec<String> {
    let mut lines = vec![
        String::new(),
        format!("# {}", key.meaning),
        format!("[{}]", key.path),
    ];
    let prefix = format!("{}.", key.path);
    for (path, value) in chosen {
        if let Some(name) = path.strip_prefix(&prefix) {
            if key.path == "app.env"
                && let Some(known) = keys::find(path)
            {
                lines.push(format!("# {}", known.meaning));
            }
            lines.push(format!("{name} = {value}"));
        }
    }
    lines
}
