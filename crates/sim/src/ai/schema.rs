//! An instance of a JSON schema, built from its types: always the same one.

use serde_json::{Map, Value, json};

/// How deep schemas are followed that contain themselves.
const DEPTH: usize = 8;

/// A value that is valid under a schema of the usual keywords; `text` stands where any text may stand.
pub(crate) fn instance(schema: &Value, text: &str) -> Value {
    Builder { root: schema, text }.of(schema, DEPTH)
}

struct Builder<'a> {
    root: &'a Value,
    text: &'a str,
}

impl Builder<'_> {
    fn of(&self, schema: &Value, depth: usize) -> Value {
        let Some(depth) = depth.checked_sub(1) else {
            return Value::Null;
        };
        if let Some(value) = schema.get("const").or_else(|| schema.get("default")) {
            return value.clone();
        }
        if let Some(first) = schema["enum"].get(0) {
            return first.clone();
        }
        if let Some(target) = schema["$ref"].as_str().and_then(|path| self.target(path)) {
            return self.of(target, depth);
        }
        for name in ["anyOf", "oneOf"] {
            if let Some(first) = schema[name].get(0) {
                return self.of(first, depth);
            }
        }
        if let Some(all) = schema["allOf"].as_array() {
            return self.all(all, depth);
        }
        match kind(schema) {
            "object" => self.object(schema, depth),
            "array" => self.array(schema, depth),
            "integer" => whole(number(schema).ceil()),
            "number" => json!(number(schema)),
            "boolean" => json!(true),
            "null" => Value::Null,
            _ => Value::String(self.string(schema)),
        }
    }

    fn target(&self, path: &str) -> Option<&Value> {
        self.root.pointer(path.strip_prefix('#')?)
    }

    fn all(&self, parts: &[Value], depth: usize) -> Value {
        let mut merged = Map::new();
        for part in parts {
            match self.of(part, depth) {
                Value::Object(members) => merged.extend(members),
                other => return other,
            }
        }
        Value::Object(merged)
    }

    /// Every member that is named, so that optional ones are seen too.
    fn object(&self, schema: &Value, depth: usize) -> Value {
        let members = schema["properties"].as_object();
        let named = members.into_iter().flatten();
        let mut object: Map<String, Value> = named
            .map(|(name, schema)| (name.clone(), self.of(schema, depth)))
            .collect();
        for name in schema["required"].as_array().into_iter().flatten() {
            if let Some(name) = name.as_str() {
                object
                    .entry(name)
                    .or_insert_with(|| Value::String(self.text.to_owned()));
            }
        }
        Value::Object(object)
    }

    fn array(&self, schema: &Value, depth: usize) -> Value {
        let least = schema["minItems"].as_u64().unwrap_or(1).clamp(1, 64);
        let item = schema.get("items").unwrap_or(&Value::Null);
        (0..least).map(|_| self.of(item, depth)).collect()
    }

    fn string(&self, schema: &Value) -> String {
        let known = match schema["format"].as_str() {
            Some("date") => "2026-11-22",
            Some("date-time") => "2026-11-22T10:31:00Z",
            Some("time") => "10:31:00Z",
            Some("email") => "somebody@example.com",
            Some("uri" | "url") => "https://example.com/",
            Some("uuid") => "00000000-0000-4000-8000-000000000000",
            _ => self.text,
        };
        let length = |name: &str| {
            schema[name]
                .as_u64()
                .and_then(|it| usize::try_from(it).ok())
        };
        let most = length("maxLength").unwrap_or(usize::MAX);
        let mut text: String = known.chars().take(most).collect();
        while text.chars().count() < length("minLength").unwrap_or(0).min(1_024) {
            text.push('x');
        }
        text
    }
}

/// The first type that is not null.
fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(kind) => kind,
        Value::Array(kinds) => kinds
            .iter()
            .filter_map(Value::as_str)
            .find(|kind| *kind != "null")
            .unwrap_or("null"),
        _ if schema.get("properties").is_some() => "object",
        _ => "string",
    }
}

fn number(schema: &Value) -> f64 {
    let at = |name: &str| schema[name].as_f64();
    let above = at("exclusiveMinimum").map(|least| least + 1.0);
    let most = at("maximum").unwrap_or(f64::MAX);
    at("minimum").or(above).unwrap_or(1.0).min(most)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "bounds of schemas are small numbers; beyond them the cast saturates"
)]
fn whole(number: f64) -> Value {
    json!(number as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_an_instance() {
        let schema = json!({
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "unit": {"enum": ["C", "F"]},
                "days": {"type": "integer", "minimum": 3},
                "wind": {"type": ["null", "number"]},
                "tags": {"type": "array", "items": {"$ref": "#/$defs/tag"}},
                "self": {"$ref": "#"},
            },
            "required": ["city"],
            "$defs": {"tag": {"type": "boolean"}},
        });
        let built = instance(&schema, "Paris");
        assert_eq!(built["city"], "Paris");
        assert_eq!(built["unit"], "C");
        assert_eq!(built["days"], 3);
        assert_eq!(built["wind"], 1.0);
        assert_eq!(built["tags"], json!([true]));
        assert_eq!(built["self"]["city"], "Paris");
    }
}
