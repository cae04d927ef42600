//! The providers: they count by their true windows, and answer or refuse as the real ones do.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use futures_util::future::BoxFuture;
use guichet_engine::clock::Clock;
use guichet_engine::transport::{
    Limits, Transport, TransportError, UpstreamRequest, UpstreamResponse,
};
use jiff::Timestamp;

use crate::answers::{accepted, refused};
use crate::demand::Arrival;
use crate::tiers::{Tier, Window};
use crate::truth::Count;

/// All providers.
pub(crate) struct Upstreams {
    tiers: Vec<Tier>,
    calls: Vec<Arrival>,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    counts: Vec<Vec<Count>>,
    tally: Tally,
}

/// What they were asked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    /// Calls that were answered.
    pub(crate) answered: u64,
    /// Calls that were refused: wasted.
    pub(crate) refused: u64,
    /// Refused calls, by tier.
    pub(crate) refused_by: Vec<u64>,
    /// Answered calls, by tier.
    pub(crate) answered_by: Vec<u64>,
    /// Units that were taken of each window, by tier.
    pub(crate) taken: Vec<Vec<f64>>,
}

/// How full a window is.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    /// The window.
    pub(crate) window: Window,
    /// Units used.
    pub(crate) used: f64,
    /// Units that the call asked for.
    pub(crate) asked: f64,
    /// Seconds: of a refusal, until the call would fit; else until nothing is used.
    pub(crate) wait: f64,
}

/// A refusal names the windows that are full.
pub(crate) type Answered = Result<Vec<Reading>, Vec<Reading>>;

impl Upstreams {
    /// Providers of which nothing is used. `calls` are those that will come, found by the number in their text.
    #[must_use]
    pub(crate) fn new(tiers: Vec<Tier>, calls: Vec<Arrival>, clock: Arc<dyn Clock>) -> Self {
        let counts = tiers
            .iter()
            .map(|tier| tier.windows.iter().map(Count::new).collect())
            .collect();
        let tally = Tally {
            refused_by: vec![0; tiers.len()],
            answered_by: vec![0; tiers.len()],
            taken: tiers
                .iter()
                .map(|tier| vec![0.0; tier.windows.len()])
                .collect(),
            ..Tally::default()
        };
        Self {
            tiers,
            calls,
            clock,
            state: Mutex::new(State { counts, tally }),
        }
    }

    /// What they were asked so far.
    #[must_use]
    pub(crate) fn tally(&self) -> Tally {
        self.lock().tally.clone()
    }

    /// Asks a tier to take a call: it counts in all windows, or in none.
    pub(crate) fn ask(&self, tier: usize, call: &Arrival, now: Timestamp) -> Answered {
        let mut state = self.lock();
        let own = &self.tiers[tier];
        let mut readings = Vec::with_capacity(own.windows.len());
        let mut full = Vec::new();
        for (window, count) in own.windows.iter().zip(&mut state.counts[tier]) {
            let asked = own.units(window.counts, call.input, call.output);
            let used = count.used(window, now);
            let missing = used + asked - window.limit;
            let (used, over) = if missing > 1e-6 {
                (used, true)
            } else {
                (used + asked, false)
            };
            let reading = Reading {
                window: window.clone(),
                used,
                asked,
                wait: count.wait(window, if over { missing } else { used }, now),
            };
            if over {
                full.push(reading);
            } else {
                readings.push(reading);
            }
        }
        if !full.is_empty() {
            state.tally.refused += 1;
            state.tally.refused_by[tier] += 1;
            return Err(full);
        }
        let State { counts, tally } = &mut *state;
        let taken = counts[tier].iter_mut().zip(&mut tally.taken[tier]);
        for (window, (count, taken)) in own.windows.iter().zip(taken) {
            let units = own.units(window.counts, call.input, call.output);
            count.take(window, units, now);
            *taken += units;
        }
        state.tally.answered += 1;
        state.tally.answered_by[tier] += 1;
        Ok(readings)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whom a request is for: a host belongs to a provider, and the model is in the body or in the path.
    fn addressee(&self, request: &UpstreamRequest, text: &str) -> Option<usize> {
        let host = request.url.host_str()?;
        let path = request.url.path();
        self.tiers.iter().position(|tier| {
            let provider = match tier.provider() {
                "gemini" => "googleapis",
                other => other,
            };
            let named = format!("\"{}\"", tier.own_name());
            let in_path = format!("/{}:", tier.own_name());
            host.contains(provider) && (text.contains(&named) || path.contains(&in_path))
        })
    }
}

impl Transport for Upstreams {
    fn send(
        &self,
        request: UpstreamRequest,
        _: Limits,
    ) -> BoxFuture<'_, Result<UpstreamResponse, TransportError>> {
        Box::pin(async move {
            let text = String::from_utf8_lossy(&request.body);
            let mut parts = text.split('#');
            let number = parts.nth(1).and_then(|number| number.parse::<usize>().ok());
            let call = number.and_then(|number| self.calls.get(number));
            let Some((call, tier)) = call.zip(self.addressee(&request, &text)) else {
                return Err(TransportError::NoSuchHost);
            };
            let own = &self.tiers[tier];
            let now = self.clock.now();
            let answered = self.ask(tier, call, now);
            let takes = if answered.is_ok() { own.latency_ms } else { 80 };
            tokio::time::sleep(Duration::from_millis(takes)).await;
            Ok(match answered {
                Ok(readings) => accepted(own, call, &readings, now),
                Err(full) => refused(own, &full, now),
            })
        })
    }
}
