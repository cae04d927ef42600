//! The quotas of the catalogue from the provider's side: what each window still holds, and when it holds more. Pure:
//! the time is given.

pub(crate) mod models;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use guichet_catalogue::model::{CalendarUnit, Provider, Quota, Scope, Window};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Unit, Zoned, ZonedRound};
use parking_lot::Mutex;
use serde::Serialize;

/// The windows of all providers.
#[derive(Debug, Default)]
pub(crate) struct Budgets {
    levels: BTreeMap<Budget, Level>,
    /// Limits that stand in place of the catalogue's, by provider and window.
    limits: BTreeMap<(String, String), f64>,
}

/// A window, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Budget {
    /// The provider, or the group that shares the window.
    owner: String,
    /// The model, where each has its own.
    model: Option<String>,
    window: String,
    /// A mark of the credential, where each has its own.
    credential: Option<u64>,
}

/// What a window holds.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Level {
    used: f64,
    /// When it was last looked at (bucket), or ends (calendar, fixed).
    at: Timestamp,
}

/// A refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exceeded {
    /// When it is worth coming back.
    pub(crate) wait: Duration,
    /// Whether the window is a day or longer.
    pub(crate) long: bool,
}

/// One window as it is read from outside.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QuotaState {
    /// The window: `requests/minute`.
    pub window: String,
    /// The group that shares it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The model, where each has its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Units per window.
    pub limit: f64,
    /// Units used in it, the highest of all credentials.
    pub used: f64,
}

/// Gives back what is counted while it is under way.
#[derive(Debug)]
pub(crate) struct Permit {
    budgets: Arc<Mutex<Budgets>>,
    held: Vec<(Budget, f64)>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut budgets = self.budgets.lock();
        for (budget, units) in &self.held {
            if let Some(level) = budgets.levels.get_mut(budget) {
                level.used = (level.used - units).max(0.0);
            }
        }
    }
}

/// Takes a call's cost from every window of a provider, or from none. `credential` is a mark that tells credentials
/// apart; `costs` are in the order of the provider's quotas.
pub(crate) fn take(
    budgets: &Arc<Mutex<Budgets>>,
    provider: &Provider,
    costs: &[f64],
    credential: Option<u64>,
    now: Timestamp,
) -> Result<Permit, Exceeded> {
    let mut held = Vec::new();
    let mut taken = Vec::new();
    let mut all = budgets.lock();
    let quotas = provider.http().map_or(&[][..], |http| &http.quotas);
    for (index, quota) in quotas.iter().enumerate() {
        let quota = &*all.limited(provider, quota);
        let budget = Budget::of(provider, quota, None, credential);
        let known = all.levels.get(&budget).copied();
        let level = Level::now(known, quota, now);
        let concurrent = quota.window == Window::Concurrency;
        let cost = costs
            .get(index)
            .copied()
            .filter(|_| !concurrent)
            .unwrap_or(1.0);
        taken.push((budget.clone(), level.plus(cost, quota, now)?));
        if concurrent {
            held.push((budget, 1.0));
        }
    }
    all.levels.extend(taken);
    Ok(Permit {
        budgets: Arc::clone(budgets),
        held,
    })
}

impl Budgets {
    /// The windows of a provider; those of single models once they are used.
    pub(crate) fn states(&self, provider: &Provider, now: Timestamp) -> Vec<QuotaState> {
        let quotas = models::quotas_of(provider);
        let mut states = Vec::new();
        for quota in &quotas {
            let quota = &*self.limited(provider, quota);
            let mut used: BTreeMap<Option<String>, f64> = BTreeMap::new();
            if !quota.each_model {
                used.insert(None, 0.0);
            }
            let own = Budget::of(provider, quota, None, None);
            for (known, level) in &self.levels {
                let fits = known
                    .model
                    .as_deref()
                    .is_none_or(|model| quota.covers(model));
                let same = known.owner == own.owner && known.window == own.window;
                if same && fits && known.model.is_some() == quota.each_model {
                    let highest = used.entry(known.model.clone()).or_default();
                    *highest = highest.max(Level::now(Some(*level), quota, now).used);
                }
            }
            states.extend(used.into_iter().map(|(model, used)| QuotaState {
                window: quota.id(),
                group: quota.group.clone(),
                model,
                limit: quota.limit,
                used,
            }));
        }
        states
    }

    /// A quota with the limit that stands in place of its own.
    fn limited<'a>(&self, provider: &Provider, quota: &'a Quota) -> Cow<'a, Quota> {
        let key = (provider.id.to_string(), quota.id());
        self.limits.get(&key).map_or(Cow::Borrowed(quota), |limit| {
            Cow::Owned(Quota {
                limit: *limit,
                ..quota.clone()
            })
        })
    }

    /// Puts another limit in place of that of a provider's windows of this name. The error names those that there are.
    pub(crate) fn set_limit(
        &mut self,
        provider: &Provider,
        window: &str,
        limit: f64,
    ) -> Result<(), Vec<String>> {
        let mut known: Vec<String> = models::quotas_of(provider)
            .iter()
            .map(|quota| quota.id())
            .collect();
        known.dedup();
        if !known.iter().any(|id| id == window) {
            return Err(known);
        }
        let key = (provider.id.to_string(), window.to_owned());
        self.limits.insert(key, limit);
        Ok(())
    }

    /// The catalogue's limits hold again for a provider.
    pub(crate) fn clear_limits(&mut self, provider: &str) {
        self.limits.retain(|(known, _), _| known != provider);
    }

    /// Everything is unused again, but for what is under way.
    pub(crate) fn reset(&mut self) {
        self.levels
            .retain(|budget, _| budget.window.ends_with(&Window::Concurrency.to_string()));
    }
}

impl Budget {
    fn of(
        provider: &Provider,
        quota: &Quota,
        model: Option<&str>,
        credential: Option<u64>,
    ) -> Self {
        Self {
            owner: quota.group.clone().map_or_else(
                || format!("provider {}", provider.id),
                |group| format!("group {group}"),
            ),
            model: model.filter(|_| quota.each_model).map(str::to_owned),
            window: quota.id(),
            credential: credential.filter(|_| matches!(quota.scope, Scope::Key | Scope::Project)),
        }
    }
}

impl Level {
    /// What the window holds at this moment.
    fn now(known: Option<Self>, quota: &Quota, now: Timestamp) -> Self {
        let fresh = Self {
            used: 0.0,
            at: match &quota.window {
                Window::Bucket(_) | Window::Concurrency => now,
                Window::Calendar { unit, zone } => next_boundary(*unit, zone, now),
                // Where each span is to hold no more than the limit, the spans from first uses do not either.
                Window::Fixed(period) | Window::Rolling(period) => {
                    now.saturating_add(signed(*period)).unwrap_or(now)
                }
                Window::Anniversary(day) => next_anniversary(*day, now),
                Window::Credit(lasts) => lasts.map_or(Timestamp::MAX, |lasts| {
                    now.saturating_add(signed(lasts)).unwrap_or(now)
                }),
            },
        };
        let Some(known) = known else { return fresh };
        match &quota.window {
            Window::Concurrency => known,
            Window::Credit(_) if now < known.at => known,
            Window::Credit(_) => Self {
                used: known.used.max(quota.limit),
                ..known
            },
            Window::Calendar { .. }
            | Window::Fixed(_)
            | Window::Rolling(_)
            | Window::Anniversary(_)
                if now < known.at =>
            {
                known
            }
            Window::Calendar { .. }
            | Window::Fixed(_)
            | Window::Rolling(_)
            | Window::Anniversary(_) => fresh,
            Window::Bucket(period) => {
                let passed = now.duration_since(known.at).as_secs_f64().max(0.0);
                let refilled = passed * quota.limit / period.as_secs_f64();
                Self {
                    used: (known.used - refilled).max(0.0),
                    at: now,
                }
            }
        }
    }

    fn plus(self, cost: f64, quota: &Quota, now: Timestamp) -> Result<Self, Exceeded> {
        let used = self.used + cost;
        let over = used - quota.limit - SLACK;
        if over <= 0.0 {
            return Ok(Self { used, ..self });
        }
        let (seconds, long) = match &quota.window {
            Window::Concurrency => (1.0, false),
            Window::Bucket(period) => (
                over * period.as_secs_f64() / quota.limit,
                period.as_secs() >= 86_400,
            ),
            // Far away: it never comes back.
            Window::Credit(_) => (86_400.0 * 365.0, true),
            Window::Anniversary(_) => (self.at.duration_since(now).as_secs_f64(), true),
            Window::Fixed(period) | Window::Rolling(period) => (
                self.at.duration_since(now).as_secs_f64(),
                period.as_secs() >= 86_400,
            ),
            Window::Calendar { unit, .. } => (
                self.at.duration_since(now).as_secs_f64(),
                matches!(
                    unit,
                    CalendarUnit::Day | CalendarUnit::Week | CalendarUnit::Month
                ),
            ),
        };
        Err(Exceeded {
            wait: Duration::try_from_secs_f64(seconds.ceil().max(1.0)).unwrap_or(Duration::MAX),
            long,
        })
    }
}

/// What refilling in floating point may lose, in units.
const SLACK: f64 = 1e-6;

fn next_boundary(unit: CalendarUnit, zone: &TimeZone, now: Timestamp) -> Timestamp {
    let here = now.to_zoned(zone.clone());
    let next = match unit {
        CalendarUnit::Minute => {
            full(&here, Unit::Minute).and_then(|start| start.checked_add(1.minute()))
        }
        CalendarUnit::Hour => full(&here, Unit::Hour).and_then(|start| start.checked_add(1.hour())),
        CalendarUnit::Day => here.tomorrow().and_then(|day| day.start_of_day()),
        CalendarUnit::Week => {
            let since_monday = here.weekday().to_monday_zero_offset();
            here.start_of_day()
                .and_then(|day| day.checked_add((7 - i32::from(since_monday)).days()))
        }
        CalendarUnit::Month => here
            .first_of_month()
            .and_then(|day| day.checked_add(1.month()))
            .and_then(|day| day.start_of_day()),
    };
    next.map_or(now, |next| next.timestamp())
}

/// Midnight UTC of the next such day of a month, or of the month's last.
fn next_anniversary(day: i8, now: Timestamp) -> Timestamp {
    let here = now.to_zoned(TimeZone::UTC);
    let on = |months: i32| {
        let first = here.date().first_of_month();
        let month = first.checked_add(months.months()).ok()?;
        let date = month.with().day(day.min(month.days_in_month())).build();
        let midnight = date.ok()?.to_zoned(TimeZone::UTC).ok()?;
        Some(midnight.timestamp()).filter(|begin| *begin > now)
    };
    on(0).or_else(|| on(1)).unwrap_or(now)
}

fn full(here: &Zoned, unit: Unit) -> Result<Zoned, jiff::Error> {
    here.round(
        ZonedRound::new()
            .smallest(unit)
            .mode(jiff::RoundMode::Trunc),
    )
}

fn signed(period: Duration) -> SignedDuration {
    SignedDuration::try_from(period).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
#[path = "quota_tests.rs"]
mod tests;
