//! Parameters of an operation, in a query and as members of an object.

use guichet_catalogue::model::{Operation, Parameter, ParameterType};
use guichet_engine::policy::Policy;
use serde_json::{Map, Value, json};

const PROVIDERS: &str = "Which providers may answer, in this order; `!id` excludes one";

/// The common parameters: name, description, schema. `providers` is not among them: who may be named in it is another
/// for each operation.
pub(super) fn common() -> [(&'static str, &'static str, Value); 6] {
    [
        (
            "policy",
            "In which order providers are asked; with it, `providers` only says who may answer",
            json!({ "type": "string", "enum": Policy::ALL.map(Policy::as_str) }),
        ),
        (
            "max_age",
            "Seconds of age accepted; 0 = only fresh",
            json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
        ),
        (
            "licence",
            "`commercial` = only providers whose terms allow commercial use",
            json!({ "type": "string", "enum": ["any", "commercial"] }),
        ),
        (
            "timeout_ms",
            "How long the caller waits, in milliseconds",
            json!({ "type": "integer", "minimum": 50, "maximum": 120_000 }),
        ),
        (
            "max_wait_ms",
            "How much of `timeout_ms` may be spent on waiting for a provider's quota, in milliseconds",
            json!({ "type": "integer", "minimum": 0, "maximum": 120_000 }),
        ),
        (
            "cursor",
            "`meta.next_cursor` of the page before",
            json!({ "type": "string" }),
        ),
    ]
}

/// The common parameters that an operation takes: all but those whose name it uses itself.
fn common_of(operation: &Operation) -> impl Iterator<Item = (&'static str, &'static str, Value)> {
    let applies = |name: &str| !declares(operation, name) && (name != "cursor" || operation.paged);
    common()
        .into_iter()
        .filter(move |(name, _, _)| applies(name))
}

/// What `providers` may hold, unless the operation has a parameter of that name itself.
fn providers(operation: &Operation) -> Option<Value> {
    let ids = operation
        .endpoints
        .iter()
        .map(|endpoint| endpoint.provider.id.to_string());
    let names: Vec<_> = ids.clone().chain(ids.map(|id| format!("!{id}"))).collect();
    let list = json!({ "type": "array", "items": { "type": "string", "enum": names } });
    (!declares(operation, "providers")).then_some(list)
}

fn declares(operation: &Operation, name: &str) -> bool {
    operation
        .parameters
        .iter()
        .any(|parameter| &*parameter.name == name)
}

fn own(operation: &Operation) -> impl Iterator<Item = &Parameter> {
    operation
        .parameters
        .iter()
        .filter(|parameter| !parameter.internal)
}

/// Whether `lat` and `lon` may stand in for the place.
fn takes_coordinates(operation: &Operation) -> bool {
    own(operation).any(|parameter| parameter.kind == ParameterType::Place)
        && !declares(operation, "lat")
        && !declares(operation, "lon")
}

/// A place that may also be given as `lat` and `lon` is not required under its own name.
fn is_required(operation: &Operation, parameter: &Parameter) -> bool {
    parameter.required && !(parameter.kind == ParameterType::Place && takes_coordinates(operation))
}

/// As parameters of a query.
pub(super) fn of_query(operation: &Operation) -> Vec<Value> {
    let mut described: Vec<_> = own(operation)
        .map(|parameter| in_query(operation, parameter))
        .collect();
    if takes_coordinates(operation) {
        described.extend(
            ["lat", "lon"].map(|name| json!({ "$ref": format!("#/components/parameters/{name}") })),
        );
    }
    described.extend(providers(operation).map(|schema| {
        json!({
            "name": "providers", "in": "query", "description": PROVIDERS, "schema": schema,
            "style": "form", "explode": false,
        })
    }));
    described.extend(
        common_of(operation)
            .map(|(name, _, _)| json!({ "$ref": format!("#/components/parameters/{name}") })),
    );
    described
}

fn in_query(operation: &Operation, parameter: &Parameter) -> Value {
    let mut described = json!({
        "name": &*parameter.name,
        "in": "query",
        "required": is_required(operation, parameter),
        "description": parameter.summary,
        "schema": schema(parameter),
    });
    if parameter.many.is_some() {
        described["style"] = "form".into();
        described["explode"] = false.into();
    }
    let example = parameter.example.as_ref();
    // Of one example only: parameters of several may exclude each other.
    let shown = operation
        .examples
        .first()
        .and_then(|example| example.get(&*parameter.name));
    if let Some(example) = example.or(shown) {
        described["example"] = example.clone();
    }
    described
}

/// As members of one object, in which null is as good as absent, and a list may be written as in a query.
pub(super) fn as_object(operation: &Operation) -> Value {
    let mut properties = Map::new();
    for parameter in own(operation) {
        let mut member = schema(parameter);
        if parameter.many.is_some() {
            member = or("string", member);
        }
        if !is_required(operation, parameter) {
            member = or_null(member);
        }
        member["description"] = parameter.summary.clone().into();
        properties.insert(parameter.name.to_string(), member);
    }
    if takes_coordinates(operation) {
        properties.insert("lat".into(), or_null(degrees(90)));
        properties.insert("lon".into(), or_null(degrees(180)));
    }
    let providers =
        providers(operation).map(|schema| ("providers", PROVIDERS, or("string", schema)));
    for (name, description, schema) in providers.into_iter().chain(common_of(operation)) {
        let mut member = or_null(schema);
        member["description"] = description.into();
        properties.insert(name.into(), member);
    }
    let required: Vec<&str> = own(operation)
        .filter(|parameter| is_required(operation, parameter))
        .map(|parameter| &*parameter.name)
        .collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

/// The same schema, with null allowed.
fn or_null(schema: Value) -> Value {
    let mut schema = or("null", schema);
    if let Some(allowed) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        allowed.push(Value::Null);
    }
    schema
}

/// The same schema, with another type allowed.
fn or(kind: &str, mut schema: Value) -> Value {
    let mut kinds = match schema["type"].take() {
        Value::Array(kinds) => kinds,
        one => vec![one],
    };
    kinds.push(kind.into());
    schema["type"] = kinds.into();
    schema
}

/// What a parameter holds.
fn schema(parameter: &Parameter) -> Value {
    let mut single = single(parameter);
    if !parameter.one_of.is_empty() {
        single["enum"] = parameter.one_of.clone().into();
    }
    let mut described = match parameter.many {
        Some(most) => json!({ "type": "array", "items": single, "minItems": 1, "maxItems": most }),
        None => single,
    };
    if let Some(default) = &parameter.default {
        described["default"] = default.clone();
    }
    described
}

fn single(parameter: &Parameter) -> Value {
    match parameter.kind {
        ParameterType::String => {
            json!({ "type": "string", "minLength": 1, "maxLength": parameter.max_length })
        }
        ParameterType::Text => json!({ "type": "string", "maxLength": parameter.max_length }),
        ParameterType::Integer => between("integer", parameter),
        ParameterType::Number => between("number", parameter),
        ParameterType::Boolean => json!({ "type": "boolean" }),
        ParameterType::Place => json!({ "type": "string", "minLength": 1, "maxLength": 200 }),
        ParameterType::Latitude => degrees(90),
        ParameterType::Longitude => degrees(180),
        ParameterType::Language => {
            json!({ "type": "string", "pattern": "^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*$" })
        }
        ParameterType::Country => json!({ "type": "string", "pattern": "^[A-Za-z]{2}$" }),
        ParameterType::Currency => json!({ "type": "string", "pattern": "^[A-Za-z]{3}$" }),
        ParameterType::Date => json!({ "type": "string", "format": "date" }),
        ParameterType::Datetime => {
            json!({ "type": "string", "description": "RFC 3339, with or without offset" })
        }
        ParameterType::Timezone => {
            json!({ "type": "string", "description": "A zone of the IANA database" })
        }
        ParameterType::Ip => {
            json!({ "type": "string", "anyOf": [{ "format": "ipv4" }, { "format": "ipv6" }] })
        }
    }
}

fn between(kind: &str, parameter: &Parameter) -> Value {
    let mut schema = json!({ "type": kind });
    if let Some(least) = parameter.min {
        schema["minimum"] = least.into();
    }
    if let Some(most) = parameter.max {
        schema["maximum"] = most.into();
    }
    schema
}

/// Degrees of latitude (`most` = 90) or longitude (180).
pub(super) fn degrees(most: i32) -> Value {
    json!({ "type": "number", "minimum": -most, "maximum": most })
}
