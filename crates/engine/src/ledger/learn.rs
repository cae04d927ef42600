//! What the ledger learns of providers: what they tell of their windows, and what their refusals mean where they tell
//! nothing. Up as well as down.

use std::time::Duration;

use guichet_catalogue::model::{Dimension, Quota, Window};
use jiff::Timestamp;

use super::window::Fill;
use super::{Claim, Ledger};
use crate::gauge::{Gauge, Source};

/// A request that was refused although it was believed to fit.
#[derive(Debug, Clone, Default)]
pub struct Refused {
    /// What the provider told of its windows.
    pub gauges: Vec<Gauge>,
    /// The length of the window that is used up, where the provider names it.
    pub window: Option<Duration>,
    /// Whether everything that a group of models shares is used up.
    pub group: bool,
    /// Whether a window of a day or longer is meant, where none is named.
    pub long: bool,
}

/// As full as this, a window explains a refusal: neither side counts to the moment.
const NEARLY: f64 = 0.9;
/// Who names no window means one of moments, up to this.
const SHORT: Duration = Duration::from_hours(1);

impl Ledger {
    /// Takes over what a provider tells in an answer to the request that made these claims.
    pub(super) fn believe(&self, claims: &[Claim], gauges: &[Gauge], now: Timestamp) {
        if gauges.is_empty() {
            return;
        }
        // Of what is under way elsewhere nothing is known here, and it may not be in the answer.
        let lowers = !self.has_company();
        let mut windows = self.windows.lock();
        for claim in providers(claims) {
            for gauge in gauges.iter().filter(|gauge| gauge.is_of(claim.quota())) {
                let mut news = false;
                self.correct_level(&mut windows, claim, now, |fill| {
                    news = believe(fill, claim, gauge, lowers, now);
                });
                if news {
                    windows.believed(&claim.window);
                }
            }
        }
    }

    /// The same claims as of now, of windows that need not have been used: what an answer tells that is asked for now is
    /// without what is under way.
    pub(crate) fn watched(&self, mut claims: Vec<Claim>, now: Timestamp) -> Vec<Claim> {
        let mut windows = self.windows.lock();
        for claim in &mut claims {
            let fill = windows.present(&claim.window, now);
            claim.settled = fill.taken - fill.under_way;
        }
        claims
    }

    /// Takes over what a provider tells when it is asked.
    pub(crate) fn told(&self, watched: &[Claim], gauges: &[Gauge], now: Timestamp) {
        self.believe(watched, gauges, now);
    }

    /// A request that made these claims passed.
    pub(super) fn passed(&self, claims: &[Claim], now: Timestamp) {
        let mut windows = self.windows.lock();
        for claim in providers(claims) {
            let rose = windows.look(&claim.window, |fill| {
                fill.belief.passed(claim.quota(), fill.used, now)
            });
            if rose == Some(true) {
                windows.change(&claim.window, &self.changed, |_| {});
                windows.believed(&claim.window);
            }
        }
    }

    /// A request that made these claims at a time was refused.
    pub(super) fn refused(
        &self,
        claims: &[Claim],
        refused: &Refused,
        reserved: Timestamp,
        now: Timestamp,
    ) {
        self.believe(claims, &refused.gauges, now);
        if refused
            .gauges
            .iter()
            .any(|gauge| gauge.limit.is_some() && gauge.is_spent())
        {
            return self.tried_in_vain(claims, now);
        }
        let named: Vec<&Claim> = providers(claims)
            .filter(|claim| refused.means(claim))
            .collect();
        if named.is_empty() {
            self.unexplained(claims, refused, reserved, now);
        } else {
            self.spent(&named, reserved, now);
        }
    }

    /// Windows of which the provider says, without a number, that they are used up: the fullest of them shows what they
    /// hold.
    fn spent(&self, named: &[&Claim], reserved: Timestamp, now: Timestamp) {
        let mut windows = self.windows.lock();
        let fullness = |claim: &&&Claim| windows.as_of(&claim.window, now).fullness(claim, now);
        let fullest = named
            .iter()
            .max_by(|one, other| fullness(one).total_cmp(&fullness(other)))
            .copied();
        for claim in named {
            let is_fullest = fullest.is_some_and(|fullest| std::ptr::eq(fullest, *claim));
            self.correct_level(&mut windows, claim, now, |fill| {
                if is_fullest && fill.fullness(claim, now) < NEARLY {
                    fill.fall(claim, reserved, now);
                }
                let limit = fill.limit(claim.quota(), now);
                fill.set_used(claim.quota(), limit.max(fill.used), now);
                fill.belief.corrected = Some((Source::Refusal, now));
            });
            windows.believed(&claim.window);
        }
    }

    /// A refusal of which nobody says what it is about. A window that is nearly full explains it; else one holds less
    /// than is believed: the one that counts requests over the shortest time.
    fn unexplained(
        &self,
        claims: &[Claim],
        refused: &Refused,
        reserved: Timestamp,
        now: Timestamp,
    ) {
        let mut windows = self.windows.lock();
        let fits = |claim: &&Claim| {
            let period = claim.quota().window.period();
            period.is_some_and(|period| (period <= SHORT) != refused.long)
        };
        let mut meant: Vec<&Claim> = providers(claims).filter(fits).collect();
        meant.sort_by_key(|claim| {
            let quota = claim.quota();
            let is_other = !matches!(quota.dimension, Dimension::Requests | Dimension::Calls);
            (is_other, quota.window.period())
        });
        let full = meant
            .iter()
            .find(|claim| windows.as_of(&claim.window, now).fullness(claim, now) >= NEARLY);
        let (claim, is_full) = match (full, meant.first()) {
            (Some(full), _) => (*full, true),
            (None, Some(first)) => (*first, false),
            (None, None) => return,
        };
        windows.change(&claim.window, &self.changed, |fill| {
            fill.advance(claim.quota(), now);
            if !is_full || fill.belief.is_trying() {
                fill.fall(claim, reserved, now);
            }
        });
        windows.believed(&claim.window);
    }

    /// The provider told what it holds: a request beyond that proved nothing else.
    fn tried_in_vain(&self, claims: &[Claim], now: Timestamp) {
        let mut windows = self.windows.lock();
        for claim in providers(claims) {
            let fell = windows.look(&claim.window, |fill| {
                let tried = fill.belief.is_trying();
                if tried {
                    let used = fill.used - claim.units;
                    fill.belief.refused(claim.quota(), used, now);
                }
                tried
            });
            if fell == Some(true) {
                windows.believed(&claim.window);
            }
        }
    }
}

/// Those of a provider's own windows: of a project's part of one no provider knows.
fn providers(claims: &[Claim]) -> impl Iterator<Item = &Claim> {
    claims.iter().filter(|claim| !claim.window.is_part())
}

impl Refused {
    fn means(&self, claim: &Claim) -> bool {
        let quota = claim.quota();
        match self.window {
            Some(window) => quota.window.period() == Some(window),
            None => self.group && quota.group.is_some(),
        }
    }
}

impl Fill {
    /// How much of the window was used before this claim, as a part of what it holds.
    fn fullness(&self, claim: &Claim, now: Timestamp) -> f64 {
        let limit = self.limit(claim.quota(), now).max(f64::MIN_POSITIVE);
        (self.used - claim.units).max(0.0) / limit
    }

    /// The ceiling falls, once for all requests that were sent before it did.
    fn fall(&mut self, claim: &Claim, reserved: Timestamp, now: Timestamp) {
        if self.belief.knew(reserved) {
            return;
        }
        let quota = claim.quota();
        let counted = match &quota.window {
            // What has refilled since has passed too.
            Window::Bucket(_) => {
                let recent = self.pace.as_ref().map(|pace| pace.recent(quota, now));
                recent.unwrap_or(self.used).max(self.used)
            }
            _ => self.used,
        };
        self.belief
            .refused(quota, (counted - claim.units).max(0.0), now);
    }
}

/// Takes over what is told of one window; true where it is news to be remembered. It `lowers` the level only where nobody
/// else uses the window.
fn believe(fill: &mut Fill, claim: &Claim, gauge: &Gauge, lowers: bool, now: Timestamp) -> bool {
    let quota = claim.quota();
    let mut news = false;
    // More is left than the window was believed to hold.
    let more = gauge
        .remaining
        .filter(|left| *left > fill.limit(quota, now));
    if let Some(units) = gauge.limit.or(more).filter(|units| *units > 0.0) {
        news |= fill.belief.told(units, gauge.source, now);
    }
    let whole = gauge.limit.unwrap_or_else(|| fill.limit(quota, now));
    let told = gauge
        .used
        .or(gauge.remaining.map(|left| (whole - left).max(0.0)));
    if let Some(told) = told {
        let most = if lowers {
            told + claim.unknown(fill)
        } else {
            f64::INFINITY
        };
        fill.set_used(quota, fill.used.clamp(told, most), now);
        news |= fill.belief.corrected.is_none();
        fill.belief.corrected = Some((gauge.source, now));
    }
    if let Some(ends_at) = gauge
        .ends_at
        .filter(|ends_at| now < *ends_at && has_end(quota))
    {
        news |= fill.belief.ends_at.is_none_or(|known| known != ends_at);
        fill.belief.ends_at = Some(ends_at);
    }
    news
}

/// Whether a window begins anew as a whole.
fn has_end(quota: &Quota) -> bool {
    matches!(
        quota.window,
        Window::Calendar { .. } | Window::Anniversary(_) | Window::Fixed(_) | Window::Rolling(_)
    )
}
