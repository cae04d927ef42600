//! The fault alphabet over the remote candidates of the operations, through the real engine, in paused time: every pair
//! over the first two of every operation; every triple over the first three of the core operations; and over whole chains
//! all fail, one survives at each place, one fails at each place, and a cover of all pairs of places and letters.
//!
//! What must hold in all of them: totality (G1), completeness (G2), no false success (G3), bounded amplification (G5),
//! conservation (G6: the ledger counts what arrived), honesty (G9). Where only one fails, an operation that is labelled
//! `guaranteed` is answered (G8); who has healed is asked again when its suspension is over (G7). No operation of the
//! catalogue has effects (G4): `effects.rs` and the simulation have their own.
//!
//! `GUICHET_MATRIX=all cargo test -p guichet-tests --test exhaustive -- --nocapture` runs all of it; without, every
//! eleventh triple, and chains of the core operations only.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::sync::Arc;
use std::time::Duration;

use guichet_catalogue::model::{Class, Dimension, Operation, Window};
use guichet_engine::answer::{Answer, Reason, Refusal, Served};
use guichet_engine::call::{Options, Providers};
use guichet_sim::Fault;
use guichet_tests::store::MemoryStore;
use guichet_tests::world::{DEADLINE, Running, Tally, World, call};
use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio::time::Instant;

/// One operation with the candidates that are tried in all combinations.
struct Subject {
    operation: Arc<Operation>,
    /// The first remote candidates.
    remote: Vec<String>,
    /// Everyone who may answer: these, and what is computed here.
    allowed: Vec<String>,
    parameters: Map<String, Value>,
    now: Timestamp,
}

/// The outcome of one combination.
struct Trial {
    result: Result<Answer, Refusal>,
    took: Duration,
    /// Requests, and right answers, by remote candidate.
    seen: Vec<(u32, u32)>,
    /// Units that a window that ends with nothing counts beyond the requests that arrived.
    unsettled: Vec<String>,
}

impl Subject {
    /// None for operations without a remote provider.
    fn of(world: &World, operation: &Arc<Operation>, wanted: usize, most: usize) -> Option<Self> {
        let ids = |local: bool| {
            let endpoints = operation
                .endpoints
                .iter()
                .filter(move |endpoint| endpoint.provider.is_local() == local);
            endpoints.map(|endpoint| endpoint.provider.id.to_string())
        };
        let remote: Vec<String> = ids(false).take(most).collect();
        let allowed = remote.iter().cloned().chain(ids(true)).collect();
        let sample = world.good(remote.get(wanted)?, &operation.id.name)?;
        let now = sample.recorded.now?;
        let parameters = sample.recorded.params.clone();
        Some(Self {
            operation: Arc::clone(operation),
            remote,
            allowed,
            parameters,
            now,
        })
    }

    async fn attempt(&self, world: &World, faults: &[Fault], allowed: &[String]) -> Trial {
        let running = world
            .start(self.now, Arc::new(MemoryStore::default()))
            .await;
        for (provider, fault) in self.remote.iter().zip(faults) {
            let behaviour = world.behaviour(provider, &self.operation.id.name, *fault, self.now);
            running.memory.behave(
                provider,
                behaviour.unwrap_or_else(|| panic!("{provider} has no good sample")),
            );
        }
        let providers = Providers {
            allowed: allowed.to_vec(),
            excluded: Vec::new(),
        };
        let options = Options {
            providers,
            ..Options::default()
        };
        let call = call(&self.operation, &self.parameters, options);
        let began = Instant::now();
        let result = running.engine.call(call).await;
        let took = began.elapsed();
        let seen = self.remote.iter().map(|provider| {
            let seen = running.memory.seen(provider);
            (seen.requests, seen.answered_right)
        });
        let seen = seen.collect();
        running.engine.flush().await;
        Trial {
            result,
            took,
            seen,
            unsettled: self.unsettled(&running),
        }
    }

    /// Budgets whose ledger does not equal what arrived: of those that count requests one by one and that do not refill
    /// meanwhile. Who tells its own count is believed instead.
    fn unsettled(&self, running: &Running) -> Vec<String> {
        let saved = running.store.saved_windows();
        let mut wrong = Vec::new();
        for endpoint in &self.operation.endpoints {
            let provider = &endpoint.provider;
            let silent = provider.http().filter(|http| http.limits.is_empty());
            let exact = silent.into_iter().flat_map(|http| &http.quotas);
            let exact = exact.filter(|quota| {
                let refills = matches!(quota.window, Window::Bucket(_) | Window::Concurrency);
                let plain = quota.cost.is_none() && quota.group.is_none();
                !refills && plain && quota.dimension == Dimension::Requests
            });
            let arrived = running.memory.seen(&provider.id).arrived;
            for quota in exact {
                let own = |budget: &str| budget.split('@').next() == Some(&*provider.id);
                let counted: f64 = saved
                    .iter()
                    .filter(|record| own(&record.budget) && record.window == quota.id())
                    .map(|record| record.used)
                    .sum();
                if (counted - f64::from(arrived)).abs() > 1e-6 {
                    wrong.push(format!(
                        "{}: {counted} counted, {arrived} arrived",
                        provider.id
                    ));
                }
            }
        }
        wrong
    }

    /// Everybody fails so; a day later all are well, and the first that is able answers.
    async fn heals(&self, world: &World, fault: Fault) {
        let running = world
            .start(self.now, Arc::new(MemoryStore::default()))
            .await;
        let day = Duration::from_hours(25);
        for (fault, now) in [(fault, self.now), (Fault::Ok, self.now + day)] {
            for provider in &self.remote {
                let behaviour = world.behaviour(provider, &self.operation.id.name, fault, now);
                running.memory.behave(provider, behaviour.unwrap());
            }
            let providers = Providers {
                allowed: self.remote.clone(),
                excluded: Vec::new(),
            };
            let options = Options {
                providers,
                max_age: Some(Duration::ZERO),
                ..Options::default()
            };
            let call = call(&self.operation, &self.parameters, options);
            let result = running.engine.call(call).await;
            if fault == Fault::Ok && now != self.now {
                let place = format!("{} after {fault}: {result:?}", self.operation.id);
                assert!(result.is_ok(), "G7: {place}");
                return;
            }
            // Another key comes, and a day goes by.
            running.engine.replace_credentials(Vec::new());
            running.engine.replace_credentials(world.credentials());
            tokio::time::sleep(day).await;
        }
    }

    /// Whether a candidate, alone and healthy, answers these parameters.
    async fn answers(&self, world: &World, candidate: usize) -> bool {
        let alone = [self.remote[candidate].clone()];
        let faults: Vec<Fault> = self.remote.iter().map(|_| Fault::Ok).collect();
        self.attempt(world, &faults, &alone).await.result.is_ok()
    }

    fn check(
        &self,
        faults: &[Fault],
        able: &[bool],
        trial: &Trial,
        steps: &[u32],
        tally: &mut Tally,
    ) {
        let place = format!("{} {:?}: {:?}", self.operation.id, faults, trial.result);
        assert!(
            trial.took <= DEADLINE + Duration::from_millis(50),
            "G1: took {:?}: {place}",
            trial.took
        );
        assert!(
            trial.unsettled.is_empty(),
            "G6: {:?}: {place}",
            trial.unsettled
        );
        let healthy = faults
            .iter()
            .zip(able)
            .position(|(fault, able)| *fault == Fault::Ok && *able);
        let requests: u32 = trial
            .seen
            .iter()
            .zip(steps)
            .map(|((requests, _), steps)| requests.div_ceil(*steps))
            .sum();
        let most = u32::try_from(self.allowed.len()).unwrap() + 1;
        assert!(requests <= most, "G5: {requests} attempts: {place}");
        match &trial.result {
            Ok(answer) => self.check_answer(answer, trial, &place, tally),
            Err(refusal) => {
                tally.count("refused");
                assert!(
                    healthy.is_none(),
                    "G2: {} would have answered: {place}",
                    self.remote[healthy.unwrap()]
                );
                self.check_refusal(refusal, &place);
            }
        }
        if let (Some(healthy), Ok(answer)) = (healthy, &trial.result) {
            let fine = answer.served == Served::Local
                || self.remote.iter().position(|id| **id == *answer.provider) <= Some(healthy);
            assert!(fine, "G2: not from the first that could: {place}");
        }
    }

    fn check_answer(&self, answer: &Answer, trial: &Trial, place: &str, tally: &mut Tally) {
        let data: Value = serde_json::from_slice(&answer.data).unwrap();
        self.operation
            .shape
            .check(&data)
            .unwrap_or_else(|reason| panic!("G3: {reason}: {place}"));
        if let Some(remote) = self.remote.iter().position(|id| **id == *answer.provider) {
            tally.count("fresh");
            assert_eq!(answer.served, Served::Fresh, "G9: {place}");
            assert!(
                trial.seen[remote].1 > 0,
                "G3: it never gave a right answer: {place}"
            );
        } else {
            tally.count("local");
            assert_eq!(answer.served, Served::Local, "G9: {place}");
        }
        let (last, before) = answer
            .attempts
            .split_last()
            .unwrap_or_else(|| panic!("G9: no attempts: {place}"));
        assert_eq!(
            (last.class, &last.provider),
            (Class::Ok, &answer.provider),
            "G9: {place}"
        );
        assert!(
            before.iter().all(|attempt| attempt.class != Class::Ok),
            "G9: {place}"
        );
    }

    fn check_refusal(&self, refusal: &Refusal, place: &str) {
        assert!(
            matches!(
                refusal.reason,
                Reason::AllFailed | Reason::NotFound | Reason::Deadline | Reason::AllSuspended
            ),
            "G1: {place}"
        );
        for provider in &self.allowed {
            let attempted = refusal
                .attempts
                .iter()
                .any(|attempt| *attempt.provider == **provider);
            let skipped = refusal
                .skipped
                .iter()
                .any(|skipped| *skipped.provider == **provider);
            assert!(attempted || skipped, "G1: {provider} is not named: {place}");
        }
        assert!(
            refusal
                .attempts
                .iter()
                .all(|attempt| attempt.class != Class::Ok),
            "G9: {place}"
        );
    }
}

/// A subject with what must be known before it is tried.
struct Known<'a> {
    world: &'a World,
    subject: &'a Subject,
    /// Whether each candidate answers these parameters at all.
    able: Vec<bool>,
    /// The requests that each takes.
    steps: Vec<u32>,
}

impl<'a> Known<'a> {
    async fn of(world: &'a World, subject: &'a Subject) -> Self {
        let mut able = Vec::new();
        for candidate in 0..subject.remote.len() {
            able.push(subject.answers(world, candidate).await);
        }
        let steps = subject.remote.iter().map(|id| {
            let sample = world.good(id, &subject.operation.id.name);
            sample.map_or(1, |sample| {
                u32::try_from(sample.recorded.exchanges.len()).unwrap()
            })
        });
        let steps = steps.collect();
        Self {
            world,
            subject,
            able,
            steps,
        }
    }

    /// Tries one combination, one letter for each candidate.
    async fn attempt(&self, faults: &[Fault], tally: &mut Tally) -> bool {
        let subject = self.subject;
        let trial = subject.attempt(self.world, faults, &subject.allowed).await;
        subject.check(faults, &self.able, &trial, &self.steps, tally);
        tally.count("combinations");
        trial.result.is_ok()
    }

    /// Every triple of letters, or every eleventh.
    async fn triples(&self, tally: &mut Tally) {
        let mut number = 0_usize;
        for first in Fault::ALL {
            for second in Fault::ALL {
                for third in Fault::ALL {
                    number += 1;
                    if all_of_it() || number.is_multiple_of(11) {
                        self.attempt(&[first, second, third], tally).await;
                    }
                }
            }
        }
    }

    /// A whole chain.
    async fn chain(&self, tally: &mut Tally) {
        let places = self.subject.remote.len();
        for fault in Fault::ALL {
            self.attempt(&vec![fault; places], tally).await;
            for place in 0..places {
                let mut survivor = vec![fault; places];
                survivor[place] = Fault::Ok;
                self.attempt(&survivor, tally).await;
                let mut failing = vec![Fault::Ok; places];
                failing[place] = fault;
                let answered = self.attempt(&failing, tally).await;
                let others = self.able.iter().filter(|able| **able).count() > 1;
                assert!(
                    answered || !others,
                    "G8: {} is not answered where only one fails",
                    self.subject.operation.id
                );
            }
            self.subject.heals(self.world, fault).await;
        }
        for row in cover(places) {
            self.attempt(&row, tally).await;
        }
    }
}

/// Combinations in which every two places meet every two letters: the lines of a plane over the next prime, so that two
/// of them cross once. What is beyond the alphabet is `ok`.
fn cover(places: usize) -> impl Iterator<Item = Vec<Fault>> {
    const PRIME: usize = 23;
    assert!(places <= PRIME, "a longer chain needs a larger prime");
    let letter = |number: usize| Fault::ALL.get(number).copied().unwrap_or(Fault::Ok);
    (0..PRIME * PRIME).map(move |line| {
        let (from, rise) = (line / PRIME, line % PRIME);
        let row = (0..places).map(|place| letter((from + rise * place) % PRIME));
        row.collect()
    })
}

/// Whether what takes too long for every change is run too.
fn all_of_it() -> bool {
    std::env::var("GUICHET_MATRIX").is_ok_and(|value| value == "all")
}

/// Operations that people ask for most, and whose chains are long.
const CORE: [(&str, &str); 5] = [
    ("weather", "current"),
    ("weather", "daily"),
    ("geocoding", "search"),
    ("currency", "rates"),
    ("ip", "lookup"),
];

async fn run_all(world: &World, subject: &Subject, tally: &mut Tally) -> Vec<bool> {
    let known = Known::of(world, subject).await;
    let second: &[Fault] = if subject.remote.len() > 1 {
        &Fault::ALL
    } else {
        &[Fault::Ok]
    };
    for first in Fault::ALL {
        for second in second {
            let faults = [first, *second];
            known.attempt(&faults[..subject.remote.len()], tally).await;
        }
    }
    known.able
}

async fn category(name: &str) {
    let world = World::new();
    let mut tally = Tally::default();
    let began = std::time::Instant::now();
    let operations: Vec<_> = world.catalogue.categories[name]
        .operations
        .values()
        .cloned()
        .collect();
    for operation in &operations {
        let Some(first) = Subject::of(&world, operation, 0, 2) else {
            continue;
        };
        let mut able = run_all(&world, &first, &mut tally).await;
        // Samples show different places and words; with the second one's parameters it must be able too.
        if let Some(second) = Subject::of(&world, operation, 1, 2).filter(|_| able.contains(&false))
        {
            let other = run_all(&world, &second, &mut tally).await;
            able.iter_mut()
                .zip(other)
                .for_each(|(able, other)| *able |= other);
        }
        assert!(
            !able.contains(&false),
            "{}: {:?} answer their own samples: {able:?}",
            operation.id,
            first.remote
        );
    }
    println!(
        "{name}: {:?}, 0 violations in {:.1} s",
        tally.0,
        began.elapsed().as_secs_f64()
    );
    assert!(tally.0["combinations"] > 0);
}

#[tokio::test(start_paused = true)]
async fn every_triple_of_letters_over_the_first_three_candidates_of_the_core_operations() {
    let world = World::new();
    let mut tally = Tally::default();
    let began = std::time::Instant::now();
    for (category, name) in CORE {
        let operation = world.catalogue.operation(category, name).unwrap();
        let subject = Subject::of(&world, operation, 0, 3).unwrap();
        if subject.remote.len() == 3 {
            Known::of(&world, &subject).await.triples(&mut tally).await;
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    println!("triples: {:?}, 0 violations in {seconds:.1} s", tally.0);
    assert!(tally.0["combinations"] > 0);
}

#[tokio::test(start_paused = true)]
async fn whole_chains_with_all_failing_one_left_one_failing_and_every_two_letters_at_every_two_places()
 {
    let world = World::new();
    let mut tally = Tally::default();
    let began = std::time::Instant::now();
    let core = |operation: &Operation| {
        CORE.iter().any(|(category, name)| {
            *operation.id.category == **category && *operation.id.name == **name
        })
    };
    for operation in world.catalogue.operations() {
        let subject = Subject::of(&world, operation, 0, usize::MAX);
        let Some(subject) = subject.filter(|_| all_of_it() || core(operation)) else {
            continue;
        };
        Known::of(&world, &subject).await.chain(&mut tally).await;
    }
    let seconds = began.elapsed().as_secs_f64();
    println!("chains: {:?}, 0 violations in {seconds:.1} s", tally.0);
    assert!(tally.0["combinations"] > 0);
}

macro_rules! categories {
    ($($test:ident: $name:literal),* $(,)?) => {
        $(
            #[tokio::test(start_paused = true)]
            async fn $test() {
                category($name).await;
            }
        )*

        #[test]
        fn no_category_with_remote_providers_is_left_out() {
            let world = World::new();
            let remote = world.catalogue.categories.values().filter(|category| {
                let mut endpoints = category.operations.values().flat_map(|operation| &operation.endpoints);
                endpoints.any(|endpoint| !endpoint.provider.is_local())
            });
            let mut names: Vec<&str> = remote.map(|category| &*category.id).collect();
            let mut tested = vec![$($name),*];
            names.sort_unstable();
            tested.sort_unstable();
            assert_eq!(names, tested);
        }
    };
}

categories! {
    air_quality: "air-quality",
    crypto: "crypto",
    currency: "currency",
    dictionary: "dictionary",
    encyclopedia: "encyclopedia",
    fun: "fun",
    geocoding: "geocoding",
    holidays: "holidays",
    ip: "ip",
    weather: "weather",
}
