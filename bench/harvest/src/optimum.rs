//! The most calls that could have been served by anyone who knew everything beforehand: a linear program.
//!
//! It is generous: calls may be divided, and within an hour they may be moved. So what is measured against it is rather a
//! little too low than too high.

use clarabel::algebra::CscMatrix;
use clarabel::solver::SupportedConeT::NonnegativeConeT;
use clarabel::solver::{DefaultSettingsBuilder, DefaultSolver, IPSolver};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::demand::{self, Arrival, KINDS};
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
        let solver =
            DefaultSolver::new(&quadratic, &costs, &matrix, &self.bounds, &cones, settings);
        let mut solver = solver.unwrap_or_else(|error| panic!("program: {error}"));
        solver.solve();
        (
            -solver.solution.obj_val,
            std::mem::take(&mut solver.solution.x),
        )
    }
}

/// Calls of one kind within one slot that the same tiers can take.
#[derive(Debug, Clone)]
struct Group {
    kind: usize,
    /// Which tiers can take them.
    takers: Vec<usize>,
    /// The variable of each of them: how many of the calls it serves.
    shares: Vec<usize>,
    count: f64,
    input: f64,
    output: f64,
}

/// What the optimum may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choosing {
    /// It may refuse whom it likes, so when there is too little for all it serves the small and refuses the large.
    Anyone,
    /// It serves the same part of every kind, as a gateway must come near that refuses nobody whom it could serve.
    Alike,
}

/// The most calls that can be served.
#[must_use]
pub(crate) fn most_served(
    tiers: &[Tier],
    calls: &[Arrival],
    begin: Timestamp,
    days: u32,
    choosing: Choosing,
) -> f64 {
    let mut slots = groups(tiers, calls, index((f64::from(days) * DAY / SLOT).ceil()));
    let mut program = Program::default();
    let gain = match choosing {
        Choosing::Anyone => 1.0,
        Choosing::Alike => 0.0,
    };
    for group in slots.iter_mut().flatten() {
        let all = program.row(1.0);
        for _ in &group.takers {
            let share = program.variable(gain);
            program.set(all, share, 1.0 / group.count);
            group.shares.push(share);
        }
    }
    for (index, tier) in tiers.iter().enumerate() {
        for window in &tier.windows {
            // Units of the window that each variable takes, by slot, as parts of the limit.
            let used = |slot: usize| {
                slots[slot].iter().filter_map(move |group| {
                    let place = group.takers.iter().position(|taker| *taker == index)?;
                    let units = tier.units(window.counts, group.input, group.output);
                    Some((group.shares[place], units / window.limit))
                })
            };
            bound(&mut program, window, slots.len(), begin, used);
        }
    }
    if choosing == Choosing::Alike {
        serve_alike(&mut program, &slots);
    }
    program.solve().0
}

/// One part of every kind is served, over all slots.
fn serve_alike(program: &mut Program, slots: &[Vec<Group>]) {
    let of_kind = |kind: usize| {
        slots
            .iter()
            .flatten()
            .filter(move |group| group.kind == kind)
    };
    let count = |kind: usize| of_kind(kind).map(|group| group.count).sum::<f64>();
    let part = program.variable((0..KINDS.len()).map(count).sum());
    let most = program.row(1.0);
    program.set(most, part, 1.0);
    for kind in (0..KINDS.len()).filter(|kind| count(*kind) > 0.0) {
        let row = program.row(0.0);
        program.set(row, part, 1.0);
        for share in of_kind(kind).flat_map(|group| &group.shares) {
            program.set(row, *share, -1.0 / count(kind));
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
            for group in (0..slots)
                .collect::<Vec<_>>()
                .chunk_by(|one, other| periods[*one] == periods[*other])
            {
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

/// The calls by slot, without those that nobody can take. What comes after the last slot is counted in it.
fn groups(tiers: &[Tier], calls: &[Arrival], slots: usize) -> Vec<Vec<Group>> {
    let mut all: Vec<Vec<Group>> = vec![Vec::new(); slots];
    let last = slots - 1;
    for call in calls {
        let can = |(index, tier): (usize, &Tier)| tier.takes(call).then_some(index);
        let takers: Vec<usize> = tiers.iter().enumerate().filter_map(can).collect();
        if takers.is_empty() {
            continue;
        }
        let slot = &mut all[index(call.at / SLOT).min(last)];
        let same = |group: &Group| group.kind == call.kind && group.takers == takers;
        let place = slot.iter().position(same).unwrap_or_else(|| {
            slot.push(Group {
                kind: call.kind,
                takers,
                shares: Vec::new(),
                count: 0.0,
                input: 0.0,
                output: 0.0,
            });
            slot.len() - 1
        });
        let group = &mut slot[place];
        group.count += 1.0;
        group.input += (call.input - group.input) / group.count;
        group.output += (call.output - group.output) / group.count;
    }
    all
}

/// Calls a day, in the usual mixture, that these tiers can serve at most, day after day: load 1.
#[must_use]
pub(crate) fn capacity(tiers: &[Tier]) -> f64 {
    let sample = demand::arrivals(0, 7, 500.0);
    let groups: Vec<Group> = groups(tiers, &sample, 1).remove(0);
    let all: f64 = groups.iter().map(|group| group.count).sum();
    let mut program = Program::default();
    let scale = program.variable(1.0);
    let windows: Vec<Vec<usize>> = tiers
        .iter()
        .map(|tier| tier.windows.iter().map(|_| program.row(1.0)).collect())
        .collect();
    for group in &groups {
        // As many as the scale says are served.
        let row = program.row(0.0);
        program.set(row, scale, group.count / all);
        for taker in &group.takers {
            let share = program.variable(0.0);
            program.set(row, share, -1.0);
            for (window, bound) in tiers[*taker].windows.iter().zip(&windows[*taker]) {
                let units = tiers[*taker].units(window.counts, group.input, group.output);
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

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "some hundred, not negative"
)]
fn index(slot: f64) -> usize {
    slot as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiers::Counts;

    fn tier(vision: bool, kind: Kind, limit: f64, per: f64) -> Tier {
        Tier {
            name: "t".into(),
            model: "p/m".into(),
            source: "none".into(),
            context: 1e6,
            vision,
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
        assert!(
            (one - other).abs() < 1e-3 * other.max(1.0),
            "{one} is not {other}"
        );
    }

    fn most(tiers: &[Tier], calls: &[Arrival], choosing: Choosing) -> f64 {
        most_served(tiers, calls, Timestamp::UNIX_EPOCH, 1, choosing)
    }

    #[test]
    fn a_full_bucket_gives_its_limit_and_what_refills() {
        let tiers = [tier(false, Kind::Bucket, 240.0, DAY)];
        let until = |end: f64| most(&tiers, &calls(0, 1_000, 0.0, end), Choosing::Anyone);
        // Ten are refilled in an hour.
        near(until(SLOT), 250.0);
        near(until(DAY), 480.0);
    }

    #[test]
    fn what_only_one_can_take_is_kept_for_it() {
        let tiers = [
            tier(true, Kind::Day, 10.0, DAY),
            tier(false, Kind::Day, 10.0, DAY),
        ];
        let mut all = calls(0, 10, 0.0, SLOT);
        all.extend(calls(4, 10, 10.0 * SLOT, 11.0 * SLOT));
        near(most(&tiers, &all, Choosing::Anyone), 20.0);
    }

    #[test]
    fn who_serves_all_alike_cannot_prefer_the_small() {
        let mut tiers = [tier(true, Kind::Day, 1_200.0, DAY)];
        tiers[0].windows[0].counts = Counts::Tokens;
        let mut all = calls(0, 10, 0.0, SLOT);
        all.extend(calls(1, 10, 0.0, SLOT).iter().map(|call| Arrival {
            input: 300.0,
            ..*call
        }));
        // Ten of 200 tokens, ten of 400.
        near(most(&tiers, &all, Choosing::Anyone), 6.0);
        near(most(&tiers, &all, Choosing::Alike), 4.0);
    }

    #[test]
    fn a_load_of_one_is_what_a_day_gives() {
        let tiers = [
            tier(true, Kind::Day, 100.0, DAY),
            tier(true, Kind::Bucket, 50.0, DAY),
            tier(true, Kind::Month, 3_000.0, 30.0 * DAY),
        ];
        near(capacity(&tiers), 250.0);
    }
}
