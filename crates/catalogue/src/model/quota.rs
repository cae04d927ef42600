//! How much may be asked of a provider, in which window, and whose budget that is.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::filter::Filter;

/// How much may be asked of a provider within a window.
#[derive(Debug, Clone, PartialEq)]
pub struct Quota {
    /// Units per window.
    pub limit: f64,
    /// The window.
    pub window: Window,
    /// Whose budget it is.
    pub scope: Scope,
    /// Providers that name the same group share it.
    pub group: Option<String>,
    /// What is counted.
    pub dimension: Dimension,
    /// How many units a call costs; none = one.
    pub cost: Option<Filter>,
    /// Whether each model has a budget of its own.
    pub each_model: bool,
    /// Which models it is about (`gemma-*`, `*:free`); empty = all of the provider.
    pub models: Vec<String>,
    /// Whether nobody knows the limit: the provider does not publish it. Then it may prove to be higher too.
    pub guessed: bool,
    /// Whether nothing that is told or learnt raises it.
    pub cap: bool,
}

impl Quota {
    /// Names the window within its budget: `requests/day`.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}/{}", self.dimension.as_str(), self.window)
    }

    /// Whether it holds for a model of this id.
    #[must_use]
    pub fn covers(&self, model: &str) -> bool {
        covers(&self.models, model)
    }

    /// Names the budget that it counts: whose it is, of which model where each has its own, and of which credential.
    #[must_use]
    pub fn budget(&self, provider: &str, model: Option<&str>, credential: Option<&str>) -> String {
        let mut budget = self.group.as_deref().unwrap_or(provider).to_owned();
        if let Some(model) = model.filter(|_| self.each_model) {
            budget.push('/');
            budget.push_str(model);
        }
        let own = matches!(self.scope, Scope::Key | Scope::Project);
        if let Some(credential) = credential.filter(|_| own) {
            budget.push('@');
            budget.push_str(credential);
        }
        budget
    }
}

/// Whether one of the patterns is this model's id; `*` stands for any text. No pattern = all models.
#[must_use]
pub(crate) fn covers(patterns: &[String], model: &str) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern, model))
}

fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    true
}

/// How a window opens, refills and ends.
#[derive(Debug, Clone, PartialEq)]
pub enum Window {
    /// Refills all the time at limit ÷ period, up to the limit.
    Bucket(Duration),
    /// Starts afresh with the calendar in a zone.
    Calendar {
        /// Which boundary.
        unit: CalendarUnit,
        /// Where its clock stands.
        zone: jiff::tz::TimeZone,
    },
    /// Opens with the first use and lasts.
    Fixed(Duration),
    /// Any span of this length holds at most the limit.
    Rolling(Duration),
    /// Starts afresh on this day of each month (the last where a month is shorter), at midnight UTC.
    Anniversary(i8),
    /// Is there once and never comes back; what is left is lost after this time from the first use, if it is given.
    Credit(Option<Duration>),
    /// Counts what is under way.
    Concurrency,
}

impl Window {
    /// Its length, as one speaks of it: a month has thirty days. None where it has none.
    #[must_use]
    pub fn period(&self) -> Option<Duration> {
        const DAY: u64 = 86_400;
        match self {
            Self::Bucket(period) | Self::Fixed(period) | Self::Rolling(period) => Some(*period),
            Self::Calendar { unit, .. } => Some(Duration::from_secs(match unit {
                CalendarUnit::Minute => 60,
                CalendarUnit::Hour => 3_600,
                CalendarUnit::Day => DAY,
                CalendarUnit::Week => 7 * DAY,
                CalendarUnit::Month => 30 * DAY,
            })),
            Self::Anniversary(_) => Some(Duration::from_secs(30 * DAY)),
            Self::Credit(_) | Self::Concurrency => None,
        }
    }
}

/// A boundary of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CalendarUnit {
    /// Each full minute.
    Minute,
    /// Each full hour.
    Hour,
    /// Midnight.
    Day,
    /// Midnight before Monday.
    Week,
    /// Midnight before the first of a month.
    Month,
}

impl fmt::Display for Window {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bucket(period) => write!(formatter, "bucket-{}s", period.as_secs()),
            Self::Fixed(period) => write!(formatter, "fixed-{}s", period.as_secs()),
            Self::Rolling(period) => write!(formatter, "rolling-{}s", period.as_secs()),
            Self::Anniversary(day) => write!(formatter, "month-from-{day}"),
            Self::Credit(_) => formatter.write_str("once"),
            Self::Calendar { unit, .. } => formatter.write_str(match unit {
                CalendarUnit::Minute => "minute",
                CalendarUnit::Hour => "hour",
                CalendarUnit::Day => "day",
                CalendarUnit::Week => "week",
                CalendarUnit::Month => "month",
            }),
            Self::Concurrency => formatter.write_str("at-once"),
        }
    }
}

/// Whose budget a quota is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// This machine's address.
    Ip,
    /// Each credential.
    #[default]
    Key,
    /// The account: all its credentials together.
    Account,
    /// A project at the provider. Which credentials belong to one is not known, so each counts as its own.
    Project,
}

/// What a quota counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// Requests made.
    #[default]
    Requests,
    /// Calls of any endpoint, also those that ask for no answer: lists, checks of keys, what is left.
    Calls,
    /// Tokens of input.
    InputTokens,
    /// Tokens of output.
    OutputTokens,
    /// Tokens of input and output.
    Tokens,
    /// Characters sent.
    Characters,
    /// Seconds of audio.
    AudioSeconds,
    /// Cloudflare's measure of work; a thousand cost 0.011 dollars, so that a price tells how many a call takes.
    Neurons,
    /// US dollars.
    Money,
    /// The provider's own units.
    Credits,
}

impl Dimension {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Calls => "calls",
            Self::InputTokens => "input_tokens",
            Self::OutputTokens => "output_tokens",
            Self::Tokens => "tokens",
            Self::Characters => "characters",
            Self::AudioSeconds => "audio_seconds",
            Self::Neurons => "neurons",
            Self::Money => "money",
            Self::Credits => "credits",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_in_a_pattern_stands_for_any_text() {
        for (pattern, model, fits) in [
            ("gemma-*", "gemma-3-27b-it", true),
            ("gemma-*", "gemini-2.5-flash", false),
            ("*:free", "qwen/qwen3-coder:free", true),
            ("*:free", "qwen/qwen3-coder", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c", false),
            ("exact", "exact", true),
            ("exact", "exactly", false),
            ("*", "anything", true),
        ] {
            assert_eq!(covers(&[pattern.into()], model), fits, "{pattern} {model}");
        }
        assert!(covers(&[], "anything"));
    }

    #[test]
    fn a_budget_is_named_by_whom_it_belongs_to() {
        let mut quota = Quota {
            limit: 1.0,
            window: Window::Concurrency,
            scope: Scope::Key,
            group: None,
            dimension: Dimension::Requests,
            cost: None,
            each_model: false,
            models: Vec::new(),
            guessed: false,
            cap: false,
        };
        assert_eq!(quota.budget("groq", Some("m"), Some("1")), "groq@1");
        quota.each_model = true;
        assert_eq!(quota.budget("groq", Some("m"), Some("1")), "groq/m@1");
        quota.scope = Scope::Account;
        quota.group = Some("pool".into());
        assert_eq!(quota.budget("groq", Some("m"), Some("1")), "pool/m");
    }
}
