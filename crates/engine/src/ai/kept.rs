//! Answers of models that were given before, and equal calls that are asked once: vectors always, conversations where
//! the caller wishes it and chance has no part in them.
//!
//! Streams are not kept: whoever wants a kept answer asks for a whole one.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use guichet_catalogue::model::ai::Task;
use guichet_dialects::chat::Usage;
use jiff::Timestamp;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio::time::Instant;

use super::ending::blank;
use super::{ModelAnswer, ModelCall, ModelContent, UsageRecord, race};
use crate::answer::{Refusal, Served};
use crate::engine::Engine;
use crate::flight::Flights;
use crate::outcome::{Attempt, Class};

/// How long a conversation's answer is kept: nobody but the model can say that it would answer otherwise now.
const CONVERSATION: Duration = Duration::from_hours(1);
/// How long vectors are kept: a model gives the same ones as long as it is the same.
const VECTORS: Duration = Duration::from_hours(24);

/// Everything that decides an answer, hashed.
type Key = [u8; 32];

/// A whole answer.
#[derive(Debug, Clone)]
struct Kept {
    provider: Arc<str>,
    model: Arc<str>,
    body: Bytes,
    content_type: String,
    dropped: Vec<String>,
    given_at: Timestamp,
}

/// What decides a flight: the answer, and how long its callers wait for it.
type Flight = (Key, Option<Duration>);

/// What a flight brings home.
#[derive(Debug, Clone)]
struct Landed {
    kept: Arc<Kept>,
    attempts: Vec<Attempt>,
    cost: Option<f64>,
}

/// Answers in memory, and calls under way.
pub(crate) struct Answers {
    kept: Cache<Key, Arc<Kept>, Bytewise>,
    flights: Flights<Flight, Result<Landed, Refusal>>,
}

impl Answers {
    /// At most this many bytes of answers.
    pub(crate) fn new(bytes: u64) -> Self {
        const ITEMS: usize = 1_024;
        Self {
            kept: Cache::with_weighter(ITEMS, bytes, Bytewise),
            flights: Flights::default(),
        }
    }

    /// Forgets all answers.
    pub(crate) fn clear(&self) {
        self.kept.clear();
    }
}

#[derive(Clone)]
struct Bytewise;

impl Weighter<Key, Arc<Kept>> for Bytewise {
    fn weight(&self, _: &Key, kept: &Arc<Kept>) -> u64 {
        const OVERHEAD: usize = 256;
        (kept.body.len() + OVERHEAD) as u64
    }
}

/// Answers a call from what is kept, with those who ask the same, or by asking.
pub(super) async fn answer(engine: &Engine, call: ModelCall) -> Result<ModelAnswer, Refusal> {
    let Some((key, lasts)) = key(&call) else {
        return race::answer(engine, call).await;
    };
    let began = Instant::now();
    let answers = engine.model_answers();
    let now = engine.now();
    let fresh = |kept: &Arc<Kept>| {
        let age = now.duration_since(kept.given_at).unsigned_abs();
        age < lasts && now >= kept.given_at
    };
    if let Some(kept) = answers.kept.get(&key).filter(fresh) {
        recalled(engine, &call, &kept, began);
        return Ok(told(&kept, Served::Cached));
    }
    // Who is in a hurry flies with those who are in the same one: the time of a flight is shared among its candidates.
    let flight = (company(key, &call), call.wish.timeout);
    let mut leads = false;
    let work = || {
        leads = true;
        let (engine, call) = (engine.clone(), call.clone());
        async move { fly(&engine, call, key).await }
    };
    let landed = answers.flights.join(&flight, work).await;
    if leads {
        let Landed {
            kept,
            attempts,
            cost,
        } = landed?;
        return Ok(ModelAnswer {
            attempts,
            cost,
            ..told(&kept, Served::Fresh)
        });
    }
    match landed {
        Ok(Landed { kept, .. }) => {
            recalled(engine, &call, &kept, began);
            Ok(ModelAnswer {
                shared: true,
                ..told(&kept, Served::Cached)
            })
        }
        Err(refusal) => {
            race::refused(engine, &call, &refusal, began);
            Err(refusal)
        }
    }
}

/// Who has a budget flies with those who have the same: one who is refused for it takes no other along.
fn company(key: Key, call: &ModelCall) -> Key {
    if call.origin.budgets.is_empty() {
        return key;
    }
    let mut hasher = blake3::Hasher::new_keyed(&key);
    hasher.update(call.origin.key.as_str().as_bytes());
    *hasher.finalize().as_bytes()
}

async fn fly(engine: &Engine, call: ModelCall, key: Key) -> Result<Landed, Refusal> {
    let answer = race::answer(engine, call).await?;
    let (body, content_type) = match answer.content {
        ModelContent::Whole { body, content_type } => (body, content_type),
        // Calls for streams have no key.
        ModelContent::Stream(_) => (Bytes::new(), String::new()),
    };
    let kept = Arc::new(Kept {
        provider: answer.provider,
        model: answer.model,
        body,
        content_type,
        dropped: answer.dropped,
        given_at: engine.now(),
    });
    if may_be_kept(engine, &kept.provider) {
        engine.model_answers().kept.insert(key, Arc::clone(&kept));
    }
    Ok(Landed {
        kept,
        attempts: answer.attempts,
        cost: answer.cost,
    })
}

/// Whether the provider's terms allow it.
fn may_be_kept(engine: &Engine, provider: &str) -> bool {
    let catalogue = engine.catalogue();
    let terms = catalogue
        .providers
        .get(provider)
        .and_then(|provider| provider.terms.as_ref());
    terms.is_none_or(|terms| terms.store != Some(Duration::ZERO))
}

/// An answer that cost its caller nothing.
fn told(kept: &Arc<Kept>, served: Served) -> ModelAnswer {
    ModelAnswer {
        provider: Arc::clone(&kept.provider),
        model: Arc::clone(&kept.model),
        served,
        shared: false,
        attempts: Vec::new(),
        dropped: kept.dropped.clone(),
        cost: Some(0.0),
        content: ModelContent::Whole {
            body: kept.body.clone(),
            content_type: kept.content_type.clone(),
        },
    }
}

/// Records a call that was answered by what another one paid for.
fn recalled(engine: &Engine, call: &ModelCall, kept: &Kept, began: Instant) {
    engine.used(&UsageRecord {
        provider: Some(Arc::clone(&kept.provider)),
        model: Some(Arc::clone(&kept.model)),
        outcome: Class::Ok,
        served: Some(Served::Cached),
        usage: Usage::default(),
        counted: true,
        cost: Some(0.0),
        ..blank(engine, call, began)
    });
}

/// The key of a call's answer and how long it lasts; none where it may not be kept.
fn key(call: &ModelCall) -> Option<(Key, Duration)> {
    let lasts = match call.door.task() {
        Task::Embeddings => VECTORS,
        Task::Chat if call.wish.cache && call.facts.is_deterministic() => CONVERSATION,
        _ => return None,
    };
    if call.facts.stream {
        return None;
    }
    let mut hasher = blake3::Hasher::new();
    let wish = &call.wish;
    let asked = format!(
        "{}\n{:?}\n{:?}\n{:?}\n{} {} {} {}\n",
        call.caller.organization,
        call.door,
        wish.models,
        wish.providers,
        wish.free_only,
        wish.private,
        wish.commercial,
        wish.past_content_policy,
    );
    hasher.update(asked.as_bytes());
    hasher.update(&call.body);
    Some((*hasher.finalize().as_bytes(), lasts))
}
