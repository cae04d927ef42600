//! What can be set, typed, and what holds where nothing is set.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use guichet_counters::RedisUrl;
use guichet_engine::ledger::Shares;
use guichet_engine::policy::Policies;
use guichet_gateway::TrustedProxies;
use guichet_store::DatabaseUrl;
use tracing::level_filters::LevelFilter;

use super::roots::ExtraRoots;

/// Every setting.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Where the server listens.
    pub(crate) listen: SocketAddr,
    /// Where the database and the master key are.
    pub(crate) data_dir: PathBuf,
    /// The database on a server, in place of the one in the data folder.
    pub(crate) database_url: Option<DatabaseUrl>,
    /// Where servers count quotas together.
    pub(crate) redis_url: Option<RedisUrl>,
    /// The operator's own catalogue.
    pub(crate) catalogue_dir: Option<PathBuf>,
    /// An address or a page that providers can turn to; travels in the User-Agent.
    pub(crate) contact: Option<String>,
    /// How logs are written.
    pub(crate) log_format: LogFormat,
    /// Which logs are written.
    pub(crate) log_level: LevelFilter,
    /// Name servers in place of the system's.
    pub(crate) dns_servers: Vec<SocketAddr>,
    /// Whether providers without TLS may be asked.
    pub(crate) plain_http: bool,
    /// Certificate authorities that providers are believed with, besides the usual ones.
    pub(crate) extra_roots: ExtraRoots,
    /// How long a connection to a provider may take to be made.
    pub(crate) connect_timeout: Duration,
    /// How long a call may take where the caller does not say.
    pub(crate) timeout: Duration,
    /// Whom to believe when it says for whom it asks.
    pub(crate) trusted_proxies: TrustedProxies,
    /// The most memory that cached answers take, in bytes.
    pub(crate) cache_bytes: u64,
    /// The largest request body that is read, in bytes.
    pub(crate) max_body: usize,
    /// The same where models are asked.
    pub(crate) max_model_body: usize,
    /// The largest line and headers of a request that are read, in bytes.
    pub(crate) max_head: usize,
    /// How long a client may take to send a request's line and headers.
    pub(crate) head_timeout: Duration,
    /// How long a client may take to send a request's body.
    pub(crate) body_timeout: Duration,
    /// How long a connection may rest.
    pub(crate) idle_timeout: Duration,
    /// How long requests under way may still take when the server stops.
    pub(crate) grace: Duration,
    /// The most connections that are open at once.
    pub(crate) connections: usize,
    /// How long a caller of a model waits for a whole answer, or for the beginning of a stream.
    pub(crate) model_timeout: Duration,
    /// How long a provider may say nothing within a stream.
    pub(crate) model_stall: Duration,
    /// The operator's own names for models, each with those that it stands for.
    pub(crate) model_aliases: BTreeMap<String, Vec<String>>,
    /// In which order providers are asked.
    pub(crate) policies: Policies,
    /// How projects share the quotas of providers.
    pub(crate) shares: Shares,
    /// How long it is remembered what calls to models took.
    pub(crate) usage_keep: Duration,
    /// Room for what is to be remembered of it while the database is away, in bytes.
    pub(crate) usage_spool: u64,
    /// Changes to single providers.
    pub(crate) providers: BTreeMap<String, ProviderChoice>,
}

/// The operator's changes to one provider.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ProviderChoice {
    /// On or off, whatever its file says.
    pub(crate) enabled: Option<bool>,
    /// Its rank; smaller ones are asked first, those without one last, in the catalogue's order.
    pub(crate) order: Option<i32>,
    /// Its share where the policy is `weighted`.
    pub(crate) weight: Option<f64>,
}

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            data_dir: PathBuf::from("./guichet-data"),
            database_url: None,
            redis_url: None,
            catalogue_dir: None,
            contact: None,
            log_format: LogFormat::Text,
            log_level: LevelFilter::INFO,
            dns_servers: Vec::new(),
            plain_http: false,
            extra_roots: ExtraRoots::default(),
            connect_timeout: Duration::from_secs(4),
            timeout: Duration::from_secs(10),
            trusted_proxies: TrustedProxies::default(),
            cache_bytes: 32 << 20,
            max_body: 1 << 20,
            max_model_body: 32 << 20,
            max_head: 64 << 10,
            head_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(75),
            grace: Duration::from_secs(20),
            connections: 1024,
            model_timeout: Duration::from_mins(5),
            model_stall: Duration::from_secs(30),
            model_aliases: BTreeMap::new(),
            policies: Policies::default(),
            shares: Shares::default(),
            usage_keep: Duration::from_hours(400 * 24),
            usage_spool: guichet_store::SPOOL,
            providers: BTreeMap::new(),
        }
    }
}
