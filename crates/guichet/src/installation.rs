//! The data folder, or the database on a server in its place: keys and credentials, and the engine that works on them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use guichet_access::{Access, MasterKeySource};
use guichet_catalogue::model::Catalogue;
use guichet_counters::{Counters, RedisUrl};
use guichet_engine::client::{Client, ClientSettings};
use guichet_engine::clock::SystemClock;
use guichet_engine::ledger::Shared;
use guichet_engine::store::Store;
use guichet_engine::{Engine, ModelSettings, Parts, ProviderSettings, Settings as EngineSettings};
use guichet_store::{Database, UsageWriter};

use crate::config::{ProviderChoice, Settings};
use crate::credentials;
use crate::nothing_stored::NothingStored;

const DATABASE: &str = "guichet.db";

/// An opened data folder.
#[derive(Debug, Clone)]
pub(crate) struct Installation {
    /// Durable state.
    pub(crate) database: Database,
    /// Keys and credentials.
    pub(crate) access: Access,
}

impl Installation {
    /// Opens the data folder, and makes it where there is none.
    pub(crate) async fn open(settings: &Settings) -> anyhow::Result<Self> {
        let database = open_database(settings).await?;
        let source = MasterKeySource::from_environment_or_folder(&settings.data_dir)?;
        let access = Access::open(database.clone(), source).await?;
        Ok(Self { database, access })
    }

    /// Opens the data folder if it was ever used, and makes nothing there. A database on a server is set up where it is empty.
    pub(crate) async fn open_existing(settings: &Settings) -> anyhow::Result<Option<Self>> {
        if exists(settings) {
            Self::open(settings).await.map(Some)
        } else {
            Ok(None)
        }
    }

    /// Starts an engine on this state, with every credential that there is.
    pub(crate) async fn engine(
        &self,
        settings: &Settings,
        catalogue: Catalogue,
    ) -> anyhow::Result<Engine> {
        let parts = parts(settings, catalogue, Arc::new(self.database.clone()))?;
        let engine = match &settings.redis_url {
            Some(url) => Engine::start_together(parts, Arc::new(counters(url).await?)).await?,
            None => Engine::start(parts).await?,
        };
        self.publish_credentials(&engine);
        Ok(engine)
    }

    /// Opens the database if there is one, without keys and credentials.
    pub(crate) async fn database(settings: &Settings) -> anyhow::Result<Option<Database>> {
        if !exists(settings) {
            return Ok(None);
        }
        open_database(settings).await.map(Some)
    }

    /// Has what calls to models take written down from now on; flushed before the end, nothing is lost.
    pub(crate) fn record_usage(&self, engine: &Engine) -> UsageWriter {
        let writer = UsageWriter::start(self.database.clone());
        Self::record_with(&writer, engine);
        writer
    }

    /// The same for the server, whose records wait on disk while the database is away.
    pub(crate) async fn record_all_usage(
        &self,
        engine: &Engine,
        settings: &Settings,
    ) -> UsageWriter {
        let writer = UsageWriter::start_spooling(self.database.clone(), settings.usage_spool).await;
        Self::record_with(&writer, engine);
        writer
    }

    fn record_with(writer: &UsageWriter, engine: &Engine) {
        let recording = writer.clone();
        engine.observe_usage(Box::new(move |record| recording.record(record)));
    }

    /// Hands the engine the credentials that there are now.
    pub(crate) fn publish_credentials(&self, engine: &Engine) {
        let stored = self.access.credentials();
        let catalogue = engine.catalogue();
        let gathered = credentials::gather(&catalogue, stored, credentials::process_variable);
        for refused in &gathered.refused {
            tracing::warn!("{refused}");
        }
        engine.replace_credentials(gathered.credentials);
    }
}

/// Starts an engine to look at, on what there is and with every credential, and makes nothing. Beside it the keys of the
/// environment that cannot be used.
pub(crate) async fn engine_to_look_at(
    existing: Option<Installation>,
    settings: &Settings,
    catalogue: Catalogue,
) -> anyhow::Result<(Engine, Vec<String>)> {
    let stored = existing
        .as_ref()
        .map(|existing| existing.access.credentials());
    let gathered = credentials::gather(
        &catalogue,
        stored.unwrap_or_default(),
        credentials::process_variable,
    );
    let store: Arc<dyn Store> = match existing {
        Some(existing) => Arc::new(existing.database),
        None => Arc::new(NothingStored),
    };
    let engine = engine(settings, catalogue, store).await?;
    engine.replace_credentials(gathered.credentials);
    Ok((engine, gathered.refused))
}

/// Starts an engine without credentials, which counts by itself.
pub(crate) async fn engine(
    settings: &Settings,
    catalogue: Catalogue,
    store: Arc<dyn Store>,
) -> anyhow::Result<Engine> {
    Ok(Engine::start(parts(settings, catalogue, store)?).await?)
}

/// Counters that are shared with other servers, whether or not they can be reached yet.
pub(crate) async fn counters(url: &RedisUrl) -> anyhow::Result<Counters> {
    let counters = Counters::start(url).await.map_err(anyhow::Error::msg);
    let counters = counters.with_context(|| format!("Redis at {url} cannot be used"))?;
    if !counters.is_there() {
        tracing::warn!(redis = %url, "Redis cannot be reached: until it can, quotas are counted here, at this server's share");
    }
    Ok(counters)
}

fn parts(
    settings: &Settings,
    catalogue: Catalogue,
    store: Arc<dyn Store>,
) -> anyhow::Result<Parts> {
    Ok(Parts {
        catalogue: Arc::new(catalogue),
        clock: Arc::new(SystemClock),
        transport: Arc::new(client(settings)?),
        store,
        settings: engine_settings(settings),
    })
}

fn client(settings: &Settings) -> anyhow::Result<Client> {
    let settings = ClientSettings {
        dns_servers: settings.dns_servers.clone(),
        extra_roots: settings.extra_roots.certificates().to_vec(),
        connect_timeout: settings.connect_timeout,
    };
    Client::new(settings).context("no client for other servers can be made")
}

fn engine_settings(settings: &Settings) -> EngineSettings {
    let choice = |(id, choice): (&String, &ProviderChoice)| {
        let settings = ProviderSettings {
            enabled: choice.enabled,
            order: choice.order,
            weight: choice.weight,
        };
        (id.clone(), settings)
    };
    EngineSettings {
        contact: settings.contact.clone(),
        plain_http: settings.plain_http,
        timeout: settings.timeout,
        cache_bytes: settings.cache_bytes,
        policies: settings.policies.clone(),
        shares: settings.shares.clone(),
        providers: settings.providers.iter().map(choice).collect(),
        models: ModelSettings {
            timeout: settings.model_timeout,
            stall: Some(settings.model_stall),
            aliases: settings.model_aliases.clone(),
        },
    }
}

fn exists(settings: &Settings) -> bool {
    settings.database_url.is_some() || database_path(&settings.data_dir).exists()
}

async fn open_database(settings: &Settings) -> anyhow::Result<Database> {
    Ok(match &settings.database_url {
        Some(url) => Database::connect(url, &settings.data_dir).await?,
        None => Database::open(&database_path(&settings.data_dir)).await?,
    })
}

fn database_path(data_dir: &Path) -> PathBuf {
    data_dir.join(DATABASE)
}
