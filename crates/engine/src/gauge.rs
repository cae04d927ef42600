//! What a provider tells of its windows: read from headers and bodies, where its file says that they stand there. Pure.
//!
//! **Invariant:** a number that cannot be meant is none: nothing below zero, nothing infinite, no end beyond a month.

use std::time::Duration;

use guichet_catalogue::filter::{Filter, Input, Program, Variables};
use guichet_catalogue::model::{Dimension, Http, Place, Quota, ResetMeaning, ToldLimit, Within};
use http::HeaderMap;
use jiff::Timestamp;
use serde_json::Value;

use crate::error_filter;
use crate::reset_time;

/// What a provider tells of one window.
#[derive(Debug, Clone, PartialEq)]
pub struct Gauge {
    /// What is counted; none where the provider names only the time.
    pub dimension: Option<Dimension>,
    /// The length of the window.
    pub period: Option<Duration>,
    /// How much it holds.
    pub limit: Option<f64>,
    /// How much of it is used.
    pub used: Option<f64>,
    /// How much of it is left.
    pub remaining: Option<f64>,
    /// When the window that is counted ends.
    pub ends_at: Option<Timestamp>,
    /// Where it is told.
    pub source: Source,
}

/// Where a number comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The provider's file, or what the operator wrote over it.
    Catalogue,
    /// What was counted here.
    Counted,
    /// A header of an answer.
    Header,
    /// The body of an answer.
    Body,
    /// The text of a refusal.
    Refusal,
    /// What the provider answers when it is asked what is left.
    Status,
    /// Refusals and answers that went well, where the provider tells nothing.
    Learnt,
}

impl Source {
    const ALL: [Self; 7] = [
        Self::Catalogue,
        Self::Counted,
        Self::Header,
        Self::Body,
        Self::Refusal,
        Self::Status,
        Self::Learnt,
    ];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Catalogue => "catalogue",
            Self::Counted => "counted",
            Self::Header => "header",
            Self::Body => "body",
            Self::Refusal => "refusal",
            Self::Status => "status",
            Self::Learnt => "learnt",
        }
    }

    /// The source of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.as_str() == name)
    }
}

impl Gauge {
    /// Nothing is known but where it is told.
    #[must_use]
    pub fn blank(source: Source) -> Self {
        Self {
            dimension: None,
            period: None,
            limit: None,
            used: None,
            remaining: None,
            ends_at: None,
            source,
        }
    }

    /// Whether it tells of this quota: the same is counted over the same time.
    #[must_use]
    pub fn is_of(&self, quota: &Quota) -> bool {
        self.dimension.is_none_or(|own| own == quota.dimension)
            && self.period == quota.window.period()
    }

    /// Whether nothing of the window is left.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        let all = self.limit.zip(self.used);
        self.remaining.is_some_and(|left| left <= 0.0) || all.is_some_and(|(all, used)| used >= all)
    }
}

/// An answer in which a provider may tell of its windows.
pub(crate) struct Telling<'a> {
    pub(crate) program: &'a Program,
    pub(crate) http: &'a Http,
    /// The model that was asked, if one was.
    pub(crate) model: Option<&'a str>,
    pub(crate) within: Within,
    pub(crate) status: u16,
    pub(crate) headers: &'a HeaderMap,
    /// Null where it has not been read, as that of a stream.
    pub(crate) body: Input,
    pub(crate) now: Timestamp,
}

impl Telling<'_> {
    /// What it tells.
    pub(crate) fn gauges(&self) -> Vec<Gauge> {
        let about = |limit: &&ToldLimit| {
            limit.within == self.within && self.model.is_none_or(|model| limit.covers(model))
        };
        let mut seen = None;
        let limits = self.http.limits.iter().filter(about);
        limits
            .filter_map(|limit| self.gauge(limit, &mut seen))
            .collect()
    }

    fn gauge(&self, limit: &ToldLimit, seen: &mut Option<Seen>) -> Option<Gauge> {
        let mut text = |place: &Option<Place>| self.text(place.as_ref()?, seen);
        let reset = text(&limit.reset);
        let [all, remaining, used] =
            [&limit.limit, &limit.remaining, &limit.used].map(|place| number(&text(place)?));
        let ends = limit.meaning == ResetMeaning::UntilNextWindow;
        let ends_at = reset
            .filter(|_| ends)
            .and_then(|text| reset_time::in_format(&text, limit.format, self.now));
        if all.or(remaining).or(used).is_none() && ends_at.is_none() {
            return None;
        }
        Some(Gauge {
            dimension: Some(limit.dimension),
            period: limit.window.period(),
            limit: all,
            used,
            remaining,
            ends_at,
            source: self.source(limit),
        })
    }

    fn source(&self, limit: &ToldLimit) -> Source {
        let places = [&limit.limit, &limit.remaining, &limit.used, &limit.reset];
        let in_headers = places
            .into_iter()
            .flatten()
            .any(|place| place.header().is_some());
        match self.within {
            Within::Status => Source::Status,
            Within::Answers if in_headers => Source::Header,
            Within::Answers => Source::Body,
        }
    }

    fn text(&self, place: &Place, seen: &mut Option<Seen>) -> Option<String> {
        match place {
            Place::Header(name) => self.headers.get(name)?.to_str().ok().map(str::to_owned),
            Place::Filter(filter) => seen
                .get_or_insert_with(|| Seen::new(self))
                .text(self.program, *filter),
        }
    }
}

/// The answer as filters see it, made where one asks for it.
struct Seen {
    input: Input,
    variables: Variables,
}

impl Seen {
    fn new(telling: &Telling<'_>) -> Self {
        let headers = error_filter::headers(telling.headers);
        let input = Input::members([
            ("status", Input::from(&Value::from(telling.status))),
            ("headers", headers.clone()),
            ("body", telling.body.clone()),
        ]);
        let variables = Variables {
            headers,
            now: telling.now.as_duration().as_secs_f64(),
            ..Variables::default()
        };
        Self { input, variables }
    }

    fn text(&self, program: &Program, filter: Filter) -> Option<String> {
        match program.run(filter, &self.input, &self.variables).ok()? {
            Value::Null => None,
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        }
    }
}

/// A number of units. Some providers write -1 where there is no limit.
fn number(text: &str) -> Option<f64> {
    let number: f64 = text.trim().parse().ok()?;
    (number.is_finite() && number >= 0.0).then_some(number)
}

#[cfg(test)]
mod tests;
