//! What is believed of windows, on its way to the store and back.

use std::time::Duration;

use jiff::Timestamp;

use super::belief::{Belief, Learnt};
use super::counted::{CountedWindow, Windows};
use super::pace::Pace;
use super::window::{Fill, elapsed};
use crate::gauge::Source;
use crate::store::{BeliefRecord, LimitRecord, PaceRecord, WindowName};

/// How often the pace of a window is worth writing down: it is nothing that a restart may not lose.
const PACE: Duration = Duration::from_mins(1);

impl Windows {
    /// Something that is believed of a window has changed.
    pub(super) fn believed(&mut self, window: &CountedWindow) {
        let number = window.name().number;
        if !self.news.contains(&number) {
            self.news.push(number);
        }
    }

    /// A window was used: now and then its pace is worth remembering.
    pub(super) fn was_used(&mut self, window: &CountedWindow, now: Timestamp) {
        let due = self.look(window, |fill| {
            let due = fill
                .pace_saved
                .is_none_or(|saved| elapsed(saved, now) >= PACE);
            if due {
                fill.pace_saved = Some(now);
            }
            due
        });
        if due == Some(true) && window.quota().window.period().is_some() {
            self.believed(window);
        }
    }

    /// What has changed of what is believed since this was last asked.
    pub(super) fn take_beliefs(&mut self) -> Vec<BeliefRecord> {
        let news = std::mem::take(&mut self.news);
        let records = news.into_iter().filter_map(|number| {
            let (name, fill) = self.numbered(number)?;
            Some(record(name, fill))
        });
        records.collect()
    }

    /// Takes over what the store remembers.
    pub(super) fn restore_belief(&mut self, record: &BeliefRecord, now: Timestamp) {
        let fill = self.restored(&record.budget, &record.window, now);
        fill.belief = belief(record);
        fill.pace = record.pace.as_ref().map(|pace| Pace {
            units: pace.units,
            at: pace.at,
            since: pace.since,
            uses: pace.uses,
        });
    }
}

fn record(name: &WindowName, fill: &Fill) -> BeliefRecord {
    let Belief {
        limit,
        ends_at,
        corrected,
        doubts,
        next_try,
        ..
    } = fill.belief;
    BeliefRecord {
        budget: name.budget.to_string(),
        window: name.window.to_string(),
        limit: limit.map(|limit| LimitRecord {
            units: limit.units,
            source: limit.source.as_str().to_owned(),
            at: limit.at,
        }),
        ends_at,
        corrected: corrected.map(|(source, at)| (source.as_str().to_owned(), at)),
        doubts,
        next_try,
        pace: fill.pace.map(|pace| PaceRecord {
            units: pace.units,
            at: pace.at,
            since: pace.since,
            uses: pace.uses,
        }),
    }
}

/// A source that this version does not know is none: the file's limit holds.
fn belief(record: &BeliefRecord) -> Belief {
    let limit = record.limit.as_ref().and_then(|limit| {
        Some(Learnt {
            units: limit.units,
            source: Source::named(&limit.source)?,
            at: limit.at,
        })
    });
    let corrected = record.corrected.as_ref();
    Belief {
        limit,
        ends_at: record.ends_at,
        corrected: corrected.and_then(|(source, at)| Some((Source::named(source)?, *at))),
        doubts: record.doubts,
        next_try: record.next_try,
        trying: None,
    }
}
