//! `category.toml` and `schema.json` of a category that does not exist yet.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::Target;
use super::bind::Invented;
use super::quote;
use crate::model::{Method, ParameterType};

/// The two files' texts.
pub(super) fn files(
    target: &Target,
    summary: &str,
    method: Method,
    parameters: &[Invented],
    example: &Map<String, Value>,
    definition: &Value,
) -> (String, String) {
    let result = definition_name(&target.operation);
    let title = titled(&target.category);
    let mut text = format!(
        "title     = {}\nsummary   = {}\nschema    = \"schema.json\"\nproviders = [{}]\n",
        quote::basic(&title),
        quote::basic(summary),
        quote::basic(&target.provider),
    );
    let _ = write!(
        text,
        "\n[operation.{}]\nsummary = {}\nresult  = {}\n",
        target.operation,
        quote::basic(summary),
        quote::basic(&result),
    );
    if method == Method::Post {
        text.push_str("# effects = true     # if it sends, orders or pays: then it is never repeated after a doubtful attempt\n");
    }
    if let Some(example) = call_example(example) {
        let _ = writeln!(text, "examples = [{example}]");
    }
    for parameter in parameters {
        text.push_str(&self::parameter(&target.operation, parameter));
    }
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "$defs": { result: definition }
    });
    (text, pretty(&schema))
}

/// JSON as it stands in files.
pub(super) fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

/// `open-meteo` → `Open meteo`.
pub(super) fn titled(id: &str) -> String {
    let words = id.replace('-', " ");
    let mut characters = words.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

/// `daily-rates` → `DailyRates`.
pub(super) fn definition_name(operation: &str) -> String {
    operation.split('-').map(titled).collect()
}

fn parameter(operation: &str, parameter: &Invented) -> String {
    let declared = &parameter.declared;
    let mut text = format!("\n[operation.{operation}.params.{}]\n", parameter.name);
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "{name} = {value}");
    };
    line("type", quote::basic(kind_name(parameter.kind)));
    let default = declared.default.as_ref().and_then(inline);
    if declared.required && default.is_none() {
        line("required", "true".into());
    }
    if let Some(default) = default {
        line("default", default);
    }
    if declared.many {
        line("many", "true".into());
    }
    if !declared.one_of.is_empty() {
        let allowed: Vec<String> = declared
            .one_of
            .iter()
            .map(|text| quote::basic(text))
            .collect();
        line("one_of", format!("[{}]", allowed.join(", ")));
    }
    for (name, bound) in [("min", declared.min), ("max", declared.max)] {
        if let Some(bound) = bound.and_then(|bound| inline(&json!(bound))) {
            line(name, bound);
        }
    }
    if !declared.summary.is_empty() {
        line("summary", quote::basic(&quote::line(&declared.summary)));
    }
    if let Some(example) = parameter.example.as_ref().and_then(inline) {
        line("example", example);
    }
    text
}

/// The parameters as a caller writes them: a place is `lat,lon` or a name.
fn call_example(seen: &Map<String, Value>) -> Option<String> {
    let mut written = Map::new();
    for (name, value) in seen.iter().filter(|(_, value)| !value.is_null()) {
        let value = match (value.get("lat"), value.get("lon")) {
            (Some(lat), Some(lon)) => Value::from(format!("{lat},{lon}")),
            _ => value.clone(),
        };
        written.insert(name.clone(), value);
    }
    if written.is_empty() {
        None
    } else {
        inline(&Value::Object(written))
    }
}

/// A value on one line of TOML; none for null, which TOML does not have.
pub(super) fn inline(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(quote::basic(text)),
        Value::Array(items) => {
            let items: Option<Vec<String>> = items.iter().map(inline).collect();
            Some(format!("[{}]", items?.join(", ")))
        }
        Value::Object(members) => {
            let members = members
                .iter()
                .filter_map(|(name, value)| Some(format!("{} = {}", key(name), inline(value)?)));
            Some(format!("{{ {} }}", members.collect::<Vec<_>>().join(", ")))
        }
    }
}

fn key(name: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    if !name.is_empty() && name.bytes().all(bare) {
        name.into()
    } else {
        quote::basic(name)
    }
}

fn kind_name(kind: ParameterType) -> &'static str {
    match kind {
        ParameterType::String => "string",
        ParameterType::Text => "text",
        ParameterType::Integer => "integer",
        ParameterType::Number => "number",
        ParameterType::Boolean => "boolean",
        ParameterType::Place => "place",
        ParameterType::Latitude => "latitude",
        ParameterType::Longitude => "longitude",
        ParameterType::Language => "language",
        ParameterType::Country => "country",
        ParameterType::Currency => "currency",
        ParameterType::Date => "date",
        ParameterType::Datetime => "datetime",
        ParameterType::Timezone => "timezone",
        ParameterType::Ip => "ip",
    }
}
