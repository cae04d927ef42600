use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{InvalidParameter, read};
use crate::files::{File, Files};
use crate::model::Catalogue;
use crate::{Surroundings, load};

fn catalogue() -> Catalogue {
    let mut files = Files::default();
    let category = r#"
title = "Test"
summary = "Test"
[operation.all]
summary = "Every type"
result = "Any"
[operation.all.params]
place = { type = "place", required = true }
q = { type = "string", max_length = 5 }
days = { type = "integer", min = 1, max = 16, default = 7 }
quotes = { type = "currency", many = true, max_items = 3 }
level = { type = "string", one_of = ["low", "high"] }
country = { type = "country" }
lang = { type = "language" }
date = { type = "date" }
at = { type = "datetime" }
tz = { type = "timezone" }
ip = { type = "ip" }
exact = { type = "boolean" }
peer = { type = "ip", internal = true, default = "peer" }
"#;
    let provider = "title = 'L'\nkind = 'local'\n[operation.all]\ncall = 'test'\n";
    for (path, text) in [
        ("test/category.toml", category),
        ("test/l.toml", provider),
        ("test/schema.json", r#"{"$defs": {"Any": {}}}"#),
    ] {
        files.insert(
            path,
            File {
                name: path.into(),
                text: text.into(),
                own: true,
            },
        );
    }
    load(
        &files,
        &Surroundings {
            functions: vec!["test"],
        },
    )
    .unwrap()
}

fn reading(raw: Value) -> Result<Map<String, Value>, Vec<InvalidParameter>> {
    let catalogue = catalogue();
    let operation = Arc::clone(catalogue.operation("test", "all").unwrap());
    let Value::Object(raw) = raw else {
        panic!("an object")
    };
    read(&operation, raw)
}

fn first_error(raw: Value) -> InvalidParameter {
    reading(raw).unwrap_err().remove(0)
}

#[test]
fn values_of_a_query_become_typed() {
    let read = reading(json!({
        "place": "48.85, 2.35", "days": "3", "quotes": "usd, gbp", "country": "fr", "lang": "PT-br", "date": "2026-02-28",
        "at": "2026-11-22T10:00", "tz": "Europe/Paris", "ip": "::1", "exact": "true", "q": " abc ", "level": "low",
    }));
    assert_eq!(
        Value::Object(read.unwrap()),
        json!({
            "place": {"lat": 48.85, "lon": 2.35}, "days": 3, "quotes": ["USD", "GBP"], "country": "FR", "lang": "pt-BR",
            "date": "2026-02-28", "at": "2026-11-22T10:00", "tz": "Europe/Paris", "ip": "::1", "exact": true, "q": "abc",
            "level": "low",
        })
    );
}

#[test]
fn a_place_stays_a_name_or_comes_from_lat_and_lon() {
    assert_eq!(
        reading(json!({"place": " Saint-Étienne "})).unwrap()["place"],
        json!("Saint-Étienne")
    );
    assert_eq!(
        reading(json!({"lat": "-33.9", "lon": 18.4})).unwrap()["place"],
        json!({"lat": -33.9, "lon": 18.4})
    );
    assert_eq!(first_error(json!({"lat": "1"})).name, "lon");
    assert!(
        first_error(json!({"lat": "1", "lon": "2", "place": "Rome"}))
            .reason
            .contains("twice")
    );
}

#[test]
fn a_default_fills_what_is_absent() {
    assert_eq!(reading(json!({"place": "Rome"})).unwrap()["days"], json!(7));
}

#[test]
fn each_wrong_value_is_named_with_what_would_be_right() {
    let wrong = |name: &str, value: Value| {
        let mut raw = json!({"place": "Rome"});
        raw[name] = value;
        first_error(raw)
    };
    for (name, value, reason) in [
        (
            "place",
            json!("95,2"),
            "`lat` is 95: degrees go from -90 to 90",
        ),
        ("place", json!("  "), "is empty"),
        ("place", json!("???"), "`???` names no place"),
        ("days", json!("17"), "17 is out of range"),
        ("days", json!("1.5"), "1.5 is no whole number"),
        ("days", json!("many"), "`many` is no number"),
        (
            "q",
            json!("abcdef"),
            "has 6 characters; at most 5 are allowed",
        ),
        (
            "quotes",
            json!("USD,EUR,GBP,JPY"),
            "has 4 values; from 1 to 3 are allowed",
        ),
        ("country", json!("ZZ"), "`ZZ` is no country"),
        ("lang", json!("french"), "`french` is no language tag"),
        (
            "date",
            json!("2026-02-30"),
            "`2026-02-30` is no date of the calendar",
        ),
        ("at", json!("noon"), "`noon` is no date and time"),
        ("tz", json!("Europe/Pari"), "`Europe/Pari` is no zone"),
        ("ip", json!("300.1.1.1"), "`300.1.1.1` is no address"),
        ("exact", json!("maybe"), "`maybe` is neither true nor false"),
    ] {
        let error = wrong(name, value);
        assert_eq!((error.name.as_str(), error.reason.as_str()), (name, reason));
        assert!(
            error.allowed.is_some_and(|allowed| !allowed.is_empty()),
            "{name}"
        );
    }
    assert_eq!(
        wrong("level", json!("hihg")).nearest.as_deref(),
        Some("high")
    );
}

#[test]
fn an_unknown_parameter_is_answered_with_the_nearest_name() {
    let error = first_error(json!({"place": "Rome", "dyas": "3"}));
    assert_eq!(
        (error.name.as_str(), error.nearest.as_deref()),
        ("dyas", Some("days"))
    );
    assert_eq!(
        first_error(json!({"place": "Rome", "peer": "1.2.3.4"})).name,
        "peer"
    );
    assert_eq!(first_error(json!({})).reason, "is missing");
}
