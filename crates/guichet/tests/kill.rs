//! Killed with SIGKILL in the middle of traffic, fifty times: keys, credentials and ledgers are intact, and it starts
//! again by itself.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use common::{Folder, Running, eventually};
use guichet_catalogue::files::Files;
use guichet_catalogue::{Surroundings, load, sample};
use guichet_engine::store::Store;
use guichet_sim::Simulator;
use guichet_store::Database;

const KILLS: u64 = 50;
const CLIENTS: u64 = 4;

/// The provider whose requests are counted on both sides.
const COUNTED: &str = "open-meteo";

#[test]
fn fifty_kills_in_the_middle_of_traffic_lose_nothing() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let simulator = runtime.block_on(simulator());
    let folder = Folder::new();
    simulator.overlay(&folder.path().join("catalogue")).unwrap();
    count_requests_of_a_day(&folder, &simulator);
    let port = free_port();
    folder.write(
        "guichet.toml",
        &format!("listen = \"127.0.0.1:{port}\"\ncatalogue_dir = \"catalogue\"\n"),
    );
    let key = first_key(&folder);
    let secret = "an-openweather-key-of-the-tests";
    folder
        .run_with(&["credential", "set", "openweathermap"], &[], secret)
        .ended(0);

    let answered = Arc::new(AtomicU64::new(0));
    for round in 0..KILLS {
        let running = folder.start(&["serve"]);
        eventually("it starts again by itself", || {
            get(port, "/health/ready", &key) == Some(200)
        });
        let stop = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| traffic(port, &key, round, client, &stop, &answered))
            .collect();
        std::thread::sleep(Duration::from_millis(20 + round * 7 % 60));
        running.signal("KILL");
        stop.store(true, Ordering::Relaxed);
        for client in clients {
            client.join().unwrap();
        }
        drop(running);
    }

    let seen = simulator.counts()[COUNTED].requests;
    let counted = runtime.block_on(used(&folder.path().join("guichet-data/guichet.db")));
    println!(
        "{KILLS} kills, {} answers, {seen} requests seen by the provider, {counted} in the ledger",
        answered.load(Ordering::Relaxed)
    );
    assert!(seen > KILLS, "there was traffic: {seen}");
    assert!(
        counted >= seen,
        "the ledger forgot {} requests",
        seen - counted
    );
    // What was reserved and killed before it was sent is counted too: at most one for each call under way.
    assert!(
        counted - seen <= KILLS * CLIENTS,
        "the ledger made up {} requests",
        counted - seen
    );

    let _running: Running = folder.start(&["serve"]);
    eventually("the key still opens", || {
        get(port, "/api/tools/uuid", &key) == Some(200)
    });
    let listed = folder.run(&["credential", "list", "--json"]).ended(0);
    assert!(
        listed.out.contains("openweathermap") && !listed.out.contains(secret),
        "{}",
        listed.out
    );
    assert_eq!(
        folder
            .run(&["key", "list", "--json"])
            .ended(0)
            .json()
            .as_array()
            .map(Vec::len),
        Some(1)
    );
}

/// What a key may ask, in the test of its limit.
const CAP: u64 = 400;

#[test]
fn kills_in_the_middle_of_traffic_give_a_key_no_more_than_its_limit() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let simulator = runtime.block_on(simulator());
    let folder = Folder::new();
    simulator.overlay(&folder.path().join("catalogue")).unwrap();
    let port = free_port();
    folder.write(
        "guichet.toml",
        &format!("listen = \"127.0.0.1:{port}\"\ncatalogue_dir = \"catalogue\"\n"),
    );
    let key = first_key(&folder);
    let limit = format!("{CAP} requests each month");
    folder.run(&["limit", "set", "--each-key", &limit]).ended(0);

    let answered = Arc::new(AtomicU64::new(0));
    for round in 0..KILLS {
        let running = folder.start(&["serve"]);
        eventually("it starts again by itself", || {
            get(port, "/health/ready", &key) == Some(200)
        });
        let stop = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> = (0..2 * CLIENTS)
            .map(|client| traffic(port, &key, round, client, &stop, &answered))
            .collect();
        std::thread::sleep(Duration::from_millis(20 + round * 7 % 60));
        running.signal("KILL");
        stop.store(true, Ordering::Relaxed);
        for client in clients {
            client.join().unwrap();
        }
        drop(running);
    }

    let running = folder.start(&["serve"]);
    eventually("it starts again by itself", || {
        get(port, "/health/ready", &key) == Some(200)
    });
    let last = (0..CAP).find(|call| {
        let path = format!("/api/weather/current?lat=89.{call:03}&lon=1.5&providers={COUNTED}");
        get(port, &path, &key) == Some(429)
    });
    drop(running);
    let seen = simulator.counts()[COUNTED].requests;
    println!(
        "{KILLS} kills, {} answers, {seen} of {CAP} requests seen by the provider",
        answered.load(Ordering::Relaxed)
    );
    assert!(last.is_some(), "the limit is reached in the end");
    assert!(seen <= CAP, "{seen} requests of {CAP}");
    // What was counted and killed before it was sent: at most one for each call under way.
    assert!(
        CAP - seen <= KILLS * 2 * CLIENTS,
        "{seen} requests of {CAP}"
    );
    assert!(seen > CAP / 4, "there was traffic: {seen}");
}

async fn simulator() -> Simulator {
    let files = Files::built_in();
    let surroundings = Surroundings {
        functions: guichet_local::names().collect(),
    };
    let catalogue = Arc::new(load(&files, &surroundings).unwrap());
    let settings = guichet_sim::Settings::new(catalogue, sample::samples(&files).unwrap());
    Simulator::start(guichet_sim::Settings {
        quotas: false,
        ..settings
    })
    .await
    .unwrap()
}

/// One window in which each request counts one, and that never is used up here.
fn count_requests_of_a_day(folder: &Folder, simulator: &Simulator) {
    let base_url = simulator.base_url(COUNTED, guichet_sim::Fault::Ok);
    let text = format!(
        "patch = true\nbase_url = \"{base_url}\"\nplain_http = true\n\
         quota = [{{ limit = 1000000, per = \"month\", scope = \"ip\" }}]\n"
    );
    folder.write(&format!("catalogue/weather/{COUNTED}.toml"), &text);
}

fn first_key(folder: &Folder) -> String {
    let mut running = folder.start(&["serve"]);
    let text = running.lines_until("gch_");
    let key = text
        .split_whitespace()
        .find(|word| word.starts_with("gch_"))
        .unwrap()
        .to_owned();
    running.signal("TERM");
    running.end();
    key
}

/// Asks for another place each time, so that each answer comes from the provider.
fn traffic(
    port: u16,
    key: &str,
    round: u64,
    client: u64,
    stop: &Arc<AtomicBool>,
    answered: &Arc<AtomicU64>,
) -> std::thread::JoinHandle<()> {
    let (key, stop, answered) = (key.to_owned(), Arc::clone(stop), Arc::clone(answered));
    std::thread::spawn(move || {
        for call in 0_u64.. {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            let place = (round * CLIENTS + client) * 1_000 + call;
            let (lat, lon) = (place / 1_000 % 90, place % 1_000);
            let path =
                format!("/api/weather/current?lat={lat}.{lon:03}&lon=2.5&providers={COUNTED}");
            if get(port, &path, &key) == Some(200) {
                answered.fetch_add(1, Ordering::Relaxed);
            }
        }
    })
}

/// The status of a GET; none where the server is gone in the middle of it.
fn get(port: u16, path: &str, key: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\nconnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.split(' ').nth(1)?.parse().ok()
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count"
)]
async fn used(database: &Path) -> u64 {
    let database = Database::open(database).await.unwrap();
    let windows = database.windows().await.unwrap();
    let counted = windows
        .iter()
        .filter(|window| window.budget == COUNTED && window.window == "requests/month");
    counted.map(|window| window.used as u64).sum()
}
