//! One quota, several projects: each is sure of its part, and what one leaves idle is lent to the others.
//!
//! Of a bucket, a part is a bucket in the bucket: it stays full while its project is idle, and what would run over goes to
//! whoever asks. Of a day or a month, a part is lent as time passes: who has slept through half of the day is sure of half
//! of its part, and at the end nothing is left over. Of a rolling window it is lent while its project rests, and comes back
//! as what others took leaves the window. A credit is never lent: what is not used today can be used tomorrow.
//!
//! **Invariant:** together, what is kept for the projects is never more than what is left, so that nobody's part depends on
//! what the others do.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use guichet_catalogue::model::{Dimension, Quota, Window};
use jiff::Timestamp;

use super::counted::{CountedWindow, Windows};
use super::sharing::Mode;
use super::window::Fill;
use super::{Claim, Exhausted};
use crate::identity::ProjectId;

/// What stands between the name of a budget and the project whose part of it is counted.
const PART: char = '~';

/// Which projects have which parts of which quotas. By provider, or by group of providers; then by project.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shares(pub BTreeMap<String, BTreeMap<ProjectId, Share>>);

/// A project's share of a provider's quotas.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Share {
    /// It is sure of this part of each window, from 0 to 1, and may use what the others leave idle.
    Part(f64),
    /// It may use so many units in all, whatever the windows, and no more: what was paid beforehand.
    Prepaid {
        /// How many.
        units: f64,
        /// Of what. The provider's quotas must count it.
        dimension: Dimension,
    },
}

impl Shares {
    /// The projects that share a budget: `groq` of `groq/openai/gpt-oss-120b@groq/1`.
    fn of(&self, budget: &str) -> Option<&BTreeMap<ProjectId, Share>> {
        let owner = budget.split(['/', '@']).next().unwrap_or(budget);
        self.0.get(owner)
    }

    /// Whether a project may take what it claims without taking what is kept for others. What it takes of its own parts is
    /// added to the claims. Gives the parts of the others, of which nothing is claimed.
    pub(super) fn admit(
        &self,
        windows: &mut Windows,
        project: Option<&ProjectId>,
        claims: &mut Vec<Claim>,
        mode: Mode,
        now: Timestamp,
    ) -> Result<Vec<Claim>, Exhausted> {
        let (mut parts, mut foreign) = (Vec::new(), Vec::new());
        for claim in claims.iter().filter(|claim| !claim.is_concurrency()) {
            let Some(members) = self.of(&claim.window.name().budget) else {
                continue;
            };
            let (mut own, mut others) = (0.0, 0.0);
            for (member, share) in members {
                let is_own = Some(member) == project;
                let Some(part) = part(windows, claim, member, *share) else {
                    continue;
                };
                let mut kept = kept(windows.present(&part, now), part.quota(), now);
                // What was paid beforehand is kept where it does not come back.
                if part.quota().window == Window::Credit(None) && !is_credit(claim.quota()) {
                    kept = 0.0;
                }
                if !is_own {
                    others += kept;
                    foreign.push(Claim::of(part, 0.0));
                    continue;
                }
                own = kept;
                let units = claim.units;
                let taken = Claim::of(part, units);
                if let Share::Prepaid { .. } = share {
                    // Several windows may count the same: it is paid for once.
                    let known = |other: &Claim| other.window.name() == taken.window.name();
                    if parts.iter().any(known) {
                        continue;
                    }
                    let units = taken.units * mode.weight(&taken);
                    windows
                        .present(&taken.window, now)
                        .check(&taken, units, now)?;
                }
                parts.push(taken);
            }
            let level = windows.present(&claim.window, now);
            let left = level.limit(claim.quota(), now) - level.used;
            let missing = missing(left, own, others, claim.units * mode.weight(claim));
            if missing > 0.0 {
                return Err(level.refusal(claim, missing, now));
            }
        }
        claims.extend(parts);
        Ok(foreign)
    }
}

fn is_credit(quota: &Quota) -> bool {
    matches!(quota.window, Window::Credit(_))
}

/// Units that are not there for a project: what is left, without what is kept for the others, or what is kept for itself.
fn missing(left: f64, own: f64, others: f64, units: f64) -> f64 {
    const ROUNDING: f64 = 1e-6;
    let free = (left - others).max(own.min(left));
    let missing = units - free;
    if missing <= ROUNDING { 0.0 } else { missing }
}

/// The window in which a project's part of the claimed one is counted; none where its share is of something else.
fn part(
    windows: &mut Windows,
    claim: &Claim,
    project: &ProjectId,
    share: Share,
) -> Option<Arc<CountedWindow>> {
    let quota = claim.quota();
    let name = claim.window.name();
    let budget = match share {
        Share::Part(_) => format!("{}{PART}{project}", name.budget),
        Share::Prepaid { dimension, .. } if dimension != quota.dimension => return None,
        Share::Prepaid { .. } => {
            let owner = name.budget.split(['/', '@']).next().unwrap_or_default();
            format!("{owner}{PART}{project}")
        }
    };
    let quota = match share {
        Share::Part(part) => Quota {
            limit: quota.limit * part,
            ..quota.clone()
        },
        Share::Prepaid { units, .. } => Quota {
            limit: units,
            window: Window::Credit(None),
            ..quota.clone()
        },
    };
    let caps = matches!(share, Share::Prepaid { .. });
    Some(windows.counted_part(&budget, &Arc::new(quota), caps))
}

/// What is kept for a project of the part that this level counts. What was lent counts as used.
fn kept(level: &mut Fill, part: &Quota, now: Timestamp) -> f64 {
    let rested = match &part.window {
        Window::Bucket(_) | Window::Credit(None) | Window::Concurrency => 0.0,
        Window::Rolling(period) => {
            let idle = now.duration_since(level.opened_at).as_secs_f64();
            let lent = (idle / period.as_secs_f64()).clamp(0.0, 1.0);
            return (part.limit - level.used).max(0.0) * (1.0 - lent);
        }
        Window::Fixed(period) => passed(level.ends_after(*period), *period, now),
        Window::Credit(Some(lasts)) => passed(level.ends_after(*lasts), *lasts, now),
        Window::Calendar { .. } | Window::Anniversary(_) => {
            let period = part.window.period().unwrap_or_default();
            passed(level.lasts_until(), period, now)
        }
    };
    level.used = level.used.max(part.limit * rested);
    (part.limit - level.used).max(0.0)
}

/// How much of a window has passed, from 0 to 1.
fn passed(end: Option<Timestamp>, period: Duration, now: Timestamp) -> f64 {
    let left = end.map_or(0.0, |end| end.duration_since(now).as_secs_f64());
    (1.0 - left / period.as_secs_f64()).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests;
