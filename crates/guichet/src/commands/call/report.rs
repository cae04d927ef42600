//! What came of a call, for programs (as the REST door says it) and for people.

use guichet_catalogue::model::OperationId;
use guichet_engine::answer::{Answer, Attribution, Reason, Refusal, Served, Skipped};
use guichet_engine::outcome::Attempt;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::output::{Cell, Paint, Table, Tone};
use crate::remedy;

/// An answer.
#[derive(Serialize)]
pub(super) struct Answered<'a> {
    data: Value,
    meta: Meta<'a>,
}

#[derive(Serialize)]
struct Meta<'a> {
    category: &'a str,
    operation: &'a str,
    provider: &'a str,
    served: Served,
    age_s: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed_at: Option<&'a str>,
    attribution: Vec<&'a Attribution>,
    attempts: &'a [Attempt],
    request_id: &'a str,
    next_cursor: Option<&'a str>,
}

/// A refusal.
#[derive(Serialize)]
pub(in crate::commands) struct Refused<'a> {
    category: &'a str,
    operation: &'a str,
    detail: String,
    attempts: &'a [Attempt],
    skipped: &'a [Skipped],
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_at: Option<Timestamp>,
    request_id: &'a str,
}

impl<'a> Answered<'a> {
    pub(super) fn new(
        id: &'a OperationId,
        answer: &'a Answer,
        request_id: &'a str,
    ) -> serde_json::Result<Self> {
        let meta = Meta {
            category: &id.category,
            operation: &id.name,
            provider: &answer.provider,
            served: answer.served,
            age_s: answer.age.as_secs(),
            observed_at: answer.observed_at.as_deref(),
            attribution: answer.attribution.iter().collect(),
            attempts: &answer.attempts,
            request_id,
            next_cursor: answer.next_cursor.as_deref(),
        };
        Ok(Self {
            data: serde_json::from_slice(&answer.data)?,
            meta,
        })
    }
}

impl<'a> Refused<'a> {
    pub(in crate::commands) fn new(
        id: &'a OperationId,
        refusal: &'a Refusal,
        request_id: &'a str,
    ) -> Self {
        Self {
            category: &id.category,
            operation: &id.name,
            detail: why(&refusal.reason),
            attempts: &refusal.attempts,
            skipped: &refusal.skipped,
            retry_at: refusal.retry_at,
            request_id,
        }
    }
}

/// An answer for people: the data, then where it is from.
pub(super) fn answered(answered: &Answered<'_>, paint: Paint) -> String {
    let meta = &answered.meta;
    let mut text = data(&answered.data, paint);
    let tone = match meta.served {
        Served::Stale => Tone::Careful,
        Served::Fresh | Served::Cached | Served::Local => Tone::Good,
    };
    let served = paint.paint(meta.served.as_str(), tone);
    text.push_str(&format!("\n{served}, from {}", meta.provider));
    if meta.age_s > 0 {
        text.push_str(&format!(", {} s old", meta.age_s));
    }
    for attribution in &meta.attribution {
        text.push_str(&format!("\n{} {}", attribution.text, attribution.url));
    }
    text.push('\n');
    text
}

/// A refusal for people: the reason, then each provider's part in it.
pub(in crate::commands) fn refused(refused: &Refused<'_>, paint: Paint) -> String {
    let mut table = Table::new(["PROVIDER", "OUTCOME", "AGAIN AT"]);
    for attempt in refused.attempts {
        table.row([
            (&*attempt.provider).into(),
            Cell::toned(attempt.class.as_str(), Tone::Bad),
            moment(attempt.retry_at).into(),
        ]);
    }
    for skipped in refused.skipped {
        table.row([
            (&*skipped.provider).into(),
            Cell::toned(remedy::why(skipped.reason), Tone::Careful),
            moment(skipped.retry_at).into(),
        ]);
    }
    let reason = paint.paint(&refused.detail, Tone::Bad);
    if refused.attempts.is_empty() && refused.skipped.is_empty() {
        return format!("{reason}\n");
    }
    format!("{reason}\n\n{}", table.render(paint))
}

fn moment(at: Option<Timestamp>) -> String {
    at.map_or_else(String::new, |at| format!("{at:.0}"))
}

fn why(reason: &Reason) -> String {
    match reason {
        Reason::InvalidParameters(_) => "parameters cannot be used".into(),
        Reason::PlaceNotFound(name) => format!("no place is known as `{name}`"),
        Reason::NotFound => "there is no such thing".into(),
        Reason::NoCandidate => {
            "no provider can take this call; `guichet check` says what is missing".into()
        }
        Reason::AllSuspended => {
            "every provider is suspended or has no quota left; try again later".into()
        }
        Reason::AllFailed => "every provider failed".into(),
        Reason::Deadline => "time was up before a provider answered".into(),
        Reason::OutcomeUnknown => "what became of it is not known; it was not repeated".into(),
        Reason::UnknownModel { name, nearest } => {
            let hint = nearest.as_ref().map_or_else(String::new, |nearest| {
                format!("; did you mean `{nearest}`?")
            });
            format!("no provider serves a model named `{name}`{hint}")
        }
        Reason::TooLong { needed, most } => {
            format!("the request needs about {needed} tokens; the largest model holds {most}")
        }
        Reason::OverBudget(_) => "a budget of the caller's does not cover it".into(),
        Reason::Rejected(rejection) => rejection.message.clone(),
    }
}

/// A list of things as a table, one thing as its members, anything else as JSON.
fn data(value: &Value, paint: Paint) -> String {
    match value {
        Value::Object(members) => {
            let width = members.keys().map(|name| name.chars().count()).max();
            let line = |(name, value): (&String, &Value)| {
                let padding = " ".repeat(width.unwrap_or(0) - name.chars().count());
                format!("{name}{padding}  {}\n", member(value, paint))
            };
            members.iter().map(line).collect()
        }
        other => format!("{}\n", member(other, paint)),
    }
}

fn member(value: &Value, paint: Paint) -> String {
    match value {
        Value::Null => "–".into(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().any(Value::is_object) => {
            let texts: Vec<String> = items.iter().map(|item| data(item, paint)).collect();
            indented(&texts.join("\n"))
        }
        other => other.to_string(),
    }
}

/// Each line that is not empty on a line of its own, two spaces in.
fn indented(text: &str) -> String {
    let mut indented = String::new();
    for line in text.lines() {
        indented.push('\n');
        if !line.is_empty() {
            indented.push_str("  ");
            indented.push_str(line);
        }
    }
    indented
}
