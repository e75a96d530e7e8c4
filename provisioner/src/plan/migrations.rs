//! What every statement of a migration means for an instance that is in use while it runs.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use squawk_syntax::ast::{
    AlterColumn, AlterColumnOption, AlterTable, AlterTableAction, AlterTypeAction, AstNode,
    Constraint, Stmt,
};
use squawk_syntax::{SourceFile, SyntaxKind};

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
        }];
    }
    parsed
        .tree()
        .stmts()
        .flat_map(|statement| {
            let line = line_at(statement.syntax().text_range().start().into());
            verdicts(&statement, fresh)
                .into_iter()
                .map(move |verdict| Statement {
                    line,
                    class: verdict.class,
                    why: verdict.why,
                    removes: verdict.removes,
                })
        })
        .collect()
}

struct Verdict {
    class: Class,
    why: String,
    removes: Vec<Removal>,
}

fn verdict(class: Class, why: impl Into<String>) -> Verdict {
    Verdict {
        class,
        why: why.into(),
        removes: Vec::new(),
    }
}

fn removal(class: Class, why: impl Into<String>, table: &str, column: Option<String>) -> Verdict {
    let removes = vec![Removal {
        table: table.to_owned(),
        column,
    }];
    Verdict {
        class,
        why: why.into(),
        removes,
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "of 190 statements few belong into a migration; any other cannot be judged, which is the safe answer"
)]
fn verdicts(statement: &Stmt, fresh: &mut BTreeSet<String>) -> Vec<Verdict> {
    let one = match statement {
        Stmt::CreateTable(table) => {
            let name = name(table.syntax(), SyntaxKind::TABLE_NAME);
            let why = format!("makes {name}");
            fresh.insert(name);
            verdict(Class::Safe, why)
        }
        Stmt::CreateSequence(_)
        | Stmt::CreateType(_)
        | Stmt::CreateExtension(_)
        | Stmt::CreateFunction(_)
        | Stmt::CreateView(_)
        | Stmt::CommentOn(_)
        | Stmt::Set(_)
        | Stmt::Select(_)
        | Stmt::Analyze(_)
        | Stmt::Grant(_)
        | Stmt::CreateStatistics(_)
        | Stmt::EmptyStmt(_) => verdict(Class::Safe, "adds, and takes nothing away"),
        Stmt::CreateIndex(index) => {
            let table = table_of(index.syntax());
            if fresh.contains(&table) {
                verdict(Class::Safe, format!("{table} is new"))
            } else if index.concurrently_token().is_some() {
                verdict(
                    Class::Safe,
                    format!("the index grows beside the work on {table}"),
                )
            } else {
                verdict(
                    Class::Locks,
                    format!(
                        "nobody writes to {table} until the index is built; CREATE INDEX CONCURRENTLY, alone in a file that begins with -- no-transaction, lets them"
                    ),
                )
            }
        }
        Stmt::AlterTable(table) => return altered(table, fresh),
        Stmt::AlterType(alter) => match alter.action() {
            Some(AlterTypeAction::AddValue(_)) => verdict(Class::Safe, "adds a value"),
            _ => verdict(Class::Contract, "changes a type the running version reads"),
        },
        Stmt::DropTable(drop) => {
            return drop
                .table_name_refs()
                .map(|table| {
                    let table = plain(&table.syntax().text().to_string());
                    removal(
                        Class::Irreversible,
                        format!("{table} and everything in it is gone"),
                        &table,
                        None,
                    )
                })
                .collect();
        }
        Stmt::DropView(drop) => {
            return drop
                .view_refs()
                .map(|view| {
                    let view = plain(&view.syntax().text().to_string());
                    removal(Class::Contract, format!("{view} is gone"), &view, None)
                })
                .collect();
        }
        Stmt::DropType(_) | Stmt::DropFunction(_) | Stmt::DropSequence(_) => verdict(
            Class::Contract,
            "takes away what the running version may call",
        ),
        Stmt::DropIndex(drop) if drop.concurrently_token().is_none() => verdict(
            Class::Locks,
            "waits for everybody at work on the table, and everybody waits for it, briefly",
        ),
        Stmt::DropIndex(_) | Stmt::DropTrigger(_) => {
            verdict(Class::Safe, "nothing depends on it but speed")
        }
        Stmt::Insert(_) => verdict(Class::Safe, "adds rows"),
        Stmt::Update(update) => {
            let table = table_of(update.syntax());
            verdict(
                Class::Locks,
                format!(
                    "holds every row of {table} it changes until it is done; in batches it would hold few"
                ),
            )
        }
        Stmt::Delete(delete) => {
            let table = table_of(delete.syntax());
            verdict(Class::Irreversible, format!("rows of {table} are gone"))
        }
        Stmt::Truncate(_) => verdict(Class::Irreversible, "every row is gone"),
        _ => verdict(
            Class::Unclear,
            "nobody but its author knows what this does; read it",
        ),
    };
    vec![one]
}

fn altered(table: &AlterTable, fresh: &BTreeSet<String>) -> Vec<Verdict> {
    let name = table_of(table.syntax());
    if fresh.contains(&name) {
        return vec![verdict(Class::Safe, format!("{name} is new"))];
    }
    table
        .actions()
        .map(|action| acted(&name, &action))
        .collect()
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "an action nobody foresaw cannot be judged, which is the safe answer"
)]
fn acted(table: &str, action: &AlterTableAction) -> Verdict {
    match action {
        AlterTableAction::AddColumn(add) => {
            let column = name(add.syntax(), SyntaxKind::COLUMN_NAME);
            added(
                table,
                &column,
                &add.constraints().collect::<Vec<_>>(),
                &add.syntax().text().to_string(),
            )
        }
        AlterTableAction::DropColumn(drop) => {
            let column = name(drop.syntax(), SyntaxKind::COLUMN_NAME_REF);
            removal(
                Class::Irreversible,
                format!("{table}.{column} and what is in it is gone"),
                table,
                Some(column),
            )
        }
        AlterTableAction::RenameColumn(rename) => {
            let column = name(rename.syntax(), SyntaxKind::COLUMN_NAME_REF);
            removal(
                Class::Contract,
                format!(
                    "{table}.{column} has another name then; add a column, copy, and drop it a release later"
                ),
                table,
                Some(column),
            )
        }
        AlterTableAction::TableRenameTo(_) => removal(
            Class::Contract,
            format!("{table} has another name then"),
            table,
            None,
        ),
        AlterTableAction::AlterColumn(alter) => column_altered(table, alter),
        AlterTableAction::AddConstraint(add) => {
            let text = add.syntax().text().to_string().to_lowercase();
            if text.contains("not valid") || text.contains("using index") {
                verdict(Class::Safe, format!("{table} is not read through for it"))
            } else {
                verdict(
                    Class::Locks,
                    format!(
                        "{table} is read through while others wait; NOT VALID first and VALIDATE CONSTRAINT afterwards lets them"
                    ),
                )
            }
        }
        AlterTableAction::ValidateConstraint(_)
        | AlterTableAction::DropConstraint(_)
        | AlterTableAction::RenameConstraint(_)
        | AlterTableAction::OptionItemList(_)
        | AlterTableAction::SetOptions(_)
        | AlterTableAction::ResetOptions(_) => {
            verdict(Class::Safe, format!("others go on in {table}"))
        }
        AlterTableAction::SetLogged(_)
        | AlterTableAction::SetUnlogged(_)
        | AlterTableAction::SetAccessMethod(_)
        | AlterTableAction::SetTablespace(_) => verdict(
            Class::Rewrites,
            format!("every row of {table} is written anew"),
        ),
        _ => verdict(
            Class::Unclear,
            format!("changes {table} in a way this tool does not know; read it"),
        ),
    }
}

/// Functions whose value is the same for every row, so that a default of theirs is kept once.
const STABLE: [&str; 4] = [
    "now(",
    "current_timestamp",
    "current_date",
    "transaction_timestamp(",
];

fn added(table: &str, column: &str, constraints: &[Constraint], text: &str) -> Verdict {
    let mut default = None;
    let (mut not_null, mut generated, mut references) = (false, false, false);
    for constraint in constraints {
        match constraint {
            Constraint::DefaultConstraint(value) => {
                default = Some(value.syntax().text().to_string().to_lowercase());
            }
            Constraint::NotNullConstraint(_) | Constraint::PrimaryKeyConstraint(_) => {
                not_null = true;
            }
            Constraint::GeneratedConstraint(_) => generated = true,
            Constraint::ReferencesConstraint(_)
            | Constraint::UniqueConstraint(_)
            | Constraint::CheckConstraint(_)
            | Constraint::ForeignKeyConstraint(_)
            | Constraint::ExcludeConstraint(_) => references = true,
            Constraint::NullConstraint(_) => {}
        }
    }
    let volatile = default.as_deref().is_some_and(|value| {
        value.contains('(') && !STABLE.iter().any(|stable| value.contains(stable))
    });
    if generated || volatile || text.to_lowercase().contains("serial") {
        return verdict(
            Class::Rewrites,
            format!("every row of {table} gets a value of its own for {column}"),
        );
    }
    if not_null && default.is_none() {
        return verdict(
            Class::Contract,
            format!(
                "the running version knows no {column} and could not insert into {table}; give it a default"
            ),
        );
    }
    if references {
        return verdict(
            Class::Locks,
            format!("{table} is read through for {column}'s constraint while others wait"),
        );
    }
    verdict(
        Class::Safe,
        format!("{table} gets {column}, nothing is written"),
    )
}

fn column_altered(table: &str, alter: &AlterColumn) -> Verdict {
    let column = name(alter.syntax(), SyntaxKind::COLUMN_NAME_REF);
    match alter.option() {
        Some(AlterColumnOption::SetType(_)) => verdict(
            Class::Rewrites,
            format!(
                "every row of {table} is written anew for {column}'s type, unless the new one only allows more"
            ),
        ),
        Some(AlterColumnOption::SetNotNull(_)) => verdict(
            Class::Contract,
            format!(
                "{table} is read through while others wait, and the running version may still leave {column} empty"
            ),
        ),
        Some(AlterColumnOption::DropDefault(_) | AlterColumnOption::DropIdentity(_)) => removal(
            Class::Contract,
            format!("the running version may count on {column}'s default"),
            table,
            Some(column),
        ),
        Some(_) => verdict(
            Class::Safe,
            format!("{table}.{column}: only the catalogue changes"),
        ),
        None => verdict(
            Class::Unclear,
            format!("changes {table}.{column} in a way this tool does not know; read it"),
        ),
    }
}

/// The table a statement is about.
fn table_of(node: &squawk_syntax::SyntaxNode) -> String {
    for kind in [
        SyntaxKind::TABLE_NAME_REF,
        SyntaxKind::RELATION_NAME_REF,
        SyntaxKind::TABLE_NAME,
    ] {
        if let Some(found) = node.descendants().find(|below| below.kind() == kind) {
            return plain(&found.text().to_string());
        }
    }
    "a table".to_owned()
}

/// The first name of a kind below a node.
fn name(node: &squawk_syntax::SyntaxNode, kind: SyntaxKind) -> String {
    node.descendants()
        .find(|below| below.kind() == kind)
        .map_or_else(|| "?".to_owned(), |found| plain(&found.text().to_string()))
}

/// `public."user"` is `user`.
fn plain(name: &str) -> String {
    let last = name.trim().rsplit('.').next().unwrap_or(name);
    last.trim().trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Class, judge};

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
