//! One row of an uploaded file: which column is what, and whether the row is a contact.

use serde_json::{Map, Value};

use crate::contacts::mapping::{Field, Mapped};
use crate::contacts::{phone, zones};

/// The columns of one field under each of its names: in a row the first that is filled in counts.
type Names = Vec<usize>;

/// Where the standard fields are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    cell: Names,
    first_name: Names,
    last_name: Names,
    external_id: Names,
    external_id_type: Names,
    state_code: Names,
    zip: Names,
    /// The columns scripts have fields of, and what they call them.
    custom: Vec<(usize, String)>,
}

/// A contact as the file gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub cell: String,
    pub first_name: String,
    pub last_name: String,
    pub external_id: String,
    pub external_id_type: Option<String>,
    pub state_code: Option<String>,
    pub zip: String,
    pub timezone: Option<&'static str>,
    pub custom_fields: Value,
}

/// Why a row is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    pub cell: String,
    pub reason: String,
}

impl Columns {
    /// Reads the header.
    ///
    /// # Errors
    /// A sentence that names the columns that are missing.
    pub fn read(header: &[String]) -> Result<Self, String> {
        let find = |aliases: &[&str]| -> Names {
            let position = |name: &str| header.iter().position(|column| standard(column) == name);
            aliases.iter().filter_map(|alias| position(alias)).collect()
        };
        let cell = find(&["phone_number", "cell"]);
        let first_name = find(&["first_name", "firstname", "first"]);
        let last_name = find(&["last_name", "lastname", "last"]);
        let missing: Vec<&str> = [
            (&cell, "phone_number"),
            (&first_name, "first_name"),
            (&last_name, "last_name"),
        ]
        .into_iter()
        .filter(|(columns, _)| columns.is_empty())
        .map(|(_, name)| name)
        .collect();
        if !missing.is_empty() {
            return Err(format!(
                "The file's first line must name the columns first_name, last_name and phone_number; it lacks {}.",
                missing.join(" and ")
            ));
        }
        let mut columns = Self {
            cell,
            first_name,
            last_name,
            external_id: find(&["external_id", "source_id"]),
            external_id_type: find(&["external_id_type", "source_id_type"]),
            state_code: find(&["state_code", "van_statecode"]),
            zip: find(&["zip"]),
            custom: Vec::new(),
        };
        columns.custom = others(header);
        Ok(columns)
    }

    /// Reads the header as an admin says it is to be read: columns without a word are left out.
    ///
    /// # Errors
    /// A sentence that names the columns that are not there.
    pub fn mapped(header: &[String], mapping: &[Mapped]) -> Result<Self, String> {
        let mut columns = Self::default();
        let mut missing = Vec::new();
        for mapped in mapping {
            let name = mapped.column.trim();
            let found = header.iter().position(|column| column.trim() == name);
            let Some(position) = found.filter(|_| !name.is_empty()) else {
                missing.push(format!("\"{name}\""));
                continue;
            };
            if let Some(name) = mapped.script_name() {
                columns.custom.push((position, name.to_owned()));
            }
            match mapped.field {
                Field::Cell => columns.cell.push(position),
                Field::FirstName => columns.first_name.push(position),
                Field::LastName => columns.last_name.push(position),
                Field::Zip => columns.zip.push(position),
                Field::StateCode => columns.state_code.push(position),
                Field::ExternalId => columns.external_id.push(position),
                Field::ExternalIdType => columns.external_id_type.push(position),
                Field::Custom => {}
            }
        }
        if !missing.is_empty() {
            return Err(format!(
                "The file's first line has no column {}.",
                missing.join(" and no column ")
            ));
        }
        columns.custom.sort_unstable();
        Ok(columns)
    }

    /// What scripts call the columns they have fields of, in the file's order.
    pub fn custom_names(&self) -> Vec<String> {
        self.custom.iter().map(|(_, name)| name.clone()).collect()
    }

    /// Makes a contact of a record.
    ///
    /// # Errors
    /// Why it is none.
    pub fn row(&self, record: &[String], rules: phone::Rules<'_>) -> Result<Row, Rejection> {
        let at = |position: usize| record.get(position).map_or("", |text| text.trim());
        let text = |names: &Names| {
            let mut texts = names.iter().map(|position| at(*position));
            texts.find(|text| !text.is_empty()).unwrap_or_default()
        };
        let raw = text(&self.cell);
        let reject = |reason: String| Rejection {
            cell: raw.chars().take(40).collect(),
            reason,
        };
        if raw.is_empty() {
            return Err(reject("There is no phone number.".to_owned()));
        }
        let cell = phone::parse(raw, rules).map_err(|fault| reject(fault.to_string()))?;
        let state = text(&self.state_code).to_uppercase();
        if !state.is_empty() && !zones::is_state(&state) {
            return Err(reject(format!("\"{state}\" is not a state.")));
        }
        let state_code = Some(state).filter(|state| !state.is_empty());
        let zip = text(&self.zip);
        let custom: Map<String, Value> = self
            .custom
            .iter()
            .map(|(position, name)| (name.clone(), at(*position).into()))
            .collect();
        Ok(Row {
            timezone: zones::find(zip, state_code.as_deref(), &cell),
            cell,
            first_name: text(&self.first_name).to_owned(),
            last_name: text(&self.last_name).to_owned(),
            external_id: text(&self.external_id).to_owned(),
            external_id_type: Some(text(&self.external_id_type).to_owned())
                .filter(|text| !text.is_empty()),
            state_code,
            zip: zip.to_owned(),
            custom_fields: Value::Object(custom),
        })
    }
}

/// The columns that are no standard field under any of its names. `zip` is both.
fn others(header: &[String]) -> Vec<(usize, String)> {
    let mut others: Vec<(usize, String)> = Vec::new();
    for (position, name) in header.iter().enumerate() {
        let name = name.trim();
        let is_known = others.iter().any(|(_, known)| known == name);
        if !name.is_empty() && !is_known && !STANDARD.contains(&standard(name).as_str()) {
            others.push((position, name.to_owned()));
        }
    }
    others
}

const STANDARD: [&str; 14] = [
    "phone_number",
    "cell",
    "first_name",
    "firstname",
    "first",
    "last_name",
    "lastname",
    "last",
    "external_id",
    "source_id",
    "external_id_type",
    "source_id_type",
    "state_code",
    "van_statecode",
];

/// How names of standard columns are compared: people write "First Name" as well.
fn standard(name: &str) -> String {
    name.trim().to_lowercase().replace([' ', '-'], "_")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Columns;
    use crate::contacts::mapping::{Field, Mapped};
    use crate::contacts::phone::Rules;

    const RULES: Rules<'_> = Rules {
        accepts_possible: false,
        country: "US",
    };

    #[test]
    fn of_a_field_with_two_names_the_one_that_is_filled_in_counts() {
        let header = strings(&["phone_number", "cell", "first", "first_name", "last_name"]);
        let columns = Columns::read(&header).unwrap();
        let row = |record| columns.row(&strings(record), RULES).unwrap();
        let row = [
            row(&["", "6175550123", "Ana", "", "D"]),
            row(&["6175550123", "6175550199", "Ann", "Ana", "D"]),
        ];
        for row in row {
            assert_eq!((&*row.cell, &*row.first_name), ("+16175550123", "Ana"));
        }
    }

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn columns_are_found_by_any_of_their_names_and_others_are_kept_verbatim() {
        let header = strings(&[
            "First Name",
            "last",
            "cell",
            "favColor",
            "ZIP",
            "Fav Color",
            "van_statecode",
        ]);
        let columns = Columns::read(&header).unwrap();
        assert_eq!(columns.custom_names(), ["favColor", "ZIP", "Fav Color"]);
        let record = strings(&[
            "Ana",
            " Diaz ",
            "(617) 555-0123",
            "red",
            "85001",
            "$&",
            "az",
        ]);
        let row = columns.row(&record, RULES).unwrap();
        assert_eq!(row.cell, "+16175550123");
        assert_eq!(
            (row.first_name.as_str(), row.last_name.as_str()),
            ("Ana", "Diaz")
        );
        assert_eq!(row.state_code.as_deref(), Some("AZ"));
        assert_eq!(row.timezone, Some("America/Phoenix"));
        assert_eq!(
            row.custom_fields,
            json!({"favColor": "red", "ZIP": "85001", "Fav Color": "$&"})
        );
    }

    #[test]
    fn a_mapping_says_what_columns_are_whatever_they_are_called() {
        let header = strings(&["Name", "cell", " Mobile ", "Post code", "Color", "secret"]);
        let mapped = |column: &str, field, name: Option<&str>| Mapped {
            column: column.to_owned(),
            field,
            name: name.map(str::to_owned),
        };
        let mapping = [
            mapped("Color", Field::Custom, Some("favorite")),
            mapped("Mobile", Field::Cell, None),
            mapped("Name", Field::FirstName, None),
            mapped("Post code", Field::Zip, None),
            mapped("cell", Field::Custom, Some("landline")),
        ];
        let columns = Columns::mapped(&header, &mapping).unwrap();
        assert_eq!(
            columns.custom_names(),
            ["landline", "Post code", "favorite"]
        );
        let record = strings(&["Ana", "x", "6175550123", "85001", "red", "s"]);
        let row = columns.row(&record, RULES).unwrap();
        assert_eq!((&*row.cell, &*row.first_name), ("+16175550123", "Ana"));
        assert_eq!((&*row.zip, &*row.last_name), ("85001", ""));
        assert_eq!(
            row.custom_fields,
            json!({"landline": "x", "Post code": "85001", "favorite": "red"})
        );
        let missing = [
            mapped("Mobil", Field::Cell, None),
            mapped("", Field::Zip, None),
        ];
        assert_eq!(
            Columns::mapped(&header, &missing).unwrap_err(),
            "The file's first line has no column \"Mobil\" and no column \"\"."
        );
    }

    #[test]
    fn a_header_without_the_required_columns_says_which() {
        let error = Columns::read(&strings(&["first_name", "email"])).unwrap_err();
        assert!(
            error.ends_with("it lacks phone_number and last_name."),
            "{error}"
        );
    }

    #[test]
    fn rows_that_are_no_contacts_say_why() {
        let columns =
            Columns::read(&strings(&["first_name", "last_name", "cell", "state_code"])).unwrap();
        let reason = |fields: &[&str]| columns.row(&strings(fields), RULES).unwrap_err().reason;
        assert_eq!(reason(&["a", "b", "", ""]), "There is no phone number.");
        assert_eq!(
            reason(&["a", "b", "123", ""]),
            "This is not a valid phone number."
        );
        assert_eq!(
            reason(&["a", "b", "+442071838750", ""]),
            "This is a foreign phone number; only numbers that begin with +1 are loaded."
        );
        assert_eq!(
            reason(&["a", "b", "6175550123", "ZZ"]),
            "\"ZZ\" is not a state."
        );
        assert!(
            columns
                .row(&strings(&["a", "b", "6175550123"]), RULES)
                .is_ok()
        );
    }
}
