//! What every statement of a migration means for an instance that is in use while it runs.

pub mod estimate;
mod verdict;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use squawk_syntax::SourceFile;
use squawk_syntax::ast::AstNode;

use estimate::{Estimate, Hold};

use super::consequence::Group;

/// What a statement does to those who are at work, gravest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Nobody notices.
    Safe,
    /// Others wait for it.
    Locks,
    /// Every row is written anew, and others wait.
    Rewrites,
    /// It cannot be judged from its words.
    Unclear,
    /// It takes away what the running version may need.
    Contract,
    /// What it does away with does not come back.
    Irreversible,
}

impl Class {
    /// For people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Locks => "takes a lock",
            Self::Rewrites => "rewrites",
            Self::Unclear => "cannot be judged",
            Self::Contract => "contract",
            Self::Irreversible => "irreversible",
        }
    }
}

/// Something a statement takes away: a table, or a column of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// The table.
    pub table: String,
    /// The column, if not the whole table.
    pub column: Option<String>,
}

/// A statement, judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// The line it begins in.
    pub line: usize,
    /// What it means.
    pub class: Class,
    /// Why.
    pub why: String,
    /// What it takes away.
    pub removes: Vec<Removal>,
    /// The table others wait for meanwhile.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub holds: Option<Hold>,
    /// How long, where the table's size is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub estimate: Option<Estimate>,
}

impl Statement {
    /// It takes something from whoever runs, and no name tells whether they need it.
    #[must_use]
    pub fn is_unjudged(&self) -> bool {
        self.class == Class::Unclear || (self.class == Class::Contract && self.removes.is_empty())
    }

    /// The group of consequences it is in, of those that want a word of their own.
    #[must_use]
    pub fn group(&self) -> Option<Group> {
        if self.class == Class::Irreversible {
            return Some(Group::DataLoss);
        }
        self.is_unjudged().then_some(Group::Unjudged)
    }
}

/// A migration, judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migration {
    /// The file's name.
    pub file: String,
    /// What its first line says: `expand`, `backfill`, `contract`; empty if it says nothing.
    pub phase: String,
    /// Its statements.
    pub statements: Vec<Statement>,
}

impl Migration {
    /// The gravest of its statements.
    #[must_use]
    pub fn class(&self) -> Class {
        self.statements
            .iter()
            .map(|one| one.class)
            .max()
            .unwrap_or(Class::Safe)
    }
}

/// Judges migrations in their order. A table one of them makes has no rows and nobody at work in it.
#[must_use]
pub fn judge(files: &[(String, String)]) -> Vec<Migration> {
    let mut fresh = BTreeSet::new();
    files
        .iter()
        .map(|(file, text)| Migration {
            file: file.clone(),
            phase: phase(text),
            statements: statements(text, &mut fresh),
        })
        .collect()
}

fn phase(text: &str) -> String {
    let first = text
        .lines()
        .find(|line| line.trim_start().starts_with("-- phase:"));
    first
        .and_then(|line| line.split_once(':'))
        .map_or_else(String::new, |(_, phase)| phase.trim().to_owned())
}

fn statements(text: &str, fresh: &mut BTreeSet<String>) -> Vec<Statement> {
    let parsed = SourceFile::parse(text);
    let errors = parsed.errors();
    let line_at = |offset: usize| {
        text.get(..offset)
            .map_or(1, |before| before.matches('\n').count() + 1)
    };
    if let Some(error) = errors.first() {
        return vec![Statement {
            line: line_at(error.range().start().into()),
            class: Class::Unclear,
            why: format!("it does not parse: {}", error.message()),
            removes: Vec::new(),
            holds: None,
            estimate: None,
        }];
    }
    parsed
        .tree()
        .stmts()
        .flat_map(|statement| {
            let line = line_at(statement.syntax().text_range().start().into());
            verdict::of(&statement, fresh)
                .into_iter()
                .map(move |verdict| Statement {
                    line,
                    class: verdict.class,
                    why: verdict.why,
                    removes: verdict.removes,
                    holds: verdict.holds,
                    estimate: None,
                })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Class, Group, judge};

    fn class(sql: &str) -> Class {
        judge(&[("m.sql".to_owned(), sql.to_owned())])[0].class()
    }

    #[test]
    fn statements_are_judged_by_what_they_do_to_those_at_work() {
        for (sql, expected) in [
            (
                "CREATE TABLE t (id int PRIMARY KEY, b int REFERENCES u (id));",
                Class::Safe,
            ),
            ("CREATE INDEX CONCURRENTLY i ON t (a);", Class::Safe),
            ("CREATE INDEX i ON t (a);", Class::Locks),
            (
                "CREATE TRIGGER g AFTER UPDATE ON t FOR EACH STATEMENT EXECUTE FUNCTION f();",
                Class::Locks,
            ),
            ("ALTER TABLE t ADD COLUMN a text;", Class::Safe),
            (
                "ALTER TABLE t ADD COLUMN a text NOT NULL DEFAULT '';",
                Class::Safe,
            ),
            (
                "ALTER TABLE t ADD COLUMN a timestamptz NOT NULL DEFAULT now();",
                Class::Safe,
            ),
            (
                "ALTER TABLE t ADD COLUMN a uuid DEFAULT gen_random_uuid();",
                Class::Rewrites,
            ),
            (
                "ALTER TABLE t ADD COLUMN a int GENERATED ALWAYS AS (b + 1) STORED;",
                Class::Rewrites,
            ),
            ("ALTER TABLE t ADD COLUMN a text NOT NULL;", Class::Contract),
            (
                "ALTER TABLE t ADD COLUMN a int REFERENCES u (id);",
                Class::Locks,
            ),
            ("ALTER TABLE t DROP COLUMN a;", Class::Irreversible),
            ("ALTER TABLE t RENAME COLUMN a TO b;", Class::Contract),
            ("ALTER TABLE t RENAME TO u;", Class::Contract),
            ("ALTER TABLE t ALTER COLUMN a TYPE bigint;", Class::Rewrites),
            (
                "ALTER TABLE t ALTER COLUMN a SET NOT NULL;",
                Class::Contract,
            ),
            ("ALTER TABLE t ALTER COLUMN a DROP NOT NULL;", Class::Safe),
            (
                "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);",
                Class::Locks,
            ),
            (
                "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID;",
                Class::Safe,
            ),
            ("ALTER TABLE t VALIDATE CONSTRAINT c;", Class::Safe),
            ("DROP TABLE t;", Class::Irreversible),
            ("DROP INDEX CONCURRENTLY i;", Class::Safe),
            ("UPDATE t SET a = 1;", Class::Locks),
            ("DELETE FROM t WHERE a = 1;", Class::Irreversible),
            ("TRUNCATE t;", Class::Irreversible),
            ("ALTER TYPE mood ADD VALUE 'happy';", Class::Safe),
            ("DO $$ BEGIN PERFORM 1; END $$;", Class::Unclear),
            ("ALTER TABEL t ADD a int;", Class::Unclear),
        ] {
            assert_eq!(class(sql), expected, "{sql}");
        }
    }

    #[test]
    fn what_takes_from_the_running_version_without_a_name_is_unjudged_and_what_deletes_is_loss() {
        for (sql, expected) in [
            ("DROP FUNCTION f;", Some(Group::Unjudged)),
            ("DROP TYPE mood;", Some(Group::Unjudged)),
            ("DROP SEQUENCE s;", Some(Group::Unjudged)),
            ("ALTER TYPE mood RENAME TO humour;", Some(Group::Unjudged)),
            (
                "ALTER TABLE t ALTER COLUMN a SET NOT NULL;",
                Some(Group::Unjudged),
            ),
            (
                "ALTER TABLE t ADD COLUMN a text NOT NULL;",
                Some(Group::Unjudged),
            ),
            ("DO $$ BEGIN PERFORM 1; END $$;", Some(Group::Unjudged)),
            ("DELETE FROM t WHERE a = 1;", Some(Group::DataLoss)),
            ("TRUNCATE t;", Some(Group::DataLoss)),
            ("DROP TABLE t;", Some(Group::DataLoss)),
            // What these take away has a name, and is looked for in the queries.
            ("DROP VIEW v;", None),
            ("ALTER TABLE t RENAME COLUMN a TO b;", None),
            ("ALTER TABLE t ADD COLUMN a text;", None),
        ] {
            let judged = judge(&[("m.sql".to_owned(), sql.to_owned())]);
            assert_eq!(judged[0].statements[0].group(), expected, "{sql}");
        }
    }

    #[test]
    fn a_table_that_is_new_has_nobody_at_work_in_it() {
        let files = [
            (
                "1.sql".to_owned(),
                "-- phase: expand\nCREATE TABLE t (a int);".to_owned(),
            ),
            (
                "2.sql".to_owned(),
                "CREATE INDEX i ON t (a);\nALTER TABLE t DROP COLUMN a;".to_owned(),
            ),
        ];
        let judged = judge(&files);
        assert_eq!(judged[0].phase, "expand");
        assert_eq!(judged[1].class(), Class::Safe);
    }

    #[test]
    fn what_a_statement_takes_away_is_named_with_its_line() {
        let judged = judge(&[(
            "m.sql".to_owned(),
            "-- phase: contract\n\nALTER TABLE public.\"user\"\n  DROP COLUMN a, DROP COLUMN \"b\";\nDROP TABLE t, u;".to_owned(),
        )]);
        let removed: Vec<_> = judged[0]
            .statements
            .iter()
            .flat_map(|one| {
                one.removes
                    .iter()
                    .map(|gone| (one.line, gone.table.as_str(), gone.column.as_deref()))
            })
            .collect();
        assert_eq!(
            removed,
            [
                (3, "user", Some("a")),
                (3, "user", Some("b")),
                (5, "t", None),
                (5, "u", None)
            ]
        );
    }
}
