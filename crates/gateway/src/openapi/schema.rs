//! The categories' result schemas, brought together under `components`.

use guichet_catalogue::model::Catalogue;
use serde_json::{Map, Value};

const LOCAL: &str = "#/$defs/";

/// The name of a category's definition: `weather_Current`.
pub(super) fn name(category: &str, definition: &str) -> String {
    format!("{category}_{definition}")
}

/// Every definition of every category, its references brought along.
pub(super) fn all(catalogue: &Catalogue) -> Map<String, Value> {
    let mut schemas = Map::new();
    for category in catalogue.categories.values() {
        let definitions = category.schema.get("$defs").and_then(Value::as_object);
        for (definition, schema) in definitions.into_iter().flatten() {
            let mut schema = schema.clone();
            point_here(&mut schema, &category.id);
            schemas.insert(name(&category.id, definition), schema);
        }
    }
    schemas
}

/// Rewrites references within a category's document to the places under `components`.
fn point_here(schema: &mut Value, category: &str) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get_mut("$ref")
                && let Some(definition) = reference.strip_prefix(LOCAL)
            {
                *reference = format!("#/components/schemas/{}", name(category, definition));
            }
            for member in members.values_mut() {
                point_here(member, category);
            }
        }
        Value::Array(items) => {
            for item in items {
                point_here(item, category);
            }
        }
        _ => {}
    }
}
