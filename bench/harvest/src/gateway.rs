//! The gateway under test: the real engine, with the built-in catalogue's files of these providers, in paused time.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use guichet_dialects::facts::{Facts, TextSize};
use guichet_engine::ai::{Door, ModelCall, Origin, Wish};
use guichet_engine::call::Caller;
use guichet_engine::clock::Clock;
use guichet_engine::identity::{Credential, CredentialId, KeyId, OrganizationId, ProjectId};
use guichet_engine::policy::Policy;
use guichet_engine::store::{
    BeliefRecord, Level, Store, StoreError, SuspensionRecord, WindowRecord,
};
use guichet_engine::{Engine, Parts, Settings};
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::catalogue;
use crate::demand::{Arrival, KINDS};
use crate::outcome::Outcome;
use crate::tiers::Tier;
use crate::upstream::Upstreams;

/// How long a caller waits for a window to open.
pub(crate) const MAX_WAIT: Duration = Duration::from_secs(20);
/// Tokens that the engine takes a picture to be.
const IMAGE: f64 = 1_000.0;

/// The time of day: it goes on with tokio's paused time.
#[derive(Debug)]
struct Paused {
    begin: Timestamp,
    started: Instant,
}

impl Clock for Paused {
    fn now(&self) -> Timestamp {
        self.begin
            .checked_add(self.started.elapsed())
            .unwrap_or(self.begin)
    }
}

/// Lets the calls come and the engine decide, under one policy.
///
/// # Panics
/// When the runtime or the engine cannot be started.
#[must_use]
pub(crate) fn replay(
    policy: Policy,
    tiers: &[Tier],
    guessed: bool,
    calls: &[Arrival],
    begin: Timestamp,
) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    let runtime = runtime.unwrap_or_else(|error| panic!("no runtime: {error}"));
    runtime.block_on(run(policy, tiers, guessed, calls, begin))
}

async fn run(
    policy: Policy,
    tiers: &[Tier],
    guessed: bool,
    calls: &[Arrival],
    begin: Timestamp,
) -> Outcome {
    let started = Instant::now();
    let clock: Arc<dyn Clock> = Arc::new(Paused { begin, started });
    let upstreams = Arc::new(Upstreams::new(
        tiers.to_vec(),
        calls.to_vec(),
        Arc::clone(&clock),
    ));
    let engine = start(tiers, guessed, clock, Arc::clone(&upstreams)).await;
    let models: Arc<[String]> = tiers.iter().map(|tier| tier.model.clone()).collect();
    let (done, mut waits) = mpsc::unbounded_channel();
    for (number, call) in calls.iter().enumerate() {
        tokio::time::sleep_until(started + Duration::from_secs_f64(call.at)).await;
        let (engine, done) = (engine.clone(), done.clone());
        let asked = model_call(number, call, &models, policy);
        tokio::spawn(async move {
            let asked_at = Instant::now();
            if let Ok(answer) = engine.ask_model(asked).await {
                let model = format!("{}/{}", answer.provider, answer.model);
                let took = asked_at.elapsed().as_secs_f64();
                done.send((number, model, took)).ok();
            }
        });
    }
    drop(done);
    let mut outcome = Outcome::new(calls.len());
    while let Some((number, model, took)) = waits.recv().await {
        let tier = tiers.iter().find(|tier| tier.model == model);
        let least = tier.map_or(0, |tier| tier.latency_ms);
        outcome.served(number, took - Duration::from_millis(least).as_secs_f64());
    }
    outcome.wasted(upstreams.tally());
    outcome
}

async fn start(
    tiers: &[Tier],
    guessed: bool,
    clock: Arc<dyn Clock>,
    upstreams: Arc<Upstreams>,
) -> Engine {
    let parts = Parts {
        catalogue: Arc::new(catalogue::of(tiers, guessed)),
        clock,
        transport: upstreams,
        store: Arc::new(Forgetful),
        settings: Settings::default(),
    };
    let engine = Engine::start(parts).await;
    let engine = engine.unwrap_or_else(|error| panic!("{error}"));
    let mut credentials: Vec<Credential> = Vec::new();
    for tier in tiers {
        if !credentials
            .iter()
            .any(|known| *known.provider == *tier.provider())
        {
            credentials.push(Credential {
                id: CredentialId::new(format!("{}/1", tier.provider())),
                provider: tier.provider().into(),
                secret: SecretString::from("account:secret"),
            });
        }
    }
    engine.replace_credentials(credentials);
    engine
}

fn model_call(number: usize, call: &Arrival, models: &[String], policy: Policy) -> ModelCall {
    let text = format!("#{number}# Is it?");
    let body = json!({
        "model": models[0], "messages": [{"role": "user", "content": text}],
        "max_tokens": allowed(call.output),
    });
    let vision = KINDS[call.kind].vision;
    let pictured = if vision { IMAGE } else { 0.0 };
    // What is estimated from a text is not what a provider counts: off by as much as 15 %, each call by its own part.
    let off = 0.85 + 0.3 * fastrand::Rng::with_seed(number as u64).f64();
    ModelCall {
        door: Door::Chat,
        body: Bytes::from(body.to_string()),
        content_type: None,
        facts: Facts {
            messages: 1,
            max_tokens: Some(allowed(call.output)),
            images: usize::from(vision),
            text: TextSize {
                latin: whole((call.input - pictured).max(40.0) * 4.0 * off),
                wide: 0,
            },
            ..Facts::default()
        },
        wish: Wish {
            models: models.to_vec(),
            policy: Some(policy),
            timeout: Some(Duration::from_mins(1)),
            max_wait: Some(MAX_WAIT),
            ..Wish::default()
        },
        caller: Caller {
            organization: OrganizationId::new("bench"),
            project: None,
            policy: None,
            peer: None,
            request_id: number.to_string().into(),
        },
        origin: Origin {
            project: ProjectId::new("bench"),
            key: KeyId::new("bench"),
            budgets: Arc::from([]),
        },
    }
}

/// Callers allow a quarter more than the answer takes.
fn allowed(output: f64) -> u64 {
    whole(output * 1.25)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "tokens are few and not negative"
)]
fn whole(number: f64) -> u64 {
    number.round() as u64
}

/// A store that nobody reads again: no restart is replayed here.
struct Forgetful;

impl Store for Forgetful {
    fn windows(&self) -> BoxFuture<'_, Result<Vec<WindowRecord>, StoreError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn save_windows(&self, _: Vec<WindowRecord>) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async { Ok(()) })
    }

    fn write_ahead(&self, _: &[Level]) -> Option<Result<(), StoreError>> {
        Some(Ok(()))
    }

    fn beliefs(&self) -> BoxFuture<'_, Result<Vec<BeliefRecord>, StoreError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn save_beliefs(&self, _: Vec<BeliefRecord>) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async { Ok(()) })
    }

    fn suspensions(&self) -> BoxFuture<'_, Result<Vec<SuspensionRecord>, StoreError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn save_suspensions(
        &self,
        _: Vec<SuspensionRecord>,
        _: Vec<String>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async { Ok(()) })
    }

    fn kept_answer(&self, _: String) -> BoxFuture<'_, Result<Option<Bytes>, StoreError>> {
        Box::pin(async { Ok(None) })
    }

    fn keep_answer(
        &self,
        _: String,
        _: Bytes,
        _: Timestamp,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async { Ok(()) })
    }
}
