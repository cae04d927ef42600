//! Checks a computed answer against a definition of its category's schema, as the engine does with every answer.

use std::path::Path;

use serde_json::{Value, json};

/// Panics with what is wrong unless `value` is a `definition` of `catalogue/<category>/schema.json`.
pub(crate) fn check(category: &str, definition: &str, value: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../catalogue")
        .join(category)
        .join("schema.json");
    let mut schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    schema["$ref"] = json!(format!("#/$defs/{definition}"));
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap();
    let errors: Vec<_> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(
        errors.is_empty(),
        "{category}/{definition} is not {value:#}\n{}",
        errors.join("\n")
    );
}
