//! Rehearsing a failure: for a limited time a provider is not asked, and answers as if it failed in one of the ways in
//! which providers do. What callers get then is what they will get when it is true.
//!
//! **Invariant:** off unless somebody with the server's data folder turns it on; it ends by itself; every answer that is
//! given meanwhile can be marked by whoever gives it ([`Rehearsals::now`]). While nothing is rehearsed a request costs one
//! look at a flag.

mod failing;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use futures_util::future::BoxFuture;
use guichet_catalogue::model::{Catalogue, Provider};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::clock::Clock;
use crate::transport::{
    Limits, Transport, TransportError, UpstreamRequest, UpstreamResponse, UpstreamStream,
};
pub use failing::{Failing, UnknownFailing};

/// One provider that is made to fail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rehearsal {
    /// The provider.
    pub provider: Arc<str>,
    /// How it fails.
    pub fault: Failing,
    /// Until when.
    pub until: Timestamp,
}

/// What is rehearsed. Cheap to clone: all clones are one.
#[derive(Debug, Clone, Default)]
pub struct Rehearsals(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    on: AtomicBool,
    list: ArcSwap<Vec<Rehearsed>>,
}

/// A rehearsal and whom it concerns.
#[derive(Debug)]
struct Rehearsed {
    rehearsal: Rehearsal,
    provider: Arc<Provider>,
    /// Whether others are reached at the same host, as behind a gateway: then only the base URL tells whose a request is.
    has_neighbours: bool,
}

impl Rehearsed {
    fn concerns(&self, request: &UpstreamRequest) -> bool {
        let Some((http, host)) = self.provider.http().zip(request.url.host_str()) else {
            return false;
        };
        let is_below = || request.url.as_str().starts_with(&http.base_url_text);
        http.hosts.iter().any(|own| own.covers(host)) && (!self.has_neighbours || is_below())
    }
}

/// Whether another provider's base URL leads to a host of this one.
fn has_neighbours(provider: &Provider, catalogue: &Catalogue) -> bool {
    let Some(own) = provider.http() else {
        return false;
    };
    let others = catalogue.providers.values();
    let mut others = others.filter(|other| other.id != provider.id);
    others.any(|other| {
        let base = other
            .http()
            .and_then(|http| Url::parse(&http.base_url_text).ok());
        let host = base.as_ref().and_then(Url::host_str);
        host.is_some_and(|host| own.hosts.iter().any(|own| own.covers(host)))
    })
}

impl Rehearsals {
    pub(crate) fn is_on(&self) -> bool {
        self.0.on.load(Ordering::Relaxed)
    }

    /// What is rehearsed at this time.
    #[must_use]
    pub fn now(&self, now: Timestamp) -> Vec<Rehearsal> {
        if !self.0.on.load(Ordering::Relaxed) {
            return Vec::new();
        }
        let list = self.0.list.load();
        let running = list.iter().map(|one| &one.rehearsal);
        running.filter(|one| now < one.until).cloned().collect()
    }

    /// Takes these in the place of what was rehearsed before; those of providers that do not exist are left out.
    pub(crate) fn replace(&self, rehearsals: Vec<Rehearsal>, catalogue: &Catalogue) {
        let known = rehearsals.into_iter().filter_map(|rehearsal| {
            let provider = Arc::clone(catalogue.providers.get(&rehearsal.provider)?);
            Some(Rehearsed {
                rehearsal,
                has_neighbours: has_neighbours(&provider, catalogue),
                provider,
            })
        });
        let list: Vec<Rehearsed> = known.collect();
        let on = !list.is_empty();
        self.0.list.store(Arc::new(list));
        self.0.on.store(on, Ordering::Relaxed);
    }

    /// How a request fails that is made now; none where its provider is asked.
    fn failing(&self, request: &UpstreamRequest, clock: &dyn Clock) -> Option<Failing> {
        let now = clock.now();
        let list = self.0.list.load();
        let mut running = list.iter().filter(|one| now < one.rehearsal.until);
        let concerned = running.find(|one| one.concerns(request));
        concerned.map(|one| one.rehearsal.fault)
    }
}

/// A transport that fails for providers whose failure is rehearsed, and is the one within it for all others.
pub(crate) struct Rehearsing {
    pub(crate) within: Arc<dyn Transport>,
    pub(crate) rehearsals: Rehearsals,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Rehearsing {
    fn failing(&self, request: &UpstreamRequest) -> Option<Failing> {
        if self.rehearsals.0.on.load(Ordering::Relaxed) {
            self.rehearsals.failing(request, &*self.clock)
        } else {
            None
        }
    }
}

impl Transport for Rehearsing {
    fn send(
        &self,
        request: UpstreamRequest,
        limits: Limits,
    ) -> BoxFuture<'_, Result<UpstreamResponse, TransportError>> {
        match self.failing(&request) {
            Some(failing) => Box::pin(failing.answer(limits.time)),
            None => self.within.send(request, limits),
        }
    }

    fn open(
        &self,
        request: UpstreamRequest,
        time: Duration,
    ) -> BoxFuture<'_, Result<UpstreamStream, TransportError>> {
        let Some(failing) = self.failing(&request) else {
            return self.within.open(request, time);
        };
        Box::pin(async move {
            let whole = failing.answer(time).await?;
            Ok(UpstreamStream {
                status: whole.status,
                headers: whole.headers,
                body: Box::pin(futures_util::stream::iter([Ok(whole.body)])),
            })
        })
    }
}
