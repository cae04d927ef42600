//! A stream that broke off, continued by the next candidate: only where the caller wishes it, and only text.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use guichet_catalogue::model::ai::Dialect;
use guichet_dialects::members::{Members, elements};
use serde_json::json;
use tokio::time::Instant;

use super::attempt::{Attempting, Coming};
use super::choose::ModelCandidate;
use super::ending::Ending;
use super::need::{estimate, named, need};
use super::translate::{Outgoing, Spoken};
use super::verdict::Verdict;
use super::{Door, ModelCall};
use crate::engine::Engine;
use crate::guard::Reach;

/// Who may go on where another broke off.
pub(super) struct Resumption {
    engine: Engine,
    call: Arc<ModelCall>,
    waiting: VecDeque<ModelCandidate>,
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
    ) -> Option<Self> {
        let can = matches!(call.door, Door::Chat | Door::Messages);
        (call.wish.resume && can && !waiting.is_empty()).then(|| Self {
            engine: engine.clone(),
            call: Arc::new(call.clone()),
            waiting,
        })
    }

    /// Asks one after another to go on after what was said; none where nobody does.
    pub(super) fn go_on(mut self, said: &str) -> BoxFuture<'static, Option<Continued>> {
        let call = continued(&self.call, said);
        Box::pin(async move {
            let call = call?;
            while let Some(candidate) = self.waiting.pop_front() {
                if let Some((dialect, outgoing, body, ending)) = self.ask(&call, &candidate).await {
                    return Some(Continued {
                        dialect,
                        outgoing,
                        body,
                        ending,
                        next: self,
                    });
                }
            }
            None
        })
    }

    async fn ask(
        &self,
        call: &ModelCall,
        candidate: &ModelCandidate,
    ) -> Option<(Dialect, Outgoing, Coming, Ending)> {
        let engine = &self.engine;
        let began = Instant::now();
        let guard = engine.guard();
        let need = need(guard.ledger(), candidate, &call.facts);
        let named = named(guard, candidate);
        let mut permit = guard.admit(&named, need, engine.now()).ok()?;
        engine.written().await;
        let catalogue = engine.catalogue();
        let spoken = Spoken::new(call);
        let attempting = Attempting {
            catalogue: &catalogue,
            call,
            spoken: &spoken,
            sender: engine.sender(),
            transport: engine.transport(),
            clock: engine.clock(),
            until: began
                + call
                    .wish
                    .timeout
                    .unwrap_or(engine.settings().models.timeout),
        };
        match attempting.go_on(candidate, &mut permit.reservation).await {
            Ok((dialect, outgoing, body)) => {
                let estimate = estimate(&call.facts, candidate.known.as_deref());
                let ending = Ending::new(engine, call, candidate, permit, estimate, began);
                Some((dialect, outgoing, body, ending))
            }
            Err(Verdict { failure, .. }) => {
                engine.settle_within(permit, failure.class, Reach::Narrow, failure.retry_at);
                None
            }
        }
    }
}

/// The call with what has been said as the model's own last words, and the wish that it goes on.
fn continued(call: &ModelCall, said: &str) -> Option<ModelCall> {
    const WISH: &str = "Your answer broke off. Go on exactly where it ended, in the middle of a word if need be, and repeat nothing.";
    let members = Members::read(&call.body).ok()?;
    let mut messages: Vec<String> = elements(members.get("messages")?)
        .ok()?
        .into_iter()
        .map(str::to_owned)
        .collect();
    messages.push(json!({"role": "assistant", "content": said}).to_string());
    messages.push(json!({"role": "user", "content": WISH}).to_string());
    let mut editor = members.edit();
    editor.set("messages", format!("[{}]", messages.join(",")));
    Some(ModelCall {
        body: Bytes::from(editor.finish()),
        ..call.clone()
    })
}
