//! The server: what is opened, in which order, and what runs beside the doors until they close.

mod lock;
mod reload;
mod signals;
mod watch_folder;
mod welcome;

use std::net::SocketAddr;

use anyhow::Context;
use guichet_engine::Engine;
use guichet_engine::ai::keep_discovering;
use guichet_engine::keep_inquiring;
use guichet_gateway::{Gateway, Kept, Metrics, serve};
use guichet_store::{UsageWriter, keep_usage_for};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::{Config, Settings};
use crate::context;
use crate::installation::Installation;
use crate::label;
use crate::logging;
use crate::rehearsals::Rehearsals;
use lock::ServerLock;
use reload::Reloader;
use watch_folder::Watched;

/// Serves until the process is asked to stop, and then until what is under way has ended.
pub(crate) async fn run(config: Config) -> anyhow::Result<()> {
    let settings = config.settings.clone();
    let stop = CancellationToken::new();
    signals::stop_on_request(stop.clone())?;
    let hangups = signals::hangups()?;
    let listener = listen(&settings, &config).await?;
    let lock = ServerLock::take(&settings.data_dir)?;
    let address = listener.local_addr()?;
    welcome::starting(address);

    let folder = settings.catalogue_dir.as_deref();
    let watched = folder.map(Watched::begin).transpose()?;
    let catalogue = context::catalogue(&config)?;
    let installation = Installation::open(&settings).await?;
    installation.database.begin_writing_ahead().await?;
    let engine = installation.engine(&settings, catalogue).await?;
    let usage = installation.record_all_usage(&engine, &settings).await;
    welcome::first_steps(address, installation.access.first_key().await?.as_ref());

    let reloader = Reloader::new(config, engine.clone(), installation.clone());
    if let Some(watched) = watched {
        tokio::spawn(watched.follow(reloader.clone(), stop.clone()));
    }
    tokio::spawn(signals::reload_on(hangups, reloader));
    let (looking, until) = (engine.clone(), stop.clone());
    tokio::spawn(async move { until.run_until_cancelled(keep_discovering(looking)).await });
    let (asking, until) = (engine.clone(), stop.clone());
    tokio::spawn(async move { until.run_until_cancelled(keep_inquiring(asking)).await });
    let (database, until) = (installation.database.clone(), stop.clone());
    let forgetting = keep_usage_for(database, settings.usage_keep);
    tokio::spawn(async move { until.run_until_cancelled(forgetting).await });
    tokio::spawn(follow_vault(
        installation.clone(),
        engine.clone(),
        stop.clone(),
    ));
    let gateway = Gateway::new(
        engine.clone(),
        installation.access.clone(),
        gateway_settings(&settings, address),
        counting(&usage),
    );
    label::log(&engine);
    let rehearsals = Rehearsals::of(&settings.data_dir);
    tokio::spawn(rehearsals.follow(engine.clone(), stop.clone()));
    tracing::info!(%address, "ready");
    serve(listener, gateway, stop.clone()).await?;

    stop.cancel();
    engine.flush().await;
    usage.flush().await;
    installation.database.close().await;
    drop(lock);
    tracing::info!("stopped");
    Ok(())
}

/// What is counted besides what the doors see.
fn counting(usage: &UsageWriter) -> Metrics {
    let (lost, waiting) = (usage.clone(), usage.clone());
    Metrics::default()
        .with(Kept {
            name: "usage_records_lost",
            help: "Records of calls to models that could not be written down",
            only_grows: true,
            read: Box::new(move || lost.lost()),
        })
        .with(Kept {
            name: "usage_records_waiting",
            help: "Records of calls to models that wait on disk for the database",
            only_grows: false,
            read: Box::new(move || waiting.waiting()),
        })
}

async fn listen(settings: &Settings, config: &Config) -> anyhow::Result<TcpListener> {
    let address = settings.listen;
    TcpListener::bind(address).await.with_context(|| {
        let origin = config.origin("listen");
        format!("cannot listen on {address} ({origin}); choose another with --listen or `listen`")
    })
}

/// Follows what other processes do to keys and credentials; the engine gets the credentials whenever they change.
async fn follow_vault(installation: Installation, engine: Engine, stop: CancellationToken) {
    let mut changes = installation.access.subscribe_credentials();
    let watching = installation.access.watch(stop.clone());
    let publishing = async {
        while let Some(Ok(())) = stop.run_until_cancelled(changes.changed()).await {
            installation.publish_credentials(&engine);
            tracing::info!("credentials taken over");
        }
    };
    tokio::join!(watching, publishing);
}

fn gateway_settings(settings: &Settings, address: SocketAddr) -> guichet_gateway::Settings {
    guichet_gateway::Settings {
        max_body: settings.max_body,
        max_model_body: settings.max_model_body,
        max_head: settings.max_head,
        connections: settings.connections,
        access_log: logging::access_log(settings.log_format, settings.log_level),
        head_timeout: settings.head_timeout,
        body_timeout: settings.body_timeout,
        idle_timeout: settings.idle_timeout,
        grace: settings.grace,
        address: reachable(address),
        trusted_proxies: settings.trusted_proxies.clone(),
    }
}

/// Where a client on this machine finds a server that listens on `address`.
fn reachable(address: SocketAddr) -> SocketAddr {
    let mut reachable = address;
    if address.ip().is_unspecified() {
        reachable.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    reachable
}
