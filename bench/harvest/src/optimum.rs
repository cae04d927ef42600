//! The most calls that could have been served by anyone who knew everything beforehand: a linear program.
//!
//! It is generous: calls may be divided, and within an hour they may be moved. So what is measured against it is rather a
//! little too low than too high.

use clarabel::algebra::CscMatrix;
use clarabel::solver::SupportedConeT::NonnegativeConeT;
use clarabel::solver::{DefaultSettingsBuilder, DefaultSolver, IPSolver};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::demand::{Arrival, KINDS};
use crate::tiers::{Kind, Tier, Window};

/// Seconds that are looked at as one.
const SLOT: f64 = 3_600.0;
const DAY: f64 = 86_400.0;

/// A linear program: the greatest sum of `gains` under rows of at most one; variables are not negative.
#[derive(Debug, Default)]
struct Program {
    gains: Vec<f64>,
    rows: Vec<usize>,
    columns: Vec<usize>,
    values: Vec<f64>,
    bounds: Vec<f64>,
}

impl Program {
    fn variable(&mut self, gain: f64) -> usize {
        self.gains.push(gain);
        self.gains.len() - 1
    }

    fn row(&mut self, bound: f64) -> usize {
        self.bounds.push(bound);
        self.bounds.len() - 1
    }

    fn set(&mut self, row: usize, column: usize, value: f64) {
        self.rows.push(row);
        self.columns.push(column);
        self.values.push(value);
    }

    /// The sum of the gains, and the variables.
    fn solve(mut self) -> (f64, Vec<f64>) {
        let count = self.gains.len();
        for variable in 0..count {
            let row = self.row(0.0);
            self.set(row, variable, -1.0);
        }
        let costs: Vec<f64> = self.gains.iter().map(|gain| -gain).collect();
        let quadratic = CscMatrix::zeros((count, count));
        let matrix = CscMatrix::new_from_triplets(
            self.bounds.len(),
            count,
            self.rows,
            self.columns,
            self.values,
        );
        let settings = DefaultSettingsBuilder::default().verbose(false).build();
        let settings = settings.unwrap_or_else(|error| panic!("settings: {error}"));
        let cones = [NonnegativeConeT(self.bounds.len())];
        let solver = DefaultSolver::new(&quadratic, &costs, &matrix, &self.bounds, &cones, settings);
        let mut solver = solver.unwrap_or_else(|error| panic!("program: {error}"));
        solver.solve();
        (-solver.solution.obj_val, std::mem::take(&mut solver.solution.x))
    }
}

/// Calls of one kind within one slot.
#[derive(Debug, Clone, Copy, Default)]
struct Group {
    count: f64,
    input: f64,
    output: f64,
}

/// What the optimum may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choosing {
    /// It may refuse whom it likes, so when there is too little for all it serves the small and refuses the large.
    Anyone,
    /// It serves the same part of every kind, as a gateway must come near that refuses nobody whom it could serve.
    Alike,
}

/// The most calls that can be served.
#[must_use]
pub fn most_served(
    tiers: &[Tier],
    calls: &[Arrival],
    begin: Timestamp,
    days: u32,
    choosing: Choosing,
) -> f64 {
    let slots = groups(calls, days);
    let mut program = Program::default();
    // For each slot and kind, the variables of the tiers that take it.
    let mut shares = vec![[const { Vec::new() }; KINDS.len()]; slots.len()];
    for (slot, groups) in slots.iter().enumerate() {
        for (kind, group) in groups.iter().enumerate() {
            if group.count < 0.5 {
                continue;
            }
            let all = program.row(1.0);
            for (index, tier) in tiers.iter().enumerate() {
                if tier.takes(KINDS[kind].name) {
                    let gain = if choosing == Choosing::Anyone { 1.0 } else { 0.0 };
                    let share = program.variable(gain);
                    program.set(all, share, 1.0 / group.count);
                    shares[slot][kind].push((index, share));
                }
            }
        }
    }
    for (index, tier) in tiers.iter().enumerate() {
        for window in &tier.windows {
            // Units of the window that each variable takes, by slot, as parts of the limit.
            let used = |slot: usize| {
                let kinds = shares[slot].iter().zip(&slots[slot]);
                kinds.flat_map(move |(shares, group)| {
                    let own = shares.iter().filter(move |(other, _)| *other == index);
                    let units = tier.units(window.counts, group.input, group.output);
                    own.map(move |(_, share)| (*share, units / window.limit))
                })
            };
            bound(&mut program, window, slots.len(), begin, used);
        }
    }
    if choosing == Choosing::Alike {
        serve_alike(&mut program, &slots, &shares);
    }
    program.solve().0
}

/// The shares, by slot and kind: which tier, which variable.
type Shares = [[Vec<(usize, usize)>; KINDS.len()]];

/// One part of every kind is served, over all slots.
fn serve_alike(program: &mut Program, slots: &[[Group; KINDS.len()]], shares: &Shares) {
    let counts = |kind: usize| slots.iter().map(move |groups| groups[kind].count);
    let all: f64 = (0..KINDS.len()).flat_map(counts).sum();
    let part = program.variable(all);
    let most = program.row(1.0);
    program.set(most, part, 1.0);
    for kind in 0..KINDS.len() {
        let count: f64 = counts(kind).sum();
        if count < 0.5 {
            continue;
        }
        let row = program.row(0.0);
        program.set(row, part, 1.0);
        for (_, share) in shares.iter().flat_map(|kinds| &kinds[kind]) {
            program.set(row, *share, -1.0 / count);
        }
    }
}

/// The rows of one window.
fn bound<I: Iterator<Item = (usize, f64)>>(
    program: &mut Program,
    window: &Window,
    slots: usize,
    begin: Timestamp,
    used: impl Fn(usize) -> I,
) {
    let many = |program: &mut Program, slots: &mut dyn Iterator<Item = usize>, bound: f64| {
        let row = program.row(bound);
        for slot in slots {
            for (share, part) in used(slot) {
                program.set(row, share, part);
            }
        }
    };
    match window.kind {
        Kind::Credit => many(program, &mut (0..slots), 1.0),
        Kind::Day | Kind::Month => {
            let periods: Vec<i64> = (0..slots).map(|slot| period(window, slot, begin)).collect();
            for group in (0..slots).collect::<Vec<_>>().chunk_by(|one, other| periods[*one] == periods[*other]) {
                many(program, &mut group.iter().copied(), 1.0);
            }
        }
        Kind::Minute => {
            for slot in 0..slots {
                many(program, &mut std::iter::once(slot), SLOT / window.per);
            }
        }
        Kind::Bucket if window.per < SLOT => {
            for slot in 0..slots {
                many(program, &mut std::iter::once(slot), SLOT / window.per + 1.0);
            }
        }
        Kind::Bucket => {
            // What is used at a slot's end: at least what was, and what is taken, less what refills; at most all.
            let refill = SLOT / window.per;
            let mut before = None;
            for slot in 0..slots {
                let level = program.variable(0.0);
                let row = program.row(refill);
                for (share, part) in used(slot) {
                    program.set(row, share, part);
                }
                program.set(row, level, -1.0);
                if let Some(before) = before {
                    program.set(row, before, 1.0);
                }
                let most = program.row(1.0);
                program.set(most, level, 1.0);
                before = Some(level);
            }
        }
    }
}

/// Names the day or the month that a slot belongs to.
fn period(window: &Window, slot: usize, begin: Timestamp) -> i64 {
    let zone = window.zone.as_deref().unwrap_or("UTC");
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let after = SignedDuration::from_secs_f64(SLOT * number(slot));
    let at = begin.checked_add(after).unwrap_or(begin);
    let date = at.to_zoned(zone).date();
    match window.kind {
        Kind::Month => i64::from(date.year()) * 12 + i64::from(date.month()),
        _ => i64::from(date.year()) * 400 + i64::from(date.day_of_year()),
    }
}

fn groups(calls: &[Arrival], days: u32) -> Vec<[Group; KINDS.len()]> {
    let slots = (f64::from(days) * DAY / SLOT).ceil();
    let mut groups = vec![[Group::default(); KINDS.len()]; index(slots)];
    let last = groups.len() - 1;
    for call in calls {
        let group = &mut groups[index(call.at / SLOT).min(last)][call.kind];
        group.count += 1.0;
        group.input += call.input;
        group.output += call.output;
    }
    for group in groups.iter_mut().flatten().filter(|group| group.count > 0.0) {
        group.input /= group.count;
        group.output /= group.count;
    }
    groups
}

/// Calls a day, in the usual mixture, that these tiers can serve at most, day after day: load 1.
#[must_use]
pub fn capacity(tiers: &[Tier]) -> f64 {
    let mut program = Program::default();
    let all: f64 = KINDS.iter().map(|kind| kind.share).sum();
    let scale = program.variable(1.0);
    let mut rows = Vec::new();
    for kind in &KINDS {
        // As many as the scale says are served.
        let row = program.row(0.0);
        program.set(row, scale, kind.share / all);
        rows.push(row);
    }
    for tier in tiers {
        let windows: Vec<usize> = tier.windows.iter().map(|_| program.row(1.0)).collect();
        for (kind, row) in KINDS.iter().zip(&rows).filter(|(kind, _)| tier.takes(kind.name)) {
            let share = program.variable(0.0);
            program.set(*row, share, -1.0);
            for (window, bound) in tier.windows.iter().zip(&windows) {
                let units = tier.units(window.counts, kind.input, kind.output);
                program.set(*bound, share, units / (window.limit * DAY / window.per));
            }
        }
    }
    program.solve().0
}

#[expect(clippy::cast_precision_loss, reason = "some hundred")]
fn number(slot: usize) -> f64 {
    slot as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some hundred, not negative")]
fn index(slot: f64) -> usize {
    slot as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiers::Counts;

    fn tier(takes: &[&str], kind: Kind, limit: f64, per: f64) -> Tier {
        Tier {
            name: "t".into(),
            model: "p/m".into(),
            source: "none".into(),
            takes: takes.iter().map(ToString::to_string).collect(),
            latency_ms: 1,
            windows: vec![Window {
                kind,
                limit,
                per,
                counts: Counts::Requests,
                zone: None,
                headers: None,
            }],
            dollars: None,
        }
    }

    fn calls(kind: usize, count: u32, from: f64, until: f64) -> Vec<Arrival> {
        (0..count)
            .map(|number| Arrival {
                at: from + (until - from) * f64::from(number) / f64::from(count),
                kind,
                input: 100.0,
                output: 100.0,
            })
            .collect()
    }

    fn near(one: f64, other: f64) {
        assert!((one - other).abs() < 1e-3 * other.max(1.0), "{one} is not {other}");
    }

    #[test]
    fn a_full_bucket_gives_its_limit_and_what_refills() {
        let tiers = [tier(&["small"], Kind::Bucket, 240.0, DAY)];
        // Ten are refilled in an hour.
        near(most_served(&tiers, &calls(0, 1_000, 0.0, SLOT), Timestamp::UNIX_EPOCH, 1, Choosing::Anyone), 250.0);
        near(most_served(&tiers, &calls(0, 1_000, 0.0, DAY), Timestamp::UNIX_EPOCH, 1, Choosing::Anyone), 480.0);
    }

    #[test]
    fn what_only_one_can_take_is_kept_for_it() {
        let tiers = [
            tier(&["small", "vision"], Kind::Day, 10.0, DAY),
            tier(&["small"], Kind::Day, 10.0, DAY),
        ];
        let mut all = calls(0, 10, 0.0, SLOT);
        all.extend(calls(4, 10, 10.0 * SLOT, 11.0 * SLOT));
        near(most_served(&tiers, &all, Timestamp::UNIX_EPOCH, 1, Choosing::Anyone), 20.0);
    }

    #[test]
    fn who_serves_all_alike_cannot_prefer_the_small() {
        let mut tiers = [tier(&["small", "medium"], Kind::Day, 300.0, DAY)];
        tiers[0].windows[0].counts = Counts::Tokens;
        let mut all = calls(0, 10, 0.0, SLOT);
        all.extend(calls(1, 10, 0.0, SLOT).iter().map(|call| Arrival { input: 300.0, ..*call }));
        // Ten of 200 tokens, ten of 400.
        let served = |choosing| most_served(&tiers, &all, Timestamp::UNIX_EPOCH, 1, choosing);
        near(served(Choosing::Anyone), 1.5);
        near(served(Choosing::Alike), 1.0);
    }

    #[test]
    fn a_load_of_one_is_what_a_day_gives() {
        let every: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        let tiers = [
            tier(&every, Kind::Day, 100.0, DAY),
            tier(&every, Kind::Bucket, 50.0, DAY),
            tier(&every, Kind::Month, 3_000.0, 30.0 * DAY),
        ];
        near(capacity(&tiers), 250.0);
    }
}
