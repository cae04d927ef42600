//! May this candidate be called now? Breaker and quotas decide together; what they give is a permit that gives itself
//! back.

use std::collections::HashMap;
use std::sync::Arc;

use guichet_catalogue::filter::{Filter, Program, Variables};
use guichet_catalogue::model::{Call, Http, Quota, Scope, Window};
use jiff::Timestamp;
use parking_lot::Mutex;

use crate::answer::{SkipReason, Skipped};
use crate::breaker::{Admission, Breaker, Suspension};
use crate::ledger::{Claim, Ledger, Reservation};
use crate::outcome::Class;
use crate::plan::Candidate;
use crate::store::{SuspensionRecord, WindowRecord};

/// Breakers and ledger.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    breakers: Mutex<HashMap<String, Breaker>>,
    ledger: Arc<Ledger>,
}

/// Leave to call a candidate. Dropped without an outcome, it lets the next call be the probe.
#[derive(Debug)]
pub(crate) struct Permit {
    guard: Arc<Guard>,
    /// The breakers that let it through, and how.
    passed: [(String, Admission); 2],
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
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) provider: Arc<str>,
    /// Its breakers: the candidate's own, and the narrower one of this operation, or of this model, with it.
    pub(crate) breakers: [String; 2],
}

impl From<&Candidate> for Named {
    fn from(candidate: &Candidate) -> Self {
        let name = candidate.name();
        let operation = format!("{name}#{}", candidate.endpoint.operation.name);
        Self {
            provider: Arc::clone(&candidate.endpoint.provider.id),
            breakers: [name, operation],
        }
    }
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
    /// Asks for a call.
    pub(crate) fn admit(
        self: &Arc<Self>,
        named: impl Into<Named>,
        need: Need,
        now: Timestamp,
    ) -> Result<Permit, Skipped> {
        let named = named.into();
        let mut breakers = self.breakers.lock();
        let suspended = named
            .breakers
            .iter()
            .find_map(|name| refusal(breakers.get(name), now));
        if let Some(suspension) = suspended {
            return Err(suspended_for(&named, &suspension));
        }
        let reserved = self.ledger.reserve(need.claims, now).map_err(|full| {
            let reason = if full.busy {
                SkipReason::Busy
            } else {
                SkipReason::Quota
            };
            skipped(&named, reason, full.retry_at)
        })?;
        let reservation = reserved.for_requests(need.requests);
        let passed = named.breakers.map(|name| {
            let admission = breakers
                .get_mut(&name)
                .map_or(Admission::Open, |breaker| breaker.admit(now));
            (name, admission)
        });
        drop(breakers);
        Ok(Permit {
            guard: Arc::clone(self),
            passed,
            ended: false,
            reservation,
        })
    }

    /// What `admit` would say, without asking.
    pub(crate) fn peek(
        &self,
        named: impl Into<Named>,
        claims: &[Claim],
        now: Timestamp,
    ) -> Option<Skipped> {
        let named = named.into();
        let breakers = self.breakers.lock();
        let suspended = named
            .breakers
            .iter()
            .find_map(|name| refusal(breakers.get(name), now));
        drop(breakers);
        if let Some(suspension) = suspended {
            return Some(suspended_for(&named, &suspension));
        }
        let full = self.ledger.check(claims, now).err()?;
        let reason = if full.busy {
            SkipReason::Busy
        } else {
            SkipReason::Quota
        };
        Some(skipped(&named, reason, full.retry_at))
    }

    pub(crate) fn window_records(&self, claims: &[Claim]) -> Vec<WindowRecord> {
        self.ledger.records(claims)
    }

    pub(crate) fn restore(&self, windows: Vec<WindowRecord>, suspensions: Vec<SuspensionRecord>) {
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
            breakers.insert(
                record.candidate,
                Breaker::restored(suspension, record.failures),
            );
        }
    }

    /// Lifts suspensions for which something has changed: the catalogue (`gone`), a credential (`auth`). Says which.
    pub(crate) fn lift(&self, concerned: impl Fn(&str, Class) -> bool) -> Vec<String> {
        let mut breakers = self.breakers.lock();
        let lifted: Vec<String> = breakers
            .iter()
            .filter_map(|(name, breaker)| {
                let (suspension, _) = breaker.suspension()?;
                concerned(name, suspension.class).then(|| name.clone())
            })
            .collect();
        for name in &lifted {
            breakers.remove(name);
        }
        lifted
    }

    /// Counts a failure of a candidate whose permit is gone: it was silent for so long that another one won.
    pub(crate) fn was_silent(&self, named: impl Into<Named>, now: Timestamp) -> Option<Change> {
        let Named {
            breakers: [_, narrow],
            ..
        } = named.into();
        self.record(&(narrow, Admission::Open), Class::Upstream, None, now)
    }

    fn abandon(&self, (name, admission): &(String, Admission)) {
        if let Some(breaker) = self.breakers.lock().get_mut(name) {
            breaker.abandon(*admission);
        }
    }

    fn record(
        &self,
        (name, admission): &(String, Admission),
        class: Class,
        retry_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<Change> {
        let mut breakers = self.breakers.lock();
        let breaker = breakers.entry(name.clone()).or_default();
        let before = breaker.suspension();
        breaker.record(*admission, class, retry_at, now);
        let after = breaker.suspension();
        if before == after {
            return None;
        }
        let record = after.map(|(suspension, failures)| SuspensionRecord {
            candidate: name.clone(),
            class: suspension.class.as_str().to_owned(),
            until: suspension.until,
            failures,
        });
        Some(Change {
            candidate: name.clone(),
            record,
        })
    }
}

impl Permit {
    /// Ends the call with its outcome.
    pub(crate) fn end(
        mut self,
        class: Class,
        reach: Reach,
        retry_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Vec<Change> {
        self.ended = true;
        let [own, narrow] = &self.passed;
        let (failing, other) = match reach {
            Reach::Wide => (own, narrow),
            Reach::Narrow => (narrow, own),
        };
        let mut changes: Vec<Change> = self
            .guard
            .record(failing, class, retry_at, now)
            .into_iter()
            .collect();
        let healthy = matches!(class, Class::Ok | Class::Empty | Class::BadRequest);
        let known = self.guard.breakers.lock().contains_key(&other.0);
        match (known, healthy) {
            (true, true) => changes.extend(self.guard.record(other, class, None, now)),
            (true, false) => self.guard.abandon(other),
            (false, _) => {}
        }
        changes
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !self.ended {
            self.passed
                .iter()
                .for_each(|passed| self.guard.abandon(passed));
        }
    }
}

fn refusal(breaker: Option<&Breaker>, now: Timestamp) -> Option<Suspension> {
    match breaker?.peek(now) {
        Admission::Refused(suspension) => Some(suspension),
        Admission::Open | Admission::Probe => None,
    }
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
}

impl Need {
    /// One request that costs one.
    pub(crate) fn of_one(candidate: &Candidate, http: &Http) -> Self {
        let claims = http
            .quotas
            .iter()
            .map(|quota| claim(candidate, quota, 1.0))
            .collect();
        Self {
            claims,
            requests: 1,
        }
    }

    /// One request, whose weight in each window is known.
    pub(crate) fn of_claims(claims: Vec<Claim>) -> Self {
        Self {
            claims,
            requests: 1,
        }
    }

    /// What asking a candidate costs: as much for each of its requests.
    pub(crate) fn of(
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
            claim(candidate, quota, quota.cost.map_or(1.0, &mut cost) * times)
        });
        Self {
            claims: claims.collect(),
            requests,
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

fn claim(candidate: &Candidate, quota: &Arc<Quota>, units: f64) -> Claim {
    let owner = quota
        .group
        .as_deref()
        .unwrap_or(&candidate.endpoint.provider.id);
    let budget = match (quota.scope, &candidate.credential) {
        (Scope::Key, Some(credential)) => format!("{owner}@{}", credential.id).into(),
        _ => owner.into(),
    };
    Claim {
        budget,
        quota: Arc::clone(quota),
        units,
    }
}
