//! An engine over providers that do what they are told, in paused time.

use std::sync::Arc;
use std::time::Duration;

use guichet_catalogue::files::Files;
use guichet_catalogue::model::Catalogue;
use guichet_catalogue::{Surroundings, load};
use guichet_engine::answer::{Answer, Refusal};
use guichet_engine::call::{Call, Caller};
use guichet_engine::clock::Clock;
use guichet_engine::identity::{Credential, CredentialId, OrganizationId};
use guichet_engine::store::Store;
use guichet_engine::transport::Transport;
use guichet_engine::{Engine, Parts, ProviderSettings, Settings};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::store::MemoryStore;
use crate::upstream::Upstream;
use crate::world::{DEADLINE, WorldClock};

/// What a stage is set up from.
pub struct Setup {
    /// The catalogue.
    pub catalogue: Arc<Catalogue>,
    /// What an earlier engine left behind.
    pub store: Arc<MemoryStore>,
    /// The operator's decisions.
    pub settings: Settings,
    /// What opens providers.
    pub credentials: Vec<Credential>,
    /// The time at the beginning.
    pub now: Timestamp,
}

/// An engine and what it touches.
pub struct Stage {
    /// The engine.
    pub engine: Engine,
    /// The other side.
    pub upstream: Arc<Upstream>,
    /// What it remembers.
    pub store: Arc<MemoryStore>,
    clock: WorldClock,
}

/// When most stories begin: a Sunday.
pub const BEGIN: &str = "2026-11-22T10:31:00Z";

impl Setup {
    /// A set-up with an operator who gave a contact and nothing else.
    ///
    /// # Panics
    /// Never: [`BEGIN`] is a time.
    #[must_use]
    pub fn of(catalogue: Arc<Catalogue>) -> Self {
        let settings = Settings {
            contact: Some("ops@example.com".into()),
            timeout: DEADLINE,
            ..Settings::default()
        };
        Self {
            catalogue,
            store: Arc::default(),
            settings,
            credentials: Vec::new(),
            now: BEGIN.parse().unwrap_or_else(|error| panic!("{error}")),
        }
    }

    /// The same at another time.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Self {
        Self { now, ..self }
    }

    /// The same with what another engine remembered.
    #[must_use]
    pub fn remembering(self, store: &Arc<MemoryStore>) -> Self {
        Self {
            store: Arc::clone(store),
            ..self
        }
    }

    /// The same with a credential more.
    #[must_use]
    pub fn with_secret(mut self, provider: &str, name: &str, secret: &str) -> Self {
        self.credentials.push(credential(provider, name, secret));
        self
    }

    /// The same with a decision about a provider.
    #[must_use]
    pub fn deciding(mut self, provider: &str, decision: ProviderSettings) -> Self {
        self.settings.providers.insert(provider.into(), decision);
        self
    }

    /// Starts the engine.
    ///
    /// # Panics
    /// When the store cannot be read.
    pub async fn start(self) -> Stage {
        self.start_over(Arc::default()).await
    }

    /// Starts the engine over providers that were told what to do before.
    ///
    /// # Panics
    /// When the store cannot be read.
    pub async fn start_over(self, upstream: Arc<Upstream>) -> Stage {
        let clock = WorldClock::at(self.now);
        let parts = Parts {
            catalogue: self.catalogue,
            clock: Arc::new(clock.clone()),
            transport: Arc::clone(&upstream) as Arc<dyn Transport>,
            store: Arc::clone(&self.store) as Arc<dyn Store>,
            settings: self.settings,
        };
        let engine = Engine::start(parts)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        engine.replace_credentials(self.credentials);
        Stage {
            engine,
            upstream,
            store: self.store,
            clock,
        }
    }
}

impl Stage {
    /// A call as its caller writes it: the operation's own parameters and the common ones.
    ///
    /// # Panics
    /// When there is no such operation, or the parameters are wrong.
    #[must_use]
    pub fn written(&self, operation: &str, parameters: &Value) -> Call {
        let (category, name) = operation.split_once('/').unwrap_or(("things", operation));
        let catalogue = self.engine.catalogue();
        let found = catalogue.operation(category, name);
        let operation = found.unwrap_or_else(|| panic!("no operation {category}/{name}"));
        let raw: Map<String, Value> = parameters.as_object().cloned().unwrap_or_default();
        let caller = Caller {
            organization: OrganizationId::new("default"),
            project: None,
            policy: None,
            peer: None,
            request_id: "test".into(),
        };
        Call::read(Arc::clone(operation), raw, caller).unwrap_or_else(|error| panic!("{error:?}"))
    }

    /// Makes a call.
    pub async fn call(&self, operation: &str, parameters: Value) -> Result<Answer, Refusal> {
        self.engine.call(self.written(operation, &parameters)).await
    }

    /// Makes a call for `things/get`.
    pub async fn get(&self, parameters: Value) -> Result<Answer, Refusal> {
        self.call("get", parameters).await
    }

    /// The time of day.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Lets time pass.
    pub async fn wait(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// A credential.
#[must_use]
pub fn credential(provider: &str, name: &str, secret: &str) -> Credential {
    Credential {
        id: CredentialId::new(format!("{provider}/{name}")),
        provider: provider.into(),
        secret: secret.to_owned().into(),
    }
}

/// The built-in catalogue as it is, or only these categories of it.
///
/// # Panics
/// When the built-in catalogue has problems.
#[must_use]
pub fn built_in(categories: &[&str]) -> Arc<Catalogue> {
    let mut files = Files::default();
    for (path, file) in Files::built_in().iter() {
        let category = path.split('/').next().unwrap_or_default();
        if categories.is_empty() || categories.contains(&category) {
            files.insert(path, file.clone());
        }
    }
    let functions: Vec<&str> = guichet_local::names().collect();
    let surroundings = Surroundings { functions };
    Arc::new(load(&files, &surroundings).unwrap_or_else(|problems| panic!("{problems}")))
}

/// The data of an answer.
///
/// # Panics
/// When it is no JSON.
#[must_use]
pub fn data(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.data).unwrap_or_else(|error| panic!("{error}"))
}

/// Who was tried, with what came of it: `first:upstream second:ok`.
#[must_use]
pub fn tried(attempts: &[guichet_engine::outcome::Attempt]) -> String {
    let words = attempts
        .iter()
        .map(|attempt| format!("{}:{}", attempt.provider, attempt.class));
    words.collect::<Vec<_>>().join(" ")
}

/// Who was not asked, and why, in the words of an answer: `first:no_credential`.
///
/// # Panics
/// Never: every reason has a word.
#[must_use]
pub fn skipped(refusal: &Refusal) -> String {
    let words = refusal.skipped.iter().map(|skipped| {
        let reason = serde_json::to_value(skipped.reason).unwrap_or_default();
        format!("{}:{}", skipped.provider, reason.as_str().unwrap_or("?"))
    });
    words.collect::<Vec<_>>().join(" ")
}
