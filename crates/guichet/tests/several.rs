//! Several servers on one PostgreSQL and one Redis, as processes: what they admit together, also when one of them is
//! killed, and while Redis or PostgreSQL is away.
//!
//! `GUICHET_TEST_SECONDS=30` makes the rates be counted for as long.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use common::{Folder, Running, eventually};
use guichet_catalogue::files::Files;
use guichet_catalogue::{Surroundings, load, sample};
use guichet_servers::{Postgres, Redis};
use guichet_sim::Simulator;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// The provider whose requests are counted on both sides.
const COUNTED: &str = "open-meteo";
/// Clients of each server.
const CLIENTS: usize = 8;
/// A server asks Redis and PostgreSQL again this soon after they are back.
const BACK: Duration = Duration::from_secs(5);
const MASTER_KEY: &str = "5f0c1d2e3a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9a0b1c2d3e4f";

/// What the servers share, and the first of them, which has made the key.
struct Shop {
    postgres: Postgres,
    redis: Redis,
    database: String,
    /// With the catalogue of all.
    folder: Folder,
    key: String,
}

/// One server.
struct Replica {
    folder: Folder,
    port: u16,
    running: Option<Running>,
}

impl Shop {
    fn open() -> Self {
        let (postgres, redis, folder) = (Postgres::start(), Redis::start(), Folder::new());
        std::fs::create_dir(folder.path().join("catalogue")).unwrap();
        let database = postgres.database();
        let mut shop = Self {
            postgres,
            redis,
            database,
            folder,
            key: String::new(),
        };
        let first = Folder::new();
        let mut running = shop.serve(&first, free_port());
        let text = running.lines_until("gch_");
        let mut words = text.split_whitespace();
        let key = words.find(|word| word.starts_with("gch_"));
        key.unwrap().clone_into(&mut shop.key);
        running.signal("TERM");
        running.end();
        shop
    }

    fn variables<'a>(&'a self, redis: &'a str, catalogue: &'a str) -> [(&'a str, &'a str); 4] {
        [
            ("GUICHET_DATABASE_URL", &self.database),
            ("GUICHET_REDIS_URL", redis),
            ("GUICHET_MASTER_KEY", MASTER_KEY),
            ("GUICHET_CATALOGUE_DIR", catalogue),
        ]
    }

    fn serve(&self, folder: &Folder, port: u16) -> Running {
        let (redis, catalogue) = (self.redis.url(), self.folder.path().join("catalogue"));
        let listen = format!("127.0.0.1:{port}");
        folder.start_with(
            &["serve", "--listen", &listen],
            &self.variables(&redis, catalogue.to_str().unwrap()),
        )
    }

    /// Runs a command on the shared state.
    fn run(&self, arguments: &[&str]) {
        let (redis, catalogue) = (self.redis.url(), self.folder.path().join("catalogue"));
        let variables = self.variables(&redis, catalogue.to_str().unwrap());
        self.folder.run_with(arguments, &variables, "").ended(0);
    }

    /// So many servers, who know of each other.
    fn replicas(&self, number: usize) -> Vec<Replica> {
        let mut all: Vec<Replica> = (0..number).map(|_| Replica::new()).collect();
        for one in &mut all {
            one.start(self);
        }
        for one in &all {
            one.is_ready(self);
        }
        // A heartbeat of each.
        std::thread::sleep(Duration::from_millis(600));
        all
    }

    /// Has a window of the counted provider hold so many requests of a month.
    fn limit_provider(&self, simulator: &Simulator, limit: u64) {
        let base_url = simulator.base_url(COUNTED, guichet_sim::Fault::Ok);
        let text = format!(
            "patch = true\nbase_url = \"{base_url}\"\nplain_http = true\n\
             quota = [{{ limit = {limit}, per = \"month\", scope = \"ip\" }}]\n"
        );
        let path = format!("catalogue/weather/{COUNTED}.toml");
        self.folder.write(&path, &text);
    }
}

impl Replica {
    fn new() -> Self {
        Self {
            folder: Folder::new(),
            port: free_port(),
            running: None,
        }
    }

    fn start(&mut self, shop: &Shop) {
        self.running = Some(shop.serve(&self.folder, self.port));
    }

    fn kill(&mut self) {
        if let Some(running) = self.running.take() {
            running.signal("KILL");
            drop(running);
        }
    }

    fn is_ready(&self, shop: &Shop) {
        let url = format!("http://127.0.0.1:{}/health/ready", self.port);
        eventually("it is ready", || {
            std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok()
                && common::get(&url, &shop.key).0 == 200
        });
    }

    /// What it says of Redis or of PostgreSQL.
    fn says(&self, shop: &Shop, of: &str) -> String {
        let url = format!("http://127.0.0.1:{}/health", self.port);
        let health: serde_json::Value =
            serde_json::from_str(&common::get(&url, &shop.key).1).unwrap();
        health[of].as_str().unwrap_or_default().to_owned()
    }

    fn finds(&self, shop: &Shop, of: &str, state: &str) {
        let began = Instant::now();
        while self.says(shop, of) != state {
            assert!(began.elapsed() < BACK, "{of} is not {state}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// The status of a GET; none where the server is gone in the middle of it.
async fn get(port: u16, path: &str, key: &str) -> Option<u16> {
    let asked = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.ok()?;
        let answer = String::from_utf8_lossy(&answer);
        answer.split(' ').nth(1)?.parse().ok()
    };
    timeout(Duration::from_mins(1), asked).await.ok()?
}

/// Another place each time, so that each answer comes from the provider.
fn place(number: u64) -> String {
    let (lat, lon) = (number / 1_000 % 90, number % 1_000);
    format!("/api/weather/current?lat={lat}.{lon:03}&lon=2.5&providers={COUNTED}")
}

fn simulator(runtime: &tokio::runtime::Runtime) -> Simulator {
    let files = Files::built_in();
    let surroundings = Surroundings {
        functions: guichet_local::names().collect(),
    };
    let catalogue = Arc::new(load(&files, &surroundings).unwrap());
    let settings = guichet_sim::Settings::new(catalogue, sample::samples(&files).unwrap());
    let started = Simulator::start(guichet_sim::Settings {
        quotas: false,
        ..settings
    });
    runtime.block_on(started).unwrap()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().unwrap()
}

/// What clients of all servers got until they were stopped.
#[derive(Default)]
struct Tally {
    answered: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
    asked: AtomicU64,
    stop: AtomicBool,
}

impl Tally {
    fn count(&self, status: Option<u16>) {
        match status {
            Some(200) => &self.answered,
            Some(429) => &self.refused,
            // A server that was killed gave no answer, which is no answer of it.
            None => return,
            Some(_) => &self.failed,
        }
        .fetch_add(1, Ordering::Relaxed);
    }

    fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }
}

/// Clients that ask until they are stopped.
fn traffic(
    runtime: &tokio::runtime::Runtime,
    ports: &[u16],
    key: &str,
    path: impl Fn(u64) -> String + Clone + Send + 'static,
    tally: &Arc<Tally>,
) -> Vec<tokio::task::JoinHandle<()>> {
    let clients = ports
        .iter()
        .flat_map(|port| std::iter::repeat_n(*port, CLIENTS));
    let client = |port: u16| {
        let (tally, key, path) = (Arc::clone(tally), key.to_owned(), path.clone());
        runtime.spawn(async move {
            while !tally.stop.load(Ordering::Relaxed) {
                let number = tally.asked.fetch_add(1, Ordering::Relaxed);
                let status = get(port, &path(number), &key).await;
                tally.count(status);
                if status != Some(200) {
                    sleep(Duration::from_millis(5)).await;
                }
            }
        })
    };
    clients.map(client).collect()
}

fn stop(
    runtime: &tokio::runtime::Runtime,
    tally: &Tally,
    clients: Vec<tokio::task::JoinHandle<()>>,
) {
    tally.stop.store(true, Ordering::Relaxed);
    for client in clients {
        runtime.block_on(client).unwrap();
    }
}

#[test]
fn one_two_and_four_servers_admit_within_a_hundredth_of_the_ideal() {
    const RATE: f64 = 100.0;
    let seconds = std::env::var("GUICHET_TEST_SECONDS").ok();
    let seconds = seconds.and_then(|text| text.parse().ok()).unwrap_or(5);
    let runtime = runtime();
    let shop = Shop::open();
    let limit = format!("{RATE} requests per second");
    shop.run(&["limit", "set", "--each-key", &limit]);
    for number in [1, 2, 4] {
        let replicas = shop.replicas(number);
        // All of it is there again.
        std::thread::sleep(Duration::from_millis(1_200));
        let ports: Vec<u16> = replicas.iter().map(|one| one.port).collect();
        let tally = Arc::new(Tally::default());
        let began = Instant::now();
        let path = |_| "/api/tools/uuid".to_owned();
        let clients = traffic(&runtime, &ports, &shop.key, path, &tally);
        std::thread::sleep(Duration::from_secs(seconds));
        stop(&runtime, &tally, clients);
        // What is there at the end is taken too, so that the end of a client's rest does not matter.
        while runtime.block_on(get(ports[0], "/api/tools/uuid", &shop.key)) == Some(200) {
            tally.count(Some(200));
        }
        let ideal = RATE * (1.0 + began.elapsed().as_secs_f64());
        let (admitted, refused) = (tally.answered(), tally.refused());
        println!("{number} servers: {admitted} admitted, {refused} refused, ideal {ideal:.1}");
        assert_eq!(tally.failed(), 0);
        assert!(refused > 0, "they asked for more than there is");
        let admitted = f64::from(u32::try_from(admitted).unwrap());
        assert!(
            (admitted / ideal - 1.0).abs() < 0.01,
            "{number} servers: {admitted} admitted, ideal {ideal:.1}"
        );
    }
}

#[test]
fn a_thousand_calls_at_once_against_a_hundred_left_make_a_hundred_requests() {
    let runtime = runtime();
    let simulator = simulator(&runtime);
    let shop = Shop::open();
    shop.limit_provider(&simulator, 100);
    let replicas = shop.replicas(2);
    let calls: Vec<_> = (0..1_000)
        .map(|number| {
            let (port, key) = (replicas[number % 2].port, shop.key.clone());
            let path = place(number as u64);
            runtime.spawn(async move { get(port, &path, &key).await })
        })
        .collect();
    let mut answered = 0;
    for call in calls {
        answered += u64::from(runtime.block_on(call).unwrap() == Some(200));
    }
    let seen = simulator.counts()[COUNTED].requests;
    println!("{answered} answers, {seen} requests seen by the provider");
    assert_eq!((answered, seen), (100, 100));
}

#[test]
fn servers_that_are_killed_give_a_key_no_more_than_its_limit() {
    const CAP: u64 = 600;
    const KILLS: u64 = 8;
    let runtime = runtime();
    let simulator = simulator(&runtime);
    let shop = Shop::open();
    shop.limit_provider(&simulator, 1_000_000);
    shop.run(&[
        "limit",
        "set",
        "--each-key",
        &format!("{CAP} requests each month"),
    ]);
    let mut replicas = shop.replicas(2);
    let ports: Vec<u16> = replicas.iter().map(|one| one.port).collect();
    let tally = Arc::new(Tally::default());
    let clients = traffic(&runtime, &ports, &shop.key, place, &tally);
    for round in 0..KILLS {
        std::thread::sleep(Duration::from_millis(100 + round * 37 % 90));
        let victim = &mut replicas[usize::from(round % 2 == 1)];
        victim.kill();
        victim.start(&shop);
        victim.is_ready(&shop);
    }
    eventually("the limit is reached in the end", || tally.refused() > 0);
    stop(&runtime, &tally, clients);
    let seen = simulator.counts()[COUNTED].requests;
    let answered = tally.answered();
    println!("{KILLS} kills, {answered} answers, {seen} of {CAP} requests seen by the provider");
    assert!(seen <= CAP, "{seen} requests of {CAP}");
    // What was counted and killed before it was sent: at most one for each call under way.
    let most = KILLS * CLIENTS as u64;
    assert!(CAP - seen <= most, "{seen} requests of {CAP}");
    assert_eq!(tally.failed(), 0);
}

#[test]
fn whom_one_server_was_told_to_leave_alone_is_left_alone_by_the_others() {
    let runtime = runtime();
    let simulator = simulator(&runtime);
    let shop = Shop::open();
    shop.limit_provider(&simulator, 1_000_000);
    let replicas = shop.replicas(2);
    simulator
        .set_fault(COUNTED, guichet_sim::Fault::TooManyWithRetryAfter, None)
        .unwrap();
    let ask = |one: &Replica, number| {
        runtime
            .block_on(get(one.port, &place(number), &shop.key))
            .unwrap()
    };
    assert_ne!(ask(&replicas[0], 1), 200);
    std::thread::sleep(Duration::from_secs(1));
    assert_ne!(ask(&replicas[1], 2), 200);
    assert_eq!(simulator.counts()[COUNTED].requests, 1);
}

#[test]
fn a_redis_that_is_full_or_stands_still_or_stops_fails_no_call() {
    let runtime = runtime();
    let simulator = simulator(&runtime);
    let mut shop = Shop::open();
    shop.limit_provider(&simulator, 1_000_000);
    shop.run(&["limit", "set", "--each-key", "1000000 requests each month"]);
    let replicas = shop.replicas(2);
    let ports: Vec<u16> = replicas.iter().map(|one| one.port).collect();
    let tally = Arc::new(Tally::default());
    let clients = traffic(&runtime, &ports, &shop.key, place, &tally);
    let all = |shop: &Shop, state: &str| {
        for one in &replicas {
            one.finds(shop, "redis", state);
        }
    };
    for trouble in 0..3 {
        std::thread::sleep(Duration::from_millis(300));
        match trouble {
            0 => shop.redis.fill(true),
            1 => shop.redis.pause(),
            _ => shop.redis.stop(),
        }
        all(&shop, "away");
        let before = tally.answered();
        std::thread::sleep(Duration::from_millis(700));
        assert!(tally.answered() > before, "calls go on without Redis");
        match trouble {
            0 => shop.redis.fill(false),
            1 => shop.redis.go_on(),
            _ => shop.redis.resume_from_stop(),
        }
        all(&shop, "reachable");
    }
    stop(&runtime, &tally, clients);
    let (answered, failed) = (tally.answered(), tally.failed());
    println!("{answered} answers, {failed} failures");
    assert_eq!((failed, tally.refused()), (0, 0));
}

#[test]
fn a_postgresql_that_stands_still_or_stops_fails_no_call() {
    let runtime = runtime();
    let simulator = simulator(&runtime);
    let mut shop = Shop::open();
    shop.limit_provider(&simulator, 1_000_000);
    let replicas = shop.replicas(2);
    let ports: Vec<u16> = replicas.iter().map(|one| one.port).collect();
    let tally = Arc::new(Tally::default());
    let clients = traffic(&runtime, &ports, &shop.key, place, &tally);
    for stops in [false, true] {
        std::thread::sleep(Duration::from_millis(300));
        if stops {
            shop.postgres.stop();
        } else {
            shop.postgres.pause();
        }
        for one in &replicas {
            one.finds(&shop, "database", "away");
        }
        let before = tally.answered();
        std::thread::sleep(Duration::from_millis(1_500));
        assert!(tally.answered() > before, "calls go on without PostgreSQL");
        if stops {
            shop.postgres.resume_from_stop();
        } else {
            shop.postgres.go_on();
        }
        for one in &replicas {
            one.finds(&shop, "database", "reachable");
        }
    }
    stop(&runtime, &tally, clients);
    let (answered, failed) = (tally.answered(), tally.failed());
    println!("{answered} answers, {failed} failures");
    assert_eq!((failed, tally.refused()), (0, 0));
}
