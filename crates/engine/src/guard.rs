//! May this candidate be called now? Breaker and quotas decide together; what they give is a permit that gives itself
//! back.

mod breakers;

use std::sync::Arc;

use guichet_catalogue::filter::{Filter, Program, Variables};
use guichet_catalogue::model::{Call, Http, Quota, Window};
use jiff::Timestamp;
use parking_lot::Mutex;

use crate::answer::{SkipReason, Skipped};
use crate::breaker::{Admission, Suspension};
use crate::identity::ProjectId;
use crate::ledger::{Claim, Exhausted, Ledger, Reservation};
use crate::outcome::Class;
use crate::plan::Candidate;
use crate::store::{Level, SuspensionRecord, WindowRecord};
pub(crate) use breakers::BreakerId;
use breakers::Breakers;

/// Breakers and ledger.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    breakers: Mutex<Breakers>,
    ledger: Arc<Ledger>,
}

/// Leave to call a candidate. Dropped without an outcome, it lets the next call be the probe.
#[derive(Debug)]
pub(crate) struct Permit {
    guard: Arc<Guard>,
    /// The breakers that let it through, and how.
    passed: [(BreakerId, Admission); 2],
    ended: bool,
    pub(crate) reservation: Reservation,
}

/// What a recorded outcome changed: to be written to the store.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) candidate: String,
    pub(crate) record: Option<SuspensionRecord>,
}

/// Whom a permit is for.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) provider: Arc<str>,
    /// Its breakers: the candidate's own, and the narrower one of this operation, or of this model, with it.
    pub(crate) breakers: [BreakerId; 2],
}

/// Which of a candidate's breakers an outcome concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The whole candidate.
    Wide,
    /// This operation, or this model, with it.
    Narrow,
}

impl Guard {
    /// A guard over this ledger.
    pub(crate) fn over(ledger: Ledger) -> Self {
        Self {
            ledger: Arc::new(ledger),
            ..Self::default()
        }
    }

    /// Finds the breakers of a candidate and this operation.
    pub(crate) fn named(&self, candidate: &Candidate) -> Named {
        let name = candidate.name();
        let operation = format!("{name}#{}", candidate.endpoint.operation.name);
        self.with_breakers(candidate, [&name, &operation])
    }

    /// Finds the breakers of a candidate and this model.
    pub(crate) fn named_with_model(&self, candidate: &Candidate, model: &str) -> Named {
        let name = candidate.name();
        let narrow = format!("{name}#{}:{model}", candidate.endpoint.operation.name);
        self.with_breakers(candidate, [&name, &narrow])
    }

    fn with_breakers(&self, candidate: &Candidate, names: [&str; 2]) -> Named {
        let mut breakers = self.breakers.lock();
        Named {
            provider: Arc::clone(&candidate.endpoint.provider.id),
            breakers: names.map(|name| breakers.id(name)),
        }
    }

    pub(crate) fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// Asks for a call.
    pub(crate) fn admit(
        self: &Arc<Self>,
        named: &Named,
        need: Need,
        now: Timestamp,
    ) -> Result<Permit, Skipped> {
        let mut breakers = self.breakers.lock();
        if let Some(suspension) = breakers.refusal(named.breakers, now) {
            return Err(suspended_for(named, &suspension));
        }
        let project = need.project.as_ref();
        let reserved = self.ledger.reserve_for(project, need.claims, now);
        let reserved = reserved.map_err(|full| no_room(named, &full))?;
        let reservation = reserved.for_requests(need.requests);
        let passed = named.breakers.map(|id| (id, breakers.admit(id, now)));
        drop(breakers);
        Ok(Permit {
            guard: Arc::clone(self),
            passed,
            ended: false,
            reservation,
        })
    }

    /// What `admit` would say, without asking.
    pub(crate) fn peek(&self, named: &Named, claims: &[Claim], now: Timestamp) -> Option<Skipped> {
        let suspended = self.breakers.lock().refusal(named.breakers, now);
        if let Some(suspension) = suspended {
            return Some(suspended_for(named, &suspension));
        }
        let full = self.ledger.check(claims, now).err()?;
        Some(no_room(named, &full))
    }

    /// Moves the levels of windows that have changed into `levels`: see [`Ledger::take_changes`].
    pub(crate) fn take_changes(&self, levels: &mut Vec<Level>) {
        self.ledger.take_changes(levels);
    }

    pub(crate) fn restore(&self, windows: &[WindowRecord], suspensions: Vec<SuspensionRecord>) {
        self.ledger.restore(windows);
        let mut breakers = self.breakers.lock();
        for record in suspensions {
            let Some(class) = Class::named(&record.class) else {
                continue;
            };
            let suspension = Suspension {
                class,
                until: record.until,
            };
            breakers.restore(&record.candidate, suspension, record.failures);
        }
    }

    /// Lifts suspensions for which something has changed: the catalogue (`gone`), a credential (`auth`). Says which.
    pub(crate) fn lift(&self, concerned: impl Fn(&str, Class) -> bool) -> Vec<String> {
        self.breakers.lock().lift(concerned)
    }

    /// Counts a failure of a candidate whose permit is gone: it was silent for so long that another one won.
    pub(crate) fn was_silent(&self, named: &Named, now: Timestamp) -> Option<Change> {
        let [_, narrow] = named.breakers;
        let mut breakers = self.breakers.lock();
        breakers.record((narrow, Admission::Open), Class::Upstream, None, now)
    }
}

impl Permit {
    /// Has it agreed by those who share the windows, where there are any. What is refused is to be dropped.
    pub(crate) async fn agree(&mut self, named: &Named, now: Timestamp) -> Result<(), Skipped> {
        let agreed = self.reservation.agree(now).await;
        agreed.map_err(|full| no_room(named, &full))
    }

    /// Ends the call with its outcome.
    pub(crate) fn end(
        mut self,
        class: Class,
        reach: Reach,
        retry_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Vec<Change> {
        self.ended = true;
        let [own, narrow] = self.passed;
        let (failing, other) = match reach {
            Reach::Wide => (own, narrow),
            Reach::Narrow => (narrow, own),
        };
        let mut breakers = self.guard.breakers.lock();
        let mut changes: Vec<Change> = breakers
            .record(failing, class, retry_at, now)
            .into_iter()
            .collect();
        let healthy = matches!(class, Class::Ok | Class::Empty | Class::BadRequest);
        match (breakers.has_seen(other.0), healthy) {
            (true, true) => changes.extend(breakers.record(other, class, None, now)),
            (true, false) => breakers.abandon(other),
            (false, _) => {}
        }
        drop(breakers);
        changes
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !self.ended {
            let mut breakers = self.guard.breakers.lock();
            for passed in self.passed {
                breakers.abandon(passed);
            }
        }
    }
}

fn no_room(named: &Named, full: &Exhausted) -> Skipped {
    let reason = if full.busy {
        SkipReason::Busy
    } else {
        SkipReason::Quota
    };
    skipped(named, reason, full.retry_at)
}

fn skipped(named: &Named, reason: SkipReason, retry_at: Option<Timestamp>) -> Skipped {
    Skipped {
        provider: Arc::clone(&named.provider),
        reason,
        retry_at,
        class: None,
    }
}

fn suspended_for(named: &Named, suspension: &Suspension) -> Skipped {
    Skipped {
        class: Some(suspension.class),
        ..skipped(named, SkipReason::Suspended, suspension.until)
    }
}

/// What a call needs of a provider's quotas.
#[derive(Debug)]
pub(crate) struct Need {
    pub(crate) claims: Vec<Claim>,
    /// The requests that the claims are for, alike in weight.
    requests: u32,
    /// For which project; none where nobody says.
    project: Option<ProjectId>,
}

impl Need {
    /// The same for a project.
    pub(crate) fn for_project(self, project: Option<&ProjectId>) -> Self {
        Self {
            project: project.cloned(),
            ..self
        }
    }

    /// One request that costs one.
    pub(crate) fn of_one(ledger: &Ledger, candidate: &Candidate, http: &Http) -> Self {
        let claims = http
            .quotas
            .iter()
            .map(|quota| claim(ledger, candidate, quota, 1.0))
            .collect();
        Self {
            claims,
            requests: 1,
            project: None,
        }
    }

    /// One request, whose weight in each window is known.
    pub(crate) fn of_claims(claims: Vec<Claim>) -> Self {
        Self {
            claims,
            requests: 1,
            project: None,
        }
    }

    /// What asking a candidate costs: as much for each of its requests.
    pub(crate) fn of(
        ledger: &Ledger,
        candidate: &Candidate,
        http: &Http,
        program: &Program,
        variables: &Variables,
    ) -> Self {
        // Windows of one provider mostly count alike: one run of the filter serves them all.
        let mut last: Option<(Filter, f64)> = None;
        let mut cost = |cost: Filter| match last {
            Some((filter, units)) if filter == cost => units,
            _ => {
                let given = program.run(cost, &variables.params, variables);
                let units = given
                    .ok()
                    .and_then(|value| value.as_f64())
                    .unwrap_or(1.0)
                    .max(0.0);
                last = Some((cost, units));
                units
            }
        };
        let requests = requests(candidate);
        let claims = http.quotas.iter().map(|quota| {
            // Requests of one attempt follow each other, so only one of them is under way.
            let times = if quota.window == Window::Concurrency {
                1.0
            } else {
                f64::from(requests)
            };
            let units = quota.cost.map_or(1.0, &mut cost) * times;
            claim(ledger, candidate, quota, units)
        });
        Self {
            claims: claims.collect(),
            requests,
            project: None,
        }
    }
}

/// How many requests asking a candidate takes.
fn requests(candidate: &Candidate) -> u32 {
    match &candidate.endpoint.call {
        Call::Http(call) => u32::try_from(call.exchanges().count()).unwrap_or(u32::MAX),
        Call::Local(_) | Call::Model(_) => 1,
    }
}

fn claim(ledger: &Ledger, candidate: &Candidate, quota: &Arc<Quota>, units: f64) -> Claim {
    let credential = candidate.credential.as_ref();
    let credential = credential.map(|credential| credential.id.as_str());
    let budget = quota.budget(&candidate.endpoint.provider.id, None, credential);
    ledger.claim(&budget, quota, units)
}
