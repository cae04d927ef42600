//! What a provider tells of its windows: in headers, in a body's members, in a sentence.

use std::sync::Arc;
use std::time::Duration;

use guichet_catalogue::model::ai::{LimitHeader, ResetMeaning};
use guichet_catalogue::model::{Quota, Window};
use jiff::Timestamp;
use serde_json::Value;

use super::{Complaint, Reading, Tally};
use crate::ledger::room_again;
use crate::reset_time;

pub(super) const MINUTE: Duration = Duration::from_mins(1);
pub(super) const HOUR: Duration = Duration::from_hours(1);
pub(super) const DAY: Duration = Duration::from_hours(24);

/// Words for windows, the longest first: of several that are used up the longest decides.
const PERIODS: [(&[&str], Duration); 5] = [
    (
        &["per month", "per-month", "permonth", "monthly"],
        Duration::from_hours(24 * 30),
    ),
    (
        &["per week", "perweek", "weekly"],
        Duration::from_hours(24 * 7),
    ),
    (
        &["per day", "per-day", "perday", "daily", "(tpd)", "(rpd)"],
        DAY,
    ),
    (&["per hour", "per-hour", "perhour", "hourly"], HOUR),
    (
        &["per minute", "per-min", "perminute", "(tpm)", "(rpm)"],
        MINUTE,
    ),
];

/// What a provider tells of its windows.
pub(super) struct Told<'a> {
    complaint: &'a Complaint<'a>,
    body: Value,
    pub(super) tally: Option<Tally>,
    /// The longest window that its words name.
    pub(super) period: Option<Duration>,
    /// The time that it names outright.
    pub(super) at: Option<Timestamp>,
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
            period: period(&reading.text),
            at: None,
            body,
        };
        told.at = reset_time::retry_after(complaint.headers, now)
            .max(
                told.header("retry-after")
                    .and_then(|text| reset_time::written(&text, now)),
            )
            .max(told.delay())
            .max(reset_time::in_words(&reading.text, now));
        told
    }

    /// Whether the request is larger than its window.
    pub(super) fn never_fits(&self) -> bool {
        self.tally
            .is_some_and(|tally| tally.requested > tally.limit)
    }

    /// The longest window of which a header says that nothing is left.
    pub(super) fn spent(&self) -> Option<Duration> {
        let spent = self.limits().filter(|limit| {
            let left = limit
                .remaining
                .as_deref()
                .and_then(|name| self.header(name));
            left.and_then(|left| left.trim().parse::<f64>().ok())
                .is_some_and(|left| left <= 0.0)
        });
        spent.filter_map(|limit| limit.window.period()).max()
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
        let part = ((used + requested - limit) / limit).max(0.0);
        let wait = Duration::try_from_secs_f64(part * window.as_secs_f64()).ok()?;
        self.complaint.now.checked_add(wait).ok()
    }

    /// The end of a window of this length, where a header tells it.
    fn reset(&self, window: Duration) -> Option<Timestamp> {
        let told = self.limits().filter(|limit| {
            limit.window.period() == Some(window) && limit.meaning == ResetMeaning::UntilNextWindow
        });
        told.filter_map(|limit| {
            let text = self.header(limit.reset.as_deref()?)?;
            reset_time::in_format(&text, limit.format, self.complaint.now)
        })
        .max()
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

    fn limits(&self) -> impl Iterator<Item = &'a LimitHeader> {
        let complaint = self.complaint;
        let limits = complaint
            .provider
            .models
            .as_deref()
            .map_or(&[][..], |server| &server.limits);
        limits.iter().filter(|limit| limit.covers(complaint.model))
    }

    fn quotas(&self, window: Duration) -> Vec<Arc<Quota>> {
        let mut quotas = self.complaint.provider.quotas_of(self.complaint.model);
        quotas.retain(|quota| quota.window.period() == Some(window));
        quotas
    }
}

/// The longest window that a text in lower case names.
fn period(text: &str) -> Option<Duration> {
    let named = |(words, _): &&(&[&str], Duration)| words.iter().any(|word| text.contains(word));
    PERIODS.iter().find(named).map(|(_, period)| *period)
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
    let used = after(", used", &before[from..]).map_or(0.0, |(used, _)| used);
    (limit > 0.0).then_some(Tally {
        limit,
        used,
        requested,
    })
}
