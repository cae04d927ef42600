//! Engines that count together: what callers notice when those who are to agree do not answer.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, pending};
use guichet_engine::ai::Door;
use guichet_engine::answer::Reason;
use guichet_engine::ledger::{Away, Shared, SharedLevel, Taking, Told};
use guichet_engine::store::SuspensionRecord;
use guichet_engine::{Engine, ModelSettings, Parts, Settings};
use guichet_tests::simulation::catalogue::{catalogue, credentials};
use guichet_tests::simulation::dice::Dice;
use guichet_tests::simulation::outside::{Outside, Reach};
use guichet_tests::simulation::store::{Disk, shared};
use guichet_tests::simulation::time::Time;
use guichet_tests::simulation::trace::Trace;
use guichet_tests::speakers::asked;
use tokio::time::Instant;

const TIME: Duration = Duration::from_secs(5);

/// Counters that are there, and never answer.
#[derive(Debug)]
struct Mute;

impl Shared for Mute {
    fn reserve(&self, _: Vec<Taking>) -> BoxFuture<'_, Result<Told, Away>> {
        pending().boxed()
    }

    fn add(&self, _: Vec<Taking>) -> BoxFuture<'_, Result<Vec<SharedLevel>, Away>> {
        pending().boxed()
    }

    fn is_there(&self) -> bool {
        true
    }

    fn replicas(&self) -> u32 {
        2
    }

    fn have_forgotten(&self) -> bool {
        false
    }

    fn tell_suspension(&self, _: &str, _: Option<&SuspensionRecord>) {}

    fn suspensions(&self) -> BoxFuture<'_, Vec<(String, Option<SuspensionRecord>)>> {
        pending().boxed()
    }
}

#[tokio::test(start_paused = true)]
async fn a_model_is_not_waited_for_longer_than_the_call_has_when_nobody_agrees() {
    let time = Time::at("2026-11-22T10:00:00Z".parse().unwrap());
    time.begin_life();
    let outside = Arc::new(Outside::new(time.clone(), Trace::new(false)));
    let parts = Parts {
        catalogue: catalogue(),
        clock: Arc::new(time),
        transport: Arc::new(Reach(Arc::clone(&outside))),
        store: shared(&Arc::new(Disk::new(Dice::new(1, 1)))),
        settings: Settings {
            contact: Some("ops@example.com".into()),
            models: ModelSettings {
                timeout: TIME,
                ..ModelSettings::default()
            },
            ..Settings::default()
        },
    };
    let engine = Engine::start_together(parts, Arc::new(Mute)).await.unwrap();
    engine.replace_credentials(credentials(0));
    let began = Instant::now();
    let asked = engine.ask_model(asked(Door::Chat, false));
    let refusal = tokio::time::timeout(TIME * 4, asked).await.unwrap();
    let Err(refusal) = refusal else {
        panic!("nobody agreed, and somebody answered")
    };
    assert!(began.elapsed() < TIME + Duration::from_millis(50));
    assert_eq!(refusal.reason, Reason::Deadline);
    assert_eq!(outside.seen().exchanges, 0, "nobody was asked");
}
