//! A run: one seed, several lives of the engine, and everything that happens in them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use guichet_catalogue::model::Catalogue;
use guichet_engine::answer::SkipReason;
use guichet_engine::{Engine, ModelSettings, Parts, Settings};
use guichet_sim::Fault;
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use tokio::task::JoinSet;

use super::catalogue::{DATA, budgets, credentials};
use super::dice::Dice;
use super::drawn;
use super::errand::{Around, Errand, MODEL_TIME, TIME, Told};
use super::outside::{Counted, Outside, Reach};
use super::store::{Disk, shared};
use super::time::Time;
use super::trace::Trace;

/// When runs begin: ordinary days, the nights in which New York's and Los Angeles' clocks change, the end of a short
/// month and of a year.
const BEGINNINGS: [&str; 8] = [
    "2026-11-22T10:31:00Z",
    "2026-03-08T04:40:00Z",
    "2026-03-08T06:55:00Z",
    "2026-11-01T03:50:00Z",
    "2026-11-01T05:58:00Z",
    "2026-11-01T07:59:30Z",
    "2026-02-28T23:50:00Z",
    "2026-12-31T23:55:00Z",
];

/// How a life ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Everything was written down.
    Stopped,
    /// Nothing was, but what is.
    Killed,
    /// The run is over.
    Over,
}

/// A run.
pub(super) struct Story {
    catalogue: Arc<Catalogue>,
    dice: Dice,
    time: Time,
    disk: Arc<Disk>,
    /// The other side.
    pub(super) outside: Arc<Outside>,
    /// Whether somebody sets the machine's clock in this run.
    clock_is_set: bool,
    calls_left: u32,
    calls: u32,
    generation: u32,
    /// What the ledger counts beyond the other side since the process died: requests, and tokens.
    beyond: BTreeMap<String, (f64, f64)>,
    /// Calls under way when it died.
    unfinished: u32,
    /// Who was suspended when it was stopped.
    suspended: Option<Vec<String>>,
    /// What did not hold.
    pub(super) violations: Vec<String>,
    /// Lives of the engine.
    pub(super) lives: u32,
}

impl Story {
    /// A run of this seed, with so many calls.
    ///
    /// # Panics
    /// Never: the beginnings are times.
    #[must_use]
    pub(super) fn new(catalogue: &Arc<Catalogue>, seed: u64, calls: u32, told: bool) -> Self {
        let mut dice = Dice::new(seed, 1);
        let time = Time::at(beginning(&mut dice));
        let outside = Outside::new(time.clone(), Trace::new(told));
        Self {
            catalogue: Arc::clone(catalogue),
            clock_is_set: dice.percent(30),
            disk: Arc::new(Disk::new(Dice::new(seed, 2))),
            outside: Arc::new(outside),
            time,
            dice,
            calls_left: calls,
            calls: 0,
            generation: 0,
            beyond: BTreeMap::new(),
            unfinished: 0,
            suspended: None,
            violations: Vec::new(),
            lives: 0,
        }
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// When no runtime can be made.
    pub(super) fn run(&mut self) {
        loop {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .unwrap_or_else(|error| panic!("{error}"));
            self.lives += 1;
            let end = runtime.block_on(self.live());
            // Where it was killed, everything that was under way ends here, in the middle of whatever it did.
            drop(runtime);
            self.outside.note(format_args!("{end:?}"));
            if end == End::Over || !self.violations.is_empty() {
                break;
            }
        }
        let dump = self.disk.dump();
        self.outside.note(format_args!("{dump}"));
    }

    async fn live(&mut self) -> End {
        self.time.begin_life();
        let engine = self.start().await;
        self.check_beginning(&engine);
        let around = Around {
            engine,
            outside: Arc::clone(&self.outside),
            time: self.time.clone(),
            disk: Arc::clone(&self.disk),
            records: Arc::new(Mutex::new(BTreeMap::new())),
        };
        around.record();
        let end = loop {
            if self.calls_left == 0 {
                break End::Over;
            }
            if let Some(end) = self.step(&around).await {
                break end;
            }
            if !self.violations.is_empty() {
                return End::Over;
            }
        };
        match end {
            End::Over => self.finale(&around).await,
            End::Stopped => {
                self.quiet(&around).await;
                self.suspended = Some(suspended(&around.engine));
            }
            End::Killed => {}
        }
        let downtime = self.dice.time(5, 3 * 3_600_000);
        self.time.end_life(downtime);
        end
    }

    async fn start(&mut self) -> Engine {
        let parts = Parts {
            catalogue: Arc::clone(&self.catalogue),
            clock: Arc::new(self.time.clone()),
            transport: Arc::new(Reach(Arc::clone(&self.outside))),
            store: shared(&self.disk),
            settings: settings(),
        };
        let engine = Engine::start(parts)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        engine.replace_credentials(credentials(self.generation));
        engine
    }

    /// What must hold when a life begins: no request is forgotten, and no suspension.
    fn check_beginning(&mut self, engine: &Engine) {
        let killed = self.suspended.is_none() && self.lives > 1;
        if let Some(before) = self.suspended.take() {
            let now = suspended(engine);
            let lost: Vec<_> = before.iter().filter(|name| !now.contains(name)).collect();
            // Time has passed, and what waits for the catalogue is asked again.
            if lost.iter().any(|name| name.ends_with(" waits")) {
                self.violations
                    .push(format!("G7: forgotten over a restart: {lost:?}"));
            }
        }
        if killed {
            let most = f64::from(self.unfinished) * 3.0 + 8.0;
            for budget in budgets() {
                let (requests, tokens) = self.surplus(&budget);
                let (before, tokens_before) = self.beyond.get(&budget).copied().unwrap_or_default();
                let fine = requests >= before - 1e-6
                    && requests <= before + most + self.counted(&budget).unsure;
                if !fine {
                    self.violations.push(format!(
                        "G6: {budget}: {requests} requests more in the ledger than arrived after it was killed, {before} before"
                    ));
                }
                if tokens < tokens_before - 1e-6 {
                    self.violations.push(format!("G6: {budget}: {tokens} tokens more in the ledger than counted, {tokens_before} before"));
                }
                self.beyond.insert(budget, (requests, tokens));
            }
        }
        self.unfinished = 0;
    }

    /// Something happens.
    async fn step(&mut self, around: &Around) -> Option<End> {
        match self.dice.below(100) {
            0..52 => self.batch(around, false).await,
            52..68 => drawn::befall(&mut self.dice, &self.outside),
            68..72 => drawn::pace(&mut self.dice, &self.outside),
            72..82 => tokio::time::sleep(self.dice.time(1, 120_000)).await,
            82..86 => drawn::heal(&self.outside),
            86..89 => {
                let time = self.dice.time(1_000, 30 * 3_600_000);
                self.time.sleep_through(time);
            }
            89..91 if self.clock_is_set => {
                let by = SignedDuration::try_from(self.dice.time(100, 6 * 3_600_000));
                let by = by.unwrap_or(SignedDuration::ZERO);
                let by = if self.dice.percent(50) { by } else { -by };
                self.outside.note(format_args!("the clock is set by {by}"));
                self.time.set_clock(by);
            }
            91 => {
                self.generation += 1;
                around
                    .engine
                    .replace_credentials(credentials(self.generation));
            }
            92 => {
                let slowest = self.dice.pick(&[3, 3, 3, 40, 1_500]);
                self.disk.slow_down(Duration::from_millis(slowest));
            }
            93 => self.recovery(around).await,
            94 => self.quiet(around).await,
            95 => around.engine.replace_catalogue(Arc::clone(&self.catalogue)),
            96..98 => return Some(End::Stopped),
            98 => {
                self.batch(around, true).await;
                return Some(End::Killed);
            }
            _ => {}
        }
        None
    }

    /// Some calls at the same time. If the process is to die, it does so while they are under way.
    async fn batch(&mut self, around: &Around, dies: bool) {
        let mut calls = JoinSet::new();
        let size = self.dice.pick(&[1, 1, 2, 3, 5]);
        for _ in 0..size {
            let errand = drawn::errand(&mut self.dice, self.calls);
            let leave_after = drawn::leaves(&mut self.dice);
            calls.spawn(errand.run(around.clone(), leave_after));
            self.calls += 1;
            self.calls_left = self.calls_left.saturating_sub(1);
        }
        if dies {
            let time = self.dice.time(0, 2_000);
            tokio::time::sleep(time).await;
            self.unfinished = u32::try_from(calls.len()).unwrap_or(u32::MAX) + 6;
            return;
        }
        if self.dice.percent(15) {
            tokio::time::sleep(self.dice.time(1, 500)).await;
            drawn::befall(&mut self.dice, &self.outside);
        }
        self.gather(calls).await;
    }

    async fn gather(&mut self, mut calls: JoinSet<Told>) -> Vec<Told> {
        let mut all = Vec::new();
        while let Some(told) = calls.join_next().await {
            match told {
                Ok(told) => {
                    self.outside.note(format_args!("{}", told.line));
                    self.violations.extend(told.violations.iter().cloned());
                    all.push(told);
                }
                Err(error) => self.violations.push(format!("G1: a call died: {error}")),
            }
        }
        all
    }

    /// A provider heals and its suspension ends: many callers come at once, and one of them finds out.
    async fn recovery(&mut self, around: &Around) {
        let provider = self.dice.pick(&["north", "east", "west"]);
        self.outside.set_fault(provider, Fault::ServerError);
        for _ in 0..4 {
            self.alone(around, provider, 1).await;
        }
        let until = until(&around.engine, provider);
        let Some(until) = until else { return };
        self.outside.set_fault(provider, Fault::Ok);
        let wait = until.duration_since(around.engine.now()).unsigned_abs();
        self.time.sleep_through(wait);
        let arrived = self.counted_of(provider);
        let told = self.alone(around, provider, 6).await;
        let arrived = self.counted_of(provider) - arrived;
        let quota = !suspended_only(&told);
        if arrived > 1.0 {
            self.violations.push(format!(
                "G7: {arrived} requests to {provider} at the end of its suspension"
            ));
        }
        if arrived < 1.0 && !quota {
            self.violations.push(format!(
                "G7: {provider} is well, its suspension is over, and nobody asks it"
            ));
        }
        if arrived >= 1.0
            && !told
                .iter()
                .any(|told| told.provider.as_deref() == Some(provider))
            && !self.disk.is_slow()
        {
            self.violations.push(format!(
                "G7: {provider} is well, was asked, and did not answer"
            ));
        }
    }

    async fn alone(&mut self, around: &Around, provider: &'static str, callers: u32) -> Vec<Told> {
        let mut calls = JoinSet::new();
        for _ in 0..callers {
            let errand = Errand::Data {
                operation: "now",
                q: format!("c{}", self.calls),
                timeout: None,
                only: Some(provider),
                fresh: false,
            };
            self.calls += 1;
            calls.spawn(errand.run(around.clone(), None));
        }
        self.gather(calls).await
    }

    /// Waits until nothing is under way, has everything written down, and compares the books.
    async fn quiet(&mut self, around: &Around) {
        self.disk.slow_down(Duration::from_millis(3));
        // Flights go on after their callers have left.
        tokio::time::sleep(TIME + TIME + TIME).await;
        around.engine.flush().await;
        let under_way = self.outside.seen().under_way;
        if under_way > 0 {
            self.violations
                .push(format!("G1: {under_way} exchanges are left open"));
        }
        for budget in budgets() {
            let counted = self.counted(&budget);
            let (requests, tokens) = self.surplus(&budget);
            let (before, tokens_before) = self.beyond.get(&budget).copied().unwrap_or_default();
            let (requests, tokens) = (requests - before, tokens - tokens_before);
            if requests < -1e-6 || requests > counted.unsure + 1e-6 {
                self.violations.push(format!(
                    "G6: {budget}: {requests} requests more in the ledger than the {} that arrived, {} unsure",
                    counted.requests, counted.unsure
                ));
            }
            if tokens < -1e-6 || tokens > counted.unsure_tokens + 1e-6 {
                self.violations.push(format!(
                    "G6: {budget}: {tokens} tokens more in the ledger than the {} counted, {} unsure",
                    counted.tokens, counted.unsure_tokens
                ));
            }
        }
        if !self.clock_is_set {
            let too_many = std::mem::take(&mut self.outside.seen().too_many);
            self.violations.extend(
                too_many
                    .iter()
                    .map(|what| format!("G6: more than the quota allows: {what}")),
            );
        }
    }

    /// Everybody is well again, and all that passes has passed: everybody must be asked again.
    async fn finale(&mut self, around: &Around) {
        self.quiet(around).await;
        drawn::heal(&self.outside);
        self.generation += 1;
        around
            .engine
            .replace_credentials(credentials(self.generation));
        let day = Duration::from_hours(25);
        self.time.sleep_through(day * 31 + self.time.farthest() * 2);
        for provider in DATA {
            let told = self.alone(around, provider, 1).await;
            if !told
                .iter()
                .any(|told| told.provider.as_deref() == Some(provider))
            {
                self.violations
                    .push(format!("G7: {provider} is never asked again: {told:?}"));
            }
        }
        let models: Vec<_> = around
            .engine
            .models()
            .into_iter()
            .filter(|model| !model.ready)
            .collect();
        if !models.is_empty() {
            self.violations
                .push(format!("G7: never asked again: {models:?}"));
        }
        self.quiet(around).await;
    }

    fn counted(&self, budget: &str) -> Counted {
        let seen = self.outside.seen();
        seen.counted.get(budget).copied().unwrap_or_default()
    }

    fn counted_of(&self, provider: &str) -> f64 {
        let seen = self.outside.seen();
        let own = |budget: &str| budget.split('@').next() == Some(provider);
        let counted = seen.counted.iter().filter(|(budget, _)| own(budget));
        counted.map(|(_, counted)| counted.requests).sum()
    }

    /// What is written in the ledger beyond what the other side counted: requests, and tokens.
    fn surplus(&self, budget: &str) -> (f64, f64) {
        let counted = self.counted(budget);
        let requests = self.disk.used(budget, "requests/once") - counted.requests;
        let tokens = self.disk.used(budget, "tokens/once") - counted.tokens;
        (requests, tokens)
    }
}

/// When a run begins.
pub(super) fn beginning(dice: &mut Dice) -> Timestamp {
    let begin: Timestamp = dice
        .pick(&BEGINNINGS)
        .parse()
        .unwrap_or_else(|error| panic!("{error}"));
    begin + Duration::from_millis(dice.below(600_000))
}

/// What the operator of every engine decides.
pub(super) fn settings() -> Settings {
    Settings {
        contact: Some("ops@example.com".into()),
        timeout: TIME,
        models: ModelSettings {
            timeout: MODEL_TIME,
            ..ModelSettings::default()
        },
        ..Settings::default()
    }
}

/// Candidates that are suspended, with whether that passes by itself.
fn suspended(engine: &Engine) -> Vec<String> {
    let catalogue = engine.catalogue();
    let Some(operation) = catalogue.operation("things", "now") else {
        return Vec::new();
    };
    let states = engine
        .candidates(operation)
        .into_iter()
        .filter_map(|candidate| {
            let state = candidate.state?;
            let gone = state.class == Some(guichet_engine::outcome::Class::Gone);
            let waits = if state.retry_at.is_none() {
                "waits"
            } else {
                "passes"
            };
            let name = candidate
                .credential
                .map_or_else(|| candidate.provider.to_string(), |id| id.to_string());
            (state.reason == SkipReason::Suspended && !gone).then(|| format!("{name} {waits}"))
        });
    states.collect()
}

/// Until when a provider is suspended.
fn until(engine: &Engine, provider: &str) -> Option<Timestamp> {
    let catalogue = engine.catalogue();
    let operation = catalogue.operation("things", "now")?;
    let candidates = engine.candidates(operation);
    let state = candidates
        .into_iter()
        .find(|state| *state.provider == *provider)?
        .state?;
    (state.reason == SkipReason::Suspended).then_some(state.retry_at)?
}

/// Whether the provider still is suspended by its breakers alone.
fn suspended_only(told: &[Told]) -> bool {
    told.iter()
        .all(|told| told.line.contains(":Suspended") && !told.line.contains(":Quota"))
}
