//! Providers that tell for nothing what is left are asked now and then ([`Status`](guichet_catalogue::model::Status)).
//!
//! **Invariant:** who does not answer, or answers something else, is no worse for it: nobody is suspended, nothing is
//! learnt.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use guichet_catalogue::filter::Input;
use guichet_catalogue::model::{Catalogue, Dimension, Http, Provider, Status, Within};
use http::{HeaderMap, Method};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::ai::target;
use crate::engine::Engine;
use crate::gauge::{Gauge, Telling};
use crate::identity::Credential;
use crate::ledger::Claim;
use crate::plan::{turns, unusable};
use crate::request::Draft;
use crate::transport::Limits;

/// How often is looked who is to be asked again.
const LOOK: Duration = Duration::from_secs(15);
/// What such an answer may take.
const LIMITS: Limits = Limits {
    time: Duration::from_secs(10),
    body: 1 << 20,
};

/// When each credential was asked with last.
#[derive(Debug, Default)]
pub struct Inquiries(HashMap<String, Instant>);

/// Asks for as long as it is polled.
pub async fn keep_inquiring(engine: Engine) {
    let mut asked = Inquiries::default();
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        engine.inquire_once(&mut asked).await;
    }
}

impl Engine {
    /// Asks everyone whose turn it is what is left, and takes over what they tell.
    pub async fn inquire_once(&self, asked: &mut Inquiries) {
        let catalogue = self.catalogue();
        for provider in catalogue.providers.values() {
            let Some((http, status)) = inquired(provider) else {
                continue;
            };
            if unusable(provider, self.settings()).is_some() {
                continue;
            }
            let credentials = turns(provider, &self.credentials(), 0).unwrap_or_default();
            for credential in credentials {
                let name = credential
                    .as_ref()
                    .map_or(&*provider.id, |own| own.id.as_str());
                if asked.is_due(name, status.every) {
                    let inquiry = Inquiry {
                        engine: self,
                        catalogue: &catalogue,
                        provider,
                        http,
                        status,
                        credential: credential.as_deref(),
                    };
                    inquiry.make().await;
                }
            }
        }
    }
}

fn inquired(provider: &Provider) -> Option<(&Http, &Status)> {
    let http = provider.http()?;
    Some((http, http.status.as_ref()?))
}

impl Inquiries {
    fn is_due(&mut self, name: &str, every: Duration) -> bool {
        let now = Instant::now();
        let due = self
            .0
            .get(name)
            .is_none_or(|last| now.duration_since(*last) >= every);
        if due {
            self.0.insert(name.to_owned(), now);
        }
        due
    }
}

/// One question.
struct Inquiry<'a> {
    engine: &'a Engine,
    catalogue: &'a Catalogue,
    provider: &'a Arc<Provider>,
    http: &'a Http,
    status: &'a Status,
    credential: Option<&'a Credential>,
}

impl Inquiry<'_> {
    async fn make(&self) {
        let ledger = self.engine.guard().ledger();
        let now = self.engine.now();
        // It is a call like any other where calls of any endpoint are counted.
        let Ok(mut counted) = ledger.reserve(self.claims(1.0, true), now) else {
            return;
        };
        if counted.agree(now).await.is_err() {
            return;
        }
        self.engine.written().await;
        // What is under way when it is asked may not be in the answer yet.
        let claims = ledger.watched(self.claims(0.0, false), now);
        counted.sent();
        if let Some(gauges) = self.ask().await {
            ledger.told(&claims, &gauges, self.engine.now());
        }
    }

    /// Claims of the provider's windows that are not one model's: of those that count any call, or of all.
    fn claims(&self, units: f64, calls: bool) -> Vec<Claim> {
        let credential = self.credential.map(|own| own.id.as_str());
        let ledger = self.engine.guard().ledger();
        let quotas =
            self.http.quotas.iter().filter(|quota| {
                !quota.each_model && (!calls || quota.dimension == Dimension::Calls)
            });
        let claims = quotas.map(|quota| {
            let budget = quota.budget(&self.provider.id, None, credential);
            ledger.claim(&budget, quota, units)
        });
        claims.collect()
    }

    async fn ask(&self) -> Option<Vec<Gauge>> {
        let url = target(self.http, None, &self.status.path).ok()?;
        let sender = self.engine.sender();
        let own_hosts = self.http.own_hosts;
        let draft = Draft::of_proxy(
            Method::GET,
            url,
            HeaderMap::new(),
            Bytes::new(),
            own_hosts,
            sender,
        );
        let secret = self.credential.map(|own| &own.secret);
        let request = draft.sign(&self.http.auth, secret).ok()?;
        let answer = self.engine.transport().send(request, LIMITS).await.ok()?;
        if answer.status != 200 {
            tracing::debug!(provider = %self.provider.id, status = answer.status, "it does not tell what is left");
            return None;
        }
        let telling = Telling {
            program: &self.catalogue.program,
            http: self.http,
            model: None,
            within: Within::Status,
            status: answer.status,
            headers: &answer.headers,
            body: Input::from_json(&answer.body).ok()?,
            now: self.engine.now(),
        };
        Some(telling.gauges())
    }
}
