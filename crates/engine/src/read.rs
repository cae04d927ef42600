//! Reading an answer: error filters → success predicate → decode → map → validate. Pure.

use guichet_catalogue::filter::{Filter, Input, Program, Variables};
use guichet_catalogue::model::{Exchange, Http, Within};
use guichet_catalogue::schema::Shape;
use http::header::CONTENT_ENCODING;
use jiff::Timestamp;
use serde_json::Value;

use crate::decode;
use crate::error_filter::{Seen, headers};
use crate::gauge::Telling;
use crate::ledger::room_again;
use crate::outcome::{Class, Failure};
use crate::periods::{self, DAY};
use crate::reset_time::retry_after;
use crate::transport::UpstreamResponse;

/// What the filters of one exchange are run with.
pub struct Reading<'a> {
    /// All filters.
    pub program: &'a Program,
    /// The provider.
    pub http: &'a Http,
    /// The exchange.
    pub exchange: &'a Exchange,
    /// The call's variables; the answer's headers are filled in here.
    pub variables: Variables,
    /// The time of the answer.
    pub now: Timestamp,
}

/// A good answer of one exchange.
#[derive(Debug)]
pub struct Answer {
    /// The mapped result.
    pub result: Value,
    /// The provider's next cursor, or null.
    pub next: Value,
    /// The answer's status.
    pub status: u16,
}

impl Reading<'_> {
    /// Reads an answer: its result, or what is wrong with it. `next` gives the cursor, where the operation has pages.
    pub fn read(
        mut self,
        response: &UpstreamResponse,
        next: Option<Filter>,
    ) -> Result<Answer, Failure> {
        self.variables.headers = headers(&response.headers);
        // Decoded once: error filters look at it before anybody knows whether it may be used.
        let decoded = decode::decode(self.exchange.decode, &response.body);
        self.error_filters(response, decoded.as_ref().ok())?;
        self.status(response)?;
        let body = usable(response, decoded)?;
        self.predicates(&body)
            .map_err(|failure| failure.with_status(response.status))?;
        let failed = |what: &str, error| {
            Failure::new(
                Class::BadPayload,
                format!("the filter of `{what}` failed: {error}"),
            )
            .with_status(response.status)
        };
        let run = |filter| self.program.run(filter, &body, &self.variables);
        let result = run(self.exchange.result).map_err(|error| failed("result", error))?;
        let next = next
            .map(run)
            .transpose()
            .map_err(|error| failed("next", error))?
            .unwrap_or(Value::Null);
        Ok(Answer {
            result,
            next,
            status: response.status,
        })
    }

    /// What the provider's file says about errors holds before anything else, on every status.
    fn error_filters(
        &self,
        response: &UpstreamResponse,
        decoded: Option<&Input>,
    ) -> Result<(), Failure> {
        let Http { errors, .. } = self.http;
        if errors.is_empty() {
            return Ok(());
        }
        let body = decoded
            .cloned()
            .unwrap_or_else(|| decode::whatever(&response.body));
        let seen = Seen::new(self.program, &self.variables, response.status, body);
        let Some(error) = seen.error(errors) else {
            return Ok(());
        };
        let failure =
            Failure::new(error.class, "the provider's file says so").with_status(response.status);
        Err(Failure {
            retry_at: seen
                .retry_at(error.retry, self.now)
                .or_else(|| retry_after(&response.headers, self.now)),
            ..failure
        })
    }

    fn status(&self, response: &UpstreamResponse) -> Result<(), Failure> {
        let page = decode::looks_like_html(self.exchange.decode, &response.body);
        let Some(class) = class_of_status(response.status, page, self.http.auth.takes_credential())
        else {
            return Ok(());
        };
        let detail = if page {
            "a page instead of data"
        } else {
            "the status says so"
        };
        let told = retry_after(&response.headers, self.now);
        let (class, retry_at) = match class {
            Class::RateLimited => self.too_much(response, told),
            other => (other, told),
        };
        Err(Failure {
            retry_at,
            ..Failure::new(class, detail).with_status(response.status)
        })
    }

    /// A 429 may mean moments, or what is left of a day or a month: the wait, the words and the numbers tell.
    fn too_much(
        &self,
        response: &UpstreamResponse,
        told: Option<Timestamp>,
    ) -> (Class, Option<Timestamp>) {
        let telling = Telling {
            program: self.program,
            http: self.http,
            model: None,
            within: Within::Answers,
            status: response.status,
            headers: &response.headers,
            body: decode::whatever(&response.body),
            now: self.now,
        };
        let gauges = telling.gauges();
        let spent = gauges.iter().filter(|gauge| gauge.is_spent());
        let window =
            periods::in_body(&response.body).max(spent.filter_map(|gauge| gauge.period).max());
        let far =
            told.filter(|at| at.duration_since(self.now) > jiff::SignedDuration::from_hours(1));
        let Some(window) = window.filter(|window| *window >= DAY) else {
            let class = far.map_or(Class::RateLimited, |_| Class::QuotaExhausted);
            return (class, told);
        };
        let meant = gauges.iter().filter(|gauge| gauge.period == Some(window));
        let own = self.http.quotas.iter();
        let own = own.filter(|quota| quota.window.period() == Some(window));
        let ends = meant.filter_map(|gauge| gauge.ends_at).max();
        let ends = ends.or_else(|| own.filter_map(|quota| room_again(quota, self.now)).max());
        (Class::QuotaExhausted, far.or(ends).or(told))
    }

    fn predicates(&self, body: &Input) -> Result<(), Failure> {
        let holds = |filter: Option<Filter>, otherwise| {
            let stopped =
                |error| Failure::new(Class::BadPayload, format!("a predicate failed: {error}"));
            filter.map_or(Ok(otherwise), |filter| {
                self.program
                    .holds(filter, body, &self.variables)
                    .map_err(stopped)
            })
        };
        if !holds(self.exchange.ok, true)? {
            return Err(Failure::new(
                Class::BadPayload,
                "the success predicate does not hold",
            ));
        }
        if holds(self.exchange.empty, false)? {
            return Err(Failure::new(
                Class::Empty,
                "the provider knows no such thing",
            ));
        }
        Ok(())
    }
}

/// The body, where it is what was declared.
fn usable(response: &UpstreamResponse, decoded: Result<Input, String>) -> Result<Input, Failure> {
    let bad = |detail: String| Failure::new(Class::BadPayload, detail).with_status(response.status);
    let encoding = response
        .headers
        .get(CONTENT_ENCODING)
        .filter(|encoding| *encoding != "identity");
    if encoding.is_some() {
        return Err(bad("the body is compressed, which was not asked for".into()));
    }
    decoded.map_err(bad)
}

/// The last check of a result.
pub fn validate(shape: &Shape, result: &Value) -> Result<(), Failure> {
    shape
        .check(result)
        .map_err(|reason| Failure::new(Class::BadPayload, format!("outside the schema: {reason}")))
}

/// What a status means where the provider's file does not say; none where the body decides.
fn class_of_status(status: u16, page: bool, keyed: bool) -> Option<Class> {
    Some(match status {
        204 | 205 => Class::Empty,
        200..=299 if page => Class::Blocked,
        200..=299 => return None,
        401 => Class::Auth,
        402 => Class::Plan,
        403 if keyed && !page => Class::Auth,
        403 | 451 => Class::Blocked,
        410 => Class::Gone,
        400 | 405 | 406 | 411 | 413..=415 | 417 | 422 => Class::BadRequest,
        418 | 429 => Class::RateLimited,
        // "No such thing" is said properly only where the provider's file says that this is how it is said.
        404 => Class::BadPayload,
        _ => Class::Upstream,
    })
}
