//! Candidate after candidate until one begins well; whoever is silent for longer than is usual for it is raced by the
//! next one.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::{BoxFuture, poll_fn};
use guichet_catalogue::model::Class;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::admit::{admit, settle};
use super::arranged::arranged;
use super::attempt::{Attempting, Beginning, Begun, STALL};
use super::bill::Bill;
use super::choose::{Choice, Choosing, ModelCandidate};
use super::ending::{Ending, blank};
use super::flow::Flow;
use super::need::estimate;
use super::prepared::Prepared;
use super::resume::Resumption;
use super::silence;
use super::translate::Spoken;
use super::verdict::{Kind, Verdict};
use super::{ModelAnswer, ModelCall, ModelContent};
use crate::answer::{Reason, Refusal, Rejection, Served, SkipReason, Skipped};
use crate::engine::Engine;
use crate::guard::Permit;
use crate::outcome::{Attempt, Failure};
use crate::plan::Candidate;
use crate::policy::Patience;

/// Candidates that are asked at the same time at most: each of them may be paid.
const AT_ONCE: usize = 4;
/// Candidates that may refuse the request itself before the caller is told that it is at fault.
const REJECTIONS: usize = 2;

/// Answers a call to a model.
pub(super) async fn answer(engine: &Engine, call: ModelCall) -> Result<ModelAnswer, Refusal> {
    let began = Instant::now();
    let bill = Bill::open(engine, &call);
    let outcome = run(engine, &call, &bill, began).await;
    if let Err(refusal) = &outcome {
        bill.void();
        refused(engine, &call, refusal, began);
    }
    outcome
}

/// Records a call that nobody answered.
pub(super) fn refused(engine: &Engine, call: &ModelCall, refusal: &Refusal, began: Instant) {
    let class = refusal.attempts.last().map(|attempt| attempt.class);
    let mut record = blank(engine, call, began);
    record.outcome = class.unwrap_or(match refusal.reason {
        Reason::AllSuspended | Reason::OverBudget(_) => Class::RateLimited,
        Reason::UnknownModel { .. } | Reason::TooLong { .. } => Class::BadRequest,
        _ => Class::Upstream,
    });
    record.attempts = u32::try_from(refusal.attempts.len()).unwrap_or(u32::MAX);
    engine.used(&record);
}

async fn run(
    engine: &Engine,
    call: &ModelCall,
    bill: &Bill,
    began: Instant,
) -> Result<ModelAnswer, Refusal> {
    let settings = engine.settings();
    let index = engine.index();
    let turn = engine.next_turn();
    let choice = Choosing {
        index: &index,
        discovered: &engine.discovered(),
        aliases: &settings.models.aliases,
        call,
        settings,
        credentials: &engine.credentials(),
        today: engine.now().to_zoned(jiff::tz::TimeZone::UTC).date(),
        turn,
    }
    .choose()
    .map_err(without_attempt)?;
    let spoken = Spoken::new(call);
    let attempting = Attempting::new(engine, &index.catalogue, call, &spoken, began);
    let race = Race {
        engine,
        attempting: &attempting,
        bill,
        began,
        turn,
        waiting: VecDeque::new(),
        everyone: Vec::new(),
        running: Running::default(),
        attempts: Vec::new(),
        skipped: Vec::new(),
        rejections: Vec::new(),
        too_long: false,
    };
    race.run(choice).await
}

/// Who is asked.
struct Asked {
    candidate: ModelCandidate,
    prepared: Arc<Prepared>,
    permit: Permit,
    began: Instant,
}

/// An attempt that is under way, as it ends.
struct Tried {
    asked: Asked,
    outcome: Result<Begun, Verdict>,
}

/// An attempt that is under way, as others see it.
struct Runner {
    candidate: ModelCandidate,
    prepared: Arc<Prepared>,
    began: Instant,
    /// Until when it may be silent before the next one is asked.
    patience: Instant,
}

struct Race<'a> {
    engine: &'a Engine,
    attempting: &'a Attempting<'a>,
    bill: &'a Bill,
    began: Instant,
    turn: usize,
    waiting: VecDeque<ModelCandidate>,
    /// Who is looked at again after a wait; nobody where the caller does not wait.
    everyone: Vec<ModelCandidate>,
    running: Running<'a>,
    attempts: Vec<Attempt>,
    skipped: Vec<Skipped>,
    rejections: Vec<Rejection>,
    /// Whether a candidate said that the request is too long for it.
    too_long: bool,
}

impl Race<'_> {
    async fn run(mut self, choice: Choice) -> Result<ModelAnswer, Refusal> {
        let call = self.attempting.call;
        let patience = call.wish.max_wait.map(|max_wait| {
            self.everyone.clone_from(&choice.candidates);
            Patience::new(max_wait, self.attempting.until, choice.candidates.len())
        });
        self.waiting = arranged(self.engine, call, choice.candidates, self.turn);
        self.skipped = choice.skipped;
        let left_out = self.skipped.len();
        let mut runners: Vec<Runner> = Vec::new();
        loop {
            if self.running.0.is_empty() && !self.start(&mut runners).await {
                if let Some(patience) = &patience
                    && self.waited(patience, left_out).await
                {
                    continue;
                }
                let reason = self.verdict();
                return Err(self.refusal(reason));
            }
            let until = self.attempting.until;
            let may_race = !self.waiting.is_empty() && runners.len() < AT_ONCE;
            let patience = runners.iter().map(|runner| runner.patience).max();
            let patience = patience.filter(|_| may_race).unwrap_or(until);
            tokio::select! {
                biased;
                tried = self.running.ended() => {
                    let here = |runner: &Runner| runner.began == tried.asked.began
                        && Arc::ptr_eq(&runner.prepared, &tried.asked.prepared);
                    runners.retain(|runner| !here(runner));
                    match self.judge(tried) {
                        Step::Won(won) => return Ok(self.won(*won, &runners)),
                        Step::Stop(reason) => return Err(self.refusal(reason)),
                        Step::Go => {}
                    }
                }
                () = sleep_until(patience.min(until)) => {
                    if patience < until {
                        self.start(&mut runners).await;
                        continue;
                    }
                    self.lost(&runners);
                    for candidate in std::mem::take(&mut self.waiting) {
                        self.skip(&candidate.candidate, SkipReason::OutOfTime);
                    }
                    return Err(self.refusal(Reason::Deadline));
                }
            }
        }
    }

    /// Waits for a quota window to open, after which everyone is looked at again; false where that would not help.
    async fn waited(&mut self, patience: &Patience, left_out: usize) -> bool {
        let now = self.engine.now();
        let Some(pause) = patience.pause(&self.attempts, &self.skipped, now) else {
            return false;
        };
        tokio::time::sleep(pause).await;
        self.skipped.truncate(left_out);
        let everyone = self.everyone.clone();
        self.waiting = arranged(self.engine, self.attempting.call, everyone, self.turn);
        true
    }

    /// Asks the next candidate that may be asked; false if there is none.
    async fn start(&mut self, runners: &mut Vec<Runner>) -> bool {
        while let Some(candidate) = self.waiting.pop_front() {
            let call = self.attempting.call;
            let prepared = self.engine.prepared(&candidate);
            let admitted = admit(self.engine, &candidate, &prepared, call, self.bill);
            // Whoever is to agree may hang: that ends with the call's time, as everything does.
            let permit = match timeout_at(self.attempting.until, admitted).await {
                Ok(Ok(permit)) => permit,
                Ok(Err(skipped)) => {
                    self.skipped.push(skipped);
                    continue;
                }
                Err(_) => {
                    self.skip(&candidate.candidate, SkipReason::OutOfTime);
                    continue;
                }
            };
            let began = Instant::now();
            let patience = prepared.waits.patience(kind(call));
            let patience = patience.min(self.share());
            runners.push(Runner {
                candidate: candidate.clone(),
                prepared: Arc::clone(&prepared),
                began,
                patience: began + patience,
            });
            let asked = Asked {
                candidate,
                prepared,
                permit,
                began,
            };
            self.running.0.push(attempt(self.attempting, asked));
            return true;
        }
        false
    }

    /// How long the one that is asked now may be silent, however long is usual for it, so that those after it still have
    /// the time to answer.
    fn share(&self) -> Duration {
        let left = self
            .attempting
            .until
            .saturating_duration_since(Instant::now());
        let turns = (self.waiting.len() + 1).min(AT_ONCE);
        left / u32::try_from(turns).unwrap_or(1)
    }

    fn judge(&mut self, tried: Tried) -> Step {
        let Tried { asked, outcome } = tried;
        let Asked {
            candidate,
            prepared,
            permit,
            began,
        } = asked;
        let took = began.elapsed();
        self.measured(&prepared, took, outcome.is_err());
        let provider = Arc::clone(&candidate.candidate.endpoint.provider.id);
        let attempt = |class, status, retry_at| Attempt {
            provider,
            class,
            status,
            took,
            retry_at,
        };
        match outcome {
            Ok(begun) => {
                let call = self.attempting.call;
                prepared.waits.record(kind(call), took);
                self.attempted(&candidate, attempt(Class::Ok, Some(begun.status), None));
                Step::Won(Box::new(Won {
                    candidate,
                    permit,
                    begun,
                    took: self.began.elapsed(),
                }))
            }
            Err(verdict) => {
                let Failure {
                    class,
                    status,
                    retry_at,
                    ref detail,
                    ..
                } = verdict.failure;
                tracing::debug!(
                    request_id = &*self.attempting.call.caller.request_id,
                    provider = &*candidate.candidate.endpoint.provider.id,
                    model = &*candidate.model,
                    %class,
                    detail,
                    "an attempt failed"
                );
                self.attempted(&candidate, attempt(class, status, retry_at));
                settle(self.engine, permit, &verdict);
                self.failed(verdict)
            }
        }
    }

    /// What a failure means for the call.
    fn failed(&mut self, verdict: Verdict) -> Step {
        if verdict.kind == Kind::ContextLength {
            self.too_long = true;
            return Step::Go;
        }
        if verdict.failure.class != Class::BadRequest {
            return Step::Go;
        }
        let past = self.attempting.call.wish.past_content_policy;
        let declined = verdict.kind == Kind::ContentPolicy;
        if let Some(rejection) = verdict.rejection {
            self.rejections.push(rejection);
        }
        if declined && past {
            return Step::Go;
        }
        if declined || self.rejections.len() >= REJECTIONS {
            return Step::Stop(self.verdict());
        }
        Step::Go
    }

    fn won(mut self, won: Won, losers: &[Runner]) -> ModelAnswer {
        let last = self.attempts.pop();
        self.lost(losers);
        self.attempts.extend(last);
        let Won {
            candidate,
            permit,
            begun,
            took,
        } = won;
        let call = self.attempting.call;
        let estimate = estimate(&call.facts, candidate.known.as_deref());
        let mut ending = Ending::new(
            self.engine,
            call,
            &candidate,
            permit,
            estimate,
            self.began,
            self.bill,
        );
        ending.attempts(self.attempts.len());
        ending.first_token(took);
        let (cost, content) = match begun.answer {
            Beginning::Whole(incoming) => {
                let cost = ending.cost(incoming.usage);
                ending.end(Class::Ok, incoming.usage);
                let content = ModelContent::Whole {
                    body: incoming.body,
                    content_type: incoming.content_type,
                };
                (cost, content)
            }
            Beginning::Stream(opened) => {
                let request_id = Arc::clone(&call.caller.request_id);
                let stall = self.engine.settings().models.stall.unwrap_or(STALL);
                let resumption = Resumption::of(self.engine, call, self.waiting, self.bill);
                let flow = Flow::new(*opened, ending, stall, request_id, resumption);
                (None, ModelContent::Stream(Box::pin(flow)))
            }
        };
        ModelAnswer {
            provider: Arc::clone(&candidate.candidate.endpoint.provider.id),
            model: candidate.model,
            served: Served::Fresh,
            shared: false,
            attempts: self.attempts,
            dropped: begun.dropped,
            cost,
            content,
        }
    }

    /// Those who were still silent when it was over: they are cancelled, and what was reserved for them stays spent.
    fn lost(&mut self, runners: &[Runner]) {
        for runner in runners {
            let provider = &runner.candidate.candidate.endpoint.provider;
            self.engine.was_silent(&runner.prepared.named);
            self.measured(&runner.prepared, runner.began.elapsed(), true);
            self.attempts.push(Attempt {
                provider: Arc::clone(&provider.id),
                class: Class::Upstream,
                status: None,
                took: runner.began.elapsed(),
                retry_at: None,
            });
        }
    }

    fn measured(&self, prepared: &Prepared, took: Duration, failed: bool) {
        let now = self.engine.now();
        let latencies = self.engine.latencies();
        latencies.record(&prepared.name, took, failed, now);
    }

    fn attempted(&mut self, candidate: &ModelCandidate, attempt: Attempt) {
        self.engine
            .observed(&candidate.candidate.endpoint.operation, &attempt);
        self.attempts.push(attempt);
    }

    fn skip(&mut self, candidate: &Candidate, reason: SkipReason) {
        self.skipped.push(Skipped {
            provider: Arc::clone(&candidate.endpoint.provider.id),
            reason,
            retry_at: None,
            class: None,
        });
    }

    fn verdict(&mut self) -> Reason {
        if let Some(rejection) = self.rejections.pop() {
            return Reason::Rejected(Box::new(rejection));
        }
        let temporary = |skipped: &Skipped| skipped.reason.is_temporary();
        let out_of_time = |skipped: &Skipped| skipped.reason == SkipReason::OutOfTime;
        match self.attempts.len() {
            _ if self.too_long => Reason::Rejected(Box::new(Rejection {
                status: 400,
                message: "the request is longer than the models that could take it can hold".into(),
                param: Some("messages".into()),
                code: Some("context_length_exceeded".into()),
            })),
            0 => match self.bill.exceeded() {
                Some(full) => Reason::OverBudget(Box::new(full)),
                None if self.skipped.iter().any(out_of_time) => Reason::Deadline,
                None if self.skipped.iter().any(temporary) => Reason::AllSuspended,
                None => Reason::NoCandidate,
            },
            _ if self.attempting.until <= Instant::now() => Reason::Deadline,
            _ => Reason::AllFailed,
        }
    }

    fn refusal(&mut self, reason: Reason) -> Refusal {
        let attempts = std::mem::take(&mut self.attempts);
        let skipped = std::mem::take(&mut self.skipped);
        let times = attempts.iter().filter_map(|attempt| attempt.retry_at);
        let retry_at = times
            .chain(skipped.iter().filter_map(|skipped| skipped.retry_at))
            .min();
        Refusal {
            reason,
            attempts,
            skipped,
            retry_at,
        }
    }
}

/// The attempts that are under way. They are so few that all are asked whenever one of them has something to say.
#[derive(Default)]
struct Running<'a>(Vec<BoxFuture<'a, Tried>>);

impl Running<'_> {
    /// The first that ends; there must be one.
    async fn ended(&mut self) -> Tried {
        poll_fn(|context| self.poll_ended(context)).await
    }

    fn poll_ended(&mut self, context: &mut Context<'_>) -> Poll<Tried> {
        for place in 0..self.0.len() {
            if let Poll::Ready(tried) = self.0[place].as_mut().poll(context) {
                drop(self.0.swap_remove(place));
                return Poll::Ready(tried);
            }
        }
        Poll::Pending
    }
}

/// What an attempt's end leads to.
enum Step {
    Won(Box<Won>),
    Stop(Reason),
    Go,
}

struct Won {
    candidate: ModelCandidate,
    permit: Permit,
    begun: Begun,
    /// Since the call began.
    took: Duration,
}

fn attempt<'a>(attempting: &'a Attempting<'a>, mut asked: Asked) -> BoxFuture<'a, Tried> {
    Box::pin(async move {
        let reservation = &mut asked.permit.reservation;
        let begun = attempting.begin(&asked.candidate, &asked.prepared, reservation);
        let outcome = begun.await;
        Tried { asked, outcome }
    })
}

fn kind(call: &ModelCall) -> silence::Kind {
    if call.facts.stream {
        silence::Kind::First
    } else {
        silence::Kind::Whole
    }
}

fn without_attempt(reason: Reason) -> Refusal {
    Refusal {
        reason,
        attempts: Vec::new(),
        skipped: Vec::new(),
        retry_at: None,
    }
}
