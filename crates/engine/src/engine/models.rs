//! What calls to models need of the engine: its parts, and where their usage is told.

use std::sync::Arc;

use super::Engine;
use crate::ai::UsageRecord;
use crate::ai::choose::{Discovered, Index};
use crate::ai::kept::Answers;
use crate::ai::prepared::AllPrepared;
use crate::ai::silence::Silence;
use crate::answer::Skipped;
use crate::clock::Clock;
use crate::guard::{Guard, Named, Permit};
use crate::plan::Credentials;
use crate::policy::{Counting, Latencies, Policy};
use crate::request::Sender;
use crate::settings::Settings;
use crate::transport::Transport;

/// Told of each call to a model when it has ended.
pub type UsageObserver = Box<dyn Fn(&UsageRecord) + Send + Sync>;

impl Engine {
    /// Who is to be told of the usage of models, besides those who are told already.
    pub fn observe_usage(&self, observer: UsageObserver) {
        let observer: Arc<UsageObserver> = Arc::new(observer);
        self.0.usage.rcu(|before| {
            let mut all: Vec<Arc<UsageObserver>> = Vec::clone(before);
            all.push(Arc::clone(&observer));
            all
        });
    }

    /// Tells of a call to a model that has ended.
    pub(crate) fn used(&self, record: &UsageRecord) {
        for observer in self.0.usage.load().iter() {
            observer(record);
        }
    }

    /// Takes other models that servers listed from the next call on.
    pub(crate) fn replace_discovered(&self, discovered: Discovered) {
        self.0.discovered.store(Arc::new(discovered));
    }

    pub(crate) fn discovered(&self) -> Arc<Discovered> {
        self.0.discovered.load_full()
    }

    pub(crate) fn index(&self) -> Arc<Index> {
        self.0.index.load_full()
    }

    pub(crate) fn credentials(&self) -> Arc<Credentials> {
        self.0.credentials.load_full()
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(crate) fn sender(&self) -> &Sender {
        &self.0.sender
    }

    pub(crate) fn transport(&self) -> &dyn Transport {
        &*self.0.transport
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    pub(crate) fn guard(&self) -> &Arc<Guard> {
        &self.0.guard
    }

    pub(crate) fn model_answers(&self) -> &Answers {
        &self.0.model_answers
    }

    pub(crate) fn all_prepared(&self) -> &AllPrepared {
        &self.0.prepared
    }

    pub(crate) fn latencies(&self) -> &Latencies {
        &self.0.latencies
    }

    /// What costs are counted from now, under this policy.
    pub(crate) fn counting(&self, policy: Policy, turn: usize) -> Counting<'_> {
        Counting {
            policy,
            ledger: self.0.guard.ledger(),
            latencies: &self.0.latencies,
            now: self.now(),
            turn,
        }
    }

    pub(crate) fn silence(&self) -> &Silence {
        &self.0.silence
    }

    /// A candidate was silent for so long that another one won.
    pub(crate) fn was_silent(&self, named: &Named) {
        if let Some(change) = self.0.guard.was_silent(named, self.now()) {
            self.remember(change);
        }
    }

    /// Returns when a permit may be used: those who share the counters agree, and what was reserved is durable.
    pub(crate) async fn agreed(&self, permit: &mut Permit, named: &Named) -> Result<(), Skipped> {
        permit.agree(named, self.now()).await?;
        self.written().await;
        Ok(())
    }

    /// Returns when what was reserved before is durable.
    pub(crate) async fn written(&self) {
        self.0.journal.windows().await;
    }
}
