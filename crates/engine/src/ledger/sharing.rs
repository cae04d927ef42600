//! How a ledger works with others on shared counters.
//!
//! Levels in memory are a mirror then: they refuse what is certainly too much, and the shared counters decide about the
//! rest. What happens after a decision (settled, given back, told by a provider) is owed to the counters and told in
//! the background. While they are away each process goes on by itself at its share: a unit weighs as many as there are
//! processes, since the others take as many; what was really taken is owed until they are back.

use std::sync::{Arc, Weak};
use std::time::Duration;

use guichet_catalogue::model::{Dimension, Quota, Window};
use jiff::Timestamp;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep, timeout};

use super::counted::{CountedWindow, Windows};
use super::shared::{Away, Shared, SharedLevel, Taking, Told};
use super::window::Fill;
use super::{Claim, Exhausted, Ledger, Reservation};
use crate::clock::Clock;

/// How often levels are asked for that look full, or have been used: what others do is seen this late.
const LOOK: Duration = Duration::from_millis(250);
/// How long what is owed waits for company.
const COMPANY: Duration = Duration::from_millis(2);
/// What cannot be bought back is not spent to the last unit on a guess about how many others there are.
const MARGIN: f64 = 1.25;
/// Windows shorter than this refill before it matters.
const SHORT: Duration = Duration::from_hours(1);

/// The counters, and who is woken when something is owed to them.
#[derive(Debug)]
pub(super) struct Sharing {
    counters: Arc<dyn Shared>,
    owed: Notify,
    /// Whose turn it is to tell.
    turn: tokio::sync::Mutex<()>,
}

/// How a ledger decides at the moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Mode {
    /// It alone counts.
    Alone,
    /// The shared counters have the last word.
    Together,
    /// They are away; so many share them.
    Apart(f64),
}

impl Mode {
    /// What each unit of a claim counts for.
    pub(super) fn weight(self, claim: &Claim) -> f64 {
        let Self::Apart(replicas) = self else {
            return 1.0;
        };
        let quota = claim.quota();
        let weight = if is_hard(quota) && replicas > 1.0 {
            replicas * MARGIN
        } else {
            replicas
        };
        // One call at a time fits, however many share a small window.
        let most = if claim.units > 0.0 {
            quota.limit / claim.units
        } else {
            weight
        };
        weight.min(most).max(1.0)
    }

    /// Whether it is known here if there is room for a claim. Nobody is refused because of a project's own part, and how
    /// much is under way with others only the counters know.
    pub(super) fn decides(self, claim: &Claim) -> bool {
        let known = self != Self::Together || !claim.is_concurrency();
        known && !claim.window.is_part()
    }

    /// What the shared counters are to be asked about: the claims, and the parts of others that are to be known.
    pub(super) fn to_agree(self, claims: &[Claim], others: Vec<Claim>) -> Vec<Claim> {
        match self {
            Self::Alone => Vec::new(),
            Self::Together => claims.iter().cloned().chain(others).collect(),
            Self::Apart(_) => claims.to_vec(),
        }
    }
}

fn is_hard(quota: &Quota) -> bool {
    let refills = matches!(quota.window, Window::Bucket(_) | Window::Concurrency);
    let short = quota.window.period().is_some_and(|period| period < SHORT);
    quota.dimension == Dimension::Money || !(refills || short)
}

impl Ledger {
    /// The same ledger, whose levels are those of everyone who has the same counters.
    #[must_use]
    pub fn together(self, counters: Arc<dyn Shared>) -> Self {
        Self {
            sharing: Some(Sharing {
                counters,
                owed: Notify::new(),
                turn: tokio::sync::Mutex::default(),
            }),
            ..self
        }
    }

    pub(crate) fn reaches_others(&self) -> Option<bool> {
        let sharing = self.sharing.as_ref()?;
        Some(sharing.counters.is_there())
    }

    /// Whether others use the same windows.
    pub(super) fn has_company(&self) -> bool {
        let sharing = self.sharing.as_ref();
        sharing.is_some_and(|sharing| sharing.counters.replicas() > 1)
    }

    pub(super) fn mode(&self) -> Mode {
        match &self.sharing {
            None => Mode::Alone,
            Some(sharing) if sharing.counters.is_there() => Mode::Together,
            Some(sharing) => Mode::Apart(f64::from(sharing.counters.replicas().max(1))),
        }
    }

    /// Remembers that the shared counters are to be told of units.
    pub(super) fn owe(&self, windows: &mut Windows, claim: &Claim, units: f64) {
        if let Some(sharing) = &self.sharing
            && units != 0.0
        {
            windows.owe(claim, units);
            sharing.owed.notify_one();
        }
    }

    /// There was no room for this claim: others may make some.
    pub(super) fn look_at(&self, windows: &mut Windows, claim: &Claim) {
        if self.sharing.is_some() {
            windows.want(&claim.window);
        }
    }

    /// Changes a level by what somebody knows better, and remembers that all who share it are to know it too.
    pub(super) fn correct_level(
        &self,
        windows: &mut Windows,
        claim: &Claim,
        now: Timestamp,
        correct: impl FnOnce(&mut Fill),
    ) {
        let (mut before, mut after) = (0.0, 0.0);
        windows.change(&claim.window, &self.changed, |fill| {
            fill.advance(claim.quota(), now);
            before = fill.used;
            correct(fill);
            after = fill.used;
        });
        let Some(sharing) = &self.sharing else {
            return;
        };
        if after > before {
            windows.owe_at_least(&claim.window, after);
            sharing.owed.notify_one();
        } else if after < before {
            self.owe(windows, claim, after - before);
        }
    }

    /// The counters are away, or went in the middle of the question: what was taken here may weigh more from now on.
    fn take_share(&self, claims: &[Claim], mode: Mode, now: Timestamp) -> Result<(), Exhausted> {
        let rest = |claim: &Claim| (mode.weight(claim) - claim.weight).max(0.0) * claim.units;
        let mut windows = self.windows.lock();
        let mut decided = claims.iter().filter(|claim| mode.decides(claim));
        let fits = decided.try_for_each(|claim| {
            let level = windows.present(&claim.window, now);
            level.check(claim, rest(claim), now)
        });
        for claim in claims {
            windows.change(&claim.window, &self.changed, |level| {
                if fits.is_ok() {
                    level.take(claim.quota(), rest(claim), now);
                } else {
                    level.undo(claim.units, claim.weight);
                }
            });
            if fits.is_ok() {
                self.owe(&mut windows, claim, claim.units);
            }
        }
        fits
    }

    /// Nothing of these claims was taken.
    fn undo(&self, claims: &[Claim]) {
        let mut windows = self.windows.lock();
        for claim in claims {
            windows.change(&claim.window, &self.changed, |level| {
                level.undo(claim.units, claim.weight);
            });
        }
    }

    /// Why a decision was against these claims, by the levels that came with it.
    fn full(&self, claims: &[Claim], levels: &[SharedLevel], now: Timestamp) -> Exhausted {
        let missing =
            |claim: &Claim, level: &SharedLevel| level.used + claim.units - claim.quota().limit;
        let mut asked = claims.iter().zip(levels);
        let busy = asked
            .find(|(claim, level)| claim.is_concurrency() && missing(claim, level) > 0.0)
            .map(|(claim, _)| claim);
        if busy.is_none()
            && let Err(full) = self.check(claims, now)
        {
            return full;
        }
        // Each clock has its own opinion of the moment; whoever asks again in a moment will see.
        let windows = self.windows.lock();
        let level = |claim: &Claim| windows.as_of(&claim.window, now);
        let left = |claim: &&Claim| {
            let level = level(claim);
            (level.limit(claim.quota(), now) - level.used) / claim.units
        };
        let claimed = claims.iter().filter(|claim| claim.units > 0.0);
        let nearest = claimed.min_by(|one, other| left(one).total_cmp(&left(other)));
        busy.or(nearest).map_or_else(Exhausted::unknown, |claim| {
            level(claim).refusal(claim, 0.0, now)
        })
    }

    fn mirror(&self, claims: &[Claim], levels: &[SharedLevel]) {
        let mut windows = self.windows.lock();
        for (claim, level) in claims.iter().zip(levels) {
            windows.mirror(&claim.window, level, &self.changed);
        }
    }

    /// Tells the counters what is owed to them, and asks for levels where that is wanted too; true when nothing is owed
    /// any more.
    pub async fn tell(&self, now: Timestamp, wanted_too: bool) -> bool {
        let Some(sharing) = &self.sharing else {
            return true;
        };
        let _turn = sharing.turn.lock().await;
        loop {
            if !sharing.counters.is_there() {
                return false;
            }
            let takings = {
                let mut windows = self.windows.lock();
                if sharing.counters.have_forgotten() {
                    windows.remind();
                }
                windows.take_owed(now, wanted_too)
            };
            if takings.is_empty() {
                return true;
            }
            let windows: Vec<Arc<CountedWindow>> = takings
                .iter()
                .map(|taking| Arc::clone(&taking.window))
                .collect();
            let told = sharing.counters.add(takings).await;
            let mut own = self.windows.lock();
            let Ok(levels) = told else {
                for window in &windows {
                    own.not_told(window);
                }
                return false;
            };
            for (window, level) in windows.iter().zip(&levels) {
                own.mirror_told(window, level, &self.changed);
            }
        }
    }

    /// Tells the counters for as long as somebody else has the ledger.
    pub async fn keep_telling(ledger: Weak<Self>, clock: Arc<dyn Clock>) {
        let mut looked = Instant::now();
        loop {
            let Some(own) = ledger.upgrade() else {
                return;
            };
            let Some(sharing) = &own.sharing else {
                return;
            };
            if timeout(LOOK, sharing.owed.notified()).await.is_ok() {
                sleep(COMPANY).await;
            }
            let looks = looked.elapsed() >= LOOK;
            if looks {
                looked = Instant::now();
            }
            if !own.tell(clock.now(), looks).await {
                sleep(LOOK).await;
            }
        }
    }
}

impl Exhausted {
    fn unknown() -> Self {
        Self {
            budget: "".into(),
            window: "".into(),
            is_short: true,
            retry_at: None,
            busy: false,
        }
    }
}

/// What those who share the windows are asked to agree to.
#[derive(Debug)]
pub(crate) struct Agreement {
    ledger: Arc<Ledger>,
    claims: Vec<Claim>,
}

impl Agreement {
    /// Asks for it; says how it was agreed.
    pub(crate) async fn ask(&self, now: Timestamp) -> Result<Mode, Exhausted> {
        let (ledger, claims) = (&self.ledger, &*self.claims);
        let Some(sharing) = &ledger.sharing else {
            return Ok(Mode::Alone);
        };
        let asked = if sharing.counters.is_there() {
            self.asked(sharing, now).await
        } else {
            Err(Away)
        };
        match asked {
            Ok(Told::Taken(levels)) => {
                ledger.mirror(claims, &levels);
                Ok(Mode::Together)
            }
            Ok(Told::Refused(levels)) => {
                ledger.undo(claims);
                ledger.mirror(claims, &levels);
                Err(ledger.full(claims, &levels, now))
            }
            Err(Away) => {
                let replicas = sharing.counters.replicas().max(1);
                let mode = Mode::Apart(f64::from(replicas));
                ledger.take_share(claims, mode, now)?;
                Ok(mode)
            }
        }
    }

    /// Asks in a task of its own: a caller that goes away meanwhile leaves nothing taken.
    async fn asked(&self, sharing: &Sharing, now: Timestamp) -> Result<Told, Away> {
        let takings: Vec<Taking> = {
            let windows = self.ledger.windows.lock();
            let takings = self.claims.iter();
            takings.map(|claim| windows.taking(claim, now)).collect()
        };
        let counters = Arc::clone(&sharing.counters);
        let (ledger, owned) = (Arc::clone(&self.ledger), self.claims.clone());
        let (answer, answered) = oneshot::channel();
        tokio::spawn(async move {
            let told = counters.reserve(takings).await;
            if let Err(Ok(Told::Taken(_))) = answer.send(told) {
                let mut windows = ledger.windows.lock();
                for claim in &owned {
                    ledger.owe(&mut windows, claim, -claim.units);
                }
            }
        });
        answered.await.unwrap_or(Err(Away))
    }
}

impl Reservation {
    /// Has what was taken agreed by those who share the windows, where there are any. Refused, the reservation is
    /// without what was not agreed.
    pub async fn agree(&mut self, now: Timestamp) -> Result<(), Exhausted> {
        let Some(agreement) = self.to_agree() else {
            return Ok(());
        };
        let asked = agreement.ask(now).await;
        self.agreed(asked)
    }

    /// Whether those who share the windows are still to be asked.
    #[must_use]
    pub fn is_unagreed(&self) -> bool {
        !self.unagreed.is_empty()
    }

    /// What they are to be asked.
    pub(crate) fn to_agree(&self) -> Option<Agreement> {
        self.is_unagreed().then(|| Agreement {
            ledger: Arc::clone(&self.ledger),
            claims: self.unagreed.clone(),
        })
    }

    /// Takes over what came of asking.
    pub(crate) fn agreed(&mut self, asked: Result<Mode, Exhausted>) -> Result<(), Exhausted> {
        let claims = std::mem::take(&mut self.unagreed);
        let unplanned = std::mem::take(&mut self.unplanned);
        for claim in &claims {
            let mut own = self.claims.iter_mut();
            let Some(own) = own.find(|own| own.window.is(&claim.window)) else {
                continue;
            };
            match &asked {
                Ok(mode) => own.weight = mode.weight(claim),
                Err(_) => own.units = (own.units - claim.units).max(0.0),
            }
        }
        if asked.is_err() {
            self.planned = self.planned.saturating_sub(unplanned).max(1);
        }
        asked.map(drop)
    }
}
