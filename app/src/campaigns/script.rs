//! Scripts: `{name}` becomes the contact's value, in one pass, by the rules the client has too.
//!
//! `app/script-vectors.json` holds the cases both sides are tested with.

use serde::{Deserialize, Serialize};

/// What a script may say about the contact.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Person {
    pub first_name: String,
    pub last_name: String,
    pub cell: String,
    pub external_id: String,
    pub external_id_type: Option<String>,
    pub state_code: Option<String>,
    pub custom_fields: serde_json::Map<String, serde_json::Value>,
}

/// What it may say about the texter.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Texter {
    pub first_name: String,
    pub last_name: String,
}

/// A script as one contact would get it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    pub text: String,
    /// Names that are no field at all; left as typed.
    pub unknown_fields: Vec<String>,
    /// Fields this contact has no value for.
    pub missing_fields: Vec<String>,
}

/// A piece of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    Field(&'a str),
}

/// Renders the script.
pub fn render(script: &str, person: &Person, texter: &Texter) -> Rendered {
    let mut rendered = Rendered::default();
    for piece in pieces(script) {
        let name = match piece {
            Piece::Text(text) => {
                rendered.text.push_str(text);
                continue;
            }
            Piece::Field(name) => name,
        };
        match value(name, person, texter) {
            None => {
                rendered.text.push('{');
                rendered.text.push_str(name);
                rendered.text.push('}');
                push_once(&mut rendered.unknown_fields, name);
            }
            Some(text) if text.is_empty() => push_once(&mut rendered.missing_fields, name),
            Some(text) => rendered.text.push_str(&text),
        }
    }
    rendered
}

/// The names in a script that are neither standard fields nor among `custom`.
pub fn unknown_fields(script: &str, custom: &[String]) -> Vec<String> {
    let mut unknown = Vec::new();
    for piece in pieces(script) {
        if let Piece::Field(name) = piece
            && !is_standard(name)
            && !custom.iter().any(|field| field == name)
        {
            push_once(&mut unknown, name);
        }
    }
    unknown
}

/// Whether scripts know the name whatever file was loaded.
pub fn is_standard(name: &str) -> bool {
    standard(name, &Person::default(), &Texter::default()).is_some()
}

fn push_once(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

/// The value of a field; none when there is no field of that name.
fn value(name: &str, person: &Person, texter: &Texter) -> Option<String> {
    if let Some(text) = standard(name, person, texter) {
        return Some(text.to_owned());
    }
    let value = person.custom_fields.get(name)?;
    if value.is_null() {
        return Some(String::new());
    }
    Some(
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned),
    )
}

fn standard<'a>(name: &str, person: &'a Person, texter: &'a Texter) -> Option<&'a str> {
    Some(match name {
        "first_name" | "firstName" | "first" => &person.first_name,
        "last_name" | "lastName" | "last" => &person.last_name,
        "phone_number" | "cell" => &person.cell,
        "source_id" | "external_id" => &person.external_id,
        "source_id_type" | "external_id_type" => person.external_id_type.as_deref().unwrap_or(""),
        "van_statecode" | "state_code" => person.state_code.as_deref().unwrap_or(""),
        "texter_first_name" | "texterFirstName" => &texter.first_name,
        "texter_last_name" | "texterLastName" => &texter.last_name,
        _ => return None,
    })
}

/// Splits at every innermost `{name}`; a brace that belongs to none, and `{}`, is text.
fn pieces(script: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = script;
    while let Some((before, name, after)) = next_field(rest) {
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        pieces.push(Piece::Field(name));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

fn next_field(text: &str) -> Option<(&str, &str, &str)> {
    let mut open = None;
    for (position, character) in text.char_indices() {
        match (character, open) {
            ('{', _) => open = Some(position),
            ('}', Some(start)) if position > start + 1 => {
                return Some((
                    &text[..start],
                    &text[start + 1..position],
                    &text[position + 1..],
                ));
            }
            ('}', _) => open = None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::{Person, Rendered, Texter, render, unknown_fields};

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Vector {
        name: String,
        script: String,
        contact: Person,
        texter: Texter,
        text: String,
        unknown_fields: Vec<String>,
        missing_fields: Vec<String>,
    }

    #[test]
    fn every_shared_vector_renders_as_written() {
        let vectors: Vec<Vector> =
            serde_json::from_str(include_str!("../../script-vectors.json")).unwrap();
        assert!(vectors.len() >= 8);
        for vector in vectors {
            let expected = Rendered {
                text: vector.text,
                unknown_fields: vector.unknown_fields,
                missing_fields: vector.missing_fields,
            };
            let found = render(&vector.script, &vector.contact, &vector.texter);
            assert_eq!(found, expected, "{}", vector.name);
        }
    }

    #[test]
    fn a_script_is_checked_against_the_fields_of_the_file() {
        let custom = vec!["ward".to_owned()];
        assert_eq!(unknown_fields("{ward}{first_name} {x}{x}", &custom), ["x"]);
    }

    proptest::proptest! {
        #[test]
        fn text_without_fields_is_never_changed(script in "[^{}]*") {
            let rendered = render(&script, &Person::default(), &Texter::default());
            proptest::prop_assert_eq!(rendered.text, script);
        }

        #[test]
        fn values_come_out_exactly_as_they_are(value in "\\PC+") {
            let person = Person { first_name: value.clone(), ..Person::default() };
            let rendered = render("<{first_name}>", &person, &Texter::default());
            proptest::prop_assert_eq!(rendered.text, format!("<{value}>"));
        }
    }
}
