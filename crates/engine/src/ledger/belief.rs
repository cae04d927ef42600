//! What is known of a window besides what its file says: a limit that was told or found out, when it ends, who last
//! corrected it. Pure: states and times.
//!
//! Where a provider is silent its ceiling is found out. A refusal that nothing explains halves what is believed, but not
//! below what has passed; from then on single requests try whether a little more passes, ever more seldom while they
//! are refused. A limit that nobody knows ([`Quota::guessed`]) may so prove to be higher than its file says; any other
//! is never tried beyond it.

use std::time::Duration;

use guichet_catalogue::model::{Quota, Window};
use jiff::Timestamp;

use super::window::elapsed;
use crate::gauge::Source;

/// What is known of a window besides its file's word.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Belief {
    /// A limit that goes before the file's, until it is old.
    pub(super) limit: Option<Learnt>,
    /// When the window that is counted ends, where that is told.
    pub(super) ends_at: Option<Timestamp>,
    /// Who last said how much is used, and when.
    pub(super) corrected: Option<(Source, Timestamp)>,
    /// Requests beyond the ceiling that were refused in a row.
    pub(super) doubts: u8,
    /// When it is tried again whether more passes.
    pub(super) next_try: Option<Timestamp>,
    /// When one was sent of which nothing is known yet.
    pub(super) trying: Option<Timestamp>,
}

/// A limit that did not come from the catalogue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Learnt {
    /// Units per window.
    pub(super) units: f64,
    /// Where it comes from.
    pub(super) source: Source,
    /// When.
    pub(super) at: Timestamp,
}

/// A limit that was told is old after this.
const TOLD_LASTS: Duration = Duration::from_hours(30 * 24);
/// One that was found out is old after as many windows, or this if they are short.
const FOUND_LASTS: Duration = Duration::from_hours(24);
const FOUND_LASTS_WINDOWS: u32 = 30;
/// Growth of a ceiling, as a part of it.
const STEP: f64 = 0.05;
/// What a refusal takes at least of the ceiling of a window that refills all the time.
const LEAST_FALL: f64 = 0.1;
/// A request beyond the ceiling of which nothing was heard for so long does not keep the next one waiting.
const UNHEARD: Duration = Duration::from_mins(2);
/// The longest time between two tries.
const LONGEST_REST: Duration = Duration::from_hours(16 * 24);

impl Belief {
    /// How much the window holds, and who says so.
    pub(super) fn limit(&self, quota: &Quota, now: Timestamp) -> Learnt {
        let file = Learnt {
            units: quota.limit,
            source: Source::Catalogue,
            at: now,
        };
        match self.limit {
            Some(learnt) if quota.cap && learnt.units >= quota.limit => file,
            Some(learnt) if !learnt.is_old(quota, now) => learnt,
            _ => file,
        }
    }

    /// Takes over a limit that the provider told. True where that is news to be remembered.
    pub(super) fn told(&mut self, units: f64, source: Source, now: Timestamp) -> bool {
        const FRESH: Duration = Duration::from_hours(1);
        let before = self.limit.replace(Learnt {
            units,
            source,
            at: now,
        });
        (self.doubts, self.next_try, self.trying) = (0, None, None);
        before.is_none_or(|before| {
            before.source != source
                || (before.units - units).abs() > 1e-6
                || elapsed(before.at, now) > FRESH
        })
    }

    /// Whether one request more may be sent than is believed to fit.
    pub(super) fn may_try(&self, quota: &Quota, wanted: f64, now: Timestamp) -> bool {
        let limit = self.limit(quota, now);
        let found_out = limit.source == Source::Learnt && limit.units < quota.limit;
        let open = (quota.guessed && !is_told(limit.source)) || found_out;
        let within = quota.guessed || wanted <= quota.limit;
        let rested = self.next_try.is_none_or(|next| now >= next);
        let alone = self
            .trying
            .is_none_or(|since| elapsed(since, now) >= UNHEARD);
        open && within && rested && alone
    }

    /// One request more was sent than is believed to fit.
    pub(super) fn tries(&mut self, now: Timestamp) {
        self.trying = Some(now);
    }

    /// A request passed while `used` units were counted. True where the ceiling rose.
    pub(super) fn passed(&mut self, quota: &Quota, used: f64, now: Timestamp) -> bool {
        if self.trying.is_none() {
            return false;
        }
        let believed = self.limit(quota, now).units;
        let most = if quota.guessed {
            f64::INFINITY
        } else {
            quota.limit
        };
        let units = used.max(believed * (1.0 + STEP)).min(most);
        self.limit = Some(Learnt {
            units,
            source: Source::Learnt,
            at: now,
        });
        (self.doubts, self.trying) = (0, None);
        self.next_try = now.checked_add(between_steps(&quota.window)).ok();
        true
    }

    /// A request was refused that was believed to fit, after `passed` units had passed in this window; of one that refills
    /// all the time, in the last of its length.
    pub(super) fn refused(&mut self, quota: &Quota, passed: f64, now: Timestamp) {
        let before = self.limit(quota, now);
        let believed = before.units;
        let refills = matches!(quota.window, Window::Bucket(_) | Window::Rolling(_));
        let most = if refills && self.trying.is_none() {
            believed * (1.0 - LEAST_FALL)
        } else {
            believed
        };
        // A full bucket and what refilled meanwhile: up to twice as much passes in the first window as in later ones.
        let is_bucket = matches!(quota.window, Window::Bucket(_));
        let passed = if is_bucket && before.source != Source::Learnt {
            passed / 2.0
        } else {
            passed
        };
        self.limit = Some(Learnt {
            units: passed
                .clamp((believed / 2.0).min(most), most)
                .max(quota.limit.min(1.0)),
            source: Source::Learnt,
            at: now,
        });
        let rest = rest(&quota.window).saturating_mul(1 << self.doubts.min(16));
        self.next_try = now.checked_add(rest.min(LONGEST_REST)).ok();
        self.doubts = self.doubts.saturating_add(1);
        self.trying = None;
    }

    /// Whether a request beyond the ceiling is under way.
    pub(super) fn is_trying(&self) -> bool {
        self.trying.is_some()
    }

    /// Whether what was refused was sent before the ceiling fell last: then it says nothing new.
    pub(super) fn knew(&self, sent: Timestamp) -> bool {
        let fell = |learnt: Learnt| learnt.source == Source::Learnt && sent < learnt.at;
        self.doubts > 0 && self.limit.is_some_and(fell)
    }
}

impl Learnt {
    fn is_old(&self, quota: &Quota, now: Timestamp) -> bool {
        let period = quota.window.period().unwrap_or(TOLD_LASTS);
        let lasts = match self.source {
            Source::Learnt => (period * FOUND_LASTS_WINDOWS)
                .max(FOUND_LASTS)
                .min(TOLD_LASTS),
            _ => TOLD_LASTS,
        };
        elapsed(self.at, now) >= lasts
    }
}

fn is_told(source: Source) -> bool {
    !matches!(source, Source::Catalogue | Source::Learnt)
}

/// How long a refusal holds before more is tried: two windows, but at least ten minutes and at most two days.
fn rest(window: &Window) -> Duration {
    const LEAST: Duration = Duration::from_mins(10);
    const MOST: Duration = Duration::from_hours(48);
    let period = window.period().unwrap_or(MOST);
    (period * 2).clamp(LEAST, MOST)
}

/// How long after a step that went well the next one is taken.
fn between_steps(window: &Window) -> Duration {
    const SHORT: Duration = Duration::from_hours(1);
    let period = window.period().unwrap_or(SHORT);
    if period <= SHORT {
        period
    } else {
        period / 100
    }
}

#[cfg(test)]
mod tests;
