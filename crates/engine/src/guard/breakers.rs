//! Breakers by number: a candidate knows those that it must pass, so that a call compares no names.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::Change;
use crate::breaker::{Admission, Breaker, Suspension};
use crate::outcome::Class;
use crate::store::SuspensionRecord;

/// A breaker's place among all, as long as the guard lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BreakerId(usize);

/// Every breaker that was ever named.
#[derive(Debug, Default)]
pub(super) struct Breakers {
    places: HashMap<Arc<str>, BreakerId>,
    /// With each the name, and its state; none as long as nothing has happened to it.
    all: Vec<(Arc<str>, Option<Breaker>)>,
}

impl Breakers {
    pub(super) fn id(&mut self, name: &str) -> BreakerId {
        if let Some(id) = self.places.get(name) {
            return *id;
        }
        let id = BreakerId(self.all.len());
        let name: Arc<str> = name.into();
        self.places.insert(Arc::clone(&name), id);
        self.all.push((name, None));
        id
    }

    fn get(&self, id: BreakerId) -> Option<&Breaker> {
        self.all[id.0].1.as_ref()
    }

    fn get_mut(&mut self, id: BreakerId) -> Option<&mut Breaker> {
        self.all[id.0].1.as_mut()
    }

    pub(super) fn has_seen(&self, id: BreakerId) -> bool {
        self.get(id).is_some()
    }

    /// The first suspension that is in the way.
    pub(super) fn refusal(&self, ids: [BreakerId; 2], now: Timestamp) -> Option<Suspension> {
        ids.iter().find_map(|id| match self.get(*id)?.peek(now) {
            Admission::Refused(suspension) => Some(suspension),
            Admission::Open | Admission::Probe => None,
        })
    }

    pub(super) fn admit(&mut self, id: BreakerId, now: Timestamp) -> Admission {
        self.get_mut(id)
            .map_or(Admission::Open, |breaker| breaker.admit(now))
    }

    pub(super) fn abandon(&mut self, (id, admission): (BreakerId, Admission)) {
        if let Some(breaker) = self.get_mut(id) {
            breaker.abandon(admission);
        }
    }

    pub(super) fn record(
        &mut self,
        (id, admission): (BreakerId, Admission),
        class: Class,
        retry_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<Change> {
        let (name, breaker) = &mut self.all[id.0];
        let breaker = breaker.get_or_insert_default();
        let before = breaker.suspension();
        breaker.record(admission, class, retry_at, now);
        let after = breaker.suspension();
        if before == after {
            return None;
        }
        let record = after.map(|(suspension, failures)| SuspensionRecord {
            candidate: name.to_string(),
            class: suspension.class.as_str().to_owned(),
            until: suspension.until,
            failures,
        });
        Some(Change {
            candidate: name.to_string(),
            record,
        })
    }

    pub(super) fn restore(&mut self, name: &str, suspension: Suspension, failures: u32) {
        let id = self.id(name);
        self.all[id.0].1 = Some(Breaker::restored(suspension, failures));
    }

    /// Forgets suspensions that this concerns, and says whose they were.
    pub(super) fn lift(&mut self, concerned: impl Fn(&str, Class) -> bool) -> Vec<String> {
        let mut lifted = Vec::new();
        for (name, breaker) in &mut self.all {
            let suspended = breaker.as_ref().and_then(Breaker::suspension);
            if suspended.is_some_and(|(suspension, _)| concerned(name, suspension.class)) {
                *breaker = None;
                lifted.push(name.to_string());
            }
        }
        lifted
    }
}
