//! The little world of the simulation: four providers of data with every kind of quota, three of models.

use std::sync::Arc;

use guichet_catalogue::files::{File, Files};
use guichet_catalogue::model::Catalogue;
use guichet_catalogue::model::ai::Dialect;
use guichet_catalogue::{Surroundings, load};
use guichet_engine::identity::Credential;

use crate::stage::credential;

/// Providers of data, in order.
pub const DATA: [&str; 4] = ["north", "south", "east", "west"];
/// Providers of the model `m`, in order, with their dialects.
pub const MODELS: [(&str, Dialect); 3] = [
    ("larch", Dialect::OpenAi),
    ("maple", Dialect::Anthropic),
    ("oak", Dialect::OpenAi),
];
/// What needs a credential, with the names of its credentials.
const CREDENTIALS: [(&str, &[&str]); 5] = [
    ("south", &["a", "b"]),
    ("west", &["only"]),
    ("larch", &["own"]),
    ("maple", &["own"]),
    ("oak", &["own"]),
];

/// Requests a day, from midnight to midnight in New York, that each key of `south` has.
pub const SOUTH_A_DAY: f64 = 60.0;
/// Requests in any ten minutes that `east` takes.
pub const EAST_ROLLING: f64 = 25.0;
/// Requests that the bucket of `north` holds, which is refilled within a minute.
pub const NORTH_BUCKET: f64 = 20.0;
/// Requests a day, from midnight to midnight in Los Angeles, that `maple` has.
pub const MAPLE_A_DAY: f64 = 40.0;

/// Seconds for which an answer to `get` is fresh, and stale.
pub const FRESH: u64 = 60;
/// See [`FRESH`].
pub const STALE: u64 = 3_600;

const CATEGORY: &str = r#"
title = "Things"
summary = "Things"
schema = "schema.json"
providers = ["north", "south", "east", "west"]

[operation.get]
summary = "A thing that may be kept"
result = "Thing"
fresh = "60s"
stale = "1h"
keep = true
[operation.get.params.q]
type = "string"
summary = "Which"

[operation.now]
summary = "A thing as it is now"
result = "Thing"
[operation.now.params.q]
type = "string"
summary = "Which"

[operation.find]
summary = "A thing that takes two requests"
result = "Thing"
[operation.find.params.q]
type = "string"
summary = "Which"

[operation.act]
summary = "Does something"
result = "Thing"
effects = true
method = "post"
[operation.act.params.q]
type = "string"
summary = "What"
"#;

const SCHEMA: &str = r#"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "$defs": {
    "Thing": {
      "type": "object",
      "additionalProperties": false,
      "required": ["value"],
      "properties": {"value": {"type": "integer", "minimum": 0}}
    }
  }
}"#;

const OPERATIONS: &str = r"
[operation.get]
get = '/get'
query = '{q}'
result = '{value: .value}'
[operation.now]
get = '/now'
query = '{q}'
result = '{value: .value}'
[operation.find]
get = '/find'
query = '{q}'
result = '{value: .value}'
[[operation.find.steps]]
name = 'station'
get = '/station'
query = '{q}'
result = '.'
[operation.act]
post = '/act'
body = '{q}'
result = '{value: .value}'
";

/// What never ends counts everything that was ever asked: it is compared with what the other side counted.
const EVERYTHING: &str = r#"
[[quota]]
limit = 1_000_000_000
kind = "credit"
"#;

const KEY: &str = "[auth]\ntype = \"header\"\nname = \"x-key\"\n";

/// The catalogue.
///
/// # Panics
/// When a file has problems.
#[must_use]
pub fn catalogue() -> Arc<Catalogue> {
    let mut files = Files::default();
    let mut write = |path: String, text: String, own| {
        let name = path.clone();
        let text = text.into();
        files.insert(&path, File { name, text, own });
    };
    write("things/category.toml".into(), CATEGORY.into(), false);
    write("things/schema.json".into(), SCHEMA.into(), false);
    for id in DATA {
        let text = format!(
            "title = \"{id}\"\nbase_url = \"https://{id}.example\"\n{}{EVERYTHING}{OPERATIONS}",
            own(id)
        );
        write(format!("things/{id}.toml"), text, false);
    }
    for (order, (id, dialect)) in MODELS.into_iter().enumerate() {
        let dialect = dialect.as_str();
        let text = format!(
            "title = \"{id}\"\norder = {order}\nbase_url = \"https://{id}.example/v1\"\ndialect = \"{dialect}\"\n\
             any_model = false\n[auth]\ntype = \"bearer\"\n[model.m]\ntasks = [\"chat\"]\ncontext = 8192\n\
             abilities = [\"stream\", \"tools\"]\n{}\n[[quota]]\nlimit = 1_000_000_000\nkind = \"credit\"\n\
             dimension = \"tokens\"\nscope = \"account\"\n[[quota]]\nlimit = 1_000_000_000\nkind = \"credit\"\n\
             scope = \"account\"\n",
            own(id)
        );
        write(format!("ai/{id}.toml"), text, true);
    }
    let surroundings = Surroundings {
        functions: Vec::new(),
    };
    Arc::new(load(&files, &surroundings).unwrap_or_else(|problems| panic!("{problems}")))
}

/// What is special about each.
fn own(id: &str) -> String {
    let quota = |text: &str| format!("[[quota]]\n{text}\n");
    match id {
        "north" => quota(&format!(
            "limit = {NORTH_BUCKET}\nper = \"minute\"\nkind = \"bucket\""
        )),
        "south" => format!(
            "{KEY}{}{}",
            quota(&format!(
                "limit = {SOUTH_A_DAY}\nper = \"day\"\nresets = \"America/New_York\""
            )),
            quota("limit = 2\nkind = \"concurrency\""),
        ),
        "east" => quota(&format!(
            "limit = {EAST_ROLLING}\nper = \"10m\"\nkind = \"rolling\""
        )),
        "west" => format!(
            "{KEY}{}{}",
            quota("limit = 50\nper = \"hour\"\nkind = \"fixed\""),
            quota("limit = 400\nkind = \"anniversary\"\nday = 29"),
        ),
        "maple" => quota(&format!(
            "limit = {MAPLE_A_DAY}\nper = \"day\"\nresets = \"America/Los_Angeles\"\nscope = \"account\""
        )),
        "oak" => quota(
            "limit = 4000\nper = \"minute\"\nkind = \"bucket\"\ndimension = \"tokens\"\nscope = \"account\"",
        ),
        _ => String::new(),
    }
}

/// Every credential, with secrets of this generation.
#[must_use]
pub fn credentials(generation: u32) -> Vec<Credential> {
    let each = CREDENTIALS.into_iter().flat_map(|(provider, names)| {
        names
            .iter()
            .map(move |name| credential(provider, name, &format!("{name}-{generation}")))
    });
    each.collect()
}

/// The budget that a request with this secret is counted in.
#[must_use]
pub fn budget(provider: &str, secret: Option<&str>) -> String {
    match secret.and_then(|secret| secret.split_once('-')) {
        Some((name, _)) if DATA.contains(&provider) => format!("{provider}@{provider}/{name}"),
        _ => provider.to_owned(),
    }
}

/// Every budget.
pub fn budgets() -> impl Iterator<Item = String> {
    let keyless = ["north", "east", "larch", "maple", "oak"];
    let keyed = ["south@south/a", "south@south/b", "west@west/only"];
    keyless.into_iter().chain(keyed).map(str::to_owned)
}
