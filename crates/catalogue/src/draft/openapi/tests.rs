//! A document of an invented service, small but as documents are: references, formats, security, examples.

use serde_json::{Value, json};

use crate::draft::tests::{from_document, target};
use crate::draft::{DraftError, from_openapi};
use crate::model::Catalogue;

fn document() -> Value {
    json!({
        "openapi": "3.0.3",
        "info": { "title": "Harbour API", "version": "1.4.0", "contact": { "url": "https://harbour.example/docs" } },
        "servers": [{ "url": "https://{region}.harbour.example/v1", "variables": { "region": { "default": "eu" } } }],
        "security": [{ "ApiKey": [] }],
        "paths": {
            "/conditions": {
                "get": {
                    "operationId": "getConditions",
                    "summary": "Conditions now",
                    "parameters": [
                        { "$ref": "#/components/parameters/Lat" },
                        { "$ref": "#/components/parameters/Lon" },
                        { "name": "units", "in": "query", "required": true, "schema": { "type": "string", "enum": ["metric", "imperial"], "default": "metric" } },
                        { "name": "lang", "in": "query", "schema": { "type": "string", "example": "fr" } },
                        { "name": "verbose", "in": "query", "description": "More of\neverything", "schema": { "type": "boolean" } }
                    ],
                    "responses": { "200": { "$ref": "#/components/responses/Conditions" } }
                }
            },
            "/ports/{portId}/calls": {
                "parameters": [{ "name": "portId", "in": "path", "required": true, "description": "UN/LOCODE of the port", "schema": { "type": "string", "example": "FRLEH" } }],
                "get": {
                    "summary": "Ships that called",
                    "security": [{}, { "Oauth": [] }],
                    "parameters": [
                        { "name": "since", "in": "query", "required": true, "schema": { "type": "string", "format": "date" }, "example": "2026-11-01" },
                        { "name": "kinds", "in": "query", "schema": { "type": "array", "items": { "type": "string" } }, "example": ["tanker", "bulk"] },
                        { "name": "pageSize", "in": "query", "schema": { "type": "integer", "minimum": 1, "maximum": 100, "default": 20 } },
                        { "name": "X-Client", "in": "header", "required": true, "schema": { "type": "string" } }
                    ],
                    "responses": { "200": { "description": "ok", "content": { "application/json": { "schema": { "type": "array", "items": { "$ref": "#/components/schemas/Call" } } } } } }
                },
                "delete": { "responses": {} }
            },
            "/route": {
                "post": {
                    "operationId": "route",
                    "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/RouteRequest" } } } },
                    "responses": { "default": { "description": "ok", "content": { "application/json": { "example": { "distanceKm": 12.5 } } } } }
                }
            },
            "/loop": { "get": { "operationId": "loop", "parameters": [{ "$ref": "#/components/parameters/Loop" }], "responses": {} } }
        },
        "components": {
            "securitySchemes": {
                "ApiKey": { "type": "apiKey", "in": "query", "name": "api_key" },
                "Oauth": { "type": "oauth2", "flows": {} }
            },
            "parameters": {
                "Lat": { "name": "lat", "in": "query", "required": true, "schema": { "type": "number" }, "example": 48.85 },
                "Lon": { "name": "lng", "in": "query", "required": true, "schema": { "type": "number" }, "example": 2.35 },
                "Loop": { "$ref": "#/components/parameters/Loop" }
            },
            "responses": {
                "Conditions": { "description": "ok", "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/Conditions" },
                    "example": { "time": "2026-11-22T10:30:00Z", "airTempF": 45.3, "wind": { "speedKph": 13.0, "dir": 240 }, "humidity": "81" }
                } } }
            },
            "schemas": {
                "Conditions": { "type": "object", "required": ["time"], "properties": {
                    "time": { "type": "string", "format": "date-time" },
                    "airTempF": { "type": "number" },
                    "wind": { "type": "object", "properties": { "speedKph": { "type": "number" }, "dir": { "type": "integer" } } },
                    "humidity": { "type": "string" },
                    "visibilityKm": { "type": "number" }
                } },
                "Call": { "allOf": [
                    { "$ref": "#/components/schemas/Named" },
                    { "type": "object", "required": ["arrivedAt"], "properties": {
                        "arrivedAt": { "type": "string", "format": "date-time", "description": "When it came in" },
                        "draughtM": { "type": ["number", "null"] },
                        "previous": { "$ref": "#/components/schemas/Call" }
                    } }
                ] },
                "Named": { "type": "object", "required": ["name"], "properties": { "name": { "type": "string" } } },
                "RouteRequest": { "type": "object", "required": ["from", "to", "profile"], "properties": {
                    "from": { "type": "object", "required": ["port"], "properties": { "port": { "type": "string", "example": "FRLEH" } } },
                    "to": { "type": "string", "example": "GBDVR" },
                    "profile": { "type": "string", "enum": ["fast", "short"] },
                    "note": { "type": "string" }
                } }
            }
        }
    })
}

fn error(document: &Value, operation: &str) -> DraftError {
    let empty = crate::load(
        &crate::files::Files::default(),
        &crate::Surroundings::default(),
    )
    .unwrap();
    from_openapi(
        &target("ports", "harbour", "calls"),
        &document.to_string(),
        operation,
        &empty,
    )
    .unwrap_err()
}

#[test]
fn an_operation_drafts_toward_a_category_of_the_catalogue() {
    let target = target("weather", "harbour", "current");
    insta::assert_snapshot!(from_document(
        &target,
        &document().to_string(),
        "getConditions"
    ));
}

#[test]
fn an_operation_drafts_a_new_category() {
    let target = target("ports", "harbour", "calls");
    insta::assert_snapshot!(from_document(
        &target,
        &document().to_string(),
        "GET /ports/{portId}/calls"
    ));
}

#[test]
fn clients_that_authorize_themselves_draft_with_their_tokens_server() {
    let mut document = document();
    document["components"]["securitySchemes"]["Oauth"]["flows"] = json!({
        "clientCredentials": { "tokenUrl": "https://login.harbour.example/token", "scopes": { "calls": "", "more": "" } }
    });
    document["paths"]["/ports/{portId}/calls"]["get"]["security"] = json!([{ "Oauth": ["calls"] }]);
    let target = target("ports", "harbour", "calls");
    let text = document.to_string();
    let draft = from_document(&target, &text, "GET /ports/{portId}/calls");
    let auth = "[auth]\ntype = \"oauth2-client\"\ntoken_url = \"https://login.harbour.example/token\"\nscope = \"calls\"\nenv ";
    assert!(draft.contains(auth), "{draft}");
}

#[test]
fn a_post_drafts_its_body() {
    let target = target("routes", "harbour", "plan");
    insta::assert_snapshot!(from_document(&target, &document().to_string(), "route"));
}

#[test]
fn what_is_wrong_with_a_document_is_said() {
    let said = |operation: &str| error(&document(), operation).to_string();
    assert!(said("getCondition").contains("did you mean `getConditions`?"));
    assert!(said("DELETE /ports/{portId}/calls").contains("not with DELETE"));
    assert!(said("loop").contains("circle of references"));
    let with = |name: &str, value: Value| {
        let mut document = document();
        document[name] = value;
        error(&document, "getConditions").to_string()
    };
    assert!(with("servers", json!([{ "url": "/v1" }])).contains("write the whole address"));
    assert!(with("servers", json!([])).contains("names no `servers`"));
    assert!(with("openapi", json!("2.1")).contains("its version is `2.1`"));
    assert!(with("swagger", json!("2.0")).contains("Swagger 2"));
    assert!(with("components", json!({})).contains("`#/components/parameters/Lat` does not lead"));
}

#[test]
fn yaml_is_answered_with_how_to_convert_it() {
    let empty: Catalogue = crate::load(
        &crate::files::Files::default(),
        &crate::Surroundings::default(),
    )
    .unwrap();
    let error = from_openapi(
        &target("a", "b", "c"),
        "openapi: 3.0.0\npaths: {}\n",
        "x",
        &empty,
    );
    assert!(error.unwrap_err().to_string().contains("yq -o=json"));
}
