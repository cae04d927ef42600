//! Every pair of the fault alphabet over the first two remote candidates of every operation, through the real engine,
//! in paused time. What must hold in all of them: totality (G1), completeness (G2), no false success (G3), bounded
//! amplification (G5), honesty (G9).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::sync::Arc;
use std::time::Duration;

use guichet_catalogue::model::{Class, Operation};
use guichet_engine::answer::{Answer, Reason, Refusal, Served};
use guichet_engine::call::{Options, Providers};
use guichet_sim::Fault;
use guichet_tests::store::MemoryStore;
use guichet_tests::world::{DEADLINE, Tally, World, call};
use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio::time::Instant;

/// One operation with the candidates that are tried in all combinations.
struct Subject {
    operation: Arc<Operation>,
    /// The first remote candidates: one or two.
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
}

impl Subject {
    /// None for operations without a remote provider.
    fn of(world: &World, operation: &Arc<Operation>, wanted: usize) -> Option<Self> {
        let ids = |local: bool| {
            let endpoints = operation
                .endpoints
                .iter()
                .filter(move |endpoint| endpoint.provider.is_local() == local);
            endpoints.map(|endpoint| endpoint.provider.id.to_string())
        };
        let remote: Vec<String> = ids(false).take(2).collect();
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
        Trial {
            result,
            took,
            seen: seen.collect(),
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

async fn run_all(world: &World, subject: &Subject, tally: &mut Tally) -> Vec<bool> {
    let mut able = Vec::new();
    for candidate in 0..subject.remote.len() {
        able.push(subject.answers(world, candidate).await);
    }
    let steps: Vec<u32> = subject
        .remote
        .iter()
        .map(|id| {
            world
                .good(id, &subject.operation.id.name)
                .map_or(1, |sample| {
                    u32::try_from(sample.recorded.exchanges.len()).unwrap()
                })
        })
        .collect();
    let second: &[Fault] = if subject.remote.len() > 1 {
        &Fault::ALL
    } else {
        &[Fault::Ok]
    };
    for first in Fault::ALL {
        for second in second {
            let faults = [first, *second];
            let trial = subject.attempt(world, &faults, &subject.allowed).await;
            let faults = &faults[..subject.remote.len()];
            subject.check(faults, &able, &trial, &steps, tally);
            tally.count("combinations");
        }
    }
    able
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
        let Some(first) = Subject::of(&world, operation, 0) else {
            continue;
        };
        let mut able = run_all(&world, &first, &mut tally).await;
        // Samples show different places and words; with the second one's parameters it must be able too.
        if let Some(second) = Subject::of(&world, operation, 1).filter(|_| able.contains(&false)) {
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
        "{name}: {:?} in {:.1} s",
        tally.0,
        began.elapsed().as_secs_f64()
    );
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
