//! What is particular to a provider's requests and answers.

use super::super::reader::Reader;
use crate::model::ai::Quirks;
use crate::model::{Auth, Http};
use crate::written::ai::{self, Server};

pub(super) fn read(written: &ai::Quirks, reader: &mut Reader<'_>) -> Quirks {
    for (from, to) in &written.rename {
        if from == to {
            reader.wrong(format!("[quirks.rename] `{from}` becomes itself"));
        }
    }
    if let Some(only) = &written.accept_only {
        let sent = written.rename.values().chain(written.defaults.keys());
        for name in sent.filter(|name| !only.contains(*name)) {
            reader.wrong(format!(
                "[quirks] `{name}` is set, but `accept_only` does not have it"
            ));
        }
    }
    if let Some((least, most)) = written.temperature
        && !(least <= most && least >= 0.0)
    {
        reader.wrong("[quirks] `temperature` is the least and the most, such as [0, 1]");
    }
    Quirks {
        rename: written.rename.clone(),
        defaults: written.defaults.clone(),
        temperature: written.temperature,
        drop: written.drop.clone(),
        accept_only: written.accept_only.clone(),
        messages: written.messages.clone(),
        understands: written.understands.clone(),
        stream_usage: written.stream_usage,
        no_named_tool_choice: written.no_named_tool_choice,
        single_tool_call: written.single_tool_call,
        schema_keywords: written.schema_keywords.clone(),
        done_mark: written.done_mark.unwrap_or(true),
        keep_alive_lines: written.keep_alive_lines,
    }
}

/// The headers of every request. The credential is none of them.
pub(super) fn headers(
    written: &Server,
    http: &Http,
    reader: &mut Reader<'_>,
) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    for (name, value) in &written.headers {
        let lower = name.get_ref().to_ascii_lowercase();
        let taken = match &http.auth {
            Auth::Header { name, .. } => lower == name.to_ascii_lowercase(),
            _ => lower == "authorization",
        };
        if taken {
            reader.wrong_in(name, "the credential goes here; [auth] says so");
        }
        if !is_header(&lower) || value.chars().any(char::is_control) {
            reader.wrong_in(name, "is no header");
        }
        headers.push((lower, value.clone()));
    }
    headers
}

fn is_header(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !name.is_empty() && name.bytes().all(fits)
}
