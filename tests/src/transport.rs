//! A transport in memory: each provider answers from its samples, under the fault that it is given.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use guichet_engine::transport::{
    Limits, Transport, TransportError, UpstreamRequest, UpstreamResponse,
};
use guichet_sim::alphabet::{Fault, faulted};
use parking_lot::Mutex;

/// The host under which a provider is reached: the test catalogue names `https://<provider>.example`.
#[must_use]
pub fn host(provider: &str) -> String {
    format!("{provider}.example")
}

/// How one provider behaves.
#[derive(Debug, Clone)]
pub struct Behaviour {
    /// Its fault.
    pub fault: Fault,
    /// The right answers to the requests of one call, in order.
    pub good: Vec<UpstreamResponse>,
    /// An error of its own.
    pub error: Option<UpstreamResponse>,
}

/// What reached a provider.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Requests made.
    pub requests: u32,
    /// Requests that reached it: those that it counts.
    pub arrived: u32,
    /// Requests that got the right answer, whole and in time.
    pub answered_right: u32,
    /// The URLs, in order.
    pub urls: Vec<String>,
}

/// Providers by id.
#[derive(Debug, Default)]
pub struct Memory {
    behaviours: Mutex<HashMap<String, Behaviour>>,
    seen: Mutex<HashMap<String, Seen>>,
}

impl Memory {
    /// How a provider behaves from now on.
    pub fn behave(&self, provider: &str, behaviour: Behaviour) {
        self.behaviours.lock().insert(host(provider), behaviour);
    }

    /// The fault of a provider from now on.
    pub fn set_fault(&self, provider: &str, fault: Fault) {
        if let Some(behaviour) = self.behaviours.lock().get_mut(&host(provider)) {
            behaviour.fault = fault;
        }
    }

    /// What reached a provider.
    #[must_use]
    pub fn seen(&self, provider: &str) -> Seen {
        self.seen
            .lock()
            .get(&host(provider))
            .cloned()
            .unwrap_or_default()
    }

    /// Requests made to anyone.
    #[must_use]
    pub fn requests(&self) -> u32 {
        self.seen.lock().values().map(|seen| seen.requests).sum()
    }

    fn play(
        &self,
        request: &UpstreamRequest,
    ) -> Option<(Fault, UpstreamResponse, Option<UpstreamResponse>)> {
        let host = request.url.host_str()?.to_owned();
        let mut seen = self.seen.lock();
        let seen = seen.entry(host.clone()).or_default();
        let turn = seen.requests as usize;
        seen.requests += 1;
        seen.urls.push(request.url.to_string());
        let behaviours = self.behaviours.lock();
        let behaviour = behaviours.get(&host)?;
        let good = behaviour
            .good
            .get(turn % behaviour.good.len().max(1))?
            .clone();
        Some((behaviour.fault, good, behaviour.error.clone()))
    }
}

impl Transport for Memory {
    fn send(
        &self,
        request: UpstreamRequest,
        limits: Limits,
    ) -> BoxFuture<'_, Result<UpstreamResponse, TransportError>> {
        Box::pin(async move {
            let Some((fault, good, error)) = self.play(&request) else {
                return Err(TransportError::NoSuchHost);
            };
            let (wait, result) = faulted(fault, &good, error.as_ref()).within(limits);
            let failure = result.as_ref().err();
            if failure.is_none_or(|error| !error.never_sent())
                && let Some(host) = request.url.host_str()
            {
                let mut seen = self.seen.lock();
                seen.entry(host.to_owned()).or_default().arrived += 1;
            }
            tokio::time::sleep(wait).await;
            let right = result
                .as_ref()
                .is_ok_and(|given| given.status == good.status && given.body == good.body);
            if right && let Some(host) = request.url.host_str() {
                self.seen
                    .lock()
                    .entry(host.to_owned())
                    .or_default()
                    .answered_right += 1;
            }
            result
        })
    }
}

/// A shared transport, as an engine wants it.
#[must_use]
pub fn shared(memory: &Arc<Memory>) -> Arc<dyn Transport> {
    Arc::clone(memory) as Arc<dyn Transport>
}
