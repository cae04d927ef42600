//! What the operations share: schemas, parameters, responses, ways to show a key.

use guichet_catalogue::model::{Catalogue, Class};
use serde_json::{Map, Value, json};

use super::{parameter, schema};
use crate::codes::Code;

pub(super) fn all(catalogue: &Catalogue) -> Value {
    let mut schemas = schema::all(catalogue);
    schemas.insert("Meta".into(), meta());
    schemas.insert("Attempt".into(), attempt());
    schemas.insert("Problem".into(), problem());
    schemas.insert("Quotas".into(), quotas());
    json!({
        "schemas": schemas,
        "parameters": parameters(),
        "responses": { "Problem": {
            "description": "Why there is no answer (RFC 9457)",
            "headers": { "Retry-After": {
                "description": "Seconds until asking again may help, where that is known",
                "schema": { "type": "integer" },
            } },
            "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
        } },
        "securitySchemes": {
            "bearer": { "type": "http", "scheme": "bearer", "description": "`gch_…`" },
            "apiKey": { "type": "apiKey", "in": "header", "name": "x-api-key" },
            "googApiKey": { "type": "apiKey", "in": "header", "name": "x-goog-api-key" },
        },
    })
}

fn parameters() -> Map<String, Value> {
    let common = parameter::common();
    let coordinates = [
        (
            "lat",
            "Degrees north; with `lon`, in place of a place's name",
            parameter::degrees(90),
        ),
        (
            "lon",
            "Degrees east; with `lat`, in place of a place's name",
            parameter::degrees(180),
        ),
    ];
    let described = common.into_iter().chain(coordinates).map(|(name, description, schema)| {
        let parameter = json!({ "name": name, "in": "query", "description": description, "schema": schema });
        (name.to_owned(), parameter)
    });
    described.collect()
}

fn quotas() -> Value {
    let text = json!({ "type": "string" });
    let text_or_null = json!({ "type": ["string", "null"] });
    let time_or_null = json!({ "type": ["string", "null"], "format": "date-time" });
    let source = json!({ "enum": ["catalogue", "counted", "header", "body", "refusal", "status", "learnt"] });
    json!({
        "type": "object",
        "required": ["at", "quotas"],
        "properties": {
            "at": { "type": "string", "format": "date-time" },
            "quotas": { "type": "array", "items": {
                "type": "object",
                "properties": {
                    "provider": text,
                    "shared_with": { "type": "array", "items": text },
                    "credential": text_or_null,
                    "model": text_or_null,
                    "group": text_or_null,
                    "scope": { "enum": ["ip", "key", "account", "project"] },
                    "dimension": text,
                    "window": text,
                    "period_s": { "type": ["integer", "null"] },
                    "limit": { "type": "number" },
                    "limit_source": source,
                    "limit_as_of": text_or_null,
                    "used": { "type": "number" },
                    "used_source": source,
                    "used_as_of": time_or_null,
                    "left": { "type": "number" },
                    "resets_at": time_or_null,
                    "outlook": {
                        "type": "object",
                        "properties": {
                            "state": { "enum": ["unknown", "lasts", "empties", "empty"] },
                            "at": time_or_null,
                        },
                    },
                },
            } },
        },
    })
}

fn meta() -> Value {
    json!({
        "type": "object",
        "required": [
            "category", "operation", "provider", "served", "age_s", "observed_at", "attribution", "attempts",
            "request_id", "next_cursor",
        ],
        "properties": {
            "category": { "type": "string" },
            "operation": { "type": "string" },
            "provider": { "type": "string", "description": "Who answered" },
            "served": { "enum": ["fresh", "cached", "stale", "local"] },
            "age_s": { "type": "integer", "minimum": 0, "description": "Seconds since the provider gave the answer" },
            "observed_at": { "type": ["string", "null"], "description": "When the fact was true at its source" },
            "attribution": { "type": "array", "description": "What must be shown with the data", "items": {
                "type": "object",
                "required": ["text"],
                "properties": {
                    "text": { "type": "string" },
                    "url": { "type": "string" },
                    "licence": { "type": "string" },
                },
            } },
            "attempts": { "type": "array", "items": { "$ref": "#/components/schemas/Attempt" } },
            "request_id": { "type": "string" },
            "next_cursor": { "type": ["string", "null"] },
            "rehearsal": {
                "type": "array",
                "description": "Providers that the operator makes fail for a while, to see what comes of it; absent where none is",
                "items": { "type": "object" },
            },
        },
    })
}

fn attempt() -> Value {
    json!({
        "type": "object",
        "required": ["provider", "class", "ms"],
        "properties": {
            "provider": { "type": "string" },
            "class": { "enum": Class::ALL.map(Class::as_str) },
            "status": { "type": "integer" },
            "ms": { "type": "integer", "minimum": 0 },
            "limit": {
                "type": "object",
                "description": "The caller's limit that stands in the way",
                "required": ["of", "id", "name", "limit"],
                "properties": {
                    "of": { "enum": ["key", "project", "organization"] },
                    "id": { "type": "string" },
                    "name": { "type": "string", "description": "As in the header `RateLimit`" },
                    "limit": { "type": "string", "description": "Such as `60 requests per minute`" },
                },
            },
            "retry_at": { "type": "string", "format": "date-time" },
        },
    })
}

fn problem() -> Value {
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    json!({
        "type": "object",
        "required": ["type", "title", "status", "detail", "code", "request_id"],
        "properties": {
            "type": { "type": "string", "format": "uri" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "detail": { "type": "string" },
            "code": { "enum": codes },
            "request_id": { "type": "string" },
            "nearest": { "type": "string", "description": "The name that was probably meant" },
            "errors": { "type": "array", "items": {
                "type": "object",
                "required": ["name", "reason"],
                "properties": {
                    "name": { "type": "string" },
                    "reason": { "type": "string" },
                    "allowed": { "type": "string" },
                    "nearest": { "type": "string" },
                },
            } },
            "attempts": { "type": "array", "items": { "$ref": "#/components/schemas/Attempt" } },
            "skipped": { "type": "array", "items": {
                "type": "object",
                "required": ["provider", "reason"],
                "properties": {
                    "provider": { "type": "string" },
                    "reason": { "type": "string" },
                    "retry_at": { "type": "string", "format": "date-time" },
                },
            } },
            "retry_at": { "type": "string", "format": "date-time" },
        },
    })
}
