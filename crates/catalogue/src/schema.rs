//! The check that every result passes before anybody sees it: JSON Schema 2020-12, compiled once.

use std::sync::Arc;

use serde_json::{Value, json};

/// The shape of one named result of a category's schema.
pub struct Shape {
    validator: jsonschema::Validator,
}

impl Shape {
    /// Compiles the shape that stands under this name in the document's `$defs`.
    pub fn compile(document: &Arc<Value>, name: &str) -> Result<Self, String> {
        if document.pointer(&format!("/$defs/{name}")).is_none() {
            let names = document
                .get("$defs")
                .and_then(Value::as_object)
                .into_iter()
                .flatten();
            let names: Vec<&str> = names.map(|(name, _)| name.as_str()).collect();
            let hint = crate::suggest::did_you_mean(name, names.iter().copied());
            return Err(format!(
                "the schema defines no `{name}`, only {}{hint}",
                names.join(", ")
            ));
        }
        let mut root = (**document).clone();
        root["$ref"] = json!(format!("#/$defs/{name}"));
        let validator = jsonschema::draft202012::options()
            .should_validate_formats(true)
            .build(&root)
            .map_err(|error| format!("the schema of `{name}` is wrong: {error}"))?;
        Ok(Self { validator })
    }

    /// Whether the value has the shape; if not, where it does not, without quoting the value.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        self.validator.validate(value).map_err(|error| {
            format!(
                "{} breaks {}",
                place(error.instance_path().as_str()),
                error.schema_path().as_str()
            )
        })
    }
}

fn place(path: &str) -> &str {
    if path.is_empty() { "the result" } else { path }
}

impl std::fmt::Debug for Shape {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Shape")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Arc<Value> {
        Arc::new(json!({"$defs": {
            "Current": {"type": "object", "required": ["at", "t"], "properties": {"at": {"type": "string", "format": "date-time"}, "t": {"$ref": "#/$defs/Degrees"}}},
            "Degrees": {"type": "number", "minimum": -100}
        }}))
    }

    #[test]
    fn a_result_is_checked_against_its_definition() {
        let shape = Shape::compile(&document(), "Current").unwrap();
        assert!(
            shape
                .check(&json!({"at": "2026-11-22T10:00:00Z", "t": 3}))
                .is_ok()
        );
        let wrong = shape
            .check(&json!({"at": "2026-11-22T10:00:00Z", "t": -300}))
            .unwrap_err();
        assert!(wrong.starts_with("/t breaks"), "{wrong}");
        assert!(!wrong.contains("300"), "the value is not quoted: {wrong}");
        assert!(shape.check(&json!({"at": "yesterday", "t": 3})).is_err());
        assert!(shape.check(&json!({})).is_err());
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_right_one() {
        let error = Shape::compile(&document(), "Curent").unwrap_err();
        assert!(error.ends_with("did you mean `Current`?"), "{error}");
    }
}
