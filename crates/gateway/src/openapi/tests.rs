//! The description against the router, in both directions.

use std::collections::HashSet;

use super::*;
use crate::router;
use crate::testing::{catalogue, promised};

fn described() -> Value {
    document(&catalogue(), |_| promised(), &[(Task::Chat, promised())])
}

/// Every path and method that a document describes.
fn entries(document: &Value) -> HashSet<(String, String)> {
    let mut entries = HashSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item
            .as_object()
            .unwrap()
            .keys()
            .filter(|key| *key != "parameters")
        {
            entries.insert((path.clone(), method.to_ascii_uppercase()));
        }
    }
    entries
}

#[test]
fn what_is_described_is_served() {
    for (path, method) in entries(&described()) {
        let concrete = path.replace(['{', '}'], "");
        let found = router::find(&concrete).unwrap_or_else(|| panic!("{path} leads nowhere"));
        assert!(found.route.methods.contains(&&*method), "{method} {path}");
        if found.route.door == Door::Data {
            assert!(
                crate::data::find(&catalogue(), found.names[0], found.names[1]).is_ok(),
                "{path}"
            );
        }
    }
}

#[test]
fn what_is_served_is_described() {
    let entries = entries(&described());
    let listed = |method: &&&str| !matches!(**method, "HEAD" | "OPTIONS");
    for route in ROUTES
        .iter()
        .filter(|route| !matches!(route.door, Door::Data | Door::Home))
    {
        for method in route.methods.iter().filter(listed) {
            let entry = (route.pattern.replace("{*", "{"), (*method).to_owned());
            assert!(entries.contains(&entry), "{entry:?}");
        }
    }
    for operation in catalogue().operations() {
        let path = format!("/api/{}", operation.id);
        assert!(
            entries.contains(&(path.clone(), "POST".into())),
            "POST {path}"
        );
        assert_eq!(
            entries.contains(&(path.clone(), "GET".into())),
            operation.method == Method::Get,
            "GET {path}"
        );
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn references<'value>(value: &'value Value, found: &mut Vec<&'value str>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str));
                members
                    .values()
                    .for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let document = described();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 100, "only {} references", found.len());
    for reference in found {
        let pointer = reference
            .strip_prefix('#')
            .unwrap_or_else(|| panic!("{reference} leads outside"));
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn no_two_operations_share_a_name() {
    let document = described();
    let mut seen = HashSet::new();
    for item in document["paths"].as_object().unwrap().values() {
        let operations = item.as_object().unwrap().values();
        for id in
            operations.filter_map(|operation| operation.get("operationId").and_then(Value::as_str))
        {
            assert!(seen.insert(id), "{id}");
        }
    }
}

#[test]
fn the_doors_to_models_lead_to_the_references_of_their_makers() {
    let document = described();
    let chat = &document["paths"]["/v1/chat/completions"]["post"];
    assert_eq!(
        chat["externalDocs"]["url"],
        "https://platform.openai.com/docs/api-reference/chat/create"
    );
    let content = &chat["responses"]["200"]["content"];
    assert!(content.get("text/event-stream").is_some(), "{content}");
    let form = &document["paths"]["/v1/audio/transcriptions"]["post"]["requestBody"]["content"];
    assert!(form.get("multipart/form-data").is_some(), "{form}");
    assert_eq!(chat["tags"][0], "ai");
}

#[test]
fn every_wish_that_is_described_is_heard_and_no_other() {
    let document = described();
    let wishes = &document["paths"]["/v1/chat/completions"]["post"]["parameters"];
    let heard = |name: &str, value: &str| {
        let name = http::HeaderName::try_from(name).unwrap();
        let value = http::HeaderValue::try_from(value).unwrap();
        let headers = std::iter::once((name, value)).collect();
        crate::ai::headers::read(&headers, guichet_access::OptIns::default(), &catalogue()).is_ok()
    };
    for wish in wishes.as_array().unwrap() {
        let name = wish["name"].as_str().unwrap();
        let schema = &wish["schema"];
        assert!(!heard(name, "otherwise"), "{name}");
        if let Some(least) = schema["minimum"].as_u64() {
            let most = schema["maximum"].as_u64().unwrap();
            assert!(heard(name, &least.to_string()) && heard(name, &most.to_string()));
            let below = least
                .checked_sub(1)
                .map_or("-1".into(), |below| below.to_string());
            assert!(!heard(name, &below));
            assert!(!heard(name, &(most + 1).to_string()));
            continue;
        }
        let words = schema["enum"]
            .as_array()
            .or(schema["items"]["enum"].as_array());
        for word in words.unwrap() {
            assert!(heard(name, word.as_str().unwrap()), "{name}: {word}");
        }
    }
    assert!(!heard("x-guichet-unheard-of", "on"));
}

#[test]
fn a_form_is_described_with_its_file() {
    let document = described();
    let form = &document["paths"]["/v1/audio/translations"]["post"]["requestBody"]["content"];
    let schema = &form["multipart/form-data"]["schema"];
    assert_eq!(schema["required"], json!(["file", "model"]));
    assert_eq!(schema["properties"]["file"]["format"], "binary");
}

#[test]
fn one_operation_in_full() {
    insta::assert_json_snapshot!(described()["paths"]["/api/weather/current"]["get"]);
}
