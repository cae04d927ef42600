//! How a call to a model ends, once: ledger and breaker learn it, and its usage is recorded.

use std::sync::Arc;
use std::time::Duration;

use guichet_catalogue::model::Class;
use guichet_catalogue::model::ai::Price;
use guichet_dialects::chat::Usage;
use tokio::time::Instant;

use super::bill::Bill;
use super::choose::ModelCandidate;
use super::need::{cost, units};
use super::{ModelCall, UsageRecord};
use crate::answer::Served;
use crate::engine::Engine;
use crate::guard::{Permit, Reach};

/// What is left to do when an answer ends.
pub(super) struct Ending {
    engine: Engine,
    permit: Option<Permit>,
    price: Option<Price>,
    began: Instant,
    record: UsageRecord,
    bill: Bill,
}

impl Ending {
    /// The end of an answer that this candidate has begun.
    pub(super) fn new(
        engine: &Engine,
        call: &ModelCall,
        candidate: &ModelCandidate,
        permit: Permit,
        estimate: Usage,
        began: Instant,
        bill: &Bill,
    ) -> Self {
        let known = candidate.known.as_ref();
        let record = UsageRecord {
            provider: Some(Arc::clone(&candidate.candidate.endpoint.provider.id)),
            model: Some(Arc::clone(&candidate.model)),
            served: Some(Served::Fresh),
            usage: estimate,
            ..blank(engine, call, began)
        };
        Self {
            engine: engine.clone(),
            permit: Some(permit),
            price: known.and_then(|model| model.price.clone()),
            began,
            record,
            bill: bill.clone(),
        }
    }

    pub(super) fn first_token(&mut self, took: Duration) {
        self.record.first_token = Some(took);
    }

    pub(super) fn attempts(&mut self, attempts: usize) {
        self.record.attempts = u32::try_from(attempts).unwrap_or(u32::MAX);
    }

    /// US dollars for this usage, where the price is known.
    pub(super) fn cost(&self, usage: Option<Usage>) -> Option<f64> {
        let price = self.price.as_ref()?;
        Some(cost(price, &usage.unwrap_or(self.record.usage)))
    }

    /// The answer has ended so.
    pub(super) fn end(&mut self, class: Class, usage: Option<Usage>) {
        if let Some(permit) = self.settled(usage) {
            // A provider that breaks off is left alone like one that never began.
            self.engine
                .settle_within(permit, class, Reach::Narrow, None);
        }
        self.tell(class);
    }

    /// The caller has gone: nobody is to blame, and what was spent is spent.
    pub(super) fn left(&mut self, usage: Option<Usage>) {
        drop(self.settled(usage));
        self.tell(Class::Ok);
    }

    /// The permit, its claims replaced by what was really used.
    fn settled(&mut self, usage: Option<Usage>) -> Option<Permit> {
        let mut permit = self.permit.take()?;
        if let Some(usage) = usage {
            self.record.usage = usage;
            self.record.counted = true;
            let price = self.price.as_ref();
            permit
                .reservation
                .settle(|quota| units(quota, &usage, price), self.engine.now());
        }
        Some(permit)
    }

    fn tell(&mut self, class: Class) {
        let usage = self.record.usage;
        self.record.cost = self.price.as_ref().map(|price| cost(price, &usage));
        self.bill.settle(&usage, self.record.cost);
        self.record.outcome = class;
        self.record.took = self.began.elapsed();
        self.record.at = self.engine.now();
        self.engine.used(&self.record);
    }
}

/// The record of a call of which nothing is known yet.
pub(super) fn blank(engine: &Engine, call: &ModelCall, began: Instant) -> UsageRecord {
    UsageRecord {
        at: engine.now(),
        request_id: Arc::clone(&call.caller.request_id),
        organization: call.caller.organization.clone(),
        project: call.origin.project.clone(),
        key: call.origin.key.clone(),
        task: call.door.task(),
        provider: None,
        model: None,
        outcome: Class::Upstream,
        served: None,
        usage: Usage::default(),
        counted: false,
        cost: None,
        first_token: None,
        took: began.elapsed(),
        stream: call.facts.stream,
        attempts: 0,
    }
}
