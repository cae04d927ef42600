//! Quotas of models: what a call asks of each window, and what each window then holds. Tokens that a provider reserves
//! before it writes them are given back when the answer is over.

use std::sync::Arc;
use std::time::Duration;

use guichet_catalogue::model::{Dimension, Provider, Quota, Scope, Window};
use jiff::Timestamp;
use parking_lot::Mutex;

use super::{Budget, Budgets, Level, Permit, SLACK};

/// What a call asks, by what is counted.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Demand {
    pub(crate) input: f64,
    pub(crate) output: f64,
    /// Tokens of output that are taken before it is known how many come.
    pub(crate) reserved: f64,
    pub(crate) characters: f64,
    pub(crate) seconds: f64,
    pub(crate) neurons: f64,
    pub(crate) money: f64,
}

/// A window after a call has been taken from it, or refused by it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reading {
    pub(crate) dimension: Dimension,
    pub(crate) window: Window,
    pub(crate) limit: f64,
    pub(crate) used: f64,
    /// Seconds until it holds its limit again.
    pub(crate) until_full: f64,
}

/// A window that refuses a call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Violation {
    pub(crate) dimension: Dimension,
    pub(crate) window: Window,
    pub(crate) limit: f64,
    pub(crate) used: f64,
    pub(crate) requested: f64,
    /// Seconds until it would take the call.
    pub(crate) wait: f64,
}

impl Violation {
    /// Whether such a call never fits.
    pub(crate) fn never_fits(&self) -> bool {
        self.requested > self.limit + SLACK
    }

    /// The length of the window in seconds.
    pub(crate) fn period(&self) -> u64 {
        self.window.period().map_or(0, |period| period.as_secs())
    }
}

impl Reading {
    /// What is left.
    pub(crate) fn remaining(&self) -> f64 {
        (self.limit - self.used).max(0.0)
    }
}

/// The tiers of providers that publish them elsewhere than in the catalogue, because headers tell them: provider, what
/// is counted, units a minute.
const TIERS: [(&str, Dimension, f64); 5] = [
    ("openai", Dimension::Requests, 500.0),
    ("openai", Dimension::Tokens, 200_000.0),
    ("anthropic", Dimension::Requests, 1_000.0),
    ("anthropic", Dimension::InputTokens, 450_000.0),
    ("anthropic", Dimension::OutputTokens, 90_000.0),
];

/// All quotas of a provider.
pub(crate) fn quotas_of(provider: &Provider) -> Vec<Arc<Quota>> {
    let written = provider.http().map_or(&[][..], |http| &http.quotas);
    let mut quotas = written.to_vec();
    let own = provider
        .models
        .iter()
        .flat_map(|server| server.models.values());
    for quota in own.flat_map(|model| &model.quotas) {
        if !quotas.iter().any(|known| Arc::ptr_eq(known, quota)) {
            quotas.push(Arc::clone(quota));
        }
    }
    quotas.extend(tier(provider));
    quotas
}

fn tier(provider: &Provider) -> impl Iterator<Item = Arc<Quota>> {
    let id = Arc::clone(&provider.id);
    let own = TIERS.iter().filter(move |(known, ..)| **known == *id);
    own.map(|(_, dimension, limit)| {
        Arc::new(Quota {
            limit: *limit,
            window: Window::Bucket(Duration::from_mins(1)),
            scope: Scope::Account,
            group: None,
            dimension: *dimension,
            cost: None,
            each_model: true,
            models: Vec::new(),
            guessed: false,
            cap: false,
        })
    })
}

/// Takes a call from every window that covers the model, or from none; the windows either way.
pub(crate) fn reserve(
    budgets: &Arc<Mutex<Budgets>>,
    provider: &Provider,
    model: &str,
    demand: &Demand,
    credential: Option<u64>,
    now: Timestamp,
) -> (Vec<Reading>, Result<Permit, Vec<Violation>>) {
    let mut quotas = provider.quotas_of(model);
    quotas.extend(tier(provider));
    let mut all = budgets.lock();
    let mut held = Vec::new();
    let mut taken = Vec::new();
    let mut readings = Vec::new();
    let mut violations = Vec::new();
    for quota in &quotas {
        let quota = &*all.limited(provider, quota);
        let budget = Budget::of(provider, quota, Some(model), credential);
        let mut level = Level::now(all.levels.get(&budget).copied(), quota, now);
        let (asked, given_back) = demand.of(quota);
        let before = level.used;
        if before + asked > quota.limit + SLACK {
            violations.push(Violation {
                dimension: quota.dimension,
                window: quota.window.clone(),
                limit: quota.limit,
                used: before,
                requested: asked,
                wait: wait(level, quota, before + asked - quota.limit, now),
            });
        }
        level.used += asked;
        readings.push((
            reading(level, quota, now),
            reading(
                Level {
                    used: before,
                    ..level
                },
                quota,
                now,
            ),
        ));
        if given_back > 0.0 {
            held.push((budget.clone(), given_back));
        }
        taken.push((budget, level));
    }
    if !violations.is_empty() {
        let before = readings.into_iter().map(|(_, before)| before).collect();
        return (before, Err(violations));
    }
    all.levels.extend(taken);
    let after = readings.into_iter().map(|(after, _)| after).collect();
    let permit = Permit {
        budgets: Arc::clone(budgets),
        held,
    };
    (after, Ok(permit))
}

fn reading(level: Level, quota: &Quota, now: Timestamp) -> Reading {
    Reading {
        dimension: quota.dimension,
        window: quota.window.clone(),
        limit: quota.limit,
        used: level.used,
        until_full: wait(level, quota, level.used, now),
    }
}

/// Seconds until a window holds so many units more.
fn wait(level: Level, quota: &Quota, units: f64, now: Timestamp) -> f64 {
    match &quota.window {
        Window::Bucket(period) => units * period.as_secs_f64() / quota.limit,
        Window::Concurrency => 1.0,
        Window::Calendar { .. }
        | Window::Fixed(_)
        | Window::Rolling(_)
        | Window::Anniversary(_)
        | Window::Credit(_) => level.at.duration_since(now).as_secs_f64(),
    }
}

impl Demand {
    /// What a window is asked for, and how much of it comes back when the answer is over.
    fn of(&self, quota: &Quota) -> (f64, f64) {
        if quota.window == Window::Concurrency {
            return (1.0, 1.0);
        }
        let written = self.output.max(self.reserved);
        let surplus = written - self.output;
        match quota.dimension {
            Dimension::Requests | Dimension::Calls | Dimension::Credits => (1.0, 0.0),
            Dimension::InputTokens => (self.input, 0.0),
            Dimension::OutputTokens => (written, surplus),
            Dimension::Tokens => (self.input + written, surplus),
            Dimension::Characters => (self.characters, 0.0),
            Dimension::AudioSeconds => (self.seconds, 0.0),
            Dimension::Neurons => (self.neurons, 0.0),
            Dimension::Money => (self.money, 0.0),
        }
    }
}
