//! The other side: providers that fail by the letters of the alphabet and keep their own books.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream;
use guichet_catalogue::model::ai::Dialect;
use guichet_dialects::chat::{Answer, Choice, Finish, Part, Usage};
use guichet_engine::clock::Clock;
use guichet_engine::transport::{
    Limits, Transport, TransportError, UpstreamRequest, UpstreamResponse, UpstreamStream,
};
use guichet_sim::ai::{Voice, stream as speak};
use guichet_sim::alphabet::{Chunk, Script, Streamed, faulted, streamed};
use guichet_sim::{Fault, Pacing};
use http::header::AUTHORIZATION;
use jiff::Timestamp;
use parking_lot::{Mutex, MutexGuard};

use super::catalogue::{
    DATA, EAST_ROLLING, MAPLE_A_DAY, MODELS, NORTH_BUCKET, SOUTH_A_DAY, budget,
};
use super::time::Time;
use super::trace::Trace;
use super::windows::Allowance;

/// Tokens that every right answer of a model takes.
pub const TOKENS: f64 = 14.0;
/// Tokens that an answer can take at most, whatever it says of them.
pub const MOST_TOKENS: f64 = 200.0;

/// All providers, and what they saw.
pub struct Outside {
    seen: Mutex<Seen>,
    time: Time,
}

/// What all providers saw.
pub struct Seen {
    hosts: BTreeMap<String, Host>,
    /// By budget.
    pub counted: BTreeMap<String, Counted>,
    allowances: BTreeMap<String, Allowance>,
    /// Requests beyond what a provider allows.
    pub too_many: Vec<String>,
    /// Right answers of providers of data, by their value.
    pub given: BTreeMap<u64, Given>,
    /// Requests that arrived, by what was asked and of whom.
    pub asked: BTreeMap<String, BTreeMap<String, u32>>,
    /// Deeds that may have been done, by what was asked.
    pub deeds: BTreeMap<String, u32>,
    /// Exchanges so far.
    pub exchanges: u64,
    /// Exchanges that have not ended.
    pub under_way: u32,
    /// What happened.
    pub trace: Trace,
}

#[derive(Debug)]
struct Host {
    fault: Fault,
    /// Since when it is as it is.
    since: Timestamp,
    pacing: Pacing,
    dialect: Option<Dialect>,
}

/// What one budget's provider counted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counted {
    /// Requests that arrived.
    pub requests: f64,
    /// Requests of which nobody but the provider can know whether they arrived: their caller left while connecting.
    pub unsure: f64,
    /// Tokens that both sides know of.
    pub tokens: f64,
    /// Tokens at most of answers whose usage nobody was told.
    pub unsure_tokens: f64,
}

/// A right answer.
#[derive(Debug, Clone)]
pub struct Given {
    /// Who gave it.
    pub provider: String,
    /// When.
    pub at: Timestamp,
    /// When, by the machine's clock.
    pub by_clock: Timestamp,
}

/// One exchange, as its provider sees it.
struct Exchange {
    outside: Arc<Outside>,
    provider: String,
    budget: String,
    fault: Fault,
    asked: String,
    /// What is to be counted if it is left before its end.
    left: Left,
}

/// What an exchange is worth that its caller leaves.
#[derive(Clone, Copy, PartialEq)]
enum Left {
    /// It is over, and counted.
    Nothing,
    /// It had not arrived.
    BeforeArrival,
    /// It had arrived, and a model was answering.
    WhileAnswering,
}

impl Outside {
    /// Everybody is well.
    #[must_use]
    pub fn new(time: Time, trace: Trace) -> Self {
        let began = time.truth();
        let host = |dialect| Host {
            fault: Fault::Ok,
            since: began,
            pacing: Pacing::AT_ONCE,
            dialect,
        };
        let data = DATA.map(|id| (id.to_owned(), host(None)));
        let models = MODELS.map(|(id, dialect)| (id.to_owned(), host(Some(dialect))));
        let minutes = Duration::from_mins;
        let allowances = [
            ("north", Allowance::bucket(NORTH_BUCKET, minutes(1))),
            (
                "south@south/a",
                Allowance::per_day(SOUTH_A_DAY, "America/New_York"),
            ),
            (
                "south@south/b",
                Allowance::per_day(SOUTH_A_DAY, "America/New_York"),
            ),
            ("east", Allowance::rolling(EAST_ROLLING, minutes(10))),
            (
                "maple",
                Allowance::per_day(MAPLE_A_DAY, "America/Los_Angeles"),
            ),
        ];
        let seen = Seen {
            hosts: data.into_iter().chain(models).collect(),
            counted: BTreeMap::new(),
            allowances: allowances
                .into_iter()
                .map(|(budget, allowance)| (budget.to_owned(), allowance))
                .collect(),
            too_many: Vec::new(),
            given: BTreeMap::new(),
            asked: BTreeMap::new(),
            deeds: BTreeMap::new(),
            exchanges: 0,
            under_way: 0,
            trace,
        };
        Self {
            seen: Mutex::new(seen),
            time,
        }
    }

    /// What was seen so far.
    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock()
    }

    /// From now on a provider fails so.
    pub fn set_fault(&self, provider: &str, fault: Fault) {
        let now = self.time.truth();
        let mut seen = self.seen.lock();
        seen.trace.note(format_args!("{now} {provider} is {fault}"));
        if let Some(host) = seen.hosts.get_mut(provider) {
            host.fault = fault;
            host.since = now;
        }
    }

    /// From now on a provider of models speaks so fast.
    pub fn set_pacing(&self, provider: &str, pacing: Pacing) {
        let now = self.time.truth();
        if let Some(host) = self.seen.lock().hosts.get_mut(provider) {
            host.pacing = pacing;
            host.since = now;
        }
    }

    /// Whether a provider has been well, and not slow, since then.
    #[must_use]
    pub fn was_well_since(&self, provider: &str, since: Timestamp) -> bool {
        let seen = self.seen.lock();
        let host = &seen.hosts[provider];
        let quick = host.pacing.first < Duration::from_secs(1);
        host.fault == Fault::Ok && quick && host.since <= since
    }

    /// Something happened on this side.
    pub fn note(&self, what: std::fmt::Arguments<'_>) {
        self.seen.lock().trace.note(what);
    }
}

/// What `provider` says to whom asks `asked`.
#[must_use]
pub fn sentence(provider: &str, asked: &str) -> String {
    format!("The window of {provider} is open to {asked} now.")
}

/// A shared other side, as an engine reaches it.
#[derive(Clone)]
pub struct Reach(pub Arc<Outside>);

impl Reach {
    fn begin(
        &self,
        request: &UpstreamRequest,
        gets_through: impl Fn(Fault) -> bool,
    ) -> (Exchange, u64) {
        let outside = &self.0;
        let now = outside.time.truth();
        let host = request.url.host_str().unwrap_or_default();
        let provider = host.trim_end_matches(".example").to_owned();
        let secret = secret(request);
        let budget = budget(&provider, secret.as_deref());
        let wanted = asked(request);
        let mut seen = outside.seen.lock();
        let seen = &mut *seen;
        let fault = seen.hosts[&provider].fault;
        let arrived = gets_through(fault);
        seen.trace.note(format_args!(
            "{now} {budget} {} {wanted} {fault}",
            request.url.path()
        ));
        seen.under_way += 1;
        seen.exchanges += 1;
        let value = seen.exchanges;
        if arrived {
            let by_provider = seen.asked.entry(wanted.clone()).or_default();
            *by_provider.entry(provider.clone()).or_default() += 1;
            seen.counted.entry(budget.clone()).or_default().requests += 1.0;
            if let Some(allowance) = seen.allowances.get_mut(&budget)
                && allowance.arrive(now)
            {
                seen.too_many.push(format!("{budget} at {now}"));
            }
        }
        let exchange = Exchange {
            outside: Arc::clone(outside),
            provider,
            budget,
            fault,
            asked: wanted,
            left: Left::Nothing,
        };
        (exchange, value)
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let mut seen = self.outside.seen.lock();
        seen.under_way -= 1;
        let counted = seen.counted.entry(self.budget.clone()).or_default();
        match self.left {
            Left::Nothing => {}
            Left::BeforeArrival => {
                counted.unsure += 1.0;
                counted.unsure_tokens += MOST_TOKENS;
            }
            Left::WhileAnswering => counted.unsure_tokens += MOST_TOKENS,
        }
    }
}

fn secret(request: &UpstreamRequest) -> Option<String> {
    let headers = &request.headers;
    let value = ["x-key", "x-api-key"]
        .into_iter()
        .find_map(|name| headers.get(name))
        .or_else(|| headers.get(AUTHORIZATION))?;
    let text = value.to_str().ok()?;
    Some(text.trim_start_matches("Bearer ").to_owned())
}

/// What is asked: the word that follows `q=`, `"q":"` or `It is `.
fn asked(request: &UpstreamRequest) -> String {
    let pairs = request.url.query_pairs();
    if let Some((_, value)) = pairs.into_iter().find(|(name, _)| name == "q") {
        return value.into_owned();
    }
    let body = String::from_utf8_lossy(&request.body);
    let begun = ["\"q\":\"", "It is "]
        .into_iter()
        .find_map(|before| body.split_once(before));
    let word = begun.map_or("", |(_, rest)| rest);
    word.chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect()
}

impl Transport for Reach {
    fn send(
        &self,
        request: UpstreamRequest,
        limits: Limits,
    ) -> BoxFuture<'_, Result<UpstreamResponse, TransportError>> {
        Box::pin(async move {
            let (mut exchange, value) = self.begin(&request, |fault| !fault.is_below_http());
            let path = request.url.path();
            let body = if path == "/station" {
                "{\"station\":1}".to_owned()
            } else {
                format!("{{\"value\":{value}}}")
            };
            let good = json(body);
            let (wait, result) = faulted(exchange.fault, &good, None).within(limits);
            let refused = result
                .as_ref()
                .is_ok_and(|response| (400..500).contains(&response.status));
            if path == "/act" && !exchange.fault.is_below_http() && !refused {
                let mut seen = self.0.seen.lock();
                *seen.deeds.entry(exchange.asked.clone()).or_default() += 1;
            }
            if exchange.fault.is_below_http() {
                exchange.left = Left::BeforeArrival;
            }
            tokio::time::sleep(wait).await;
            exchange.left = Left::Nothing;
            if result
                .as_ref()
                .is_ok_and(|response| response.body == good.body)
                && path != "/station"
            {
                let given = Given {
                    provider: exchange.provider.clone(),
                    at: self.0.time.truth(),
                    by_clock: self.0.time.now(),
                };
                self.0.seen.lock().given.insert(value, given);
            }
            result
        })
    }

    fn open(
        &self,
        request: UpstreamRequest,
        time: Duration,
    ) -> BoxFuture<'_, Result<UpstreamStream, TransportError>> {
        Box::pin(async move {
            let (mut exchange, _) = self.begin(&request, |fault| !fault.is_below_http());
            let below = exchange.fault.is_below_http();
            exchange.left = if below {
                Left::BeforeArrival
            } else {
                Left::WhileAnswering
            };
            match self.met(&request, &exchange, time) {
                Streamed::Script(script) => Ok(played(script, exchange)),
                Streamed::Fail { after, error } => {
                    tokio::time::sleep(after).await;
                    if below {
                        exchange.left = Left::Nothing;
                    }
                    Err(error)
                }
                Streamed::Hang { error } => {
                    tokio::time::sleep(time).await;
                    if below {
                        exchange.left = Left::Nothing;
                    }
                    Err(error)
                }
            }
        })
    }
}

impl Reach {
    /// What a request to a model meets.
    fn met(&self, request: &UpstreamRequest, exchange: &Exchange, time: Duration) -> Streamed {
        let (dialect, pacing) = {
            let seen = self.0.seen.lock();
            let host = &seen.hosts[&exchange.provider];
            (host.dialect.unwrap_or(Dialect::OpenAi), host.pacing)
        };
        let answer = answer(sentence(&exchange.provider, &exchange.asked));
        let streams = String::from_utf8_lossy(&request.body).contains("\"stream\":true");
        if streams {
            let good = speak(Voice::plain(dialect), &answer, true, pacing);
            return streamed(exchange.fault, &good, None);
        }
        let good = json(match dialect {
            Dialect::Anthropic => guichet_dialects::anthropic::write_answer(&answer),
            _ => guichet_dialects::openai::chat::write_answer(&answer),
        });
        let limits = Limits {
            time,
            body: usize::MAX,
        };
        let (wait, result) = faulted(exchange.fault, &good, None).within(limits);
        match result {
            Ok(response) => Streamed::Script(Script::whole(response, wait + pacing.first)),
            Err(error) => Streamed::Fail { after: wait, error },
        }
    }
}

fn json(body: impl Into<Bytes>) -> UpstreamResponse {
    let mut headers = http::HeaderMap::new();
    let kind = http::HeaderValue::from_static("application/json");
    headers.insert(http::header::CONTENT_TYPE, kind);
    UpstreamResponse {
        status: 200,
        headers,
        body: body.into(),
    }
}

/// Plays a script. A right answer that came whole is counted as what it says of itself.
fn played(script: Script, exchange: Exchange) -> UpstreamStream {
    let last = script
        .chunks
        .iter()
        .rposition(|(_, chunk)| matches!(chunk, Chunk::Bytes(_)));
    let refused = script.status >= 400;
    let right = exchange.fault == Fault::Ok && script.status == 200;
    let steps = stream::unfold(
        (script.chunks.into_iter().enumerate(), exchange),
        move |(mut chunks, mut exchange)| async move {
            let (index, (wait, chunk)) = chunks.next()?;
            tokio::time::sleep(wait).await;
            match chunk {
                Chunk::Bytes(bytes) => {
                    let ends = Some(index) == last && exchange.left == Left::WhileAnswering;
                    if ends && refused {
                        // What is refused takes no tokens.
                        exchange.left = Left::Nothing;
                    }
                    if ends && right {
                        exchange.left = Left::Nothing;
                        let mut seen = exchange.outside.seen.lock();
                        let budget = exchange.budget.clone();
                        seen.counted.entry(budget).or_default().tokens += TOKENS;
                    }
                    Some((Ok(bytes), (chunks, exchange)))
                }
                Chunk::Reset => Some((Err(TransportError::Broken), (chunks, exchange))),
                Chunk::Stall => std::future::pending().await,
                Chunk::End => None,
            }
        },
    );
    UpstreamStream {
        status: script.status,
        headers: script.headers,
        body: Box::pin(steps),
    }
}

fn answer(text: String) -> Answer {
    Answer {
        id: "answer-1".into(),
        model: "m".into(),
        created: Some(1_795_343_460),
        choices: vec![Choice {
            index: 0,
            parts: vec![Part::text(text)],
            finish: Finish::Stop,
            stop_sequence: None,
            logprobs: None,
        }],
        usage: Some(Usage {
            input: 9,
            output: 5,
            ..Usage::default()
        }),
        ..Answer::default()
    }
}
