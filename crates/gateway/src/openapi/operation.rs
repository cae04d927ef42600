//! One operation of the catalogue, as GET and as POST.

use guichet_catalogue::model::Operation;
use serde_json::{Map, Value, json};

use super::{parameter, schema};
use crate::codes::Code;
use crate::promised::Promised;

/// Asked by a query string.
pub(super) fn by_get(operation: &Operation, promised: &Promised) -> Value {
    let mut described = common(operation, promised, "");
    described["parameters"] = parameter::of_query(operation).into();
    described
}

/// Asked by a JSON object.
pub(super) fn by_post(operation: &Operation, promised: &Promised) -> Value {
    let mut described = common(operation, promised, "_post");
    let examples: Map<_, _> = (1..)
        .zip(&operation.examples)
        .map(|(number, example)| (format!("example-{number}"), json!({ "value": example })))
        .collect();
    let mut media = json!({ "schema": parameter::as_object(operation) });
    if !examples.is_empty() {
        media["examples"] = examples.into();
    }
    let required = operation
        .parameters
        .iter()
        .any(|parameter| parameter.required && !parameter.internal);
    described["requestBody"] =
        json!({ "required": required, "content": { "application/json": media } });
    described
}

fn common(operation: &Operation, promised: &Promised, suffix: &str) -> Value {
    let providers: Vec<&str> = operation
        .endpoints
        .iter()
        .map(|endpoint| &*endpoint.provider.id)
        .collect();
    let mut described = json!({
        "operationId": format!("{}_{}{suffix}", operation.id.category, operation.id.name).replace('-', "_"),
        "summary": operation.summary,
        "tags": [&*operation.id.category],
        "responses": responses(operation),
        "x-providers": providers,
    });
    promise(&mut described, promised);
    described
}

/// How sure its answer is.
pub(super) fn promise(described: &mut Value, promised: &Promised) {
    described["x-fallback"] = promised.guarantee.into();
    described["x-fallback-reason"] = promised.sentence().into();
}

/// The statuses of refusals that a data route can answer.
fn refusals() -> impl Iterator<Item = u16> {
    let elsewhere = [
        Code::Stopping,
        Code::UnknownProvider,
        Code::UnknownRoute,
        Code::AtLimit,
        Code::Uncountable,
    ];
    Code::ALL
        .iter()
        .filter(move |code| !elsewhere.contains(code))
        .map(|code| code.status().as_u16())
}

fn responses(operation: &Operation) -> Value {
    let mut responses = Map::new();
    let result = schema::name(&operation.id.category, &operation.result);
    responses.insert(
        "200".into(),
        json!({
            "description": "The answer, and where it is from",
            "headers": headers(),
            "content": { "application/json": { "schema": {
                "type": "object",
                "required": ["data", "meta"],
                "properties": {
                    "data": { "$ref": format!("#/components/schemas/{result}") },
                    "meta": { "$ref": "#/components/schemas/Meta" },
                },
            } } },
        }),
    );
    responses.insert(
        "304".into(),
        json!({ "description": "The caller's `If-None-Match` names this answer" }),
    );
    responses.insert(
        "431".into(),
        json!({ "description": "The URL and the headers are too large; refused before there is a document" }),
    );
    for status in refusals() {
        responses.insert(
            status.to_string(),
            json!({ "$ref": "#/components/responses/Problem" }),
        );
    }
    Value::Object(responses)
}

fn headers() -> Value {
    let text =
        |description: &str| json!({ "description": description, "schema": { "type": "string" } });
    json!({
        "Age": { "description": "Seconds since the provider gave the answer", "schema": { "type": "integer" } },
        "Cache-Control": text("For how long the answer may be kept"),
        "Cache-Status": text("RFC 9211"),
        "ETag": text("Names the data"),
        "Server-Timing": text("The whole, and each attempt"),
        "X-Request-Id": text("The caller's own where it is a sane token, else a new one"),
    })
}
