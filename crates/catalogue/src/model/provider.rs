//! Who can be asked.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::class::Class;
use crate::filter::Filter;

/// A provider of one category.
#[derive(Debug)]
pub struct Provider {
    /// Its id: the name of its file.
    pub id: Arc<str>,
    /// Its category's id.
    pub category: Arc<str>,
    /// For people.
    pub title: String,
    /// Its documentation.
    pub docs: String,
    /// When a person last compared the file with the documentation (`2026-11-22`).
    pub verified: Option<String>,
    /// Where its answers come from.
    pub source: Source,
    /// What its terms ask for.
    pub terms: Option<Terms>,
    /// Whether it is used unless the operator turns it off.
    pub enabled: bool,
    /// The cheapest call that tells whether it works.
    pub verify: Option<Verify>,
    /// Names of the operations that it answers.
    pub operations: Vec<Arc<str>>,
}

/// Where answers come from.
#[derive(Debug)]
pub enum Source {
    /// This binary.
    Local,
    /// A server.
    Http(Box<Http>),
}

/// A provider behind HTTP.
#[derive(Debug)]
pub struct Http {
    /// Gives the base URL.
    pub base_url: Filter,
    /// The base URL as written.
    pub base_url_text: String,
    /// The hosts that it may reach.
    pub hosts: Vec<Host>,
    /// Whether the operator named the hosts: such a host may have a private address.
    pub own_hosts: bool,
    /// How it is opened.
    pub auth: Auth,
    /// Names of environment variables that may hold its keys.
    pub env: Vec<String>,
    /// Whether it demands a User-Agent with a contact.
    pub contact: bool,
    /// Whether it speaks without TLS.
    pub plain_http: bool,
    /// What may be asked of it, in every window at once.
    pub quotas: Vec<Arc<Quota>>,
    /// What its errors mean; the first that matches holds.
    pub errors: Vec<ErrorFilter>,
}

impl Provider {
    /// Its HTTP side; none for what is computed here.
    #[must_use]
    pub fn http(&self) -> Option<&Http> {
        match &self.source {
            Source::Local => None,
            Source::Http(http) => Some(http),
        }
    }

    /// Whether it is computed here.
    #[must_use]
    pub fn is_local(&self) -> bool {
        matches!(self.source, Source::Local)
    }
}

/// Where a credential goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// Nowhere: there is none.
    None,
    /// Into a header of this name.
    Header {
        /// The header's name.
        name: String,
        /// Whether calls without a credential work too.
        optional: bool,
    },
    /// Into `Authorization: Bearer …`.
    Bearer {
        /// Whether calls without a credential work too.
        optional: bool,
    },
    /// Into `Authorization: Basic …`; the secret is `user:password`.
    Basic {
        /// Whether calls without a credential work too.
        optional: bool,
    },
    /// Into a query parameter of this name.
    Query {
        /// The parameter's name.
        name: String,
        /// Whether calls without a credential work too.
        optional: bool,
    },
    /// Into the path, in place of `{key}`.
    Path,
}

impl Auth {
    /// Whether a call without a credential makes sense.
    #[must_use]
    pub fn works_without(&self) -> bool {
        match self {
            Self::None => true,
            Self::Path => false,
            Self::Header { optional, .. }
            | Self::Bearer { optional }
            | Self::Basic { optional }
            | Self::Query { optional, .. } => *optional,
        }
    }

    /// Whether a credential has a place in a call.
    #[must_use]
    pub fn takes_credential(&self) -> bool {
        !matches!(self, Self::None)
    }
}

/// A host that a provider may reach: a name, or `*.` and a name for all below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host(String);

impl Host {
    /// Reads a pattern.
    pub fn parse(pattern: &str) -> Result<Self, String> {
        let name = pattern.strip_prefix("*.").unwrap_or(pattern);
        let label = |label: &str| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let address = name.parse::<std::net::IpAddr>().is_ok()
            || name.starts_with('[') && name.ends_with(']');
        if address || name.split('.').all(label) {
            Ok(Self(pattern.to_ascii_lowercase()))
        } else {
            Err(format!(
                "`{pattern}` is no host: write `api.example.com` or `*.example.com`"
            ))
        }
    }

    /// Whether the pattern covers this host.
    #[must_use]
    pub fn covers(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        match self.0.strip_prefix("*.") {
            Some(parent) => host
                .strip_suffix(parent)
                .is_some_and(|below| below.ends_with('.')),
            None => host == self.0,
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What a provider's terms ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// An SPDX id, or the provider's own words.
    pub licence: String,
    /// The text that must reach whoever sees the data; may be empty.
    pub attribution: String,
    /// Where that text leads.
    pub url: String,
    /// Whether commercial use is allowed.
    pub commercial: bool,
    /// For how long an answer may be kept; none = no limit, zero = never.
    pub store: Option<Duration>,
}

/// How much may be asked of a provider within a window.
#[derive(Debug, Clone)]
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
}

impl Quota {
    /// Names the window within its budget: `requests/day`.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}/{}", self.dimension.as_str(), self.window)
    }
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
    /// Counts what is under way.
    Concurrency,
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
    /// Midnight before the first of a month.
    Month,
}

impl fmt::Display for Window {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bucket(period) => write!(formatter, "bucket-{}s", period.as_secs()),
            Self::Fixed(period) => write!(formatter, "fixed-{}s", period.as_secs()),
            Self::Calendar { unit, .. } => formatter.write_str(match unit {
                CalendarUnit::Minute => "minute",
                CalendarUnit::Hour => "hour",
                CalendarUnit::Day => "day",
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
}

/// What a quota counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// Requests made.
    #[default]
    Requests,
    /// Characters sent.
    Characters,
    /// The provider's own units.
    Credits,
}

impl Dimension {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Characters => "characters",
            Self::Credits => "credits",
        }
    }
}

/// What an answer means, whatever its status.
#[derive(Debug)]
pub struct ErrorFilter {
    /// Whether the answer is this error.
    pub when: Filter,
    /// What it means.
    pub class: Class,
    /// When the provider may be asked again.
    pub retry: Option<Retry>,
}

/// When a provider may be asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// After this time.
    After(Duration),
    /// At the epoch second that this filter gives.
    At(Filter),
}

/// The cheapest call that tells whether a provider, and a credential, works.
#[derive(Debug, Clone)]
pub struct Verify {
    /// One of the provider's operations.
    pub operation: Arc<str>,
    /// Parameters as filters see them.
    pub parameters: Map<String, Value>,
}
