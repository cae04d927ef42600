//! The running simulator: its addresses, its switches, its counts.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use guichet_catalogue::model::Catalogue;
use guichet_catalogue::sample::Sample;
use guichet_engine::clock::{Clock, SystemClock};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::alphabet::Fault;
use crate::book;
use crate::counts::ProviderCounts;
use crate::elsewhere::{Full, Refusing, SelfSigned};
use crate::names::{NameServer, ZONE};
use crate::pacing::Pacing;
use crate::state::{State, account_path};
use crate::switches::{EVERY, Switch};
use crate::task::{Task, accept};
use crate::wire::{After, Connection};

/// What to simulate, and where.
pub struct Settings {
    /// The catalogue whose HTTP providers are served.
    pub catalogue: Arc<Catalogue>,
    /// The catalogue's samples.
    pub samples: Vec<Sample>,
    /// Where to listen; the port 0 takes any that is free.
    pub address: SocketAddr,
    /// Whether quotas are enforced.
    pub quotas: bool,
    /// Faults from the start, by provider (`*` for every one).
    pub faults: Vec<(String, Fault)>,
    /// How fast answers of models come, by provider (`*` for every one).
    pub pacing: Vec<(String, Pacing)>,
    /// The clock to which samples are moved and by which windows open and close.
    pub clock: Arc<dyn Clock>,
}

impl Settings {
    /// A free port of this machine, quotas enforced, no faults, the system's clock.
    #[must_use]
    pub fn new(catalogue: Arc<Catalogue>, samples: Vec<Sample>) -> Self {
        Self {
            catalogue,
            samples,
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            quotas: true,
            faults: Vec::new(),
            pacing: Vec::new(),
            clock: Arc::new(SystemClock),
        }
    }
}

/// Why it does not start or does not do as it is told.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    /// An address cannot be had, a file cannot be written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A sample cannot be used.
    #[error("{0}")]
    Sample(String),
    /// A name that no HTTP provider has.
    #[error("there is no provider `{0}` to simulate")]
    UnknownProvider(String),
}

/// Serves until it is stopped or dropped.
pub struct Simulator {
    state: Arc<State>,
    address: SocketAddr,
    refusing: Refusing,
    full: Full,
    self_signed: SelfSigned,
    names: NameServer,
    server: Task,
}

impl Simulator {
    /// Binds all addresses and begins to serve.
    pub async fn start(settings: Settings) -> Result<Self, SimulatorError> {
        let book =
            book::read(&settings.catalogue, &settings.samples).map_err(SimulatorError::Sample)?;
        let state = Arc::new(State::new(book, settings.clock, settings.quotas));
        for (provider, fault) in settings.faults {
            switch(&state, &provider, Switch { fault, times: None })?;
        }
        for (provider, pacing) in settings.pacing {
            known(&state, &provider)?;
            state.paces.lock().set(&provider, pacing);
        }
        let listener = TcpListener::bind(settings.address).await?;
        let address = listener.local_addr()?;
        let here = reachable(address);
        let any_port = SocketAddr::new(here.ip(), 0);
        Ok(Self {
            address,
            refusing: Refusing::bind(any_port)?,
            full: Full::bind(any_port).await?,
            self_signed: SelfSigned::bind(any_port).await?,
            names: NameServer::bind(here, Arc::clone(&state)).await?,
            server: Task::spawn(serve(listener, Arc::clone(&state))),
            state,
        })
    }

    /// The port that all providers share.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The address that all providers share.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the name server for `<provider>.sim.internal` listens (UDP).
    #[must_use]
    pub fn name_server(&self) -> SocketAddr {
        self.names.address
    }

    /// The ids of the providers that are served.
    pub fn providers(&self) -> impl Iterator<Item = &str> {
        self.state.book.keys().map(AsRef::as_ref)
    }

    /// The base URL at which a client meets a fault. `refused`, `connect-timeout` and `bad-cert` have addresses that
    /// fail so whatever is switched on; the others strike when they are switched on, with [`set_fault`](Self::set_fault)
    /// or on start, the two of name resolution through the name server.
    #[must_use]
    pub fn base_url(&self, provider: &str, fault: Fault) -> String {
        let shared = reachable(self.address);
        match fault {
            Fault::Refused => format!("http://{}/{provider}", self.refusing.address),
            Fault::ConnectTimeout => format!("http://{}/{provider}", self.full.address),
            Fault::BadCert => format!("https://{}/{provider}", self.self_signed.address),
            Fault::Nxdomain | Fault::DnsHang => {
                format!("http://{provider}.{ZONE}:{}/{provider}", shared.port())
            }
            _ => format!("http://{shared}/{provider}"),
        }
    }

    /// Puts a provider (`*`: every one that has no fault of its own) under a fault, for all requests or the next few.
    pub fn set_fault(
        &self,
        provider: &str,
        fault: Fault,
        times: Option<u32>,
    ) -> Result<(), SimulatorError> {
        switch(&self.state, provider, Switch { fault, times })
    }

    /// How fast a provider's models answer (`*`: every one's that has no pacing of its own).
    pub fn set_pacing(&self, provider: &str, pacing: Pacing) -> Result<(), SimulatorError> {
        known(&self.state, provider)?;
        self.state.paces.lock().set(provider, pacing);
        Ok(())
    }

    /// Puts another limit in place of the catalogue's, for a provider's windows of this name (`tokens/bucket-86400s`, as
    /// the counts show it).
    pub fn set_limit(
        &self,
        provider: &str,
        window: &str,
        limit: f64,
    ) -> Result<(), SimulatorError> {
        let set = self.state.set_limit(provider, window, limit);
        set.map_err(|_| SimulatorError::UnknownProvider(format!("{provider} with {window}")))
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.state.switches.lock().clear_all();
    }

    /// The faults that are switched on, by provider.
    #[must_use]
    pub fn faults(&self) -> BTreeMap<String, Switch> {
        self.state.switches.lock().all()
    }

    /// What each provider counted.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<String, ProviderCounts> {
        self.state.counts()
    }

    /// Counts and quotas start afresh; faults stay as they are.
    pub fn reset(&self) {
        self.state.reset();
    }

    /// Writes into a folder the overrides with which a server talks to the simulator instead of the providers.
    pub fn overlay(&self, folder: &Path) -> Result<(), SimulatorError> {
        self.write_overlay(folder, |provider| self.base_url(provider, Fault::Ok))
    }

    /// The same with a name for each provider, for servers that ask [`name_server`](Self::name_server): so all faults
    /// but `bad-cert` can be switched while they run, those of names and connections too.
    pub fn overlay_with_names(&self, folder: &Path) -> Result<(), SimulatorError> {
        self.write_overlay(folder, |provider| self.base_url(provider, Fault::Nxdomain))
    }

    /// The same with the address of each provider where it meets this fault.
    pub fn overlay_under(&self, folder: &Path, fault: Fault) -> Result<(), SimulatorError> {
        self.write_overlay(folder, |provider| self.base_url(provider, fault))
    }

    fn write_overlay(
        &self,
        folder: &Path,
        base_url: impl Fn(&str) -> String,
    ) -> Result<(), SimulatorError> {
        for (id, recordings) in &self.state.book {
            let category = folder.join(&*recordings.provider.category);
            std::fs::create_dir_all(&category)?;
            let mut text = String::from("patch      = true\n");
            // Writing to a string cannot fail.
            let http = recordings.provider.http();
            let account = http.and_then(|http| account_path(&http.base_url_text));
            let url = format!("{}{}", base_url(id), account.unwrap_or_default());
            let _ = writeln!(text, "base_url   = \"{url}\"");
            text.push_str("plain_http = true\n");
            std::fs::write(category.join(format!("{id}.toml")), text)?;
        }
        Ok(())
    }

    /// Ends it and waits until its port is free again.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

fn known(state: &State, provider: &str) -> Result<(), SimulatorError> {
    if provider != EVERY && !state.book.contains_key(provider) {
        return Err(SimulatorError::UnknownProvider(provider.to_owned()));
    }
    Ok(())
}

fn switch(state: &State, provider: &str, switch: Switch) -> Result<(), SimulatorError> {
    known(state, provider)?;
    state.switches.lock().set(provider, switch);
    Ok(())
}

/// An address to connect to, where the simulator listens on all.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    address
}

/// Connections end with the task: the set aborts them when it is dropped.
async fn serve(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        connections.spawn(converse(accept(&listener).await, Arc::clone(&state)));
        while connections.try_join_next().is_some() {}
    }
}

/// Answers one client until it goes, or a fault ends it.
async fn converse(stream: TcpStream, state: Arc<State>) {
    // Drips must leave one by one.
    let _ = stream.set_nodelay(true);
    let mut connection = Connection::new(stream);
    while let Ok(Some(incoming)) = connection.read().await {
        let reply = state.reply(&incoming);
        tokio::time::sleep(reply.after).await;
        let after = connection.perform(reply.play, state.clock.now()).await;
        drop(reply.permit);
        if let Some(provider) = &reply.stream_of {
            state.stream_over(provider, matches!(after, Ok(After::Left) | Err(_)));
        }
        if !matches!(after, Ok(After::KeepAlive)) {
            break;
        }
    }
}
