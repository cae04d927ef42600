//! Asking for one answer, and learning what it took.

use std::time::Duration;

use guichet_access::default_project;
use guichet_dialects::openai::facts::read_facts;
use guichet_engine::Engine;
use guichet_engine::ai::{Door, ModelAnswer, ModelCall, Origin, UsageRecord, Wish};
use guichet_engine::answer::Refusal;
use guichet_engine::identity::KeyId;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use super::conversation::Conversation;
use crate::commands::call;

/// In the place of a key: who sits at the machine needs none.
const KEY: &str = "cli";
/// How long what an answer took may come after its end.
const AFTERWARDS: Duration = Duration::from_secs(1);

/// Asks the engine, always for the same models.
pub(super) struct Asking {
    engine: Engine,
    wish: Wish,
    used: UnboundedReceiver<UsageRecord>,
}

impl Asking {
    pub(super) fn new(engine: Engine, models: Vec<String>, free_only: bool) -> Self {
        let (sender, used) = unbounded_channel();
        engine.observe_usage(Box::new(move |record| {
            // Nobody asks any more.
            let _gone = sender.send(record.clone());
        }));
        Self {
            engine,
            wish: Wish {
                models,
                free_only,
                ..Wish::default()
            },
            used,
        }
    }

    /// Asks for the next turn. A refusal comes with the call's id.
    pub(super) async fn ask(
        &self,
        conversation: &Conversation,
        stream: bool,
    ) -> anyhow::Result<Result<ModelAnswer, (Refusal, String)>> {
        let first = self.wish.models.first().map_or("auto", String::as_str);
        let body = conversation.request(first, stream)?;
        let caller = call::caller();
        let request_id = caller.request_id.to_string();
        let asked = self.engine.ask_model(ModelCall {
            door: Door::Chat,
            facts: read_facts(&body)?,
            body,
            content_type: None,
            wish: self.wish.clone(),
            caller,
            origin: Origin {
                project: default_project(),
                key: KeyId::new(KEY),
                budgets: std::sync::Arc::default(),
            },
        });
        Ok(asked.await.map_err(|refusal| (refusal, request_id)))
    }

    /// What the last answer took; none if the engine does not tell.
    pub(super) async fn used(&mut self) -> Option<UsageRecord> {
        let mut last = timeout(AFTERWARDS, self.used.recv()).await.ok()??;
        while let Ok(later) = self.used.try_recv() {
            last = later;
        }
        Some(last)
    }
}
