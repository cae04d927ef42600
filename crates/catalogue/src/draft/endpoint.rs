//! The request of a provider file: path, query, headers and body with the parameters put in.

use serde_json::{Map, Value};

use super::bind::{Binder, Site};
use super::quote;
use super::request::{Body, Part, Request, Slot};

/// Filters of one request, as they are written between quotes.
#[derive(Debug, Default)]
pub(super) struct Endpoint {
    pub(super) path: String,
    pub(super) query: Option<String>,
    pub(super) headers: Option<String>,
    pub(super) body: Option<String>,
    /// What the provider takes besides, and what no parameter gives.
    pub(super) left_out: Vec<String>,
}

/// A parameter in the path that nothing fills.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unbound(pub(super) String);

/// All places of a request that parameters may fill.
pub(super) fn slots(request: &Request) -> Vec<&Slot> {
    let mut slots: Vec<&Slot> = request.query.iter().collect();
    slots.extend(request.path.iter().filter_map(|part| match part {
        Part::Slot { slot, .. } => Some(slot),
        _ => None,
    }));
    if let Some(body) = &request.body {
        in_body(body, &mut slots);
    }
    slots
}

fn in_body<'a>(body: &'a Body, slots: &mut Vec<&'a Slot>) {
    match body {
        Body::Slot(slot) => slots.push(slot),
        Body::Object(members) => members
            .iter()
            .for_each(|(_, member)| in_body(member, slots)),
        Body::Array(items) => items.iter().for_each(|item| in_body(item, slots)),
        Body::Fixed(_) => {}
    }
}

/// Writes the filters.
pub(super) fn write(request: &Request, binder: &mut Binder) -> Result<Endpoint, Unbound> {
    let mut endpoint = Endpoint {
        query: None,
        headers: headers(&request.headers),
        ..Endpoint::default()
    };
    // Names tell more than places in a path: the query and the body choose first.
    endpoint.query = query(&request.query, binder, &mut endpoint.left_out);
    endpoint.body = request
        .body
        .as_ref()
        .map(|body| self::body(body, binder, 0));
    endpoint.path = path(&request.path, binder)?;
    Ok(endpoint)
}

fn path(parts: &[Part], binder: &mut Binder) -> Result<String, Unbound> {
    let mut filters: Vec<Option<String>> = parts
        .iter()
        .map(|part| match part {
            Part::Slot { slot, .. } => binder.bind(slot, Site::Path),
            _ => None,
        })
        .collect();
    let last = parts.len().saturating_sub(1);
    if let (Some(Part::Slot { slot, .. }), Some(None)) = (parts.last(), filters.last())
        && slot.declared.is_none()
        && parts.len() > 1
        && let Some(text) = slot.text()
    {
        filters[last] = binder.bind_last_part(&text);
    }
    let mut written = String::new();
    for (part, filter) in parts.iter().zip(filters) {
        written.push('/');
        match part {
            Part::Literal(text) => written.push_str(&inside(text)),
            Part::Key(before) => written.push_str(&format!("{}{{key}}", inside(before))),
            Part::Slot {
                before,
                slot,
                after,
            } => {
                let middle = match (filter, slot.constant().and_then(plain)) {
                    (Some(filter), _) => interpolated(&filter),
                    (None, Some(constant)) => inside(&encoded(&constant)),
                    (None, None) => return Err(Unbound(slot.name.clone())),
                };
                written.push_str(&format!(
                    "{}{middle}{}",
                    inside(&encoded(before)),
                    inside(&encoded(after))
                ));
            }
        }
    }
    Ok(written)
}

/// `"\(a),\(b)"` is a string already: its inside goes into the path as it is.
fn interpolated(filter: &str) -> String {
    match filter
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    {
        Some(inner) => inner.to_owned(),
        None => format!("\\({filter})"),
    }
}

fn query(slots: &[Slot], binder: &mut Binder, left_out: &mut Vec<String>) -> Option<String> {
    let mut members: Vec<(String, String)> = Vec::new();
    for slot in slots {
        let key = quote::jq_name(&slot.name);
        if let Some(filter) = binder.bind(slot, Site::Query) {
            members.push((key, filter));
        } else if let Some(constant) = slot.constant() {
            let filter = match constant {
                Value::String(text) => quote::jq(text),
                other => other.to_string(),
            };
            repeat(&mut members, key, filter);
        } else {
            left_out.push(described(slot));
        }
    }
    object(members, 0)
}

/// A name that comes twice is a list; the engine joins lists with commas.
fn repeat(members: &mut Vec<(String, String)>, key: String, filter: String) {
    match members.iter_mut().find(|(name, _)| *name == key) {
        Some((_, list)) => {
            let inner = list
                .trim_start_matches('[')
                .trim_end_matches(']')
                .to_owned();
            *list = format!("[{inner}, {filter}]");
        }
        None => members.push((key, filter)),
    }
}

fn headers(headers: &[(String, String)]) -> Option<String> {
    let members = headers
        .iter()
        .map(|(name, value)| (quote::jq_name(name), quote::jq(value)));
    object(members.collect(), 0)
}

/// An object on one line where it is short, else a member a line.
fn object(members: Vec<(String, String)>, depth: usize) -> Option<String> {
    const LINE: usize = 90;
    if members.is_empty() {
        return None;
    }
    let members: Vec<String> = members
        .into_iter()
        .map(|(key, filter)| format!("{key}: {filter}"))
        .collect();
    let line = format!("{{{}}}", members.join(", "));
    if line.len() <= LINE && !line.contains('\n') {
        return Some(line);
    }
    let indent = "  ".repeat(depth);
    Some(format!(
        "{{\n{indent}  {}\n{indent}}}",
        members.join(&format!(",\n{indent}  "))
    ))
}

fn body(body: &Body, binder: &mut Binder, depth: usize) -> String {
    match body {
        Body::Fixed(value) => constant(value),
        Body::Slot(slot) => match binder.bind(slot, Site::Body) {
            Some(filter) => filter,
            None => constant(slot.value.as_ref().unwrap_or(&Value::Null)),
        },
        Body::Array(items) => {
            let items: Vec<String> = items
                .iter()
                .map(|item| self::body(item, binder, depth + 1))
                .collect();
            format!("[{}]", items.join(", "))
        }
        Body::Object(members) => {
            let members = members
                .iter()
                .map(|(name, member)| (quote::jq_name(name), self::body(member, binder, depth + 1)))
                .collect();
            object(members, depth).unwrap_or_else(|| "{}".into())
        }
    }
}

/// JSON is jq.
fn constant(value: &Value) -> String {
    value.to_string()
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// `units (metric | imperial): …`
fn described(slot: &Slot) -> String {
    let declared = slot.declared.clone().unwrap_or_default();
    let mut text = slot.name.clone();
    if declared.required {
        text.push_str(" (required)");
    }
    if !declared.one_of.is_empty() {
        text.push_str(&format!(" ({})", declared.one_of.join(" | ")));
    }
    if !declared.summary.is_empty() {
        text.push_str(&format!(": {}", declared.summary));
    }
    quote::line(&text)
}

/// What stands in a path between quotes of jq.
fn inside(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// Percent-encoded for a path, what is allowed there left as it is.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Parameters as a sample shows them: those that have a value.
pub(super) fn shown(seen: &Map<String, Value>) -> Map<String, Value> {
    seen.iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
