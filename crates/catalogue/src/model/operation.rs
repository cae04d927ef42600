//! What can be asked.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::endpoint::{Endpoint, Method};
use crate::schema::Shape;

/// An operation's name with its category: `weather/current`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OperationId {
    /// The category's id.
    pub category: Arc<str>,
    /// The operation's name in it.
    pub name: Arc<str>,
}

impl fmt::Display for OperationId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.category, self.name)
    }
}

/// One operation of a category: what it takes, what it gives, who can answer it.
#[derive(Debug)]
pub struct Operation {
    /// Its name.
    pub id: OperationId,
    /// One line for people.
    pub summary: String,
    /// The name of its result in the category's schema.
    pub result: String,
    /// The check that every answer passes before anybody sees it.
    pub shape: Shape,
    /// For how long an answer is served from the cache without asking again.
    pub fresh: Option<Duration>,
    /// Up to which age an answer may be served when every candidate fails.
    pub stale: Option<Duration>,
    /// What "no such thing" leads to.
    pub empty: EmptyPolicy,
    /// Whether the last good answer survives a restart.
    pub keep: bool,
    /// Whether it does something in the world, so that a doubtful attempt is never repeated.
    pub effects: bool,
    /// How it is asked for over REST.
    pub method: Method,
    /// Whether it hands out cursors.
    pub paged: bool,
    /// Parameters that show it.
    pub examples: Vec<Map<String, Value>>,
    /// Its parameters: required ones first, then by name.
    pub parameters: Vec<Parameter>,
    /// Who can answer, in the catalogue's order.
    pub endpoints: Vec<Arc<Endpoint>>,
}

/// What an answer "no such thing" leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmptyPolicy {
    /// The caller is told.
    #[default]
    Stop,
    /// The next candidate is asked; the caller is told when none knows.
    Next,
}

/// A parameter of an operation.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Its name.
    pub name: Arc<str>,
    /// What it holds.
    pub kind: ParameterType,
    /// Whether a call without it is refused.
    pub required: bool,
    /// Its value in a call without it.
    pub default: Option<Value>,
    /// The most values of a list; none where it is a single value.
    pub many: Option<usize>,
    /// The allowed strings; empty = any.
    pub one_of: Vec<String>,
    /// The smallest number allowed.
    pub min: Option<f64>,
    /// The largest number allowed.
    pub max: Option<f64>,
    /// The longest string allowed, in characters.
    pub max_length: usize,
    /// One line for people.
    pub summary: String,
    /// A value that shows it.
    pub example: Option<Value>,
    /// Filled by the engine, never by callers.
    pub internal: bool,
}

/// What a parameter holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterType {
    /// Text, trimmed, not empty.
    String,
    /// Text as it is.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A place by name or coordinates.
    Place,
    /// Degrees north.
    Latitude,
    /// Degrees east.
    Longitude,
    /// A BCP 47 tag.
    Language,
    /// An ISO 3166-1 alpha-2 code.
    Country,
    /// An ISO 4217 code.
    Currency,
    /// A calendar date.
    Date,
    /// A date and time of RFC 3339.
    Datetime,
    /// A zone of the IANA database.
    Timezone,
    /// An IPv4 or IPv6 address.
    Ip,
}
