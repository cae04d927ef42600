//! A small catalogue of one category: a keyless provider with every kind of request, and a keyed one with an error of
//! its own.
#![allow(dead_code, reason = "each test file uses its part")]

pub(crate) mod client;

use std::sync::Arc;

use guichet_catalogue::files::{File, Files};
use guichet_catalogue::model::Catalogue;
use guichet_catalogue::sample::{Sample, samples};
use guichet_catalogue::{Surroundings, load};

const CATEGORY: &str = r#"
title     = "Places"
summary   = "Where things are"
schema    = "schema.json"
providers = ["open", "keyed"]

[operation.lookup]
summary  = "Looks up"
result   = "Found"
examples = [{ ip = "8.8.8.8" }]

[operation.lookup.params.ip]
type     = "string"
required = true
summary  = "An address"

[operation.lookup.params.lang]
type    = "string"
summary = "A language"

[operation.station]
summary  = "A station near by"
result   = "Found"
examples = [{ near = "Paris" }]

[operation.station.params.near]
type     = "string"
required = true
summary  = "A name"
"#;

const SCHEMA: &str = r#"{"$schema": "https://json-schema.org/draft/2020-12/schema",
 "$defs": {"Found": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}}}"#;

const OPEN: &str = r#"
title    = "Open"
docs     = "https://open.example/docs"
verified = 2026-11-22
base_url = 'https://\(.lang // "en").open.example/api'
hosts    = ["*.open.example"]

[terms]
licence     = "CC0-1.0"
attribution = ""
url         = "https://open.example/terms"
commercial  = true

[[quota]]
limit = 3
per   = "minute"
scope = "ip"

[[quota]]
limit = 100
per   = "day"
scope = "ip"

[verify]
operation = "lookup"
params    = { ip = "8.8.8.8" }

[operation.lookup]
get    = '/v1/geo/\(.ip).json'
query  = '{lang: .lang, fields: "all"}'
empty  = '.name == "nowhere"'
result = '{name}'

[[operation.station.steps]]
name   = "station"
get    = '/v1/stations'
query  = '{near: .near}'
result = '.[0]'

[operation.station]
get    = '/v1/stations/\($steps.station.id)/latest'
result = '{name}'
"#;

const KEYED: &str = r#"
title    = "Keyed"
docs     = "https://keyed.example/docs"
verified = 2026-11-22
base_url = "https://keyed.example"

[auth]
type = "query"
name = "appid"
env  = ["KEYED_KEY"]

[terms]
licence     = "CC0-1.0"
attribution = ""
url         = "https://keyed.example/terms"
commercial  = true

[[quota]]
limit = 2
per   = "hour"
kind  = "fixed"

[[error]]
when  = '.status == 403'
class = "auth"

[[error]]
when  = '.body.failed == true'
class = "upstream"

[verify]
operation = "lookup"
params    = { ip = "8.8.8.8" }

[operation.lookup]
get    = '/lookup'
query  = '{ip}'
result = '{name}'
"#;

const SAMPLES: [(&str, &str); 8] = [
    (
        "open/lookup.json",
        r#"{"source": "made", "operation": "lookup", "now": "2026-11-22T10:31:00Z", "params": {"ip": "8.8.8.8"},
          "exchanges": [{"status": 200, "headers": {"content-type": "application/json", "date": "Sun, 22 Nov 2026 10:31:00 GMT"},
            "body": {"ip": "8.8.8.8", "name": "Mountain View", "seen": "2026-11-22T10:30:00Z"}}]}"#,
    ),
    (
        "open/lookup.french.json",
        r#"{"source": "made", "operation": "lookup", "now": "2026-11-22T10:31:00Z", "params": {"ip": "8.8.8.8", "lang": "fr"},
          "exchanges": [{"status": 200, "body": {"ip": "8.8.8.8", "name": "Vue-sur-Mont"}}]}"#,
    ),
    (
        "open/lookup.nowhere.json",
        r#"{"source": "made", "operation": "lookup", "now": "2026-11-22T10:31:00Z", "params": {"ip": "9.9.9.9"},
          "exchanges": [{"status": 200, "body": {"name": "nowhere"}}]}"#,
    ),
    (
        "open/lookup.503.json",
        r#"{"source": "made", "operation": "lookup", "now": "2026-11-22T10:31:00Z", "params": {"ip": "8.8.8.8"},
          "exchanges": [{"status": 500, "text": "out to lunch"}]}"#,
    ),
    (
        "open/station.json",
        r#"{"source": "made", "operation": "station", "now": "2026-11-22T10:31:00Z", "params": {"near": "Paris"},
          "exchanges": [{"status": 200, "body": [{"id": 8118}]}, {"status": 200, "body": {"name": "Montsouris"}}]}"#,
    ),
    (
        "keyed/lookup.json",
        r#"{"source": "made", "operation": "lookup", "now": "2026-11-22T10:31:00Z", "params": {"ip": "8.8.8.8"},
          "exchanges": [{"status": 200, "body": {"name": "Keyed View"}}]}"#,
    ),
    (
        "keyed/lookup.403.json",
        r#"{"source": "made", "operation": "lookup", "now": "2026-11-22T10:31:00Z", "params": {"ip": "8.8.8.8"},
          "exchanges": [{"status": 403, "body": {"reason": "no key, no view"}}]}"#,
    ),
    (
        "keyed/lookup.failed.json",
        r#"{"source": "made", "operation": "lookup", "now": "2026-11-22T10:31:00Z", "params": {"ip": "8.8.8.8"},
          "exchanges": [{"status": 200, "body": {"failed": true}}]}"#,
    ),
];

/// The files.
pub(crate) fn files() -> Files {
    let mut files = Files::default();
    let mut insert = |path: &str, text: &'static str| {
        let path = format!("places/{path}");
        let file = File {
            name: path.clone(),
            text: text.into(),
            own: false,
        };
        files.insert(&path, file);
    };
    insert("category.toml", CATEGORY);
    insert("schema.json", SCHEMA);
    insert("open.toml", OPEN);
    insert("keyed.toml", KEYED);
    for (path, text) in SAMPLES {
        insert(path, text);
    }
    files
}

/// The catalogue and its samples.
pub(crate) fn catalogue() -> (Arc<Catalogue>, Vec<Sample>) {
    let files = files();
    let catalogue =
        load(&files, &Surroundings::default()).unwrap_or_else(|problems| panic!("{problems}"));
    (Arc::new(catalogue), samples(&files).unwrap())
}
