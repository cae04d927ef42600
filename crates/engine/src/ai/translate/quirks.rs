//! How a provider's requests differ from its dialect: its data, applied to a body in that dialect.
//!
//! What is not the business of a quirk keeps its bytes.

use std::collections::BTreeSet;

use guichet_catalogue::model::ai::{Dialect, StreamUsage};
use guichet_dialects::error::Malformed;
use guichet_dialects::members::{Editor, Members};

use super::request::{Writing, default_output};
use super::{messages, schema, tools};

/// Applies everything that a conversation's body needs. `members` is the body before it; names of what the caller said
/// and is taken away are added to `dropped`.
pub(super) fn apply(
    writing: &Writing<'_, '_>,
    members: &Members<'_>,
    editor: &mut Editor<'_>,
    dropped: &mut Vec<String>,
) -> Result<(), Malformed> {
    let quirks = &writing.server.quirks;
    let is_openai = writing.route.dialect == Dialect::OpenAi;
    if is_openai {
        let named = ["max_tokens", "max_completion_tokens"];
        let output =
            default_output(writing).filter(|_| named.iter().all(|name| absent(members, name)));
        if let Some(output) = output {
            editor.set("max_tokens", output.to_string());
        }
    }
    rename(writing, members, editor);
    for (name, value) in &quirks.defaults {
        let is_renamed = quirks
            .rename
            .iter()
            .any(|(old, new)| new == name && !absent(members, old));
        if !is_renamed && (!editor.has(name) || members.get(name) == Some("null")) {
            editor.set(name, value.to_string());
        }
    }
    temperature(writing, members, editor);
    take_away(writing, members, editor, dropped);
    if is_openai {
        stream_options(writing, members, editor)?;
        if quirks.single_tool_call && !absent(members, "tools") {
            editor.set("parallel_tool_calls", "false");
        }
        if quirks.no_named_tool_choice {
            tools::require_instead(members, editor)?;
        }
        messages::rules(&quirks.messages, members, editor, dropped)?;
    }
    if let Some(keywords) = &quirks.schema_keywords {
        schemas(writing.route.dialect, keywords, members, editor)?;
    }
    Ok(())
}

/// The quirks that concern any JSON request: what is renamed, and what is not sent.
pub(super) fn apply_to_small(
    writing: &Writing<'_, '_>,
    members: &Members<'_>,
    editor: &mut Editor<'_>,
    dropped: &mut Vec<String>,
) {
    rename(writing, members, editor);
    take_away(writing, members, editor, dropped);
}

fn absent(members: &Members<'_>, name: &str) -> bool {
    members.get(name).is_none_or(|value| value == "null")
}

/// Where both names are there, the provider's own is the caller's more certain word.
fn rename(writing: &Writing<'_, '_>, members: &Members<'_>, editor: &mut Editor<'_>) {
    for (old, new) in &writing.server.quirks.rename {
        if absent(members, new) {
            editor.rename(old, new);
        } else {
            editor.remove(old);
        }
    }
}

fn temperature(writing: &Writing<'_, '_>, members: &Members<'_>, editor: &mut Editor<'_>) {
    let Some((least, most)) = writing.server.quirks.temperature else {
        return;
    };
    let asked: Option<f64> = members
        .get("temperature")
        .and_then(|value| value.parse().ok());
    if let Some(asked) = asked.filter(|asked| !(least..=most).contains(asked)) {
        let within = serde_json::Value::from(asked.clamp(least, most));
        editor.replace("temperature", within.to_string());
    }
}

fn take_away(
    writing: &Writing<'_, '_>,
    members: &Members<'_>,
    editor: &mut Editor<'_>,
    dropped: &mut Vec<String>,
) {
    let quirks = &writing.server.quirks;
    let refused = |name: &str| {
        let now = quirks.rename.get(name).map_or(name, String::as_str);
        quirks.drop.contains(now)
            || quirks
                .accept_only
                .as_ref()
                .is_some_and(|only| !only.contains(now))
    };
    for (name, value) in members.iter() {
        if !refused(name) || !editor.has(quirks.rename.get(name).map_or(name, String::as_str)) {
            continue;
        }
        if value != "null" && !dropped.iter().any(|before| before == name) {
            dropped.push(name.to_owned());
        }
    }
    for name in &quirks.drop {
        editor.remove(name);
    }
    if let Some(only) = &quirks.accept_only {
        editor.keep(|name| only.contains(name));
    }
}

/// Usage at a stream's end is wanted always, for the gateway counts; only those who do not know the member are not
/// asked.
fn stream_options(
    writing: &Writing<'_, '_>,
    members: &Members<'_>,
    editor: &mut Editor<'_>,
) -> Result<(), Malformed> {
    let facts = &writing.call.facts;
    if writing.server.quirks.stream_usage != StreamUsage::OnRequest {
        editor.remove("stream_options");
        return Ok(());
    }
    if !facts.stream || facts.stream_usage {
        return Ok(());
    }
    const ASKED: &str = r#"{"include_usage":true}"#;
    let options = match members.get("stream_options") {
        Some(options) if options != "null" => {
            let mut options = Members::of(options)
                .map_err(|wrong| within("stream_options", wrong))?
                .edit();
            options.set("include_usage", "true");
            options.finish()
        }
        _ => ASKED.into(),
    };
    editor.set("stream_options", options);
    Ok(())
}

/// Where schemas stand in each dialect. Gemini is not here: it is told schemas in members that take all of JSON Schema.
fn schemas(
    dialect: Dialect,
    keywords: &BTreeSet<String>,
    members: &Members<'_>,
    editor: &mut Editor<'_>,
) -> Result<(), Malformed> {
    let places: [(&str, &[&str]); 2] = match dialect {
        Dialect::OpenAi => [
            ("tools", &["function", "parameters"]),
            ("response_format", &["json_schema", "schema"]),
        ],
        Dialect::Anthropic => [
            ("tools", &["input_schema"]),
            ("output_config", &["format", "schema"]),
        ],
        Dialect::Ollama => [("tools", &["function", "parameters"]), ("format", &[])],
        Dialect::Gemini => return Ok(()),
    };
    for (name, path) in places {
        let Some(value) = members.get(name) else {
            continue;
        };
        if let Some(pruned) =
            schema::prune_within(value, path, keywords).map_err(|wrong| within(name, wrong))?
        {
            editor.replace(name, pruned);
        }
    }
    Ok(())
}

/// Names the member in which something is wrong.
pub(super) fn within(name: &str, wrong: Malformed) -> Malformed {
    let path = match wrong.path.as_str() {
        "" => name.to_owned(),
        inner => format!("{name}.{inner}"),
    };
    Malformed { path, ..wrong }
}
