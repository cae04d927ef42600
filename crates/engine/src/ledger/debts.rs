//! What the shared counters do not know yet: units that were counted here without asking them, and levels that a
//! provider told.

use std::sync::Arc;

use guichet_catalogue::model::Window;
use jiff::Timestamp;
use tokio::sync::Notify;

use super::Claim;
use super::counted::{CountedWindow, Windows};
use super::shared::{SharedLevel, Taking};
use super::window::{Fill, has_ended};

/// What is owed to the shared counters of one window, and what was last heard from them.
#[derive(Debug)]
pub(super) struct Debt {
    window: Arc<CountedWindow>,
    units: f64,
    /// How far it is used at least, as a provider told; zero where none did.
    at_least: f64,
    /// When the window was opened that these units are of.
    opened_at: Timestamp,
    /// What each of them counted for here, at most.
    weight: f64,
    /// What is being told.
    telling: (f64, f64),
    /// The level when it was last heard; before that, as it was remembered.
    known: SharedLevel,
    /// Whether the level is to be asked for: it may be another one by now.
    wanted: bool,
    /// Whether it is among those that are outstanding.
    listed: bool,
}

/// Windows of one question, so that none takes long.
const AT_ONCE: usize = 128;

impl Windows {
    /// The level of this window, as it is now, is what all who share it begin with.
    pub(super) fn share(&mut self, window: &Arc<CountedWindow>) {
        self.debt_of(window);
    }

    /// Remembers units that the shared counters are to be told.
    pub(super) fn owe(&mut self, claim: &Claim, units: f64) {
        let debt = self.owing(&claim.window);
        debt.units += units;
        debt.weight = debt.weight.max(claim.weight);
    }

    /// Remembers that a window is used at least so far, what is owed included.
    pub(super) fn owe_at_least(&mut self, window: &Arc<CountedWindow>, used: f64) {
        let debt = self.owing(window);
        let used = used - debt.units - debt.telling.0;
        debt.at_least = debt.at_least.max(used);
    }

    /// The level of this window is to be asked for some time.
    pub(super) fn want(&mut self, window: &Arc<CountedWindow>) {
        if window.quota().window != Window::Concurrency {
            self.listed(window).wanted = true;
        }
    }

    /// The counters have forgotten everything: they are to be told how far each window is used at least. Of what refills
    /// all the time it does not matter for long.
    pub(super) fn remind(&mut self) {
        for number in 0..self.number() {
            let debt = self.debt(number).filter(|debt| debt.is_worth_reminding());
            let Some(window) = debt.map(|debt| Arc::clone(&debt.window)) else {
                continue;
            };
            let opened_at = self.opened_at(&window);
            let debt = self.owing(&window);
            if !has_ended(&window.quota().window, debt.known.opened_at, opened_at) {
                debt.at_least = debt.at_least.max(debt.known.used);
            }
        }
    }

    /// The debt of a window, to which something is to be added. What was owed of a window that has ended is nothing any
    /// more.
    fn owing(&mut self, window: &Arc<CountedWindow>) -> &mut Debt {
        let opened_at = self.opened_at(window);
        let debt = self.listed(window);
        debt.begin_at(opened_at);
        debt
    }

    fn opened_at(&mut self, window: &CountedWindow) -> Timestamp {
        self.look(window, |level| level.opened_at)
            .unwrap_or_default()
    }

    fn listed(&mut self, window: &Arc<CountedWindow>) -> &mut Debt {
        let number = window.name().number;
        let listed = self.debt(number).is_some_and(|debt| debt.listed);
        if !listed {
            self.outstanding.push(number);
        }
        let debt = self.debt_of(window);
        debt.listed = true;
        debt
    }

    fn debt_of(&mut self, window: &Arc<CountedWindow>) -> &mut Debt {
        let number = window.name().number;
        if self.debt(number).is_none() {
            let known = self.look(window, |level| level.to_shared());
            let debt = Debt::none(window, known.unwrap_or_default());
            *self.debt_mut(number) = Some(Box::new(debt));
        }
        self.debt_mut(number)
            .get_or_insert_with(|| Box::new(Debt::none(window, SharedLevel::default())))
    }

    /// A question about units that are in the level already.
    pub(super) fn taking(&self, claim: &Claim, now: Timestamp) -> Taking {
        let level = self.as_of(&claim.window, now);
        let quota = claim.quota();
        let limit = level.limit(quota, now);
        let held = claim.window.caps() && !level.is_tried(quota, now);
        let debt = self.debt(claim.window.name().number);
        Taking {
            window: Arc::clone(&claim.window),
            units: claim.units,
            limit,
            most: held.then_some(limit),
            ends_at: level.belief.ends_at,
            at_least: None,
            seed: debt.map_or_else(|| level.to_shared(), |debt| debt.seed(&level)),
        }
    }

    /// Takes over the level that all have together. What they are not told yet is in it too.
    pub(super) fn mirror(
        &mut self,
        window: &Arc<CountedWindow>,
        level: &SharedLevel,
        waiting: &Notify,
    ) {
        if window.quota().window == Window::Concurrency {
            return;
        }
        let debt = self.debt_of(window);
        debt.known.clone_from(level);
        let owed = debt.units + debt.telling.0;
        self.change(window, waiting, |own| {
            own.mirror(window.quota(), level, owed);
        });
        self.want(window);
    }

    /// What is to be told now, and, where that is asked for too, of which windows the level is.
    pub(super) fn take_owed(&mut self, now: Timestamp, wanted_too: bool) -> Vec<Taking> {
        let mut takings = Vec::new();
        for number in std::mem::take(&mut self.outstanding) {
            let Some(window) = self.debt(number).map(|debt| Arc::clone(&debt.window)) else {
                continue;
            };
            let level = self.as_of(&window, now);
            let debt = self.debt_of(&window);
            debt.settle_with(&level);
            let due = debt.owes() || (wanted_too && debt.wanted);
            if !due || takings.len() == AT_ONCE {
                debt.listed = debt.owes() || debt.wanted;
                if debt.listed {
                    self.outstanding.push(number);
                }
                continue;
            }
            debt.listed = false;
            debt.wanted = false;
            let (units, at_least) = (
                std::mem::take(&mut debt.units),
                std::mem::take(&mut debt.at_least),
            );
            let claim = Claim {
                weight: std::mem::replace(&mut debt.weight, 1.0),
                ..Claim::of(Arc::clone(&window), units)
            };
            let taking = self.taking(&claim, now);
            self.debt_of(&window).telling = (units, at_least);
            takings.push(Taking {
                at_least: (at_least > 0.0).then_some(at_least),
                ..taking
            });
        }
        takings
    }

    /// The level with what was being told in it.
    pub(super) fn mirror_told(
        &mut self,
        window: &Arc<CountedWindow>,
        level: &SharedLevel,
        waiting: &Notify,
    ) {
        self.debt_of(window).telling = (0.0, 0.0);
        let wanted = self.debt_of(window).wanted;
        self.mirror(window, level, waiting);
        // It was just heard; nobody needs it again because of that.
        self.debt_of(window).wanted = wanted;
    }

    /// What was being told was not heard, and is still owed.
    pub(super) fn not_told(&mut self, window: &Arc<CountedWindow>) {
        let (units, at_least) = std::mem::take(&mut self.debt_of(window).telling);
        let debt = self.listed(window);
        debt.units += units;
        debt.at_least = debt.at_least.max(at_least);
        debt.wanted = true;
    }
}

impl Debt {
    fn none(window: &Arc<CountedWindow>, known: SharedLevel) -> Self {
        Self {
            window: Arc::clone(window),
            units: 0.0,
            at_least: 0.0,
            opened_at: Timestamp::UNIX_EPOCH,
            weight: 1.0,
            telling: (0.0, 0.0),
            known,
            wanted: false,
            listed: false,
        }
    }

    fn is_worth_reminding(&self) -> bool {
        let window = &self.window.quota().window;
        self.known.used > 0.0 && *window != Window::Concurrency && !refills(window)
    }

    fn owes(&self) -> bool {
        self.units != 0.0 || self.at_least > 0.0
    }

    fn begin_at(&mut self, opened_at: Timestamp) {
        if has_ended(&self.window.quota().window, self.opened_at, opened_at) {
            (self.units, self.at_least) = (0.0, 0.0);
        }
        self.opened_at = opened_at;
    }

    /// The level as whoever has forgotten it is to be told it.
    fn seed(&self, level: &Fill) -> SharedLevel {
        let opened_at = level.opened_at;
        if has_ended(&self.window.quota().window, self.known.opened_at, opened_at) {
            return SharedLevel {
                opened_at,
                ..SharedLevel::default()
            };
        }
        self.known.clone()
    }

    /// What has ended with its window is not owed any more, nor what has come back by itself.
    fn settle_with(&mut self, level: &Fill) {
        self.begin_at(level.opened_at);
        if refills(&self.window.quota().window) {
            self.units = self.units.min(level.used / self.weight);
        }
    }
}

fn refills(window: &Window) -> bool {
    matches!(window, Window::Bucket(_) | Window::Rolling(_))
}
