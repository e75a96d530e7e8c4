//! What one statement does to those who are at work, from its syntax.

use std::collections::BTreeSet;

use squawk_syntax::SyntaxKind;
use squawk_syntax::ast::{
    AlterColumn, AlterColumnOption, AlterTable, AlterTableAction, AlterTypeAction, AstNode,
    Constraint, CreateIndex, Stmt,
};

use super::estimate::{Hold, Work};
use super::{Class, Removal};

/// What a statement, or one action of it, means.
pub(super) struct Verdict {
    pub(super) class: Class,
    pub(super) why: String,
    pub(super) removes: Vec<Removal>,
    pub(super) holds: Option<Hold>,
}

impl Verdict {
    /// It keeps others out of a table while it works.
    fn holding(mut self, table: &str, work: Work) -> Self {
        self.holds = Some(Hold {
            table: table.to_owned(),
            work,
        });
        self
    }
}

fn verdict(class: Class, why: impl Into<String>) -> Verdict {
    Verdict {
        class,
        why: why.into(),
        removes: Vec::new(),
        holds: None,
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
        holds: None,
    }
}

/// A verdict for each thing a statement does. A table in `fresh` has no rows; one it makes comes to them.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "of 190 statements few belong into a migration; any other cannot be judged, which is the safe answer"
)]
pub(super) fn of(statement: &Stmt, fresh: &mut BTreeSet<String>) -> Vec<Verdict> {
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
        Stmt::CreateIndex(index) => indexed(index, fresh),
        Stmt::CreateTrigger(trigger) => {
            let table = table_of(trigger.syntax());
            verdict(
                Class::Locks,
                format!(
                    "waits for everybody who writes to {table}, and they for it, briefly; from then on it runs with their statements"
                ),
            )
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
            .holding(&table, Work::Update)
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

fn indexed(index: &CreateIndex, fresh: &BTreeSet<String>) -> Verdict {
    let table = table_of(index.syntax());
    if fresh.contains(&table) {
        return verdict(Class::Safe, format!("{table} is new"));
    }
    if index.concurrently_token().is_some() {
        return verdict(
            Class::Safe,
            format!("the index grows beside the work on {table}"),
        );
    }
    verdict(
        Class::Locks,
        format!(
            "nobody writes to {table} until the index is built; CREATE INDEX CONCURRENTLY, alone in a file that begins with -- no-transaction, lets them"
        ),
    )
    .holding(&table, Work::Index)
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
                .holding(table, Work::Scan)
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
        )
        .holding(table, Work::Rewrite),
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
        )
        .holding(table, Work::Rewrite);
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
        )
        .holding(table, Work::Scan);
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
        )
        .holding(table, Work::Rewrite),
        Some(AlterColumnOption::SetNotNull(_)) => verdict(
            Class::Contract,
            format!(
                "{table} is read through while others wait, and the running version may still leave {column} empty"
            ),
        )
        .holding(table, Work::Scan),
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
