//! What a call comes to: an answer that says where it is from, or a refusal that says why.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use guichet_catalogue::parameters::InvalidParameter;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::ledger::Exhausted;
use crate::outcome::{Attempt, Class, whole_seconds};

/// A valid result and where it is from.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The result as JSON text: within the operation's schema.
    pub data: Bytes,
    /// Stands for the result's text: equal where the text is.
    pub digest: u128,
    /// Who answered.
    pub provider: Arc<str>,
    /// How.
    pub served: Served,
    /// How long ago the provider gave it.
    pub age: Duration,
    /// For how much longer it counts as fresh.
    pub fresh_for: Duration,
    /// When the fact was true at its source, where the result says so (RFC 3339, or a date).
    pub observed_at: Option<Arc<str>>,
    /// What the terms of the provider, and of whoever found the place, want shown.
    pub attribution: Attributions,
    /// What was tried for this call, in order; empty when it came from the cache.
    pub attempts: Vec<Attempt>,
    /// Continues the list.
    pub next_cursor: Option<String>,
}

/// What stands for a text in validators: half of its BLAKE3 hash.
#[must_use]
pub fn digest(data: &[u8]) -> u128 {
    let hash = blake3::hash(data);
    let (half, _) = hash.as_bytes().split_at(16);
    half.iter()
        .fold(0, |digest, byte| digest << 8 | u128::from(*byte))
}

/// How an answer came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Served {
    /// Just now, from the provider.
    Fresh,
    /// From the cache, while it counts as fresh.
    Cached,
    /// From the cache although it is old, because nobody could answer.
    Stale,
    /// Computed here.
    Local,
}

impl Served {
    /// Its name in answers and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Cached => "cached",
            Self::Stale => "stale",
            Self::Local => "local",
        }
    }
}

/// What a provider's terms want shown with its data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attribution {
    /// The words.
    pub text: String,
    /// Where they lead.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// Under which licence the data stands.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub licence: String,
}

/// What is to be shown with an answer. It is written into every answer, so that its JSON text is kept beside it.
#[derive(Clone, Default)]
pub struct Attributions(Option<Arc<(Vec<Attribution>, Box<RawValue>)>>);

impl Attributions {
    /// All of these together, each once.
    pub fn new(all: impl IntoIterator<Item = Attribution>) -> Self {
        let mut list: Vec<Attribution> = Vec::new();
        for one in all {
            if !list.contains(&one) {
                list.push(one);
            }
        }
        let json = serde_json::value::to_raw_value(&list).ok();
        Self(
            json.filter(|_| !list.is_empty())
                .map(|json| Arc::new((list, json))),
        )
    }

    /// The list as JSON text.
    #[must_use]
    pub fn as_json(&self) -> &str {
        self.0.as_deref().map_or("[]", |(_, json)| json.get())
    }
}

impl std::ops::Deref for Attributions {
    type Target = [Attribution];

    fn deref(&self) -> &[Attribution] {
        self.0.as_deref().map_or(&[], |(list, _)| list)
    }
}

impl Serialize for Attributions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_deref() {
            Some((_, json)) => json.serialize(serializer),
            None => serializer.collect_seq::<[(); 0]>([]),
        }
    }
}

impl<'de> Deserialize<'de> for Attributions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::new)
    }
}

impl PartialEq for Attributions {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl std::fmt::Debug for Attributions {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_list().entries(self.iter()).finish()
    }
}

/// Why there is no answer.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The reason.
    pub reason: Reason,
    /// What was tried, in order.
    pub attempts: Vec<Attempt>,
    /// Who was not asked, and why.
    pub skipped: Vec<Skipped>,
    /// When asking again may help.
    pub retry_at: Option<Timestamp>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Parameters that cannot be used.
    InvalidParameters(Vec<InvalidParameter>),
    /// A place of this name is not known.
    PlaceNotFound(String),
    /// There is no such thing; the providers said so.
    NotFound,
    /// No provider could take this call: none configured, none allowed, none that knows such input.
    NoCandidate,
    /// Every provider that could is suspended or has no quota left.
    AllSuspended,
    /// Every provider that was asked failed.
    AllFailed,
    /// Time was up before anyone answered.
    Deadline,
    /// An operation with effects whose outcome nobody knows; it was not repeated.
    OutcomeUnknown,
    /// No provider serves a model of this name.
    UnknownModel {
        /// As it was asked for.
        name: String,
        /// A name that was probably meant.
        nearest: Option<String>,
    },
    /// The request is longer than any model that could take it.
    TooLong {
        /// Tokens that the request is, by estimate, with the answer that it asks for.
        needed: u64,
        /// Tokens that the largest of them holds.
        most: u64,
    },
    /// A budget of the caller's does not cover the call.
    OverBudget(Box<Exhausted>),
    /// Those who were asked refused the request itself.
    Rejected(Box<Rejection>),
}

/// What a provider says is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The provider's status, 400 to 499.
    pub status: u16,
    /// Its sentence.
    pub message: String,
    /// The field that it complains of.
    pub param: Option<String>,
    /// Its word for the kind.
    pub code: Option<String>,
}

/// A provider that was not asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// The provider.
    pub provider: Arc<str>,
    /// Why.
    pub reason: SkipReason,
    /// When it may be asked again.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "whole_seconds"
    )]
    pub retry_at: Option<Timestamp>,
    /// The class of the failures for which it is suspended.
    #[serde(skip)]
    pub class: Option<Class>,
}

/// Why a provider was not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// Turned off, by the operator or by default.
    Disabled,
    /// The caller's `providers` leave it out.
    NotAllowed,
    /// Its terms do not allow commercial use.
    Licence,
    /// It demands a contact, and `operator.contact` is not set.
    NoContact,
    /// It speaks without TLS, and the operator has not agreed.
    PlainHttp,
    /// It needs a credential, and there is none.
    NoCredential,
    /// It cannot take such input.
    Input,
    /// Recent failures.
    Suspended,
    /// A quota window is used up.
    Quota,
    /// As many calls as allowed are under way.
    Busy,
    /// The cursor belongs to another provider.
    OtherCursor,
    /// Time was up before its turn came.
    OutOfTime,
    /// The request is too long for its model.
    Context,
    /// Its model cannot do what the request needs (tools, images, a JSON schema …).
    Ability,
    /// It costs, and only what is free was asked for.
    Paid,
    /// It trains on what it is sent, which the caller does not want.
    Trains,
    /// What it would take is more than the caller's budgets have left.
    Budget,
    /// Nobody knows what it costs, and the caller's money is limited.
    Unpriced,
}

impl SkipReason {
    /// Whether time alone mends it.
    #[must_use]
    pub fn is_temporary(self) -> bool {
        matches!(
            self,
            Self::Suspended | Self::Quota | Self::Busy | Self::Budget
        )
    }
}
