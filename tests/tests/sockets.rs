//! Each letter of the alphabet through real sockets: the real client and the engine against the simulator. It must come
//! to the same as in memory, which is what makes the exhaustive tests worth believing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use guichet_catalogue::files::Files;
use guichet_catalogue::model::{Catalogue, Class};
use guichet_catalogue::sample::samples;
use guichet_catalogue::{Surroundings, load};
use guichet_engine::answer::Served;
use guichet_engine::call::{Options, Providers};
use guichet_engine::client::{Client, ClientSettings};
use guichet_engine::clock::SystemClock;
use guichet_engine::{Engine, Parts, Settings};
use guichet_sim::{Fault, Simulator};
use guichet_tests::store::MemoryStore;
use guichet_tests::world::{World, call};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// Long enough for the next candidate, short enough for a test of what hangs.
const TIMEOUT: Duration = Duration::from_secs(3);

const TRIED: &str = "open-meteo";
const NEXT: &str = "met-no";

fn parameters() -> Map<String, Value> {
    Map::from_iter([("place".to_owned(), json!({"lat": 48.85, "lon": 2.35}))])
}

fn options() -> Options {
    let providers = Providers {
        allowed: vec![TRIED.into(), NEXT.into()],
        excluded: Vec::new(),
    };
    Options {
        providers,
        timeout: Some(TIMEOUT),
        ..Options::default()
    }
}

fn surroundings() -> Surroundings {
    Surroundings {
        functions: guichet_local::names().collect(),
    }
}

async fn simulator() -> Simulator {
    let files = Files::built_in();
    let samples = samples(&files).unwrap();
    let catalogue = Arc::new(load(&files, &surroundings()).unwrap());
    let settings = guichet_sim::Settings {
        quotas: false,
        ..guichet_sim::Settings::new(catalogue, samples)
    };
    Simulator::start(settings).await.unwrap()
}

/// The catalogue as an operator has it whose folder leads to the simulator.
fn catalogue(simulator: &Simulator, fault: Fault) -> Arc<Catalogue> {
    let folder = tempfile::tempdir().unwrap();
    simulator.overlay(folder.path()).unwrap();
    let file = folder.path().join("weather").join(format!("{TRIED}.toml"));
    let base_url = simulator.base_url(TRIED, fault);
    std::fs::write(
        file,
        format!("patch = true\nbase_url = \"{base_url}\"\nplain_http = true\n"),
    )
    .unwrap();
    let mut files = Files::built_in();
    files.overlay(folder.path()).unwrap();
    Arc::new(load(&files, &surroundings()).unwrap())
}

async fn engine(simulator: &Simulator, fault: Fault) -> Engine {
    let client = ClientSettings {
        dns_servers: vec![simulator.name_server()],
        connect_timeout: Duration::from_secs(1),
        ..ClientSettings::default()
    };
    let parts = Parts {
        catalogue: catalogue(simulator, fault),
        clock: Arc::new(SystemClock),
        transport: Arc::new(Client::new(client).unwrap()),
        store: Arc::new(MemoryStore::default()),
        settings: Settings {
            contact: Some("ops@example.com".into()),
            timeout: TIMEOUT,
            ..Settings::default()
        },
    };
    Engine::start(parts).await.unwrap()
}

/// What the first candidate's fault comes to in memory, in paused time.
fn all_in_memory() -> Vec<Option<Class>> {
    let work = || {
        let paused = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        let world = World::new();
        Fault::ALL
            .iter()
            .map(|fault| paused.block_on(in_memory(&world, *fault)))
            .collect()
    };
    std::thread::spawn(work).join().unwrap()
}

async fn in_memory(world: &World, fault: Fault) -> Option<Class> {
    let now: Timestamp = Timestamp::now();
    let running = world.start(now, Arc::new(MemoryStore::default())).await;
    for (provider, fault) in [(TRIED, fault), (NEXT, Fault::Ok)] {
        running.memory.behave(
            provider,
            world.behaviour(provider, "current", fault, now).unwrap(),
        );
    }
    let operation = Arc::clone(world.catalogue.operation("weather", "current").unwrap());
    let answer = running
        .engine
        .call(call(&operation, &parameters(), options()))
        .await
        .unwrap();
    answer.attempts.first().map(|attempt| attempt.class)
}

fn shows_an_own_text(fault: Fault) -> bool {
    matches!(
        fault,
        Fault::TooManyWithRetryAfter | Fault::ErrorBody | Fault::Unauthorized | Fault::ServerError
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn each_letter_comes_to_the_same_through_sockets_as_in_memory() {
    let in_memory = all_in_memory();
    let simulator = simulator().await;
    for (fault, in_memory) in Fault::ALL.into_iter().zip(in_memory) {
        simulator.clear_faults();
        simulator.set_fault(TRIED, fault, None).unwrap();
        let engine = engine(&simulator, fault).await;
        let catalogue = engine.catalogue();
        let operation = Arc::clone(catalogue.operation("weather", "current").unwrap());
        let began = Instant::now();
        let answer = engine
            .call(call(&operation, &parameters(), options()))
            .await;
        let answer = answer.unwrap_or_else(|refusal| panic!("{fault}: {refusal:?}"));
        assert!(
            began.elapsed() < TIMEOUT + Duration::from_millis(250),
            "{fault}: {:?}",
            began.elapsed()
        );
        let first = answer.attempts.first().unwrap();
        assert_eq!(*first.provider, *TRIED, "{fault}");
        assert_eq!(answer.served, Served::Fresh, "{fault}");
        // Which of the provider's own error texts is shown is the simulator's choice: there the class may differ.
        if shows_an_own_text(fault) {
            assert!(
                first.class != Class::Ok && in_memory != Some(Class::Ok),
                "{fault}"
            );
        } else {
            assert_eq!(
                Some(first.class),
                in_memory,
                "{fault}: {:?}",
                answer.attempts
            );
        }
        let from = if fault == Fault::Ok { TRIED } else { NEXT };
        assert_eq!(*answer.provider, *from, "{fault}");
        println!("{fault}: {} after {:?}", first.class, first.took);
    }
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_says_later_is_left_alone_for_as_long_as_it_said() {
    let simulator = simulator().await;
    let engine = engine(&simulator, Fault::Ok).await;
    let operation = Arc::clone(engine.catalogue().operation("weather", "current").unwrap());
    let ask = |lat: f64| {
        let parameters = Map::from_iter([("place".to_owned(), json!({"lat": lat, "lon": 2.0}))]);
        let call = call(&operation, &parameters, options());
        let engine = engine.clone();
        async move { engine.call(call).await.unwrap().provider }
    };
    simulator
        .set_fault(TRIED, Fault::TooManyWithRetryAfter, Some(1))
        .unwrap();
    assert_eq!(*ask(1.0).await, *NEXT);
    assert_eq!(
        *ask(2.0).await,
        *NEXT,
        "it is left alone for as long as it said"
    );
    assert_eq!(simulator.counts()[TRIED].requests, 1);
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_built_in_host_with_a_private_address_is_never_reached() {
    let client = Client::new(ClientSettings::default()).unwrap();
    for url in [
        "http://127.0.0.1:1/",
        "http://[::1]:1/",
        "http://2130706433:1/",
        "http://169.254.169.254/",
    ] {
        let request = guichet_engine::transport::UpstreamRequest {
            method: http::Method::GET,
            url: url.parse().unwrap(),
            headers: http::HeaderMap::new(),
            body: bytes::Bytes::new(),
            private_allowed: false,
        };
        let limits = guichet_engine::transport::Limits {
            time: Duration::from_secs(2),
            body: 1_000,
        };
        let sent = guichet_engine::transport::Transport::send(&client, request, limits).await;
        assert_eq!(
            sent.unwrap_err(),
            guichet_engine::transport::TransportError::Forbidden,
            "{url}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_leads_inside_is_not_followed() {
    let simulator = simulator().await;
    let settings = ClientSettings {
        dns_servers: vec![simulator.name_server()],
        ..ClientSettings::default()
    };
    let client = Client::new(settings).unwrap();
    let request = guichet_engine::transport::UpstreamRequest {
        method: http::Method::GET,
        url: simulator.base_url(TRIED, Fault::Nxdomain).parse().unwrap(),
        headers: http::HeaderMap::new(),
        body: bytes::Bytes::new(),
        private_allowed: false,
    };
    let limits = guichet_engine::transport::Limits {
        time: Duration::from_secs(2),
        body: 1_000,
    };
    let sent = guichet_engine::transport::Transport::send(&client, request, limits).await;
    assert_eq!(
        sent.unwrap_err(),
        guichet_engine::transport::TransportError::Forbidden
    );
    simulator.stop().await;
}
