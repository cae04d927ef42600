//! How much a caller may ask: leave to come in, right after the key is known and before anything else is done; what is
//! left, in headers; which limit stands in the way, in words.
//!
//! A call counts once, whatever is tried for it, and not at all if it was refused before anyone was asked; but one that was
//! refused for what it says keeps its place in the rates, so that nobody sends nonsense faster than anything else. What a
//! call takes in tokens and money is the engine's to count.

use std::sync::Arc;
use std::time::Duration;

use guichet_access::{Limit, LimitClaims, LimitInForce, Limits, Principal};
use guichet_catalogue::model::{Dimension, Window};
use guichet_engine::Engine;
use guichet_engine::ledger::{Claim, Exhausted, Reservation, Standing};
use http::header::HeaderName;
use http::{HeaderMap, StatusCode};
use jiff::{SignedDuration, Timestamp};

use crate::codes::Code;
use crate::problem::{LimitTold, Problem, seconds_until};
use crate::reply::{Reply, Story};
use crate::values::Values;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const X_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const X_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const X_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// When to ask again where only the end of another call makes room.
const SOON: SignedDuration = SignedDuration::from_secs(1);
/// When to look again whether somebody has raised a limit that time does not lift.
const TOMORROW: SignedDuration = SignedDuration::from_hours(24);

/// Leave to come in. It counts as under way until it is dropped.
#[derive(Debug)]
pub(crate) struct Admission(Reservation);

impl Admission {
    /// Asks for it; none where nothing limits the caller.
    pub(crate) fn ask(
        engine: &Engine,
        principal: &Principal,
        now: Timestamp,
    ) -> Result<Option<Self>, Problem> {
        let Some(limits) = &principal.limits else {
            return Ok(None);
        };
        let claims = claims(engine, limits);
        if claims.calls.is_empty() {
            return Ok(None);
        }
        match engine.reserve(claims.calls.clone(), now) {
            Ok(mut reservation) => {
                reservation.spend();
                Ok(Some(Self(reservation)))
            }
            Err(full) => Err(refused(principal, &full, now)),
        }
    }

    /// Whether other servers have a say in it, who are to be asked before anything is answered.
    pub(crate) fn is_unagreed(&self) -> bool {
        self.0.is_unagreed()
    }

    /// Asks them.
    pub(crate) async fn agree(
        &mut self,
        principal: &Principal,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let agreed = self.0.agree(now).await;
        agreed.map_err(|full| refused(principal, &full, now))
    }

    /// Gives back what was taken, but for these.
    fn cancel(mut self, kept: &[Claim]) {
        self.0.keep(kept);
        self.0.never_sent();
    }
}

/// Whether a call was refused for what its caller sent, and not for want of room.
fn is_the_callers_fault(story: &Story) -> bool {
    let of_caller = |code: Code| {
        let status = code.status();
        status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS
    };
    story.refused.is_some_and(of_caller)
}

/// Whether a call was refused before anyone was asked.
fn was_for_nothing(story: &Story) -> bool {
    // Where time was up, or something broke, somebody may have been asked.
    let known = |code: Code| !matches!(code, Code::Deadline | Code::Internal);
    story.refused.is_some_and(known) && story.attempts.is_empty()
}

/// The windows in which a caller's tokens and money are counted.
pub(crate) fn budgets(engine: &Engine, principal: &Principal) -> Arc<[Claim]> {
    let limits = principal.limits.as_ref();
    limits.map_or_else(Arc::default, |limits| {
        Arc::clone(&claims(engine, limits).budgets)
    })
}

/// Calls that are passed on to models as they are: nobody reads how much they take.
pub(crate) fn check_countable(principal: &Principal) -> Result<(), Problem> {
    let limits = principal
        .limits
        .as_ref()
        .map_or(&[][..], |limits| limits.all());
    match limits.iter().find(|one| !one.limit.counts_calls()) {
        None => Ok(()),
        Some(budget) => Err(Problem::new(
            Code::Uncountable,
            format!(
                "the {} has a limit of {}, and what calls to models take is counted under /v1 only",
                budget.holder.kind(),
                budget.limit
            ),
        )),
    }
}

/// The refusal of a call that a limit does not cover.
pub(crate) fn refused(principal: &Principal, full: &Exhausted, now: Timestamp) -> Problem {
    let limits = principal
        .limits
        .as_ref()
        .map_or(&[][..], |limits| limits.all());
    let Some(limit) = limits.iter().find(|one| one.budget == full.budget) else {
        // It was removed meanwhile: the next call will pass.
        let problem = Problem::new(Code::LimitReached, "a limit was reached that is no more");
        return problem.with_history(Vec::new(), Vec::new(), now.checked_add(SOON).ok());
    };
    let whose = format!("the {}'s limit of {}", limit.holder.kind(), limit.limit);
    let is_final = full.retry_at.is_none() && !full.busy;
    let detail = match full.retry_at {
        Some(at) => {
            let seconds = seconds_until(at, now);
            format!("{whose} is reached; there is room again in {seconds} s")
        }
        None if full.busy => format!("{whose} is reached; there is room when one of them ends"),
        None if limit.quota.window == Window::Credit(None) => {
            format!("{whose} does not cover the call, and does not come back by itself")
        }
        None => format!("the call needs more at once than {whose} ever allows; ask for less"),
    };
    let told = LimitTold {
        of: limit.holder.kind(),
        id: limit.holder.id().to_owned(),
        name: limit.name.clone(),
        limit: limit.limit.to_string(),
        is_final,
    };
    let wait = if is_final { TOMORROW } else { SOON };
    let later = now.checked_add(wait).unwrap_or(now);
    Problem::new(Code::LimitReached, detail).with_limit(told, full.retry_at.unwrap_or(later), now)
}

/// Tells in headers what is left, and takes note of what became of the call.
pub(crate) fn tell(
    reply: &mut Reply,
    engine: &Engine,
    principal: &Principal,
    admission: &mut Option<Admission>,
) {
    let Some(limits) = &principal.limits else {
        return;
    };
    let now = engine.now();
    let claims = claims(engine, limits);
    if was_for_nothing(&reply.story)
        && let Some(admission) = admission.take()
    {
        let kept = if is_the_callers_fault(&reply.story) {
            claims.rates.as_slice()
        } else {
            &[]
        };
        admission.cancel(kept);
    }
    let standings = claims.all.iter();
    let standings = standings.map(|claim| engine.standing(claim, now));
    let told: Vec<Told<'_>> = limits
        .all()
        .iter()
        .zip(standings)
        .map(|(limit, standing)| Told { limit, standing })
        .collect();
    write(reply.response.headers_mut(), &told, now);
}

fn claims<'limits>(engine: &Engine, limits: &'limits Limits) -> &'limits LimitClaims {
    limits.claims(|limit, units| engine.claim(&limit.budget, &limit.quota, units))
}

/// A limit and what is left of it.
struct Told<'a> {
    limit: &'a LimitInForce,
    standing: Standing,
}

impl Told<'_> {
    /// Seconds until all of it is there again.
    fn reset(&self, now: Timestamp) -> Option<u64> {
        let at = self.standing.whole_at?;
        let wait = Duration::try_from(at.duration_since(now)).unwrap_or_default();
        Some(
            wait.as_millis()
                .div_ceil(1_000)
                .try_into()
                .unwrap_or(u64::MAX),
        )
    }

    /// How much of all of it is left.
    fn share(&self) -> f64 {
        self.standing.left / self.limit.quota.limit
    }

    fn is_at_once(&self) -> bool {
        self.limit.quota.window == Window::Concurrency
    }
}

/// As in `draft-ietf-httpapi-ratelimit-headers`, a list of all; and the usual headers for the one that is nearest to its
/// end, which know of one only.
fn write(headers: &mut HeaderMap, told: &[Told<'_>], now: Timestamp) {
    let mut values = Values::default();
    for (place, one) in told.iter().enumerate() {
        let limit = &one.limit.limit;
        values.text(if place == 0 { "\"" } else { ", \"" });
        values
            .text(&one.limit.name)
            .text("\";q=")
            .number(whole(limit, limit.amount()));
        if let Some(period) = limit.period() {
            values.text(";w=").number(period.as_secs().max(1));
        }
        if let Some(unit) = unit(one) {
            values.text(";qu=\"").text(unit).text("\"");
        }
    }
    headers.insert(RATE_LIMIT_POLICY, values.end());
    for (place, one) in told.iter().enumerate() {
        values.text(if place == 0 { "\"" } else { ", \"" });
        let left = whole(&one.limit.limit, one.standing.left);
        values.text(&one.limit.name).text("\";r=").number(left);
        if let Some(reset) = one.reset(now) {
            values.text(";t=").number(reset);
        }
    }
    headers.insert(RATE_LIMIT, values.end());
    for name in [X_LIMIT, X_REMAINING, X_RESET] {
        headers.remove(name);
    }
    let windows = told.iter().filter(|one| !one.is_at_once());
    let Some(nearest) = windows.min_by(|one, other| one.share().total_cmp(&other.share())) else {
        return;
    };
    let limit = &nearest.limit.limit;
    headers.insert(X_LIMIT, whole(limit, limit.amount()).into());
    headers.insert(X_REMAINING, whole(limit, nearest.standing.left).into());
    if let Some(reset) = nearest.reset(now) {
        headers.insert(X_RESET, reset.into());
    }
}

/// What is counted, where it is not requests; the draft knows of no money, and of no fractions.
fn unit(one: &Told<'_>) -> Option<&'static str> {
    match one.limit.limit.counts() {
        Dimension::Requests if one.is_at_once() => Some("concurrent-requests"),
        Dimension::Requests => None,
        Dimension::Money => Some("micro-usd"),
        _ => Some("tokens"),
    }
}

/// A whole number of what a limit counts: of money, millionths of a dollar.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "neither negative nor near 2^53"
)]
fn whole(limit: &Limit, amount: f64) -> u64 {
    const MILLION: f64 = 1e6;
    match limit.counts() {
        Dimension::Money => (amount * MILLION + 1e-3).floor() as u64,
        // Levels are sums of fractions.
        _ => (amount + 1e-6).floor() as u64,
    }
}
