//! What a provider tells of its windows: in headers, in a body's members, in a sentence.

use std::sync::Arc;
use std::time::Duration;

use guichet_catalogue::model::{Dimension, Quota, Window, Within};
use jiff::Timestamp;
use serde_json::Value;

use super::{Complaint, Reading, Tally};
use crate::decode;
use crate::gauge::{Gauge, Source, Telling};
use crate::ledger::room_again;
use crate::periods::{self, DAY};
use crate::reset_time;

/// What a provider tells of its windows.
pub(super) struct Told<'a> {
    complaint: &'a Complaint<'a>,
    body: Value,
    pub(super) tally: Option<Tally>,
    /// The longest window that its words name.
    pub(super) period: Option<Duration>,
    /// The time that it names outright.
    pub(super) at: Option<Timestamp>,
    /// Its windows, as far as it gives numbers.
    pub(super) gauges: Vec<Gauge>,
}

impl<'a> Told<'a> {
    pub(super) fn new(complaint: &'a Complaint<'a>, reading: &Reading) -> Self {
        let body: Value = serde_json::from_slice(complaint.body).unwrap_or_default();
        let now = complaint.now;
        let body = match body {
            // Gemini's OpenAI door.
            Value::Array(mut list) if list.len() == 1 => list.remove(0),
            body => body,
        };
        let mut told = Self {
            complaint,
            tally: tally(&reading.text),
            period: periods::named(&reading.text),
            at: None,
            gauges: Vec::new(),
            body,
        };
        told.at = reset_time::retry_after(complaint.headers, now)
            .max(
                told.header("retry-after")
                    .and_then(|text| reset_time::written(&text, now)),
            )
            .max(told.delay())
            .max(reset_time::in_words(&reading.text, now));
        told.gauges = told.gauges(&reading.text);
        told
    }

    /// Whether the request is larger than its window.
    pub(super) fn never_fits(&self) -> bool {
        self.tally
            .is_some_and(|tally| tally.requested > tally.limit)
    }

    /// The longest window of which is told that nothing is left.
    pub(super) fn spent(&self) -> Option<Duration> {
        let spent = self.gauges.iter().filter(|gauge| gauge.is_spent());
        spent.filter_map(|gauge| gauge.period).max()
    }

    /// When the provider may be asked again, if a window of this length is used up. Of a day or longer that ends by the
    /// calendar, a wait of seconds is not believed: Gemini states one although the day is spent.
    pub(super) fn again(&self, window: Option<Duration>) -> Option<Timestamp> {
        let Some(window) = window else {
            return self.at;
        };
        let quotas = self.quotas(window);
        let ends = || {
            quotas
                .iter()
                .filter_map(|quota| room_again(quota, self.complaint.now))
                .max()
        };
        let by_calendar = quotas.iter().any(|quota| {
            matches!(
                quota.window,
                Window::Calendar { .. } | Window::Anniversary(_)
            )
        });
        let told = self
            .at
            .max(self.reset(window))
            .or_else(|| self.by_tally(window));
        if by_calendar && window >= DAY {
            told.max(ends())
        } else {
            told.or_else(ends)
        }
    }

    /// As Groq and OpenAI count: (used + requested − limit) ÷ limit × window.
    fn by_tally(&self, window: Duration) -> Option<Timestamp> {
        let Tally {
            limit,
            used,
            requested,
        } = self.tally?;
        let part = ((used? + requested - limit) / limit).max(0.0);
        let wait = Duration::try_from_secs_f64(part * window.as_secs_f64()).ok()?;
        self.complaint.now.checked_add(wait).ok()
    }

    /// The end of a window of this length, where it is told.
    fn reset(&self, window: Duration) -> Option<Timestamp> {
        let told = self
            .gauges
            .iter()
            .filter(|gauge| gauge.period == Some(window));
        told.filter_map(|gauge| gauge.ends_at).max()
    }

    /// Headers, Google's list of what is violated, and the sentence.
    fn gauges(&self, text: &str) -> Vec<Gauge> {
        let Complaint { provider, .. } = *self.complaint;
        let mut gauges = provider.http().map_or_else(Vec::new, |http| {
            let telling = Telling {
                program: self.complaint.program,
                http,
                model: Some(self.complaint.model),
                within: Within::Answers,
                status: self.complaint.status,
                headers: self.complaint.headers,
                body: decode::whatever(self.complaint.body),
                now: self.complaint.now,
            };
            telling.gauges()
        });
        gauges.extend(self.violations());
        gauges.extend(self.tally.map(|tally| Gauge {
            dimension: dimension(text),
            period: self.period,
            limit: Some(tally.limit),
            used: tally.used,
            ..Gauge::blank(Source::Refusal)
        }));
        gauges
    }

    /// `google.rpc.QuotaFailure`: every window that is spent.
    fn violations(&self) -> impl Iterator<Item = Gauge> {
        let details = self
            .body
            .pointer("/error/details")
            .and_then(Value::as_array);
        let violations = details
            .into_iter()
            .flatten()
            .filter_map(|detail| detail.get("violations")?.as_array())
            .flatten();
        violations.filter_map(|violation| {
            let id = violation.get("quotaId")?.as_str()?.to_ascii_lowercase();
            let value = violation.get("quotaValue")?.as_str()?.parse().ok()?;
            let dimension = if id.contains("inputtoken") {
                Dimension::InputTokens
            } else {
                Dimension::Requests
            };
            Some(Gauge {
                dimension: Some(dimension),
                period: Some(periods::named(&id)?),
                limit: Some(value),
                remaining: Some(0.0),
                ..Gauge::blank(Source::Refusal)
            })
        })
    }

    /// `google.rpc.RetryInfo`.
    fn delay(&self) -> Option<Timestamp> {
        let details = self.body.pointer("/error/details")?.as_array()?;
        let delays = details
            .iter()
            .filter_map(|detail| detail.get("retryDelay")?.as_str());
        delays
            .filter_map(|delay| reset_time::written(delay, self.complaint.now))
            .max()
    }

    /// A header of the answer, or one that OpenRouter hands on within its body.
    fn header(&self, name: &str) -> Option<String> {
        if let Some(value) = self.complaint.headers.get(name) {
            return value.to_str().ok().map(str::to_owned);
        }
        let members = self.body.pointer("/error/metadata/headers")?.as_object()?;
        let (_, value) = members
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))?;
        Some(
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned),
        )
    }

    fn quotas(&self, window: Duration) -> Vec<Arc<Quota>> {
        let mut quotas = self.complaint.provider.quotas_of(self.complaint.model);
        quotas.retain(|quota| quota.window.period() == Some(window));
        quotas
    }
}

/// What a text in lower case says is counted: "on tokens per day (TPD)".
fn dimension(text: &str) -> Option<Dimension> {
    const WORDS: [(&str, Dimension); 6] = [
        ("input tokens per", Dimension::InputTokens),
        ("output tokens per", Dimension::OutputTokens),
        ("tokens per", Dimension::Tokens),
        ("requests per", Dimension::Requests),
        ("seconds of audio per", Dimension::AudioSeconds),
        ("audio seconds per", Dimension::AudioSeconds),
    ];
    let found = WORDS.iter().find(|(words, _)| text.contains(words));
    found.map(|(_, dimension)| *dimension)
}

/// "limit 100000, used 97050, requested 3619"; Groq leaves out what is used where one request alone is too large.
fn tally(text: &str) -> Option<Tally> {
    let after = |word: &str, text: &'_ str| -> Option<(f64, usize)> {
        let at = text.find(word)? + word.len();
        let rest = text[at..].trim_start_matches([':', ' ', '~']);
        let end = rest
            .find(|character: char| !character.is_ascii_digit())
            .unwrap_or(rest.len());
        Some((rest[..end].parse().ok()?, at))
    };
    let (requested, _) = after("requested", text)?;
    let before = &text[..text.find("requested")?];
    let from = before.rfind("limit ").or_else(|| before.rfind("limit:"))?;
    let (limit, _) = after("limit", &before[from..])?;
    let used = after(", used", &before[from..]).map(|(used, _)| used);
    (limit > 0.0).then_some(Tally {
        limit,
        used,
        requested,
    })
}
