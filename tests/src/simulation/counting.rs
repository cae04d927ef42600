//! Counters that several engines share, as Redis keeps them: the arithmetic of the script a second time, in a process that
//! may be away and whose askers may be cut off.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt, pending};
use guichet_catalogue::model::Window;
use guichet_engine::ledger::{Away, Shared, SharedLevel, Taking, Told, began};
use guichet_engine::store::SuspensionRecord;
use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::time::{interval, sleep};

use super::dice::Dice;
use super::time::Time;

/// How long one who says nothing is believed to be there.
pub const BELIEVED: Duration = Duration::from_secs(10);
const BEAT: Duration = Duration::from_millis(250);
const PATIENCE: Duration = Duration::from_millis(200);
const SLOTS: u32 = 60;
const ROUNDING: f64 = 1e-6;

/// Whose budget, and which window.
type Name = (String, String);

/// The counters themselves.
#[derive(Debug)]
pub struct Counting {
    state: Mutex<State>,
    time: Time,
}

#[derive(Debug)]
struct State {
    there: bool,
    windows: BTreeMap<Name, Counted>,
    /// Units under way, by who has them under way.
    under_way: BTreeMap<Name, BTreeMap<u32, f64>>,
    seen: BTreeMap<u32, Timestamp>,
    dice: Dice,
}

#[derive(Debug, Clone)]
struct Counted {
    level: SharedLevel,
    ends_at: Option<Timestamp>,
}

impl Counting {
    /// Counters at which nothing was counted yet.
    #[must_use]
    pub fn new(time: Time, dice: Dice) -> Self {
        let state = State {
            there: true,
            windows: BTreeMap::new(),
            under_way: BTreeMap::new(),
            seen: BTreeMap::new(),
            dice,
        };
        Self {
            state: Mutex::new(state),
            time,
        }
    }

    /// From now on they can be reached, or cannot.
    pub fn set_there(&self, there: bool) {
        self.state.lock().there = there;
    }

    /// Units used of a window that never ends.
    #[must_use]
    pub fn used(&self, budget: &str, window: &str) -> f64 {
        let state = self.state.lock();
        let counted = state.windows.get(&(budget.to_owned(), window.to_owned()));
        counted.map_or(0.0, |counted| counted.level.used)
    }

    fn way(&self) -> Duration {
        Duration::from_micros(self.state.lock().dice.below(1_500))
    }

    /// Says that `asker` is there; gives how many are.
    fn beat(&self, asker: u32) -> u32 {
        let now = self.time.truth();
        let mut state = self.state.lock();
        state.seen.insert(asker, now);
        state.forget_silent(now);
        u32::try_from(state.seen.len()).unwrap_or(u32::MAX)
    }

    fn decide(&self, asker: u32, takings: &[Taking], asks: bool) -> Told {
        let now = self.time.truth();
        let mut state = self.state.lock();
        state.forget_silent(now);
        let windows: Vec<Counted> = takings
            .iter()
            .map(|taking| state.present(taking, now))
            .collect();
        let full = |(taking, window): (&Taking, &Counted)| {
            let wanted = window.level.used + taking.units;
            taking.units > 0.0 && taking.most.is_some_and(|most| wanted - most > ROUNDING)
        };
        let refused = asks && takings.iter().zip(&windows).any(full);
        let mut levels = Vec::new();
        for (taking, mut window) in takings.iter().zip(windows) {
            if !refused {
                state.write(asker, taking, &mut window, now, asks);
            }
            levels.push(window.level);
        }
        if refused {
            Told::Refused(levels)
        } else {
            Told::Taken(levels)
        }
    }
}

impl State {
    /// Whoever died has nothing under way any more.
    fn forget_silent(&mut self, now: Timestamp) {
        let is_there = |at: &Timestamp| now.duration_since(*at).unsigned_abs() < BELIEVED;
        self.seen.retain(|_, at| is_there(at));
        for counts in self.under_way.values_mut() {
            counts.retain(|asker, _| self.seen.contains_key(asker));
        }
    }

    fn present(&self, taking: &Taking, now: Timestamp) -> Counted {
        let quota = taking.window.quota();
        if quota.window == Window::Concurrency {
            let own = self.under_way.get(&name(taking));
            let used = own.map_or(0.0, |counts| counts.values().sum());
            return Counted::of(SharedLevel {
                opened_at: now,
                used,
                slots: Vec::new(),
            });
        }
        let seed = || {
            let mut seed = taking.seed.clone();
            if seed.used <= 0.0 {
                seed.opened_at = began(quota, now).unwrap_or(now);
            }
            Counted::of(seed)
        };
        let known = self.windows.get(&name(taking)).cloned();
        let mut window = known.unwrap_or_else(seed);
        window.ends_at = taking.ends_at.filter(|at| *at > now).or(window.ends_at);
        window.advance(taking, now);
        window
    }

    fn write(
        &mut self,
        asker: u32,
        taking: &Taking,
        window: &mut Counted,
        now: Timestamp,
        asks: bool,
    ) {
        if taking.window.quota().window == Window::Concurrency {
            let counts = self.under_way.entry(name(taking)).or_default();
            *counts.entry(asker).or_default() += taking.units;
            window.level.used += taking.units;
            return;
        }
        if asks || !window.is_another(taking) {
            let least = taking.at_least.unwrap_or_default();
            window.take(taking, (least - window.level.used).max(0.0), now);
            window.take(taking, taking.units.max(0.0), now);
            window.give_back((-taking.units).max(0.0));
            self.windows.insert(name(taking), window.clone());
        }
    }
}

impl Counted {
    fn of(level: SharedLevel) -> Self {
        Self {
            level,
            ends_at: None,
        }
    }

    fn open(&mut self, at: Timestamp) {
        *self = Self::of(SharedLevel {
            opened_at: at,
            used: 0.0,
            slots: Vec::new(),
        });
    }

    fn advance(&mut self, taking: &Taking, now: Timestamp) {
        let quota = taking.window.quota();
        if let Some(ends_at) = self.ends_at {
            if now < ends_at {
                if let Window::Rolling(period) = quota.window {
                    self.roll(period, now);
                }
                return;
            }
            self.open(ends_at);
        }
        let passed = now.duration_since(self.level.opened_at).as_secs_f64();
        let is_unused = self.level.used <= 0.0;
        match &quota.window {
            Window::Bucket(period) => {
                let refilled = passed.max(0.0) / period.as_secs_f64() * taking.limit;
                self.level.used = (self.level.used - refilled).max(0.0);
                self.level.opened_at = self.level.opened_at.max(now);
            }
            Window::Fixed(period) => {
                if passed >= period.as_secs_f64() || is_unused {
                    self.open(now);
                }
            }
            Window::Calendar { .. } | Window::Anniversary(_) => {
                let began = began(quota, now).unwrap_or(now);
                if self.level.opened_at < began || is_unused {
                    self.open(began);
                }
            }
            Window::Rolling(period) => self.roll(*period, now),
            Window::Credit(_) | Window::Concurrency => {}
        }
    }

    fn roll(&mut self, period: Duration, now: Timestamp) {
        let level = &mut self.level;
        if level.slots.is_empty() && level.used > 0.0 {
            level.slots.push((level.opened_at, level.used));
        }
        let period = period.as_secs_f64();
        let is_over = |until: Timestamp| now.duration_since(until).as_secs_f64() >= period;
        level.slots.retain(|(until, _)| !is_over(*until));
        level.used = level.slots.iter().map(|(_, units)| units).sum();
    }

    /// Whether the window that the asker knows has ended: what is added to it concerns nobody any more.
    fn is_another(&self, taking: &Taking) -> bool {
        let quota = taking.window.quota();
        let ends = matches!(
            quota.window,
            Window::Fixed(_) | Window::Calendar { .. } | Window::Anniversary(_)
        );
        let period = quota.window.period().filter(|_| ends);
        let later = self.level.opened_at.duration_since(taking.seed.opened_at);
        taking.seed.used > 0.0
            && period.is_some_and(|period| later.as_secs_f64() > period.as_secs_f64() / 2.0)
    }

    fn take(&mut self, taking: &Taking, units: f64, now: Timestamp) {
        self.level.used += units;
        let Window::Rolling(period) = taking.window.quota().window else {
            return;
        };
        if units <= 0.0 {
            return;
        }
        self.level.opened_at = self.level.opened_at.max(now);
        match self.level.slots.last_mut() {
            Some((until, own)) if now <= *until => *own += units,
            _ => self.level.slots.push((now + period / SLOTS, units)),
        }
    }

    fn give_back(&mut self, units: f64) {
        self.level.used = (self.level.used - units).max(0.0);
        let mut left = units;
        for (_, own) in &mut self.level.slots {
            let part = left.min(*own);
            *own -= part;
            left -= part;
        }
    }
}

fn name(taking: &Taking) -> Name {
    let name = taking.window.name();
    (name.budget.to_string(), name.window.to_string())
}

/// One engine's connection to the counters.
#[derive(Debug)]
pub struct Line {
    counting: Arc<Counting>,
    asker: u32,
    /// Whether the engine's machine has lost all its connections.
    cut: Arc<AtomicBool>,
    there: AtomicBool,
    replicas: AtomicU32,
}

impl Line {
    /// Connects, and says from then on that this engine is there.
    #[must_use]
    pub fn start(counting: &Arc<Counting>, asker: u32, cut: &Arc<AtomicBool>) -> Arc<Self> {
        let line = Arc::new(Self {
            counting: Arc::clone(counting),
            asker,
            cut: Arc::clone(cut),
            there: AtomicBool::new(false),
            replicas: AtomicU32::new(2),
        });
        line.beat();
        let own = Arc::downgrade(&line);
        tokio::spawn(Self::go_on(own));
        line
    }

    async fn go_on(own: Weak<Self>) {
        let mut ticks = interval(BEAT);
        loop {
            ticks.tick().await;
            let Some(line) = own.upgrade() else { return };
            line.beat();
        }
    }

    fn beat(&self) {
        let reaches = self.reaches();
        if reaches {
            let replicas = self.counting.beat(self.asker);
            self.replicas.store(replicas, Ordering::Relaxed);
        }
        self.there.store(reaches, Ordering::Relaxed);
    }

    fn reaches(&self) -> bool {
        !self.cut.load(Ordering::Relaxed) && self.counting.state.lock().there
    }

    async fn ask(&self, takings: Vec<Taking>, asks: bool) -> Result<Told, Away> {
        sleep(self.counting.way()).await;
        if !self.reaches() {
            sleep(PATIENCE).await;
            self.there.store(false, Ordering::Relaxed);
            return Err(Away);
        }
        let told = self.counting.decide(self.asker, &takings, asks);
        sleep(self.counting.way()).await;
        Ok(told)
    }
}

impl Shared for Line {
    fn reserve(&self, takings: Vec<Taking>) -> BoxFuture<'_, Result<Told, Away>> {
        self.ask(takings, true).boxed()
    }

    fn add(&self, takings: Vec<Taking>) -> BoxFuture<'_, Result<Vec<SharedLevel>, Away>> {
        let added = async move {
            match self.ask(takings, false).await? {
                Told::Taken(levels) | Told::Refused(levels) => Ok(levels),
            }
        };
        added.boxed()
    }

    fn is_there(&self) -> bool {
        self.there.load(Ordering::Relaxed)
    }

    fn replicas(&self) -> u32 {
        self.replicas.load(Ordering::Relaxed)
    }

    /// They may be away, and lose nothing by that.
    fn have_forgotten(&self) -> bool {
        false
    }

    /// Nobody is told: here each engine finds out for itself.
    fn tell_suspension(&self, _candidate: &str, _suspension: Option<&SuspensionRecord>) {}

    fn suspensions(&self) -> BoxFuture<'_, Vec<(String, Option<SuspensionRecord>)>> {
        pending().boxed()
    }
}
