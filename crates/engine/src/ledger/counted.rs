//! Windows by number: a claim knows its window's place, so that a call compares no names.

use std::collections::HashMap;
use std::sync::Arc;

use guichet_catalogue::model::{Quota, Window};
use jiff::Timestamp;
use tokio::sync::Notify;

use super::debts::Debt;
use super::window::Fill;
use crate::store::{Level, WindowName, WindowRecord};

/// A window of a budget, as long as the ledger lives.
#[derive(Debug, Clone)]
pub struct CountedWindow {
    name: Arc<WindowName>,
    quota: Arc<Quota>,
    is_part: bool,
    caps: bool,
}

impl CountedWindow {
    /// Whose budget, which window.
    #[must_use]
    pub fn name(&self) -> &WindowName {
        &self.name
    }

    /// Whether it is the same window.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.name.number == other.name.number
    }

    /// What it holds, and how it opens and ends.
    #[must_use]
    pub fn quota(&self) -> &Quota {
        &self.quota
    }

    /// Whether no more may be taken of it than it holds.
    pub(super) fn caps(&self) -> bool {
        self.caps
    }

    /// Whether it counts a project's part of another window: what is taken of it is taken of that one, and no provider
    /// knows of it.
    pub(super) fn is_part(&self) -> bool {
        self.is_part
    }
}

/// Every window that was ever named.
#[derive(Debug, Default)]
pub(super) struct Windows {
    places: HashMap<Arc<str>, Vec<Arc<WindowName>>>,
    all: Vec<Place>,
    /// Numbers of the places that are marked as changed.
    changed: Vec<u32>,
    /// Numbers of the places of which something else is believed.
    pub(super) news: Vec<u32>,
    /// Numbers of the places of which the shared counters are to be told or asked something.
    pub(super) outstanding: Vec<u32>,
    /// Whether who writes changes down waits to be woken.
    resting: bool,
}

#[derive(Debug)]
struct Place {
    name: Arc<WindowName>,
    /// None until it is first used: some windows open then.
    level: Option<Fill>,
    changed: bool,
    /// What the shared counters do not know of it; none where nothing was ever shared.
    debt: Option<Box<Debt>>,
}

impl Windows {
    pub(super) fn counted(&mut self, budget: &str, quota: &Arc<Quota>) -> Arc<CountedWindow> {
        Arc::new(CountedWindow {
            name: self.named(budget, &quota.id()),
            quota: Arc::clone(quota),
            is_part: false,
            caps: true,
        })
    }

    /// A window that counts a project's part of another, and which it is or is not held to.
    pub(super) fn counted_part(
        &mut self,
        budget: &str,
        quota: &Arc<Quota>,
        caps: bool,
    ) -> Arc<CountedWindow> {
        Arc::new(CountedWindow {
            name: self.named(budget, &quota.id()),
            quota: Arc::clone(quota),
            is_part: true,
            caps,
        })
    }

    fn named(&mut self, budget: &str, window: &str) -> Arc<WindowName> {
        let known = self.places.get(budget);
        let known = known.and_then(|own| own.iter().find(|name| *name.window == *window));
        if let Some(name) = known {
            return Arc::clone(name);
        }
        let name = Arc::new(WindowName {
            number: u32::try_from(self.all.len()).unwrap_or(u32::MAX),
            budget: budget.into(),
            window: window.into(),
        });
        self.all.push(Place {
            name: Arc::clone(&name),
            level: None,
            changed: false,
            debt: None,
        });
        let own = self.places.entry(Arc::clone(&name.budget)).or_default();
        own.push(Arc::clone(&name));
        name
    }

    fn place(&self, window: &CountedWindow) -> &Place {
        &self.all[window.name.number as usize]
    }

    /// The level of a window, brought to the present.
    pub(super) fn present(&mut self, window: &CountedWindow, now: Timestamp) -> &mut Fill {
        let place = &mut self.all[window.name.number as usize];
        let level = place.level.get_or_insert_with(|| Fill::opened(now));
        level.advance(&window.quota, now);
        level
    }

    /// What the level of a window is, without having looked.
    pub(super) fn as_of(&self, window: &CountedWindow, now: Timestamp) -> Fill {
        let level = self.place(window).level.clone();
        let mut level = level.unwrap_or_else(|| Fill::opened(now));
        level.advance(&window.quota, now);
        level
    }

    /// Changes a level that was used before, and remembers that.
    pub(super) fn change(
        &mut self,
        window: &CountedWindow,
        waiting: &Notify,
        change: impl FnOnce(&mut Fill),
    ) {
        let place = &mut self.all[window.name.number as usize];
        let Some(level) = &mut place.level else {
            return;
        };
        change(level);
        if place.changed || window.quota.window == Window::Concurrency {
            return;
        }
        place.changed = true;
        self.changed.push(window.name.number);
        if self.resting {
            self.resting = false;
            waiting.notify_one();
        }
    }

    /// Looks at a level that was used before; what it changes is nothing to be remembered.
    pub(super) fn look<T>(
        &mut self,
        window: &CountedWindow,
        look: impl FnOnce(&mut Fill) -> T,
    ) -> Option<T> {
        let place = &mut self.all[window.name.number as usize];
        place.level.as_mut().map(look)
    }

    pub(super) fn take_changes(&mut self, levels: &mut Vec<Level>) {
        for number in self.changed.drain(..) {
            let place = &mut self.all[number as usize];
            place.changed = false;
            levels.extend(place.level.as_ref().map(|level| Level {
                window: Arc::clone(&place.name),
                opened_at: level.opened_at,
                used: level.used,
            }));
        }
    }

    pub(super) fn not_written(&mut self, levels: &[Level]) {
        for level in levels {
            let number = level.window.number;
            let place = &mut self.all[number as usize];
            if !place.changed {
                place.changed = true;
                self.changed.push(number);
            }
        }
    }

    pub(super) fn rest(&mut self) -> bool {
        self.resting = self.changed.is_empty() && self.news.is_empty();
        self.resting
    }

    pub(super) fn restore(&mut self, record: &WindowRecord) {
        let fill = self.restored(&record.budget, &record.window, record.opened_at);
        fill.opened_at = record.opened_at;
        fill.used = record.used;
    }

    /// The level of a window that was known before a restart.
    pub(super) fn restored(&mut self, budget: &str, window: &str, opened: Timestamp) -> &mut Fill {
        let name = self.named(budget, window);
        let place = &mut self.all[name.number as usize];
        place.level.get_or_insert_with(|| Fill::opened(opened))
    }

    /// The level of a window, if it was used.
    pub(super) fn known(&self, budget: &str, window: &str) -> Option<&Fill> {
        let mut own = self.places.get(budget)?.iter();
        let name = own.find(|name| *name.window == *window)?;
        self.all[name.number as usize].level.as_ref()
    }

    /// Budgets that were ever used.
    pub(super) fn budgets(&self) -> impl Iterator<Item = &str> {
        self.places.keys().map(|budget| &**budget)
    }

    /// How many windows there are.
    pub(super) fn number(&self) -> u32 {
        u32::try_from(self.all.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn debt(&self, number: u32) -> Option<&Debt> {
        self.all.get(number as usize)?.debt.as_deref()
    }

    pub(super) fn debt_mut(&mut self, number: u32) -> &mut Option<Box<Debt>> {
        &mut self.all[number as usize].debt
    }

    /// The window of this number, if it was used.
    pub(super) fn numbered(&self, number: u32) -> Option<(&WindowName, &Fill)> {
        let place = self.all.get(number as usize)?;
        Some((&place.name, place.level.as_ref()?))
    }
}
