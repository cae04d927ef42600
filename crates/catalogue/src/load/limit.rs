//! `[[limit]]` and `[status]`: where a provider tells what is left.

use std::time::Duration;

use super::quota::{self, Span};
use super::reader::Reader;
use crate::model::{Place, Status, ToldLimit, Within};
use crate::written::{self, Text};

/// How often a provider is asked what is left, where its file does not say.
const EVERY: Duration = Duration::from_mins(15);
/// What is asked more often than this is a burden.
const SHORTEST: Duration = Duration::from_secs(30);

/// Every `[[limit]]` of a file.
pub(super) fn all(
    written: &[written::Limit],
    status: Option<&written::Status>,
    reader: &mut Reader<'_>,
) -> Vec<ToldLimit> {
    for limit in written {
        if limit.within == Within::Status && status.is_none() {
            reader.wrong("[[limit]] `within = \"status\"` needs [status]: what is asked");
        }
    }
    let asked = |limit: &written::Limit| limit.within == Within::Status;
    if status.is_some() && !written.iter().any(asked) {
        reader.wrong("[status] tells of nothing: a [[limit]] needs `within = \"status\"`");
    }
    let read = |limit| self::limit(limit, reader);
    written.iter().filter_map(read).collect()
}

/// `[status]`
pub(super) fn status(written: Option<&written::Status>, reader: &mut Reader<'_>) -> Option<Status> {
    let written = written?;
    let path = written.get.get_ref();
    if !path.starts_with('/') || path.contains(char::is_whitespace) {
        reader.wrong_at(
            &written.get,
            "a path begins with `/`; the host stands in `base_url`",
        );
    }
    let every = reader.duration_if(written.every.as_ref()).unwrap_or(EVERY);
    if let Some(text) = written.every.as_ref().filter(|_| every < SHORTEST) {
        reader.wrong_at(text, "a provider is asked every 30s at most");
    }
    Some(Status {
        path: path.clone(),
        every,
    })
}

fn limit(written: &written::Limit, reader: &mut Reader<'_>) -> Option<ToldLimit> {
    let names = [
        &written.limit,
        &written.remaining,
        &written.used,
        &written.reset,
    ];
    if names.iter().all(|name| name.is_none()) {
        reader.wrong(
            "[[limit]] needs one of `limit`, `remaining`, `used`, `reset`: headers' names, or filters that begin with `.`",
        );
        return None;
    }
    let span = Span {
        per: written.per.as_ref(),
        kind: written.kind,
        resets: written.resets.as_ref(),
        day: None,
        lasts: None,
    };
    let window = quota::window(&span, reader)?;
    let [limit, remaining, used, reset] = names.map(|name| {
        let name = name.as_ref()?;
        Some(place(name, reader))
    });
    Some(ToldLimit {
        dimension: written.dimension,
        window,
        models: quota::texts(&written.models),
        within: written.within,
        limit,
        remaining,
        used,
        reset,
        format: written.format,
        meaning: written.meaning,
    })
}

/// `x-ratelimit-remaining`, or `.body.rate.remaining`.
fn place(text: &Text, reader: &mut Reader<'_>) -> Place {
    if text.get_ref().starts_with('.') {
        return Place::Filter(reader.filter(text));
    }
    let lower = text.get_ref().to_ascii_lowercase();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if lower.is_empty() || !lower.bytes().all(fits) {
        let message = format!(
            "`{lower}` is no name of a header, nor a filter over {{status, headers, body}}, which begins with `.`"
        );
        reader.wrong_at(text, message);
    }
    Place::Header(lower)
}
