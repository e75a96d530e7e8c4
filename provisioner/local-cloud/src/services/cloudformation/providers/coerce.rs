//! Scalars in the type a property wants: templates, and parameters above all, say `"30"`
//! where a number belongs and `5` where text does.

use serde_json::{Value, json};

use super::{Properties, Schema};

impl Schema {
    /// Turns every scalar into the type its path wants: a number, a flag, or text.
    pub(in super::super) fn coerce(&self, properties: &mut Properties) {
        for (name, value) in properties.iter_mut() {
            self.coerce_at(name, value);
        }
    }

    fn coerce_at(&self, path: &str, value: &mut Value) {
        if self.documents.contains(&path) {
            return;
        }
        match value {
            // Items of a list have the list's path.
            Value::Array(items) => items.iter_mut().for_each(|item| self.coerce_at(path, item)),
            Value::Object(members) => {
                for (name, member) in members.iter_mut() {
                    self.coerce_at(&format!("{path}.{name}"), member);
                }
            }
            Value::Null => {}
            scalar => *scalar = self.scalar(path, scalar),
        }
    }

    fn scalar(&self, path: &str, value: &Value) -> Value {
        if self.numbers.contains(&path) {
            return number(value);
        }
        if self.booleans.contains(&path) {
            return flag(value);
        }
        match value {
            Value::Number(number) => json!(number.to_string()),
            Value::Bool(flag) => json!(flag.to_string()),
            other => other.clone(),
        }
    }
}

/// What is no number stays as it is: the service refuses it in its own words.
fn number(value: &Value) -> Value {
    let Some(text) = value.as_str() else {
        return value.clone();
    };
    if let Ok(whole) = text.trim().parse::<i64>() {
        return json!(whole);
    }
    match text.trim().parse::<f64>() {
        Ok(number) => json!(number),
        Err(_) => value.clone(),
    }
}

fn flag(value: &Value) -> Value {
    match value.as_str() {
        Some(text) if text.eq_ignore_ascii_case("true") => json!(true),
        Some(text) if text.eq_ignore_ascii_case("false") => json!(false),
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{PLAIN, Schema};

    const SCHEMA: Schema = Schema {
        numbers: &["Timeout", "Rules.Port"],
        booleans: &["Rules.Open"],
        documents: &["Policy"],
        ..PLAIN
    };

    #[test]
    fn scalars_take_the_type_their_path_wants() {
        let mut value = json!({
            "Timeout": "30",
            "Rules": [{ "Port": "5432", "Open": "true", "Name": 7 }],
            "Environment": { "Variables": { "RELEASE": 0, "ON": true } },
            "Policy": { "Max": 5 },
        });
        let properties = value.as_object_mut().unwrap();
        SCHEMA.coerce(properties);
        let expected = json!({
            "Timeout": 30,
            "Rules": [{ "Port": 5432, "Open": true, "Name": "7" }],
            "Environment": { "Variables": { "RELEASE": "0", "ON": "true" } },
            "Policy": { "Max": 5 },
        });
        assert_eq!(value, expected);
    }
}
