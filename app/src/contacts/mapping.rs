//! What an admin says about a file's columns, instead of what their names say.

use std::collections::HashSet;

use async_graphql::Enum;
use serde::{Deserialize, Serialize};

use crate::campaigns::script;
use crate::error::{Error, Result};

/// What a column of a contact file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum, Serialize, Deserialize)]
#[graphql(name = "ContactField")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Field {
    Cell,
    FirstName,
    LastName,
    /// Tells the time zone. Scripts have it too, under the column's name.
    Zip,
    StateCode,
    ExternalId,
    ExternalIdType,
    /// A field for scripts.
    Custom,
}

impl Field {
    fn words(self) -> &'static str {
        match self {
            Self::Cell => "the phone number",
            Self::FirstName => "the first name",
            Self::LastName => "the last name",
            Self::Zip => "the zip code",
            Self::StateCode => "the state",
            Self::ExternalId => "the external id",
            Self::ExternalIdType => "the external id's type",
            Self::Custom => "a field for scripts",
        }
    }
}

/// What one column is. A column nobody says anything about is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapped {
    /// Its name in the file's first line.
    pub column: String,
    pub field: Field,
    /// What scripts call a field of their own; the column's name where there is none.
    #[serde(default)]
    pub name: Option<String>,
}

impl Mapped {
    /// What scripts call it; none for what they know by other names.
    pub fn script_name(&self) -> Option<&str> {
        match self.field {
            Field::Custom => Some(self.name.as_deref().unwrap_or(&self.column).trim()),
            Field::Zip => Some(self.column.trim()),
            Field::Cell
            | Field::FirstName
            | Field::LastName
            | Field::StateCode
            | Field::ExternalId
            | Field::ExternalIdType => None,
        }
    }
}

/// Checks what can be checked without the file.
///
/// # Errors
/// [`Error::BadInput`] with the first thing that is wrong.
pub fn check(mapping: &[Mapped]) -> Result<()> {
    let wrong = |reason: String| Err(Error::bad_input("contactColumns", reason));
    let (mut columns, mut fields, mut names) = (HashSet::new(), HashSet::new(), HashSet::new());
    for mapped in mapping {
        let Mapped { column, field, .. } = mapped;
        if !columns.insert(column.trim()) {
            return wrong(format!("The column \"{column}\" is named twice."));
        }
        if *field != Field::Custom && !fields.insert(*field) {
            return wrong(format!("Only one column can be {}.", field.words()));
        }
        let Some(name) = mapped.script_name() else {
            continue;
        };
        if name.is_empty() || name.contains(['{', '}']) {
            return wrong(format!(
                "\"{name}\" cannot be a field's name: scripts write it in braces."
            ));
        }
        if script::is_standard(name) {
            return wrong(format!(
                "\"{name}\" means something else in scripts: give the column \"{column}\" another name."
            ));
        }
        if !names.insert(name) {
            return wrong(format!("Two columns would be the field \"{name}\"."));
        }
    }
    if fields.contains(&Field::Cell) {
        Ok(())
    } else {
        wrong(format!("No column is {}.", Field::Cell.words()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Field, Mapped, check};

    fn mapped(column: &str, field: Field, name: Option<&str>) -> Mapped {
        Mapped {
            column: column.to_owned(),
            field,
            name: name.map(str::to_owned),
        }
    }

    #[test]
    fn a_mapping_that_cannot_be_says_why() {
        let cell = || mapped("Mobile", Field::Cell, None);
        let good = [
            vec![cell()],
            vec![
                cell(),
                mapped("Zip", Field::Zip, None),
                mapped("a", Field::Custom, None),
                mapped("b", Field::Custom, Some("B")),
            ],
        ];
        for mapping in good {
            assert!(check(&mapping).is_ok(), "{mapping:?}");
        }
        let bad = [
            (vec![], "No column is the phone number."),
            (
                vec![mapped("Name", Field::FirstName, None)],
                "No column is the phone number.",
            ),
            (
                vec![cell(), mapped("Home", Field::Cell, None)],
                "Only one column can be the phone number.",
            ),
            (
                vec![cell(), mapped("Mobile ", Field::Custom, None)],
                "The column \"Mobile \" is named twice.",
            ),
            (
                vec![
                    cell(),
                    mapped("a", Field::Custom, None),
                    mapped("b", Field::Custom, Some("a")),
                ],
                "Two columns would be the field \"a\".",
            ),
            (
                vec![cell(), mapped("a", Field::Custom, Some("cell"))],
                "\"cell\" means something else in scripts: give the column \"a\" another name.",
            ),
            (
                vec![cell(), mapped("a{b}", Field::Custom, None)],
                "\"a{b}\" cannot be a field's name: scripts write it in braces.",
            ),
            (
                vec![cell(), mapped("a", Field::Custom, Some(" "))],
                "\"\" cannot be a field's name: scripts write it in braces.",
            ),
        ];
        for (mapping, reason) in bad {
            assert_eq!(check(&mapping).unwrap_err().to_string(), reason);
        }
    }
}
