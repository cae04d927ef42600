//! `/openapi.json`: OpenAPI 3.1, made from the table of routes and the catalogue, so that it cannot say anything else
//! than what is served.

mod components;
mod model_body;
mod model_door;
mod operation;
mod parameter;
mod schema;

use guichet_catalogue::model::ai::Task;
use guichet_catalogue::model::{Catalogue, Method, Operation};
use serde_json::{Map, Value, json};

use crate::promised::Promised;
use crate::router::{Access, Door, ROUTES, Route};

/// The whole document. `promised` says how sure the fallback of an operation is, `of_models` that of a task of models.
pub(crate) fn document(
    catalogue: &Catalogue,
    promised: impl Fn(&Operation) -> Promised,
    of_models: &[(Task, Promised)],
) -> Value {
    let mut paths = Map::new();
    for operation in catalogue.operations() {
        let item = data_path(operation, &promised(operation));
        paths.insert(format!("/api/{}", operation.id), item);
    }
    for route in ROUTES
        .iter()
        .filter(|route| !matches!(route.door, Door::Data | Door::Home))
    {
        let mut path = fixed_path(route, catalogue);
        if let Door::Ask(door) = route.door
            && let Some((_, promised)) = of_models.iter().find(|(task, _)| *task == door.task())
        {
            operation::promise(&mut path["post"], promised);
        }
        paths.insert(route.pattern.replace("{*", "{"), path);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Guichet",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Many APIs behind one key, with guaranteed fallback",
        },
        "servers": [{ "url": "/" }],
        "security": [{ "bearer": [] }, { "apiKey": [] }, { "googApiKey": [] }],
        "tags": tags(catalogue),
        "paths": paths,
        "components": components::all(catalogue),
    })
}

fn tags(catalogue: &Catalogue) -> Vec<Value> {
    let categories = catalogue.categories.values();
    let tag = |category: &guichet_catalogue::model::Category| json!({ "name": &*category.id, "description": format!("{}: {}", category.title, category.summary) });
    let ai =
        json!({ "name": "ai", "description": "Models, for clients made for OpenAI and Anthropic" });
    let own = json!({ "name": "guichet", "description": "Catalogue, proxy, probes" });
    categories
        .map(|category| tag(category))
        .chain([ai, own])
        .collect()
}

fn data_path(operation: &Operation, promised: &Promised) -> Value {
    let mut item = Map::new();
    if operation.method == Method::Get {
        item.insert("get".into(), operation::by_get(operation, promised));
    }
    item.insert("post".into(), operation::by_post(operation, promised));
    Value::Object(item)
}

/// HEAD goes with GET, and OPTIONS with everything; neither is listed.
fn fixed_path(route: &Route, catalogue: &Catalogue) -> Value {
    let listed = route
        .methods
        .iter()
        .filter(|method| !matches!(**method, "HEAD" | "OPTIONS"));
    let mut item: Map<_, _> = listed
        .map(|method| {
            let operation = fixed_operation(route, method, catalogue);
            (method.to_ascii_lowercase(), operation)
        })
        .collect();
    let names = route
        .pattern
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let parameters: Vec<_> = names.map(path_parameter).collect();
    if !parameters.is_empty() {
        item.insert("parameters".into(), parameters.into());
    }
    Value::Object(item)
}

fn path_parameter(name: &str) -> Value {
    let (name, description) = match name.strip_prefix('*') {
        Some(name) => (
            name,
            "Everything that is left of the path, slashes included",
        ),
        None => (name, "A name of the catalogue"),
    };
    json!({ "name": name, "in": "path", "required": true, "description": description, "schema": { "type": "string" } })
}

fn fixed_operation(route: &Route, method: &str, catalogue: &Catalogue) -> Value {
    let media_type = match route.door {
        Door::Docs => "text/html",
        Door::Metrics => "application/openmetrics-text",
        _ => "application/json",
    };
    let responses = match route.door {
        Door::Proxy => json!({ "default": {
            "description": "The provider's answer as it is, or a problem where there is none",
            "content": { "*/*": {} },
        } }),
        _ => json!({
            "200": { "description": "Done", "content": { media_type: {} } },
            "default": { "$ref": "#/components/responses/Problem" },
        }),
    };
    let mut operation = json!({
        "operationId": operation_id(route, method),
        "summary": route.summary,
        "tags": ["guichet"],
        "responses": responses,
    });
    if let Some(Value::Object(described)) = model_door::operation(route, catalogue) {
        for (name, member) in described {
            operation[name] = member;
        }
        operation["tags"] = json!(["ai"]);
    }
    if route.door == Door::Quotas {
        operation["parameters"] = json!([{
            "name": "provider", "in": "query", "description": "Only those of this provider",
            "schema": { "type": "string" },
        }]);
        let schema = json!({ "$ref": "#/components/schemas/Quotas" });
        operation["responses"]["200"]["content"][media_type]["schema"] = schema;
    }
    match route.access {
        Access::Open => operation["security"] = json!([]),
        Access::KeyOrLoopback => operation["security"] = json!([{}, { "bearer": [] }]),
        Access::Key => {}
    }
    operation
}

/// `get_api_catalogue_category`
fn operation_id(route: &Route, method: &str) -> String {
    let words = route
        .pattern
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    words.fold(method.to_ascii_lowercase(), |id, word| id + "_" + word)
}

#[cfg(test)]
mod tests;
