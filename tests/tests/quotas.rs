//! Providers whose true limits are lower than the catalogue says: the ledger learns them from headers, texts and bare
//! refusals, remembers them, and stops wasting requests. Over real sockets, with the simulator on the other side.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use guichet_catalogue::files::Files;
use guichet_catalogue::model::Catalogue;
use guichet_catalogue::sample::samples;
use guichet_catalogue::{Surroundings, load};
use guichet_engine::ai::Door;
use guichet_engine::client::{Client, ClientSettings};
use guichet_engine::clock::Clock;
use guichet_engine::gauge::Source;
use guichet_engine::ledger::QuotaState;
use guichet_engine::store::Store;
use guichet_engine::{Engine, Parts, Settings};
use guichet_sim::Simulator;
use guichet_tests::speakers::asked;
use guichet_tests::stage::credential;
use guichet_tests::store::MemoryStore;
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;

/// A clock that both sides look at, and that only the test moves.
struct Common(Mutex<Timestamp>);

impl Clock for Common {
    fn now(&self) -> Timestamp {
        *self.0.lock()
    }
}

/// One provider with a limit that nobody told us, and an engine that asks it.
struct Secretive {
    provider: &'static str,
    model: &'static str,
    clock: Arc<Common>,
    store: Arc<MemoryStore>,
    simulator: Simulator,
    catalogue: Arc<Catalogue>,
    engine: Engine,
}

fn surroundings() -> Surroundings {
    Surroundings {
        functions: guichet_local::names().collect(),
    }
}

async fn engine(
    catalogue: &Arc<Catalogue>,
    provider: &str,
    clock: &Arc<Common>,
    store: &Arc<MemoryStore>,
) -> Engine {
    let parts = Parts {
        catalogue: Arc::clone(catalogue),
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        transport: Arc::new(Client::new(ClientSettings::default()).unwrap()),
        store: Arc::clone(store) as Arc<dyn Store>,
        settings: Settings::default(),
    };
    let engine = Engine::start(parts).await.unwrap();
    engine.replace_credentials(vec![credential(provider, "own", "key-of-the-test")]);
    engine
}

impl Secretive {
    async fn new(provider: &'static str, model: &'static str, window: &str, truth: f64) -> Self {
        let clock = Arc::new(Common(Mutex::new("2026-11-22T10:31:00Z".parse().unwrap())));
        let mut files = Files::built_in();
        let known = load(&files, &surroundings()).unwrap_or_else(|problems| panic!("{problems}"));
        let settings = guichet_sim::Settings {
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            ..guichet_sim::Settings::new(Arc::new(known), samples(&files).unwrap())
        };
        let simulator = Simulator::start(settings).await.unwrap();
        simulator.set_limit(provider, window, truth).unwrap();
        let folder = tempfile::tempdir().unwrap();
        simulator.overlay(folder.path()).unwrap();
        files.overlay(folder.path()).unwrap();
        let catalogue =
            load(&files, &surroundings()).unwrap_or_else(|problems| panic!("{problems}"));
        let (catalogue, store) = (Arc::new(catalogue), Arc::<MemoryStore>::default());
        let engine = engine(&catalogue, provider, &clock, &store).await;
        Self {
            provider,
            model,
            clock,
            store,
            simulator,
            catalogue,
            engine,
        }
    }

    /// Asks so many times, and waits so many seconds after each; gives how many were answered and how many refused.
    async fn ask(&self, times: u32, every: i64) -> (u64, u64) {
        let before = (self.status(200), self.status(429));
        for _ in 0..times {
            let mut call = asked(Door::Chat, false);
            call.wish.models = vec![format!("{}/{}", self.provider, self.model)];
            let _ = self.engine.ask_model(call).await;
            self.pass(SignedDuration::from_secs(every));
        }
        (self.status(200) - before.0, self.status(429) - before.1)
    }

    fn pass(&self, time: SignedDuration) {
        *self.clock.0.lock() += time;
    }

    fn status(&self, status: u16) -> u64 {
        let counts = self.simulator.counts();
        let own = &counts[self.provider].statuses;
        own.get(&status).copied().unwrap_or_default()
    }

    /// What is listed of this window.
    fn listed(&self, window: &str) -> QuotaState {
        let named = |state: &QuotaState| {
            let own = format!("{}/{}", state.dimension.as_str(), state.window);
            own == window && state.used > 0.0 && state.is_of(self.provider)
        };
        self.engine.quotas().into_iter().find(named).unwrap()
    }

    async fn restart(&mut self) {
        self.engine.flush().await;
        self.engine = engine(&self.catalogue, self.provider, &self.clock, &self.store).await;
    }
}

#[tokio::test]
async fn headers_tell_of_a_smaller_bucket_before_anything_is_refused() {
    let window = "requests/bucket-86400s";
    let groq = Secretive::new("groq", "openai/gpt-oss-20b", window, 50.0).await;
    let (served, refused) = groq.ask(80, 4).await;
    assert_eq!(refused, 0);
    assert!((50..=51).contains(&served), "{served}");
    let listed = groq.listed(window);
    assert!((listed.limit - 50.0).abs() < 1e-9);
    assert_eq!(listed.limit_source, Source::Header);
}

#[tokio::test]
async fn the_text_of_one_refusal_is_enough_for_every_later_day_and_over_a_restart() {
    let mut gemini = Secretive::new("gemini", "gemini-3.6-flash", "requests/day", 10.0).await;
    assert_eq!(gemini.ask(20, 20).await, (10, 1));
    let listed = gemini.listed("requests/day");
    assert!((listed.limit - 10.0).abs() < 1e-9);
    assert_eq!(listed.limit_source, Source::Refusal);
    assert_eq!(listed.left.to_bits(), 0.0_f64.to_bits());
    for day in 1..=3 {
        gemini.pass(SignedDuration::from_hours(24));
        gemini.restart().await;
        assert_eq!(gemini.ask(20, 20).await, (10, 0), "day {day}");
    }
}

#[tokio::test]
async fn the_ceiling_of_a_provider_that_tells_nothing_is_found_out() {
    let window = "requests/bucket-60s";
    let nvidia = Secretive::new("nvidia", "openai/gpt-oss-120b", window, 20.0).await;
    // Forty a minute are wanted, as many as the catalogue says that there are.
    let (_, first) = nvidia.ask(400, 1).await;
    assert!(first >= 1, "nobody told");
    nvidia.ask(400, 1).await;
    let (served, later) = nvidia.ask(600, 1).await;
    assert!(later <= 1, "{later} of {served} were refused after {first}");
    assert!(
        served >= 120,
        "{served} of about 200 that fit into ten minutes"
    );
    let listed = nvidia.listed(window);
    assert!(listed.limit <= 25.0, "{}", listed.limit);
    assert_eq!(listed.limit_source, Source::Learnt);
}
