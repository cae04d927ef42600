//! One call, and what must hold for it whatever happens: totality, completeness, no false success, effects at most once,
//! bounded amplification, honesty.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use guichet_engine::Engine;
use guichet_engine::ai::{Door, ModelAnswer, ModelCall, ModelContent};
use guichet_engine::answer::{Answer, Reason, Refusal, Served};
use guichet_engine::call::{Call, Caller};
use guichet_engine::clock::Clock;
use guichet_engine::identity::OrganizationId;
use guichet_engine::outcome::{Attempt, Class};
use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::catalogue::{DATA, FRESH, MODELS, STALE};
use super::outside::{Outside, sentence};
use super::store::Disk;
use super::time::Time;
use crate::heard::Heard;
use crate::speakers::asked;

/// How long a call may take where it does not say.
pub const TIME: Duration = Duration::from_secs(10);
/// How long the beginning of a model's answer may take.
pub const MODEL_TIME: Duration = Duration::from_secs(20);
/// What may pass beyond it.
const GRACE: Duration = Duration::from_millis(50);
/// A second key of `south` is a candidate of its own, and one attempt more may be made.
const MOST_ATTEMPTS: usize = DATA.len() + 2;

/// What a call can see of the world.
#[derive(Clone)]
pub struct Around {
    /// The engine.
    pub engine: Engine,
    /// The other side.
    pub outside: Arc<Outside>,
    /// The times.
    pub time: Time,
    /// What is remembered.
    pub disk: Arc<Disk>,
    /// Records of usage, by request.
    pub records: Arc<Mutex<BTreeMap<String, u32>>>,
}

impl Around {
    /// Counts the records of usage from now on.
    pub fn record(&self) {
        let records = Arc::clone(&self.records);
        self.engine.observe_usage(Box::new(move |record| {
            let request = record.request_id.to_string();
            *records.lock().entry(request).or_default() += 1;
        }));
    }
}

/// What is asked.
#[derive(Debug, Clone)]
pub enum Errand {
    /// Data.
    Data {
        /// The operation.
        operation: &'static str,
        /// What is wanted.
        q: String,
        /// How long it may take, where it says so.
        timeout: Option<u64>,
        /// Who may answer; none = anybody.
        only: Option<&'static str>,
        /// Whether only a fresh answer will do.
        fresh: bool,
    },
    /// A model's answer.
    Model {
        /// By which door.
        door: Door,
        /// What is wanted.
        q: String,
        /// Whether in pieces.
        stream: bool,
        /// Whether another one is to go on if it breaks off.
        resume: bool,
    },
}

/// What came of an errand: a line for the trace, and what did not hold.
#[derive(Debug, Default)]
pub struct Told {
    /// The line.
    pub line: String,
    /// What did not hold.
    pub violations: Vec<String>,
    /// Who answered, fresh.
    pub provider: Option<String>,
    /// Who was left alone.
    pub skipped: Vec<String>,
}

impl Errand {
    /// Runs it; whoever leaves early learns nothing.
    pub async fn run(self, around: Around, leave_after: Option<Duration>) -> Told {
        let asked = format!("{self:?}");
        let work = async {
            match &self {
                Self::Data {
                    operation,
                    q,
                    timeout,
                    only,
                    fresh,
                } => {
                    let data = Data {
                        around: &around,
                        operation,
                        q,
                        timeout: *timeout,
                        only: *only,
                        fresh: *fresh,
                    };
                    data.run().await
                }
                Self::Model {
                    door,
                    q,
                    stream,
                    resume,
                } => {
                    let model = Model {
                        around: &around,
                        door: *door,
                        q,
                        stream: *stream,
                        resume: *resume,
                    };
                    model.run().await
                }
            }
        };
        let mut told = match leave_after {
            Some(time) => tokio::time::timeout(time, work)
                .await
                .unwrap_or_else(|_| Told {
                    line: "left".into(),
                    ..Told::default()
                }),
            None => work.await,
        };
        let now = around.time.truth();
        for violation in &mut told.violations {
            *violation = format!("{violation}; {asked}, which came to {} at {now}", told.line);
        }
        told
    }
}

struct Data<'a> {
    around: &'a Around,
    operation: &'static str,
    q: &'a str,
    timeout: Option<u64>,
    only: Option<&'static str>,
    fresh: bool,
}

impl Data<'_> {
    fn call(&self) -> Call {
        let mut raw = Map::from_iter([("q".to_owned(), json!(self.q))]);
        if let Some(timeout) = self.timeout {
            raw.insert("timeout_ms".into(), json!(timeout));
        }
        if let Some(only) = self.only {
            raw.insert("providers".into(), json!(only));
        }
        if self.fresh {
            raw.insert("max_age".into(), json!(0));
        }
        let catalogue = self.around.engine.catalogue();
        let operation = catalogue.operation("things", self.operation);
        let operation = operation.unwrap_or_else(|| panic!("no operation {}", self.operation));
        let caller = Caller {
            organization: OrganizationId::new("default"),
            project: None,
            policy: None,
            peer: None,
            request_id: self.q.into(),
        };
        Call::read(Arc::clone(operation), raw, caller).unwrap_or_else(|error| panic!("{error:?}"))
    }

    async fn run(&self) -> Told {
        let around = self.around;
        let call = self.call();
        let (began, since) = (Instant::now(), around.time.truth());
        let result = around.engine.call(call).await;
        let (took, clock) = (began.elapsed(), around.time.now());
        let mut told = Told {
            line: line(&result, took),
            ..Told::default()
        };
        let limit = self.timeout.map_or(TIME, Duration::from_millis);
        if took > limit + GRACE {
            told.broken(format!("G1: it took {took:?}"));
        }
        match &result {
            Ok(answer) => self.answered(answer, since, clock, &mut told),
            Err(refusal) => self.refused(refusal, since, limit, &mut told),
        }
        if self.operation != "get" {
            self.seen(&result, &mut told);
        }
        told
    }

    fn answered(&self, answer: &Answer, since: Timestamp, clock: Timestamp, told: &mut Told) {
        let data: Value = serde_json::from_slice(&answer.data).unwrap_or_default();
        let value = data["value"].as_u64().unwrap_or_default();
        let seen = self.around.outside.seen();
        let Some(given) = seen.given.get(&value) else {
            return told.broken(format!("G3: nobody gave {data}"));
        };
        if given.provider != *answer.provider {
            told.broken(format!("G9: {} gave it", given.provider));
        }
        let age = clock.duration_since(given.by_clock);
        let (age, slack) = (age.as_secs_f64(), 0.1);
        match answer.served {
            Served::Fresh => {
                let slack = if self.operation == "get" { 1.0 } else { 0.0 };
                if since.duration_since(given.at).as_secs_f64() > slack {
                    told.broken("G9: it is called fresh and was given before".into());
                }
                told.provider = Some(given.provider.clone());
                told.honest(&answer.attempts, &answer.provider);
            }
            Served::Cached => {
                let fine = age > -slack && age < as_seconds(FRESH) + slack && !self.fresh;
                if !fine {
                    told.broken(format!("G1: from the cache at the age of {age} s"));
                }
            }
            Served::Stale => {
                if age < -slack || age > as_seconds(STALE) + 15.0 || self.fresh {
                    told.broken(format!("G1: stale at the age of {age} s"));
                }
            }
            Served::Local => told.broken("G9: nothing is computed here".into()),
        }
        let spoken = answer.age.as_secs_f64();
        if answer.served != Served::Fresh && (spoken - age).abs() > 15.0 {
            told.broken(format!("G9: it says {spoken} s and is {age} s old"));
        }
    }

    fn refused(&self, refusal: &Refusal, since: Timestamp, limit: Duration, told: &mut Told) {
        match refusal.reason {
            Reason::AllFailed | Reason::AllSuspended | Reason::Deadline => {}
            Reason::OutcomeUnknown if self.operation == "act" => return,
            _ => told.broken(format!("G1: refused for {:?}", refusal.reason)),
        }
        let allowed = DATA
            .iter()
            .filter(|id| self.only.is_none_or(|only| only == **id));
        for provider in allowed {
            told.named(refusal, provider);
            let time = limit >= Duration::from_secs(2) && !self.around.disk.is_slow();
            if time && self.around.outside.was_well_since(provider, since) {
                told.was_skipped(refusal, provider);
            }
        }
        let skipped = refusal
            .skipped
            .iter()
            .filter(|skipped| skipped.reason.is_temporary());
        told.skipped = skipped
            .map(|skipped| skipped.provider.to_string())
            .collect();
        told.failures(&refusal.attempts);
    }

    /// What the other side says of this call, which nobody else makes.
    fn seen(&self, result: &Result<Answer, Refusal>, told: &mut Told) {
        let attempts = match result {
            Ok(answer) => &answer.attempts,
            Err(refusal) => &refusal.attempts,
        };
        if attempts.len() > MOST_ATTEMPTS {
            told.broken(format!("G5: {} attempts", attempts.len()));
        }
        let seen = self.around.outside.seen();
        for (provider, arrived) in seen.asked.get(self.q).into_iter().flatten() {
            let named = attempts
                .iter()
                .filter(|attempt| *attempt.provider == **provider);
            let steps = if self.operation == "find" { 2 } else { 1 };
            let named = named.count() * steps;
            let lost_to_time = matches!(
                result,
                Err(Refusal {
                    reason: Reason::Deadline,
                    ..
                })
            );
            if (named as u64) < u64::from(*arrived) && !lost_to_time {
                told.broken(format!(
                    "G9: {provider} was asked {arrived} times and is named for {named}"
                ));
            }
        }
        let deeds = seen.deeds.get(self.q).copied().unwrap_or_default();
        if deeds > 1 {
            told.broken(format!("G4: it may have been done {deeds} times"));
        }
        if deeds > 0
            && matches!(result, Err(refusal) if refusal.reason != Reason::OutcomeUnknown && refusal.reason != Reason::Deadline)
        {
            told.broken("G4: it may have been done, and the caller is told that it was not".into());
        }
    }
}

struct Model<'a> {
    around: &'a Around,
    door: Door,
    q: &'a str,
    stream: bool,
    resume: bool,
}

impl Model<'_> {
    fn call(&self) -> ModelCall {
        let mut call = asked(self.door, self.stream);
        let body = String::from_utf8_lossy(&call.body);
        call.body =
            Bytes::from(body.replace("Is it open?", &format!("It is {} who asks.", self.q)));
        call.wish.resume = self.resume;
        call.caller.request_id = self.q.into();
        call
    }

    async fn run(&self) -> Told {
        let around = self.around;
        let (began, since) = (Instant::now(), around.time.truth());
        let result = around.engine.ask_model(self.call()).await;
        let took = began.elapsed();
        let mut told = Told::default();
        if took > MODEL_TIME + GRACE {
            told.broken(format!("G1: it took {took:?}"));
        }
        match result {
            Ok(answer) => self.answered(answer, took, &mut told).await,
            Err(refusal) => {
                told.line = format!("{:?} {} {took:?}", refusal.reason, words(&refusal.attempts));
                self.refused(&refusal, since, &mut told);
            }
        }
        let records = around
            .records
            .lock()
            .get(self.q)
            .copied()
            .unwrap_or_default();
        if records == 0 || (records > 1 && !self.resume) {
            told.broken(format!("G6: {records} records of its usage"));
        }
        told
    }

    async fn answered(&self, answer: ModelAnswer, took: Duration, told: &mut Told) {
        let provider = answer.provider.to_string();
        let said = sentence(&provider, self.q);
        told.line = format!("{provider} {} {took:?}", words(&answer.attempts));
        let last = answer
            .attempts
            .last()
            .map(|attempt| (attempt.class, &*attempt.provider));
        if last != Some((Class::Ok, provider.as_str())) {
            told.broken("G9: the last attempt is not the one that answered".into());
        }
        told.provider = Some(provider.clone());
        let pieces = match answer.content {
            ModelContent::Stream(pieces) => pieces,
            ModelContent::Whole { body, .. } => {
                if !String::from_utf8_lossy(&body).contains(&said) {
                    told.broken("G3: these are not its words".into());
                }
                return;
            }
        };
        let heard = Heard::of(self.door, pieces).await;
        told.line = format!("{} {:?}", told.line, heard);
        let whole = heard.text == said
            || (self.resume
                && MODELS
                    .iter()
                    .any(|(id, _)| heard.text.ends_with(&sentence(id, self.q))));
        if heard.finish.is_some() && heard.ended && !heard.failed {
            if !whole {
                told.broken("G3: these are not its words".into());
            }
        } else if heard.ended || !heard.failed {
            told.broken("G3: it broke off, and does not say so".into());
        } else if !self.resume && !said.starts_with(&heard.text) {
            told.broken("G3: what came before the end are not its words".into());
        }
    }

    fn refused(&self, refusal: &Refusal, since: Timestamp, told: &mut Told) {
        match refusal.reason {
            Reason::AllFailed | Reason::AllSuspended | Reason::Deadline => {}
            _ => told.broken(format!("G1: refused for {:?}", refusal.reason)),
        }
        for (provider, _) in MODELS {
            told.named(refusal, provider);
            if !self.around.disk.is_slow() && self.around.outside.was_well_since(provider, since) {
                told.was_skipped(refusal, provider);
            }
        }
        told.failures(&refusal.attempts);
    }
}

impl Told {
    fn broken(&mut self, what: String) {
        self.violations.push(what);
    }

    fn named(&mut self, refusal: &Refusal, provider: &str) {
        let tried = refusal
            .attempts
            .iter()
            .any(|attempt| *attempt.provider == *provider);
        let skipped = refusal
            .skipped
            .iter()
            .any(|skipped| *skipped.provider == *provider);
        if !tried && !skipped {
            self.broken(format!("G1: {provider} is not named"));
        }
    }

    /// Whoever is well was left alone for a reason that passes by itself.
    fn was_skipped(&mut self, refusal: &Refusal, provider: &str) {
        let excused = refusal
            .skipped
            .iter()
            .any(|skipped| *skipped.provider == *provider && skipped.reason.is_temporary());
        if !excused {
            self.broken(format!("G2: {provider} would have answered"));
        }
    }

    fn failures(&mut self, attempts: &[Attempt]) {
        if attempts.iter().any(|attempt| attempt.class == Class::Ok) {
            self.broken("G9: a refusal with an attempt that went well".into());
        }
    }

    /// The last attempt is the one that answered, and none before it.
    fn honest(&mut self, attempts: &[Attempt], provider: &str) {
        let Some((last, before)) = attempts.split_last() else {
            return self.broken("G9: fresh without an attempt".into());
        };
        if last.class != Class::Ok || *last.provider != *provider {
            self.broken("G9: the last attempt is not the one that answered".into());
        }
        self.failures(before);
    }
}

fn line(result: &Result<Answer, Refusal>, took: Duration) -> String {
    match result {
        Ok(answer) => format!(
            "{} {} {} {took:?}",
            answer.served.as_str(),
            answer.provider,
            words(&answer.attempts)
        ),
        Err(refusal) => {
            let skipped: Vec<String> = refusal
                .skipped
                .iter()
                .map(|skipped| format!("{}:{:?}", skipped.provider, skipped.reason))
                .collect();
            format!(
                "{:?} {} {skipped:?} {took:?}",
                refusal.reason,
                words(&refusal.attempts)
            )
        }
    }
}

fn words(attempts: &[Attempt]) -> String {
    crate::stage::tried(attempts)
}

fn as_seconds(seconds: u64) -> f64 {
    Duration::from_secs(seconds).as_secs_f64()
}
