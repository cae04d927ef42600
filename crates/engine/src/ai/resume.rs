//! A stream that broke off, continued by the next candidate: only where the caller wishes it, and only text.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use guichet_catalogue::model::ai::{Dialect, Task};
use tokio::time::Instant;

use super::ModelCall;
use super::admit::{admit, settle};
use super::attempt::{Attempting, Coming};
use super::bill::Bill;
use super::choose::ModelCandidate;
use super::ending::Ending;
use super::need::estimate;
use super::translate::{Outgoing, Spoken};
use crate::engine::Engine;

/// Who may go on where another broke off.
pub(super) struct Resumption {
    engine: Engine,
    call: Arc<ModelCall>,
    waiting: VecDeque<ModelCandidate>,
    bill: Bill,
}

/// A candidate that goes on.
pub(super) struct Continued {
    pub(super) dialect: Dialect,
    pub(super) outgoing: Outgoing,
    pub(super) body: Coming,
    pub(super) ending: Ending,
    /// Who may go on after it.
    pub(super) next: Resumption,
}

impl Resumption {
    /// The rest of the candidates of this call; none where it does not wish to be continued, or cannot be.
    pub(super) fn of(
        engine: &Engine,
        call: &ModelCall,
        waiting: VecDeque<ModelCandidate>,
        bill: &Bill,
    ) -> Option<Self> {
        let can = call.door.task() == Task::Chat;
        (call.wish.resume && can && !waiting.is_empty()).then(|| Self {
            engine: engine.clone(),
            call: Arc::new(call.clone()),
            waiting,
            bill: bill.clone(),
        })
    }

    /// Asks one after another to go on after what was said; none where nobody does.
    pub(super) fn go_on(mut self, said: &str) -> BoxFuture<'static, Option<Continued>> {
        let said = said.to_owned();
        Box::pin(async move {
            while let Some(candidate) = self.waiting.pop_front() {
                if let Some((dialect, outgoing, body, ending)) = self.ask(&said, &candidate).await {
                    return Some(Continued {
                        dialect,
                        outgoing,
                        body,
                        ending,
                        next: self,
                    });
                }
            }
            // What was reserved for those who do not go on is given back.
            self.bill.void();
            None
        })
    }

    async fn ask(
        &self,
        said: &str,
        candidate: &ModelCandidate,
    ) -> Option<(Dialect, Outgoing, Coming, Ending)> {
        let (engine, call) = (&self.engine, &*self.call);
        let began = Instant::now();
        let prepared = engine.prepared(candidate);
        let admitted = admit(engine, candidate, &prepared, call, &self.bill);
        let mut permit = admitted.await.ok()?;
        let catalogue = engine.catalogue();
        let spoken = Spoken::continuing(call, said.to_owned());
        let attempting = Attempting::new(engine, &catalogue, call, &spoken, began);
        match attempting
            .go_on(candidate, &prepared, &mut permit.reservation)
            .await
        {
            Ok((dialect, outgoing, body)) => {
                let estimate = estimate(&call.facts, candidate.known.as_deref());
                let ending =
                    Ending::new(engine, call, candidate, permit, estimate, began, &self.bill);
                Some((dialect, outgoing, body, ending))
            }
            Err(verdict) => {
                settle(engine, permit, &verdict);
                None
            }
        }
    }
}
