//! The built-in catalogue with every provider at hand, and engines in paused time.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use guichet_catalogue::files::{File, Files};
use guichet_catalogue::model::{Catalogue, Class, Operation, Provider};
use guichet_catalogue::sample::{Sample, samples};
use guichet_catalogue::{Surroundings, load};
use guichet_engine::call::{Call, Caller, Options};
use guichet_engine::clock::Clock;
use guichet_engine::identity::{Credential, CredentialId, OrganizationId};
use guichet_engine::replay::response;
use guichet_engine::transport::UpstreamResponse;
use guichet_engine::{Engine, Parts, ProviderSettings, Settings};
use guichet_sim::Fault;
use guichet_sim::shift::Shift;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::store::MemoryStore;
use crate::transport::{Behaviour, Memory, host, shared};

/// The time of day in the world: it goes on with tokio's paused time.
#[derive(Debug, Clone)]
pub struct WorldClock {
    begin: Timestamp,
    started: tokio::time::Instant,
}

impl WorldClock {
    /// A clock that shows this time now.
    #[must_use]
    pub fn at(begin: Timestamp) -> Self {
        Self {
            begin,
            started: tokio::time::Instant::now(),
        }
    }
}

impl Clock for WorldClock {
    fn now(&self) -> Timestamp {
        self.begin
            .checked_add(self.started.elapsed())
            .unwrap_or(self.begin)
    }
}

/// The catalogue and its samples.
pub struct World {
    /// Every provider is at `https://<provider>.example`.
    pub catalogue: Arc<Catalogue>,
    samples: Vec<Sample>,
}

/// One engine and what it touches.
pub struct Running {
    /// The engine.
    pub engine: Engine,
    /// The providers.
    pub memory: Arc<Memory>,
    /// What it remembers.
    pub store: Arc<MemoryStore>,
}

impl World {
    /// Reads the built-in catalogue.
    ///
    /// # Panics
    /// When the built-in catalogue has problems.
    #[must_use]
    pub fn new() -> Self {
        let mut files = Files::built_in();
        let samples = samples(&files).unwrap_or_else(|problems| panic!("{problems:?}"));
        let at_hand: Vec<(String, File)> = files
            .iter()
            .filter_map(|(path, file)| {
                let id = path
                    .split_once('/')?
                    .1
                    .strip_suffix(".toml")
                    .filter(|id| *id != "category")?;
                let mut table: toml_table::Table = toml_table::parse(&file.text)?;
                toml_table::place(&mut table, &host(id)).then(|| {
                    let text = toml_table::text(&table).into();
                    (
                        path.to_owned(),
                        File {
                            name: file.name.clone(),
                            text,
                            own: false,
                        },
                    )
                })
            })
            .collect();
        for (path, file) in at_hand {
            files.insert(&path, file);
        }
        let surroundings = Surroundings {
            functions: guichet_local::names().collect(),
        };
        let catalogue = load(&files, &surroundings).unwrap_or_else(|problems| panic!("{problems}"));
        Self {
            catalogue: Arc::new(catalogue),
            samples,
        }
    }

    /// The good sample of a provider's operation: `<operation>.json`.
    #[must_use]
    pub fn good(&self, provider: &str, operation: &str) -> Option<&Sample> {
        self.samples
            .iter()
            .find(|sample| sample.provider == provider && sample.name == operation)
    }

    /// An error of a provider: of this operation if there is one.
    fn error(&self, provider: &str, operation: &str) -> Option<UpstreamResponse> {
        let is_error = |sample: &&Sample| {
            let class = sample.expected.as_ref().map(|expected| expected.class);
            sample.provider == provider
                && matches!(
                    class,
                    Some(
                        Class::Auth | Class::RateLimited | Class::QuotaExhausted | Class::Upstream
                    )
                )
        };
        let errors = || self.samples.iter().filter(is_error);
        let own = errors()
            .find(|sample| sample.recorded.operation == operation)
            .or_else(|| errors().next())?;
        own.recorded.exchanges.last().map(response)
    }

    /// How a provider answers this operation when asked now.
    #[must_use]
    pub fn behaviour(
        &self,
        provider: &str,
        operation: &str,
        fault: Fault,
        now: Timestamp,
    ) -> Option<Behaviour> {
        let sample = self.good(provider, operation)?;
        let shift = Shift::between(sample.recorded.now.unwrap_or(now), now);
        let good = sample.recorded.exchanges.iter().map(|recorded| {
            let mut recorded = recorded.clone();
            if let Some(body) = &mut recorded.body {
                shift.json(body);
            }
            recorded.text = recorded.text.map(|text| shift.text(&text).into_owned());
            for value in recorded.headers.values_mut() {
                if let Some(moved) = value.as_str().and_then(|text| shift.header(text)) {
                    *value = Value::from(moved);
                }
            }
            response(&recorded)
        });
        Some(Behaviour {
            fault,
            good: good.collect(),
            error: self.error(provider, operation),
        })
    }

    /// A credential for everyone who needs one.
    #[must_use]
    pub fn credentials(&self) -> Vec<Credential> {
        let providers = self.catalogue.providers.values();
        providers
            .filter_map(|provider| credential(provider))
            .collect()
    }

    /// An engine with a credential for everyone who needs one.
    ///
    /// # Panics
    /// When the store cannot be read.
    pub async fn start(&self, now: Timestamp, store: Arc<MemoryStore>) -> Running {
        let memory = Arc::new(Memory::default());
        let providers = self.catalogue.providers.keys().map(|id| {
            let settings = ProviderSettings {
                enabled: Some(true),
                ..ProviderSettings::default()
            };
            (id.to_string(), settings)
        });
        let settings = Settings {
            contact: Some("ops@example.com".into()),
            plain_http: true,
            timeout: DEADLINE,
            providers: providers.collect(),
            ..Settings::default()
        };
        let parts = Parts {
            catalogue: Arc::clone(&self.catalogue),
            clock: Arc::new(WorldClock::at(now)),
            transport: shared(&memory),
            store: Arc::clone(&store) as Arc<dyn guichet_engine::store::Store>,
            settings,
        };
        let engine = Engine::start(parts)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        engine.replace_credentials(self.credentials());
        Running {
            engine,
            memory,
            store,
        }
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

/// How long a call may take here.
pub const DEADLINE: Duration = Duration::from_secs(10);

fn credential(provider: &Provider) -> Option<Credential> {
    provider
        .http()
        .filter(|http| http.auth.takes_credential())?;
    Some(Credential {
        id: CredentialId::new(format!("{}/test", provider.id)),
        provider: Arc::clone(&provider.id),
        secret: "a-secret-of-the-tests".to_owned().into(),
    })
}

/// A call with parameters as filters see them.
///
/// # Panics
/// When the parameters are wrong.
#[must_use]
pub fn call(operation: &Arc<Operation>, parameters: &Map<String, Value>, options: Options) -> Call {
    let internal = |name: &str| {
        operation
            .parameters
            .iter()
            .any(|own| own.internal && &*own.name == name)
    };
    let peer = parameters
        .iter()
        .find(|(name, _)| internal(name))
        .and_then(|(_, value)| value.as_str()?.parse().ok());
    let given = parameters.iter().filter(|(name, _)| !internal(name));
    let raw = given
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let caller = Caller {
        organization: OrganizationId::new("default"),
        project: None,
        policy: None,
        peer,
        request_id: "test".into(),
    };
    let call = Call::read(Arc::clone(operation), raw, caller);
    let call = call.unwrap_or_else(|invalid| panic!("{}: {invalid:?}", operation.id));
    Call { options, ..call }
}

/// Counts of a run, for people.
#[derive(Debug, Default)]
pub struct Tally(pub HashMap<&'static str, u64>);

impl Tally {
    /// Counts one.
    pub fn count(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }
}

mod toml_table {
    //! Just enough TOML to move a provider to another host.

    pub(super) use toml::Table;

    pub(super) fn parse(text: &str) -> Option<Table> {
        text.parse().ok()
    }

    pub(super) fn text(table: &Table) -> String {
        toml::to_string(table).unwrap_or_default()
    }

    /// Whether there was anything to move.
    pub(super) fn place(table: &mut Table, host: &str) -> bool {
        if !table.contains_key("base_url") {
            return false;
        }
        table.insert("base_url".into(), format!("https://{host}").into());
        table.remove("hosts");
        table.remove("plain_http");
        true
    }
}
