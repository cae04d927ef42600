//! What a provider's failure means for a call to a model: its class, what is left alone because of it and until when,
//! and what the caller is told.
//!
//! The provider's file speaks first; the tables here hold only what is common to a dialect.
//!
//! **Invariant:** nothing of a body gets into a failure; of a refused request the provider's sentence reaches the
//! caller whose request it was, and nobody else.

mod table;
#[cfg(test)]
mod tests;
mod told;

use std::time::Duration;

use guichet_catalogue::filter::{Program, Variables};
use guichet_catalogue::model::ai::Dialect;
use guichet_catalogue::model::{Class, Decoder, Http, Provider, Suspends};
use guichet_dialects::error::ProviderError;
use guichet_dialects::{anthropic, gemini, ollama, openai};
use http::HeaderMap;
use jiff::Timestamp;

use self::told::Told;
use crate::answer::Rejection;
use crate::decode;
use crate::error_filter::{self, Seen};
use crate::gauge::Gauge;
use crate::ledger::{Refused, Reservation};
use crate::outcome::Failure;

/// What a failure means.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Verdict {
    /// Its class, and when the provider may be asked again. It holds nothing of the body.
    pub(crate) failure: Failure,
    /// What is left alone because of it.
    pub(crate) suspends: Suspends,
    /// The length of the window that is used up, where the provider tells.
    pub(crate) window: Option<Duration>,
    /// What the provider told of that window in words.
    pub(crate) tally: Option<Tally>,
    /// Its windows, as far as it gave numbers.
    pub(crate) gauges: Vec<Gauge>,
    /// What the provider says is wrong with the request, for the caller; of `bad_request` only.
    pub(crate) rejection: Option<Rejection>,
    /// What is particular about it.
    pub(crate) kind: Kind,
}

impl Verdict {
    /// Tells the ledger what it means for the quotas that the request was counted in.
    pub(crate) fn teach(&self, reservation: &Reservation, now: Timestamp) {
        match self.refused() {
            Some(refused) => reservation.refused(&refused, now),
            None => reservation.learn(&self.gauges, now),
        }
    }

    /// What the ledger learns of it, where the provider refused for its quotas: neither for money nor for want of capacity.
    fn refused(&self) -> Option<Refused> {
        let long = match self.failure.class {
            Class::RateLimited => false,
            Class::QuotaExhausted => true,
            _ => return None,
        };
        let money = long && self.window.is_none() && self.suspends == Suspends::Credential;
        let told = self.gauges.iter().any(Gauge::is_spent);
        (told || !money).then(|| Refused {
            gauges: self.gauges.clone(),
            window: self.window,
            group: self.suspends == Suspends::Group,
            long,
        })
    }
}

/// What is particular about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The request is longer than the model can hold, or than a window that it counts against: a larger one may take it.
    ContextLength,
    /// The provider will not answer such a request; another may.
    ContentPolicy,
    /// The model lacks something that the request asks for; another may have it.
    Unsupported,
    /// Nothing.
    Other,
}

/// "Limit 8000, Used 7000, Requested 3619".
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tally {
    /// What the window holds.
    pub(crate) limit: f64,
    /// What is used of it; none where the request alone is too large, and nothing is said.
    pub(crate) used: Option<f64>,
    /// What the request would have taken.
    pub(crate) requested: f64,
}

/// An answer that is a failure, or an error within an answer that began well.
pub(crate) struct Complaint<'a> {
    pub(crate) program: &'a Program,
    pub(crate) provider: &'a Provider,
    /// The provider's name for the model.
    pub(crate) model: &'a str,
    pub(crate) dialect: Dialect,
    /// The answer's status: 200 for an error event within a stream.
    pub(crate) status: u16,
    pub(crate) headers: &'a HeaderMap,
    /// The answer's body, or the error event's data.
    pub(crate) body: &'a [u8],
    pub(crate) now: Timestamp,
}

/// What an error means, before it is known for how long.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Meaning {
    class: Class,
    suspends: Suspends,
    window: Option<Duration>,
    retry_at: Option<Timestamp>,
    detail: &'static str,
}

/// What is looked at, read once.
struct Reading {
    /// The status that the answer should have had.
    status: u16,
    /// Whether the body is an error in the provider's dialect.
    is_error: bool,
    error: ProviderError,
    /// The body in lower case.
    text: String,
    page: bool,
}

/// Nobody explains an error at greater length.
const LONGEST_TEXT: usize = 16 << 10;
/// A provider's sentence, in characters.
const LONGEST_MESSAGE: usize = 1_000;

impl Complaint<'_> {
    /// What it means.
    pub(crate) fn verdict(&self) -> Verdict {
        let reading = self.reading();
        let told = Told::new(self, &reading);
        let meaning = self
            .by_file(&reading)
            .unwrap_or_else(|| table::meaning(self, &reading, &told));
        let kind = match (meaning.class, meaning.suspends) {
            (Class::BadRequest, _) | (_, Suspends::Nothing) => table::kind(&reading, &told),
            _ => Kind::Other,
        };
        let waits = matches!(
            meaning.class,
            Class::RateLimited | Class::QuotaExhausted | Class::Upstream
        );
        let retry_at = meaning
            .retry_at
            .or_else(|| waits.then(|| told.again(meaning.window)).flatten())
            .or_else(|| table::usual_wait(meaning, reading.status, self.now));
        let failure = Failure {
            retry_at,
            ..Failure::new(meaning.class, meaning.detail).with_status(self.status)
        };
        Verdict {
            failure,
            suspends: meaning.suspends,
            window: meaning.window,
            tally: told.tally,
            gauges: told.gauges,
            rejection: (meaning.class == Class::BadRequest).then(|| rejection(reading)),
            kind,
        }
    }

    fn reading(&self) -> Reading {
        let error = match self.dialect {
            Dialect::OpenAi => openai::chat::read_error(self.body),
            Dialect::Anthropic => anthropic::read_error(self.body),
            Dialect::Gemini => gemini::read_error(self.body),
            Dialect::Ollama => ollama::read_error(self.body),
        };
        let status = match &error {
            Some(error) if self.status < 400 => table::status_within(error),
            _ => self.status,
        };
        let begin = &self.body[..self.body.len().min(LONGEST_TEXT)];
        Reading {
            status,
            is_error: error.is_some(),
            error: error.unwrap_or_default(),
            text: String::from_utf8_lossy(begin).to_ascii_lowercase(),
            page: decode::looks_like_html(Decoder::Json, self.body),
        }
    }

    /// What the provider's file says. Its filters ask for the status that the answer should have had.
    fn by_file(&self, reading: &Reading) -> Option<Meaning> {
        let Http { errors, .. } = self.provider.http()?;
        if errors.is_empty() {
            return None;
        }
        let variables = Variables {
            headers: error_filter::headers(self.headers),
            now: self.now.as_duration().as_secs_f64(),
            ..Variables::default()
        };
        let body = decode::whatever(self.body);
        let seen = Seen::new(self.program, &variables, reading.status, body);
        let error = seen.error(errors)?;
        Some(Meaning {
            class: error.class,
            suspends: error
                .suspends
                .unwrap_or_else(|| table::usually_suspends(error.class)),
            window: error.window,
            retry_at: seen.retry_at(error.retry, self.now),
            detail: "the provider's file says so",
        })
    }
}

fn rejection(reading: Reading) -> Rejection {
    let status = Some(reading.status).filter(|status| (400..500).contains(status));
    let message: String = reading
        .error
        .message
        .chars()
        .take(LONGEST_MESSAGE)
        .collect();
    Rejection {
        status: status.unwrap_or(400),
        message: if message.is_empty() {
            "the provider refused the request and did not say why".to_owned()
        } else {
            message
        },
        param: reading.error.param,
        code: reading.error.code,
    }
}
