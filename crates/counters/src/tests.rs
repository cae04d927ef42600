//! The script counts as the engine's ledger does: the same operations at the same times lead to the same levels.

use std::sync::Arc;
use std::time::Duration;

use guichet_catalogue::model::{CalendarUnit, Dimension, Quota, Scope, Window};
use guichet_engine::gauge::{Gauge, Source};
use guichet_engine::ledger::{Claim, Ledger, Reservation, SharedLevel, Taking, Told};
use guichet_servers::Redis;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use redis::Script;

use crate::{RedisUrl, question, reply};

/// An evening before a night in which clocks change.
const BEGIN: Timestamp = Timestamp::constant(1_793_480_000, 0);

#[derive(Debug, Clone)]
enum Step {
    Wait(u64),
    Reserve(u8),
    /// What was reserved last but so many took another number of units.
    Settle(u8, u8),
    Learn(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0_u64..30_000_000).prop_map(Step::Wait),
        (0_u64..40).prop_map(|hours| Step::Wait(hours * 3_600_000_000)),
        (1_u8..12).prop_map(Step::Reserve),
        (1_u8..12).prop_map(Step::Reserve),
        (0_u8..4, 0_u8..14).prop_map(|(back, units)| Step::Settle(back, units)),
        (0_u8..25).prop_map(Step::Learn),
    ]
}

fn window() -> impl Strategy<Value = Window> {
    let minute = Duration::from_mins(1);
    let zone = TimeZone::get("America/Los_Angeles").unwrap();
    prop_oneof![
        Just(Window::Bucket(minute)),
        Just(Window::Bucket(minute * 1_440)),
        Just(Window::Fixed(minute)),
        Just(Window::Rolling(minute)),
        Just(Window::Rolling(minute * 60)),
        Just(Window::Calendar {
            unit: CalendarUnit::Day,
            zone: zone.clone()
        }),
        Just(Window::Calendar {
            unit: CalendarUnit::Minute,
            zone
        }),
        Just(Window::Anniversary(31)),
        Just(Window::Credit(None)),
        Just(Window::Credit(Some(minute * 600))),
    ]
}

/// The script at a time that the test sets: the server's own stands where it reads the clock.
struct Counting {
    script: Script,
    connection: redis::Connection,
    now: Timestamp,
}

impl Counting {
    fn ask(&mut self, mode: &str, taking: &Taking) -> Told {
        let takings = [taking.clone()];
        let mut question = self.script.key("replicas");
        question.key(question::key(taking));
        question.arg(mode).arg("one").arg(0).arg(10_000_000);
        for argument in question::arguments(taking, self.now, 0) {
            question.arg(argument);
        }
        let micros = self.now.as_microsecond();
        question.arg(micros / 1_000_000).arg(micros % 1_000_000);
        let answer: Vec<String> = question.invoke(&mut self.connection).unwrap();
        reply::read(&answer, &takings, self.now, 0)
            .unwrap()
            .unwrap()
    }
}

#[test]
fn the_script_counts_as_the_ledger_does() {
    let server = Redis::start();
    let url: RedisUrl = server.url().parse().unwrap();
    let text = include_str!("windows.lua");
    let clock = "redis.call('TIME')";
    assert!(text.contains(clock));
    let script = Script::new(&text.replace(clock, "{ARGV[#ARGV - 1], ARGV[#ARGV]}"));
    let cases = Config {
        cases: 300,
        failure_persistence: None,
        ..Config::default()
    };
    let story = (window(), proptest::collection::vec(step(), 1..40));
    let run = TestRunner::new(cases).run(&story, |(window, steps)| {
        let mut connection = url.client.get_connection().unwrap();
        redis::cmd("FLUSHALL").exec(&mut connection).unwrap();
        let script = script.clone();
        let counting = Counting {
            script,
            connection,
            now: BEGIN,
        };
        play(counting, window, &steps)
    });
    run.unwrap();
}

fn quota(window: Window) -> Quota {
    Quota {
        limit: 20.0,
        window,
        scope: Scope::Ip,
        group: None,
        dimension: Dimension::Requests,
        cost: None,
        each_model: false,
        models: Vec::new(),
        guessed: false,
        cap: false,
    }
}

/// So much is used, says the provider.
fn used(quota: &Quota, told: u8) -> Gauge {
    Gauge {
        period: quota.window.period(),
        used: Some(f64::from(told)),
        ..Gauge::blank(Source::Header)
    }
}

fn play(mut counting: Counting, window: Window, steps: &[Step]) -> Result<(), TestCaseError> {
    let quota = Arc::new(quota(window));
    let ledger = Arc::new(Ledger::default());
    let counted = ledger.window("provider", &quota);
    let claim = |units: f64| Claim::of(Arc::clone(&counted), units);
    let mut reserved: Vec<(Reservation, f64)> = Vec::new();
    let mut opened_at = BEGIN;
    for step in steps {
        let now = counting.now;
        let mut taking = Taking {
            window: Arc::clone(&counted),
            units: 0.0,
            limit: quota.limit,
            most: Some(quota.limit),
            ends_at: None,
            at_least: None,
            seed: SharedLevel {
                opened_at,
                used: 1.0,
                slots: Vec::new(),
            },
        };
        match step {
            Step::Wait(micros) => {
                let time = SignedDuration::from_micros(i64::try_from(*micros).unwrap());
                counting.now = now + time;
                continue;
            }
            Step::Reserve(units) => {
                let units = f64::from(*units);
                let here = ledger.reserve(vec![claim(units)], now);
                taking.units = units;
                taking.seed.used = 0.0;
                let there = counting.ask("reserve", &taking);
                let taken = matches!(there, Told::Taken(_));
                prop_assert_eq!(here.is_ok(), taken, "{:?} at {}", step, now);
                if let Ok(mut reservation) = here {
                    reservation.sent();
                    reserved.push((reservation, units));
                }
            }
            Step::Settle(back, units) => {
                let Some(place) = reserved.len().checked_sub(1 + usize::from(*back)) else {
                    continue;
                };
                let (reservation, claimed) = &mut reserved[place];
                let mut units = f64::from(*units);
                // The ledger knows when it was taken, and so of which slot; the script takes the safe side.
                if matches!(counted.quota().window, Window::Rolling(_)) {
                    units = units.max(*claimed);
                }
                let before = ledger.used(&claim(0.0), now);
                reservation.settle(|_| Some(units), now);
                taking.units = ledger.used(&claim(0.0), now) - before;
                *claimed = units;
                counting.ask("add", &taking);
            }
            Step::Learn(told) => {
                let Some((reservation, _)) = reserved.last() else {
                    continue;
                };
                let before = ledger.used(&claim(0.0), now);
                reservation.learn(&[used(&quota, *told)], now);
                let after = ledger.used(&claim(0.0), now);
                if after > before {
                    taking.at_least = Some(after);
                } else {
                    taking.units = after - before;
                }
                // What a provider tells is about the window that it is in.
                taking.seed.used = 0.0;
                counting.ask("add", &taking);
            }
        }
        let mut levels = Vec::new();
        ledger.take_changes(&mut levels);
        if let Some(level) = levels.pop() {
            opened_at = level.opened_at;
        }
        let look = Taking {
            units: 0.0,
            at_least: None,
            ..taking
        };
        let (Told::Taken(there) | Told::Refused(there)) = counting.ask("add", &look);
        let (mut here, mut there) = (ledger.used(&claim(0.0), now), there[0].used);
        if matches!(counted.quota().window, Window::Credit(_)) {
            // Of a credit that is over, or overdrawn, it does not matter by how much.
            (here, there) = (here.min(20.0), there.min(20.0));
        }
        prop_assert!(
            (here - there).abs() < 1e-3,
            "{:?} at {}: {} here, {} there",
            step,
            now,
            here,
            there
        );
    }
    Ok(())
}
