//! Several ledgers on one real Redis: exact together, each at its share while it is away, and told afterwards.

#![allow(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "tests fail by panicking, and count little"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use guichet_catalogue::model::{CalendarUnit, Dimension, Quota, Scope, Window};
use guichet_counters::Counters;
use guichet_engine::clock::SystemClock;
use guichet_engine::ledger::{Ledger, Reservation, Shared};
use guichet_engine::store::SuspensionRecord;
use guichet_servers::Redis;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::time::{sleep, timeout};

/// Redis is asked again this soon after it is back.
const BACK: Duration = Duration::from_secs(5);

/// One server of several.
#[derive(Clone)]
struct Replica {
    ledger: Arc<Ledger>,
    counters: Counters,
}

impl Replica {
    async fn start(server: &Redis) -> Self {
        let counters = Counters::start(&server.url().parse().unwrap())
            .await
            .unwrap();
        let ledger = Arc::new(Ledger::default().together(Arc::new(counters.clone())));
        let telling = Ledger::keep_telling(Arc::downgrade(&ledger), Arc::new(SystemClock));
        tokio::spawn(telling);
        Self { ledger, counters }
    }

    /// So many of them, who know of each other.
    async fn several(server: &Redis, number: u32) -> Vec<Self> {
        let mut all = Vec::new();
        for _ in 0..number {
            all.push(Self::start(server).await);
        }
        for one in &all {
            eventually("they know of each other", || {
                one.counters.replicas() == number
            })
            .await;
        }
        all
    }

    /// Leave for one call; none where there is no room.
    async fn take(&self, quota: &Arc<Quota>) -> Option<Reservation> {
        let now = Timestamp::now();
        let claim = self.ledger.claim("provider", quota, 1.0);
        let mut reservation = self.ledger.reserve(vec![claim], now).ok()?;
        reservation.agree(now).await.ok()?;
        Some(reservation)
    }

    /// A call that is sent.
    async fn call(&self, quota: &Arc<Quota>) -> bool {
        match self.take(quota).await {
            Some(mut reservation) => {
                reservation.sent();
                true
            }
            None => false,
        }
    }
}

fn quota(limit: f64, window: Window) -> Arc<Quota> {
    Arc::new(Quota {
        limit,
        window,
        scope: Scope::Ip,
        group: None,
        dimension: Dimension::Requests,
        cost: None,
        each_model: false,
        models: Vec::new(),
        guessed: false,
        cap: false,
    })
}

fn month() -> Window {
    Window::Calendar {
        unit: CalendarUnit::Month,
        zone: TimeZone::UTC,
    }
}

async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < BACK, "never: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// What Redis has counted of the only window.
fn counted(server: &Redis) -> f64 {
    let keys = server.command(&["keys", "*window*"]);
    let key = keys.replace("\\n", "\n");
    server
        .command(&["hget", &key, "used"])
        .parse()
        .unwrap_or(0.0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_calls_at_once_against_a_hundred_left_are_a_hundred_calls() {
    let server = Redis::start();
    let replicas = Replica::several(&server, 2).await;
    let quota = quota(100.0, month());
    let calls: Vec<_> = (0..1_000)
        .map(|number| {
            let (replica, quota) = (replicas[number % 2].clone(), Arc::clone(&quota));
            tokio::spawn(async move { replica.call(&quota).await })
        })
        .collect();
    let mut made = 0;
    for call in calls {
        made += u32::from(call.await.unwrap());
    }
    assert_eq!(made, 100);
    assert!((counted(&server) - 100.0).abs() < 1e-9);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_sent_is_there_for_the_others() {
    let server = Redis::start();
    let replicas = Replica::several(&server, 2).await;
    let quota = quota(10.0, month());
    let mut held = Vec::new();
    for _ in 0..10 {
        held.push(replicas[0].take(&quota).await.unwrap());
    }
    assert!(replicas[1].take(&quota).await.is_none());
    held.truncate(3);
    let began = Instant::now();
    let mut made = 0;
    while made < 7 {
        made += u32::from(replicas[1].call(&quota).await);
        assert!(began.elapsed() < BACK, "{made}");
        sleep(Duration::from_millis(20)).await;
    }
    assert!(!replicas[1].call(&quota).await);
    assert!((counted(&server) - 10.0).abs() < 1e-9);
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_under_way_are_counted_together_and_forgotten_with_who_dies() {
    let server = Redis::start();
    let replicas = Replica::several(&server, 2).await;
    let quota = quota(2.0, Window::Concurrency);
    let first = replicas[0].take(&quota).await.unwrap();
    let second = replicas[1].take(&quota).await.unwrap();
    assert!(replicas[0].take(&quota).await.is_none());
    drop(first);
    sleep(Duration::from_millis(200)).await;
    let third = replicas[1].take(&quota).await;
    assert!(third.is_some(), "the place of the first is free");
    drop((second, third));
    // As if a server had died ten seconds ago with both places taken.
    let keys = server.command(&["keys", "*window*"]).replace("\\n", "\n");
    let _set = server.command(&["hset", &keys, "dead", "2"]);
    sleep(Duration::from_millis(200)).await;
    assert!(replicas[0].take(&quota).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn any_number_of_replicas_admits_what_one_would() {
    const SECONDS: u64 = 3;
    const RATE: f64 = 200.0;
    for number in [1, 2, 4] {
        let server = Redis::start();
        let replicas = Replica::several(&server, number).await;
        // As many calls as make an admission early or late less than one in a hundred.
        let quota = quota(RATE, Window::Bucket(Duration::from_secs(1)));
        let made = Arc::new(AtomicU64::new(0));
        let began = Instant::now();
        let clients: Vec<_> = replicas
            .iter()
            .flat_map(|replica| std::iter::repeat_n(replica.clone(), 8))
            .map(|replica| {
                let (quota, made) = (Arc::clone(&quota), Arc::clone(&made));
                tokio::spawn(async move {
                    while began.elapsed() < Duration::from_secs(SECONDS) {
                        if replica.call(&quota).await {
                            made.fetch_add(1, Ordering::Relaxed);
                        } else {
                            sleep(Duration::from_millis(1)).await;
                        }
                    }
                })
            })
            .collect();
        for client in clients {
            client.await.unwrap();
        }
        // What is there at the end is taken too, so that the end of a client's sleep does not matter.
        while replicas[0].call(&quota).await {
            made.fetch_add(1, Ordering::Relaxed);
        }
        let ideal = RATE * (1.0 + began.elapsed().as_secs_f64());
        let made = made.load(Ordering::Relaxed) as f64;
        println!("{number} replicas: {made} of {ideal:.0}");
        assert!(
            (made / ideal - 1.0).abs() <= 0.01,
            "{number} replicas: {made} of {ideal:.0}"
        );
    }
}

/// Calls by eight clients of each replica while something happens to Redis, with what each waited.
async fn under_load<T>(
    replicas: &[Replica],
    quota: &Arc<Quota>,
    story: impl Future<Output = T>,
) -> (T, u64, Vec<Duration>) {
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let clients: Vec<_> = replicas
        .iter()
        .flat_map(|replica| std::iter::repeat_n(replica.clone(), 8))
        .map(|replica| {
            let (quota, stop) = (Arc::clone(quota), Arc::clone(&stop));
            tokio::spawn(async move {
                let (mut made, mut waits) = (0, Vec::new());
                while !stop.load(Ordering::Relaxed) {
                    let began = Instant::now();
                    made += u64::from(replica.call(&quota).await);
                    waits.push(began.elapsed());
                    sleep(Duration::from_millis(2)).await;
                }
                (made, waits)
            })
        })
        .collect();
    let told = story.await;
    stop.store(true, Ordering::Relaxed);
    let (mut made, mut waits) = (0, Vec::new());
    for client in clients {
        let (more, waited) = client.await.unwrap();
        made += more;
        waits.extend(waited);
    }
    waits.sort();
    (told, made, waits)
}

async fn away(replicas: &[Replica]) {
    for one in replicas {
        eventually("Redis is away", || !one.counters.is_there()).await;
    }
}

async fn back(replicas: &[Replica]) {
    for one in replicas {
        eventually("Redis is back", || one.counters.is_there()).await;
    }
}

/// What was counted alone is told, so that Redis knows of every call that was made.
async fn all_told(server: &Redis, made: u64) {
    let began = Instant::now();
    while (counted(server) - made as f64).abs() > 1e-6 {
        assert!(began.elapsed() < BACK, "{} of {made}", counted(server));
        sleep(Duration::from_millis(50)).await;
    }
}

/// What calls wait on this machine as it is, and what they may wait at most while something happens.
async fn patience(replicas: &[Replica], quota: &Arc<Quota>) -> (u64, Duration) {
    let calm = sleep(Duration::from_millis(700));
    let ((), made, waits) = under_load(replicas, quota, calm).await;
    (made, p99(&waits) + Duration::from_millis(10))
}

fn p99(waits: &[Duration]) -> Duration {
    waits[waits.len() * 99 / 100]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_stands_still_holds_up_nobody_and_learns_afterwards_what_was_made() {
    let server = Redis::start();
    let replicas = Replica::several(&server, 2).await;
    let quota = quota(1e9, month());
    let (before, patience) = patience(&replicas, &quota).await;
    let story = async {
        sleep(Duration::from_millis(500)).await;
        server.pause();
        away(&replicas).await;
        sleep(Duration::from_secs(2)).await;
        server.go_on();
        back(&replicas).await;
        sleep(Duration::from_millis(500)).await;
    };
    let ((), made, waits) = under_load(&replicas, &quota, story).await;
    println!(
        "{made} calls, p99 {:?}, longest {:?}",
        p99(&waits),
        waits.last()
    );
    assert_eq!(made, waits.len() as u64, "nobody was refused");
    assert!(p99(&waits) <= patience, "{:?} > {patience:?}", p99(&waits));
    all_told(&server, before + made).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_without_room_holds_up_nobody_and_learns_afterwards_what_was_made() {
    let server = Redis::start();
    let replicas = Replica::several(&server, 2).await;
    let quota = quota(1e9, month());
    let (before, patience) = patience(&replicas, &quota).await;
    let story = async {
        sleep(Duration::from_millis(300)).await;
        server.fill(true);
        away(&replicas).await;
        sleep(Duration::from_secs(1)).await;
        server.fill(false);
        back(&replicas).await;
    };
    let ((), made, waits) = under_load(&replicas, &quota, story).await;
    assert_eq!(made, waits.len() as u64, "nobody was refused");
    assert!(p99(&waits) <= patience, "{:?} > {patience:?}", p99(&waits));
    all_told(&server, before + made).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_forgets_everything_is_told_again_and_the_cap_holds() {
    let mut server = Redis::start();
    let replicas = Replica::several(&server, 2).await;
    let quota = quota(300.0, month());
    for number in 0..200 {
        assert!(replicas[number % 2].call(&quota).await);
    }
    // Each has heard what the others did by then.
    sleep(Duration::from_millis(700)).await;
    server.stop();
    away(&replicas).await;
    server.resume_from_stop();
    back(&replicas).await;
    let mut made = 200;
    for number in 0..300 {
        made += u32::from(replicas[number % 2].call(&quota).await);
    }
    assert_eq!(made, 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_redis_is_away_all_shares_together_are_no_more_than_is_left() {
    let mut server = Redis::start();
    let replicas = Replica::several(&server, 2).await;
    let quota = quota(200.0, month());
    for number in 0..100 {
        assert!(replicas[number % 2].call(&quota).await);
    }
    server.stop();
    away(&replicas).await;
    let mut made = [0, 0];
    for _ in 0..200 {
        for (own, replica) in made.iter_mut().zip(&replicas) {
            *own += u32::from(replica.call(&quota).await);
        }
    }
    // Half of the hundred that are left, less a fifth.
    assert!(made.iter().all(|own| (39..=41).contains(own)), "{made:?}");
    // A window that refills is shared without the margin: it mends itself.
    let bucket = Arc::new(Quota {
        dimension: Dimension::Characters,
        ..Quota::clone(&quota)
    });
    let bucket = Arc::new(Quota {
        window: Window::Bucket(Duration::from_hours(1)),
        ..Quota::clone(&bucket)
    });
    let mut made = 0;
    while replicas[0].call(&bucket).await {
        made += 1;
    }
    assert!((99..=101).contains(&made), "{made}");
}

#[tokio::test(flavor = "multi_thread")]
async fn suspensions_are_heard_by_the_others_also_what_was_told_while_redis_was_away() {
    let mut server = Redis::start();
    let replicas = Replica::several(&server, 3).await;
    let suspension = |candidate: &str| SuspensionRecord {
        candidate: candidate.into(),
        class: "auth".into(),
        until: None,
        failures: 1,
    };
    let told = suspension("groq/1");
    replicas[0].counters.tell_suspension("groq/1", Some(&told));
    for other in &replicas[1..] {
        let heard = timeout(BACK, other.counters.suspensions()).await.unwrap();
        assert_eq!(heard, [("groq/1".to_owned(), Some(told.clone()))]);
    }
    server.stop();
    away(&replicas).await;
    let later = suspension("groq/2");
    replicas[1].counters.tell_suspension("groq/1", None);
    replicas[1].counters.tell_suspension("groq/2", Some(&later));
    server.resume_from_stop();
    for other in [&replicas[0], &replicas[2]] {
        let heard = timeout(BACK, other.counters.suspensions()).await.unwrap();
        let expected = [
            ("groq/1".to_owned(), None),
            ("groq/2".to_owned(), Some(later.clone())),
        ];
        assert_eq!(heard, expected);
    }
    let own = timeout(
        Duration::from_millis(600),
        replicas[1].counters.suspensions(),
    )
    .await;
    assert!(own.is_err(), "of its own it hears nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_forgets_everything_is_told_by_those_who_know_though_another_asks_first() {
    let mut server = Redis::start();
    let replicas = Replica::several(&server, 2).await;
    let quota = quota(300.0, month());
    // The first has heard of this window once, long ago.
    assert!(replicas[0].call(&quota).await);
    sleep(Duration::from_millis(700)).await;
    for _ in 0..199 {
        assert!(replicas[1].call(&quota).await);
    }
    sleep(Duration::from_millis(700)).await;
    server.stop();
    away(&replicas).await;
    server.resume_from_stop();
    back(&replicas).await;
    let mut made = 200 + u32::from(replicas[0].call(&quota).await);
    sleep(Duration::from_millis(700)).await;
    while replicas[0].call(&quota).await {
        made += 1;
    }
    // What was asked for before it was told may be forgotten.
    assert!((300..=301).contains(&made), "{made}");
}
