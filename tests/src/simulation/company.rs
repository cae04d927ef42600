//! A run of several engines that share counters and a disk: some are lost in the middle of what they do, others join, and
//! the counters go away for a while.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use guichet_catalogue::model::Catalogue;
use guichet_engine::transport::{
    Limits, Transport, TransportError, UpstreamRequest, UpstreamResponse, UpstreamStream,
};
use guichet_engine::{Engine, Parts};
use parking_lot::Mutex;
use tokio::task::{AbortHandle, JoinSet};

use super::catalogue::{budgets, credentials};
use super::counting::{BELIEVED, Counting, Line};
use super::dice::Dice;
use super::drawn;
use super::errand::{Around, TIME, Told};
use super::outside::{MOST_TOKENS, Outside, Reach};
use super::store::{Disk, shared};
use super::story::{beginning, settings};
use super::time::Time;
use super::trace::Trace;

/// Engines at most.
const MOST: usize = 4;
/// Requests that one call can have reserved at once of one budget: two of one attempt, and its rival's.
const OF_ONE_CALL: f64 = 4.0;

/// A run of several engines.
pub(super) struct Company {
    catalogue: Arc<Catalogue>,
    dice: Dice,
    time: Time,
    disk: Arc<Disk>,
    /// The other side.
    pub(super) outside: Arc<Outside>,
    counting: Arc<Counting>,
    members: Vec<Member>,
    /// Engines so far.
    pub(super) engines: u32,
    calls: u32,
    calls_left: u32,
    /// Whether the counters were ever away.
    was_apart: bool,
    /// Calls that were lost with their engine.
    lost: f64,
    /// What did not hold.
    pub(super) violations: Vec<String>,
}

/// One engine on a machine of its own.
struct Member {
    around: Around,
    /// Whether its machine has lost all its connections.
    cut: Arc<AtomicBool>,
    calls: Vec<AbortHandle>,
}

impl Company {
    /// A run of this seed, with so many calls.
    #[must_use]
    pub(super) fn new(catalogue: &Arc<Catalogue>, seed: u64, calls: u32, told: bool) -> Self {
        let mut dice = Dice::new(seed, 1);
        let time = Time::at(beginning(&mut dice));
        let counting = Counting::new(time.clone(), Dice::new(seed, 3));
        Self {
            catalogue: Arc::clone(catalogue),
            disk: Arc::new(Disk::new(Dice::new(seed, 2))),
            outside: Arc::new(Outside::new(time.clone(), Trace::new(told))),
            counting: Arc::new(counting),
            time,
            dice,
            members: Vec::new(),
            engines: 0,
            calls: 0,
            calls_left: calls,
            was_apart: false,
            lost: 0.0,
            violations: Vec::new(),
        }
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// When no runtime can be made.
    pub(super) fn run(&mut self) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap_or_else(|error| panic!("{error}"));
        runtime.block_on(self.live());
    }

    async fn live(&mut self) {
        self.time.begin_life();
        self.join().await;
        self.join().await;
        while self.calls_left > 0 && self.violations.is_empty() {
            self.step().await;
        }
        self.quiet().await;
    }

    async fn step(&mut self) {
        match self.dice.below(100) {
            0..60 => self.batch(false).await,
            60..72 => drawn::befall(&mut self.dice, &self.outside),
            72..75 => drawn::pace(&mut self.dice, &self.outside),
            75..83 => tokio::time::sleep(self.dice.time(1, 60_000)).await,
            83..86 => drawn::heal(&self.outside),
            86..90 => self.apart().await,
            90..94 if self.members.len() > 1 => self.batch(true).await,
            94..98 if self.members.len() < MOST => self.join().await,
            98 => self.quiet().await,
            _ => {}
        }
    }

    /// One engine more.
    async fn join(&mut self) {
        self.engines += 1;
        let cut = Arc::new(AtomicBool::new(false));
        let line = Line::start(&self.counting, self.engines, &cut);
        let transport = Cable {
            within: Reach(Arc::clone(&self.outside)),
            cut: Arc::clone(&cut),
        };
        let parts = Parts {
            catalogue: Arc::clone(&self.catalogue),
            clock: Arc::new(self.time.clone()),
            transport: Arc::new(transport),
            store: shared(&self.disk),
            settings: settings(),
        };
        let engine = Engine::start_together(parts, line)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        engine.replace_credentials(credentials(0));
        let around = Around {
            engine,
            outside: Arc::clone(&self.outside),
            time: self.time.clone(),
            disk: Arc::clone(&self.disk),
            records: Arc::new(Mutex::default()),
        };
        around.record();
        self.outside.note(format_args!("{} joins", self.engines));
        self.members.push(Member {
            around,
            cut,
            calls: Vec::new(),
        });
    }

    /// Some calls at the same time, each of any engine. If one is to be lost, that happens while they are under way.
    async fn batch(&mut self, loses: bool) {
        let mut calls = JoinSet::new();
        for _ in 0..self.dice.pick(&[1, 2, 3, 5, 8]) {
            let errand = drawn::errand(&mut self.dice, self.calls);
            let leaves = drawn::leaves(&mut self.dice);
            let any = self.dice.below(self.members.len() as u64);
            let member = &mut self.members[usize::try_from(any).unwrap_or(0)];
            let call = calls.spawn(errand.run(member.around.clone(), leaves));
            member.calls.push(call);
            self.calls += 1;
            self.calls_left = self.calls_left.saturating_sub(1);
        }
        if loses {
            tokio::time::sleep(self.dice.time(1, 2_000)).await;
            self.lose();
        }
        self.gather(calls).await;
        for member in &mut self.members {
            member.calls.clear();
        }
    }

    /// An engine is never heard of again: what it does arrives nowhere any more.
    fn lose(&mut self) {
        let any = self.dice.below(self.members.len() as u64);
        let member = self.members.remove(usize::try_from(any).unwrap_or(0));
        member.cut.store(true, Ordering::Relaxed);
        let unfinished = member.calls.iter().filter(|call| !call.is_finished());
        for call in unfinished {
            call.abort();
            self.lost += 1.0;
        }
        // What callers left behind may be under way too.
        self.lost += 2.0;
        self.outside.note(format_args!("one is lost"));
    }

    async fn gather(&mut self, mut calls: JoinSet<Told>) {
        while let Some(told) = calls.join_next().await {
            match told {
                Ok(told) => {
                    self.outside.note(format_args!("{}", told.line));
                    self.violations.extend(told.violations);
                }
                Err(error) if error.is_cancelled() => {}
                Err(error) => self.violations.push(format!("G1: a call died: {error}")),
            }
        }
    }

    /// The counters are away for a while; calls go on. Nobody is lost meanwhile: what one has spent alone only it knows.
    async fn apart(&mut self) {
        self.was_apart = true;
        self.outside.note(format_args!("apart"));
        self.counting.set_there(false);
        for _ in 0..self.dice.below(4) {
            self.batch(false).await;
            tokio::time::sleep(self.dice.time(1, 20_000)).await;
        }
        self.counting.set_there(true);
        self.outside.note(format_args!("together"));
        tokio::time::sleep(Duration::from_secs(5)).await;
        let alone = self.members.iter().filter(|member| !member.is_together());
        let alone = alone.count();
        if alone > 0 {
            self.violations.push(format!(
                "{alone} engines count alone 5 s after the counters are back"
            ));
        }
    }

    /// Waits until nothing is under way and nothing is owed, and compares the books.
    async fn quiet(&mut self) {
        tokio::time::sleep(TIME * 3 + BELIEVED).await;
        for budget in budgets() {
            let counted = {
                let seen = self.outside.seen();
                seen.counted.get(&budget).copied().unwrap_or_default()
            };
            let requests = self.counting.used(&budget, "requests/once") - counted.requests;
            let most = counted.unsure + self.lost * OF_ONE_CALL;
            if requests < -1e-6 || requests > most + 1e-6 {
                self.violations.push(format!(
                    "G6: {budget}: {requests} requests more are counted than the {} that arrived, {most} at most",
                    counted.requests
                ));
            }
            let tokens = self.counting.used(&budget, "tokens/once") - counted.tokens;
            let most = counted.unsure_tokens + self.lost * OF_ONE_CALL * MOST_TOKENS;
            if tokens < -1e-6 || tokens > most + 1e-6 {
                self.violations.push(format!(
                    "G6: {budget}: {tokens} tokens more are counted than the {} used, {most} at most",
                    counted.tokens
                ));
            }
        }
        self.nobody_went_over();
    }

    /// While they count together, no quota is exceeded; while they do not, none that cannot be made up for.
    fn nobody_went_over(&mut self) {
        let too_many = std::mem::take(&mut self.outside.seen().too_many);
        let is_hard = |what: &String| what.starts_with("south") || what.starts_with("maple");
        let counts = too_many
            .iter()
            .filter(|what| !self.was_apart || is_hard(what));
        self.violations
            .extend(counts.map(|what| format!("G6: more than the quota allows: {what}")));
    }
}

impl Member {
    fn is_together(&self) -> bool {
        self.around.engine.shares_counters() == Some(true)
    }
}

/// The network of one machine: once it is cut nothing arrives, and nothing comes back.
struct Cable {
    within: Reach,
    cut: Arc<AtomicBool>,
}

impl Cable {
    fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Relaxed)
    }
}

impl Transport for Cable {
    fn send(
        &self,
        request: UpstreamRequest,
        limits: Limits,
    ) -> BoxFuture<'_, Result<UpstreamResponse, TransportError>> {
        if self.is_cut() {
            return Box::pin(std::future::pending());
        }
        self.within.send(request, limits)
    }

    fn open(
        &self,
        request: UpstreamRequest,
        time: Duration,
    ) -> BoxFuture<'_, Result<UpstreamStream, TransportError>> {
        if self.is_cut() {
            return Box::pin(std::future::pending());
        }
        self.within.open(request, time)
    }
}
