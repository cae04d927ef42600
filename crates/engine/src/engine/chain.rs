//! Candidate after candidate until one answers right, within the call's time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use guichet_catalogue::filter::{Input, Variables};
use guichet_catalogue::model::{Call as How, Catalogue, EmptyPolicy, Http, HttpCall};
use guichet_catalogue::parameters::InvalidParameter;
use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::arranged::arranged;
use super::local::{Computed, compute};
use super::{Engine, Landed, Outcome};
use crate::answer::{Attribution, Attributions, Reason, Refusal, SkipReason, Skipped, digest};
use crate::attempt::Attempting;
use crate::cache::{Entry, lifetimes};
use crate::call::Call;
use crate::cursor::Cursor;
use crate::deadline::Deadline;
use crate::guard::{Need, Permit};
use crate::outcome::{Attempt, Class, Failure};
use crate::plan::{Candidate, Planning};
use crate::policy::Patience;
use crate::read::Answer;
use crate::replay::seconds;
use crate::request::parameters;

/// A second try begins after this, or a little later.
const BEFORE_RETRY: Duration = Duration::from_millis(100);

pub(super) async fn run(
    engine: &Engine,
    catalogue: &Catalogue,
    call: &Call,
    deadline: Deadline,
) -> Outcome {
    let cursor = match call.options.cursor.as_deref().map(Cursor::decode) {
        Some(None) => {
            return Err(super::call::refused(Reason::InvalidParameters(vec![
                wrong_cursor(),
            ])));
        }
        Some(Some(cursor)) if !answers(call, &cursor.provider) => {
            return Err(super::call::refused(Reason::InvalidParameters(vec![
                wrong_cursor(),
            ])));
        }
        decoded => decoded.flatten(),
    };
    let variables = Variables {
        params: parameters(&call.parameters),
        cursor: cursor
            .as_ref()
            .map_or_else(Input::null, |cursor| Input::from(&cursor.own)),
        now: seconds(engine.0.clock.now()),
        ..Variables::default()
    };
    let turn = engine.next_turn();
    let plan = Planning {
        operation: &call.operation,
        options: &call.options,
        program: &catalogue.program,
        variables: &variables,
        settings: &engine.0.settings,
        credentials: &engine.0.credentials.load(),
        pinned: cursor.as_ref().map(|cursor| cursor.provider.as_str()),
        turn,
    }
    .plan();
    let chain = Chain {
        engine,
        catalogue,
        call,
        deadline,
        variables,
        attempts: Vec::new(),
        skipped: plan.skipped,
        empty_said: false,
        empty_computed: false,
        busy: Vec::new(),
        retryable: None,
        spent: 0,
        retrying: false,
        turn,
    };
    chain.run(plan.candidates).await
}

/// Whether a provider of this name answers the operation.
fn answers(call: &Call, provider: &str) -> bool {
    let mut endpoints = call.operation.endpoints.iter();
    endpoints.any(|endpoint| *endpoint.provider.id == *provider)
}

struct Chain<'a> {
    engine: &'a Engine,
    catalogue: &'a Catalogue,
    call: &'a Call,
    deadline: Deadline,
    variables: Variables,
    attempts: Vec<Attempt>,
    skipped: Vec<Skipped>,
    /// Whether a provider said "no such thing".
    empty_said: bool,
    /// Whether a computation found no such thing.
    empty_computed: bool,
    /// Candidates that have as many calls under way as they allow.
    busy: Vec<Candidate>,
    /// The first candidate whose failure may have been a moment's.
    retryable: Option<Candidate>,
    /// Candidates that were asked.
    spent: usize,
    /// Whether this is the second try, which earns no further one.
    retrying: bool,
    turn: usize,
}

/// What asking one candidate leads to.
enum Next {
    /// Its answer.
    Done(Landed),
    /// The end of the call.
    Stop(Reason),
    /// The next candidate.
    Go,
}

impl Chain<'_> {
    async fn run(mut self, candidates: Vec<Candidate>) -> Outcome {
        let asked = match self.call.options.max_wait {
            None => self.ask_in_order(candidates).await,
            Some(max_wait) => self.ask_and_wait(candidates, max_wait).await,
        };
        match asked {
            Next::Done(landed) => return Ok(landed),
            Next::Stop(reason) => return Err(self.refusal(reason)),
            Next::Go => {}
        }
        if let Some(landed) = self.wait_for_a_place().await {
            return Ok(landed);
        }
        if let Some(landed) = self.retry().await {
            return Ok(landed);
        }
        let reason = self.verdict();
        Err(self.refusal(reason))
    }

    /// Everyone, and everyone again when a quota window has opened for which the caller has waited.
    async fn ask_and_wait(&mut self, candidates: Vec<Candidate>, max_wait: Duration) -> Next {
        let patience = Patience::new(max_wait, self.deadline.instant(), candidates.len());
        let left_out = self.skipped.len();
        loop {
            match self.ask_in_order(candidates.clone()).await {
                Next::Go => {}
                end => return end,
            }
            let now = self.engine.0.clock.now();
            let Some(pause) = patience.pause(&self.attempts, &self.skipped, now) else {
                return Next::Go;
            };
            tokio::time::sleep(pause).await;
            self.skipped.truncate(left_out);
        }
    }

    async fn ask_in_order(&mut self, candidates: Vec<Candidate>) -> Next {
        let ordered = arranged(self.engine, self.call, candidates, self.turn);
        self.ask_all(ordered).await
    }

    async fn ask_all(&mut self, mut candidates: VecDeque<Candidate>) -> Next {
        while let Some(candidate) = candidates.pop_front() {
            if self.deadline.passed() {
                self.not_reached(&candidate);
                for candidate in &candidates {
                    self.not_reached(candidate);
                }
                return Next::Stop(Reason::Deadline);
            }
            let left = 1 + candidates
                .iter()
                .filter(|candidate| self.is_ready_within(candidate, self.deadline.left()))
                .count();
            match self.ask(candidate, left).await {
                Next::Go => {}
                end => return end,
            }
        }
        Next::Go
    }

    fn not_reached(&mut self, candidate: &Candidate) {
        let provider = Arc::clone(&candidate.endpoint.provider.id);
        // Who would not have been asked anyway is named for that.
        let obstacle = self.obstacle_within(candidate, Duration::ZERO);
        self.skipped.push(obstacle.unwrap_or(Skipped {
            provider,
            reason: SkipReason::OutOfTime,
            retry_at: None,
            class: None,
        }));
    }

    /// Where nobody was asked because as many calls as allowed are under way, one of them will end soon.
    async fn wait_for_a_place(&mut self) -> Option<Landed> {
        let busy = std::mem::take(&mut self.busy);
        while self.spent == 0 && !busy.is_empty() && self.deadline.left() > BEFORE_RETRY {
            tokio::time::sleep(BEFORE_RETRY / 4).await;
            let now = Duration::ZERO;
            let ready = busy
                .iter()
                .find(|candidate| self.is_ready_within(candidate, now));
            if let Some(candidate) = ready.cloned() {
                match self.ask(candidate, 1).await {
                    Next::Done(landed) => return Some(landed),
                    Next::Stop(_) | Next::Go => {}
                }
            }
        }
        None
    }

    fn verdict(&self) -> Reason {
        let temporary = self
            .skipped
            .iter()
            .any(|skipped| skipped.reason.is_temporary());
        let out_of_time = |skipped: &Skipped| skipped.reason == SkipReason::OutOfTime;
        match (self.knows_no_such_thing(), self.spent, temporary) {
            (true, ..) => Reason::NotFound,
            _ if self.skipped.iter().any(out_of_time) => Reason::Deadline,
            (_, 0, true) => Reason::AllSuspended,
            (_, 0, false) => Reason::NoCandidate,
            _ if self.deadline.passed() => Reason::Deadline,
            _ => Reason::AllFailed,
        }
    }

    /// A provider's word counts. What is computed here knows a part of the world, so its word counts where nobody who
    /// might know more has failed, or is left alone because it did.
    fn knows_no_such_thing(&self) -> bool {
        let failed = self
            .attempts
            .iter()
            .any(|attempt| attempt.class != Class::Empty);
        let left_alone = self.skipped.iter().any(|skipped| {
            skipped.reason.is_temporary() || skipped.reason == SkipReason::OutOfTime
        });
        self.empty_said || (self.empty_computed && !failed && !left_alone)
    }

    fn refusal(&mut self, reason: Reason) -> Refusal {
        let attempts = std::mem::take(&mut self.attempts);
        let skipped = std::mem::take(&mut self.skipped);
        let times = attempts.iter().filter_map(|attempt| attempt.retry_at);
        let times = times.chain(skipped.iter().filter_map(|skipped| skipped.retry_at));
        let retry_at = times.min();
        Refusal {
            reason,
            attempts,
            skipped,
            retry_at,
        }
    }

    /// Whether a candidate may be asked before this time is over: one whose suspension ends while another is asked still
    /// needs its share of the time.
    fn is_ready_within(&self, candidate: &Candidate, time: Duration) -> bool {
        self.obstacle_within(candidate, time).is_none()
    }

    /// Why a candidate would not be asked when this time is over.
    fn obstacle_within(&self, candidate: &Candidate, time: Duration) -> Option<Skipped> {
        let http = candidate.endpoint.provider.http()?;
        let guard = &self.engine.0.guard;
        let need = Need::of_one(guard.ledger(), candidate, http);
        guard.peek(
            &guard.named(candidate),
            &need.claims,
            self.engine.0.clock.now() + time,
        )
    }

    async fn ask(&mut self, candidate: Candidate, candidates_left: usize) -> Next {
        let endpoint = Arc::clone(&candidate.endpoint);
        match (&endpoint.call, endpoint.provider.http()) {
            (How::Local(function), _) => self.compute(&candidate, function).await,
            (How::Http(how), Some(http)) => {
                let Some(permit) = self.permit(&candidate, http).await else {
                    return Next::Go;
                };
                let share = self.deadline.share(candidates_left);
                self.ask_http(candidate, how, http, permit, share).await
            }
            // Models are not asked for data.
            (How::Http(_), None) | (How::Model(_), _) => Next::Go,
        }
    }

    /// Leave to call, with its reservation written down before anything is sent.
    async fn permit(&mut self, candidate: &Candidate, http: &Http) -> Option<Permit> {
        let guard = &self.engine.0.guard;
        let program = &self.catalogue.program;
        let need = Need::of(guard.ledger(), candidate, http, program, &self.variables)
            .for_project(self.call.caller.project.as_ref());
        let named = guard.named(candidate);
        let mut admitted = guard.admit(&named, need, self.engine.0.clock.now());
        if let Ok(permit) = &mut admitted {
            // A disk that hangs is nobody's failure, but it may not hang the caller.
            let agreed = self.engine.agreed(permit, &named);
            match timeout(self.deadline.left(), agreed).await {
                Ok(Ok(())) => {}
                Ok(Err(skipped)) => admitted = Err(skipped),
                Err(_) => {
                    drop(admitted);
                    self.not_reached(candidate);
                    return None;
                }
            }
        }
        match admitted {
            Ok(permit) => Some(permit),
            Err(skipped) => {
                if skipped.reason == SkipReason::Busy {
                    self.busy.push(candidate.clone());
                }
                self.skipped.push(skipped);
                None
            }
        }
    }

    async fn ask_http(
        &mut self,
        candidate: Candidate,
        how: &HttpCall,
        http: &Http,
        mut permit: Permit,
        time: Duration,
    ) -> Next {
        let began = Instant::now();
        self.spent += 1;
        if !self.retrying {
            self.engine.0.retries.earn(&candidate.endpoint.provider.id);
        }
        let mut attempting = Attempting {
            program: &self.catalogue.program,
            http,
            credential: candidate.credential.as_deref(),
            tokens: &self.engine.0.tokens,
            sender: &self.engine.0.sender,
            transport: &self.engine.0.transport,
            clock: &self.engine.0.clock,
            journal: &self.engine.0.journal,
            variables: self.variables.clone(),
            time,
        };
        let asked = attempting
            .ask_in_time(how, &self.call.operation.shape, &mut permit.reservation)
            .await;
        let status = match &asked {
            Ok(answer) => Some(answer.status),
            Err(failure) => failure.status,
        };
        self.ended(&candidate, permit, asked.as_ref().err(), status, began);
        match asked {
            Ok(answer) => Next::Done(self.landed(&candidate, answer)),
            Err(failure) => self.failed(candidate, &failure),
        }
    }

    /// Tells breaker, ledger, store, log and metrics what came of an attempt.
    fn ended(
        &mut self,
        candidate: &Candidate,
        permit: Permit,
        failure: Option<&Failure>,
        status: Option<u16>,
        began: Instant,
    ) {
        let class = failure.map_or(Class::Ok, |failure| failure.class);
        let retry_at = failure.and_then(|failure| failure.retry_at);
        self.engine.settle(permit, class, retry_at);
        self.engine.latencies().record(
            &candidate.name(),
            began.elapsed(),
            !matches!(class, Class::Ok | Class::Empty | Class::BadRequest),
            self.engine.now(),
        );
        self.attempted(Attempt {
            provider: Arc::clone(&candidate.endpoint.provider.id),
            class,
            status,
            took: began.elapsed(),
            retry_at,
        });
        if let Some(failure) = failure {
            let (provider, operation) = (&candidate.endpoint.provider.id, &self.call.operation.id);
            let (request_id, detail) = (&self.call.caller.request_id, &failure.detail);
            tracing::info!(%request_id, %operation, %provider, class = %failure.class, status = failure.status, %detail, "attempt failed");
        }
    }

    fn attempted(&mut self, attempt: Attempt) {
        self.engine.observed(&self.call.operation.id, &attempt);
        self.attempts.push(attempt);
    }

    fn failed(&mut self, candidate: Candidate, failure: &Failure) -> Next {
        // With effects, the next one is asked only where this one certainly did nothing.
        if self.call.operation.effects && may_have_acted(failure) {
            return Next::Stop(Reason::OutcomeUnknown);
        }
        match failure.class {
            Class::Empty if self.call.operation.empty == EmptyPolicy::Stop => {
                return Next::Stop(Reason::NotFound);
            }
            Class::Empty if candidate.endpoint.provider.is_local() => self.empty_computed = true,
            Class::Empty => self.empty_said = true,
            Class::Upstream if !self.call.operation.effects => {
                self.retryable.get_or_insert(candidate);
            }
            _ => {}
        }
        Next::Go
    }

    /// One second try for the whole call, when everyone failed and someone's failure may have been a moment's.
    async fn retry(&mut self) -> Option<Landed> {
        let candidate = self.retryable.take().filter(|_| !self.empty_said)?;
        let enough = self.deadline.left() > BEFORE_RETRY * 3;
        if !enough || !self.engine.0.retries.spend(&candidate.endpoint.provider.id) {
            return None;
        }
        self.retrying = true;
        tokio::time::sleep(BEFORE_RETRY + BEFORE_RETRY.mul_f64(fastrand::f64())).await;
        // An open breaker's refusal is not retried: it is a refusal.
        match self.ask(candidate, 1).await {
            Next::Done(landed) => Some(landed),
            Next::Stop(_) | Next::Go => None,
        }
    }

    async fn compute(&mut self, candidate: &Candidate, function: &str) -> Next {
        let began = Instant::now();
        let now = self.engine.0.clock.now();
        let peer = self.call.caller.peer;
        let computed = compute(
            function,
            &self.call.parameters,
            now,
            peer,
            &self.call.operation.shape,
        )
        .await;
        let provider = Arc::clone(&candidate.endpoint.provider.id);
        let (class, next) = match computed {
            Computed::Answer(result) => (
                Class::Ok,
                Next::Done(self.landed(
                    candidate,
                    Answer {
                        result,
                        next: Value::Null,
                        status: 200,
                    },
                )),
            ),
            Computed::Failed(failure) => (failure.class, self.failed(candidate.clone(), &failure)),
            Computed::Invalid { param, reason } => {
                let error = InvalidParameter {
                    name: param.to_owned(),
                    reason,
                    allowed: None,
                    nearest: None,
                };
                (
                    Class::BadRequest,
                    Next::Stop(Reason::InvalidParameters(vec![error])),
                )
            }
            Computed::Unsupported => {
                self.skipped.push(Skipped {
                    provider,
                    reason: SkipReason::Input,
                    retry_at: None,
                    class: None,
                });
                return Next::Go;
            }
        };
        self.spent += 1;
        self.attempted(Attempt {
            provider,
            class,
            status: None,
            took: began.elapsed(),
            retry_at: None,
        });
        match next {
            Next::Done(landed) => Next::Done(Landed {
                attempts: self.attempts.clone(),
                ..landed
            }),
            other => other,
        }
    }

    fn landed(&self, candidate: &Candidate, answer: Answer) -> Landed {
        let provider = &candidate.endpoint.provider;
        let (fresh, stale) = lifetimes(&self.call.operation, provider);
        let next_cursor = (!answer.next.is_null()).then(|| {
            Cursor {
                provider: provider.id.to_string(),
                own: answer.next,
            }
            .encode()
        });
        let observed_at = answer
            .result
            .get("observed_at")
            .or_else(|| answer.result.pointer("/0/observed_at"));
        let data = Bytes::from(answer.result.to_string());
        let entry = Entry {
            observed_at: observed_at.and_then(Value::as_str).map(Arc::from),
            digest: digest(&data),
            data,
            provider: Arc::clone(&provider.id),
            local: provider.is_local(),
            attribution: Attributions::new(provider.terms.as_ref().and_then(attribution)),
            next_cursor,
            given_at: self.engine.0.clock.now(),
            fresh,
            stale,
        };
        Landed {
            entry: Arc::new(entry),
            attempts: self.attempts.clone(),
        }
    }
}

/// Whether a provider may have done what was asked although it did not say so: it was reached, and did not refuse.
fn may_have_acted(failure: &Failure) -> bool {
    let refused = failure
        .status
        .is_some_and(|status| (400..500).contains(&status));
    let said_no = match failure.class {
        Class::BadRequest
        | Class::Auth
        | Class::Plan
        | Class::RateLimited
        | Class::QuotaExhausted
        | Class::Gone => true,
        // "No content" may well be the word of a provider that did it.
        Class::Empty => !matches!(failure.status, Some(204 | 205)),
        // A page where data was declared, and a redirect after a POST, may stand behind a deed.
        Class::Ok | Class::Blocked | Class::Upstream | Class::BadPayload => false,
    };
    !failure.never_sent && !refused && !said_no
}

fn attribution(terms: &guichet_catalogue::model::Terms) -> Option<Attribution> {
    let attribution = Attribution {
        text: terms.attribution.clone(),
        url: terms.url.clone(),
        licence: terms.licence.clone(),
    };
    (!attribution.text.is_empty()).then_some(attribution)
}

fn wrong_cursor() -> InvalidParameter {
    InvalidParameter {
        name: "cursor".into(),
        reason: "is none that was handed out here".into(),
        allowed: Some("`meta.next_cursor` of an earlier answer".into()),
        nearest: None,
    }
}
