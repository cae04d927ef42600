//! The server: what is opened, in which order, and what runs beside the doors until they close.

mod lock;
mod reload;
mod signals;
mod watch_folder;
mod welcome;

use std::net::SocketAddr;

use anyhow::Context;
use guichet_gateway::{Gateway, Metrics, serve};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::{Config, Settings};
use crate::context;
use crate::installation::Installation;
use guichet_engine::Engine;
use lock::ServerLock;
use reload::Reloader;

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

    let catalogue = context::catalogue(&config)?;
    let installation = Installation::open(&settings.data_dir).await?;
    let engine = installation.engine(&settings, catalogue).await?;
    welcome::first_steps(address, installation.access.first_key().await?.as_ref());

    let reloader = Reloader::new(config, engine.clone(), installation.clone());
    let _watched = accompany(&settings, &installation, &engine, &reloader, &stop)?;
    tokio::spawn(signals::reload_on(hangups, reloader));
    let gateway = Gateway::new(
        engine.clone(),
        installation.access.clone(),
        gateway_settings(&settings),
        Metrics::default(),
    );
    tracing::info!(%address, "ready");
    serve(listener, gateway, stop.clone()).await?;

    stop.cancel();
    engine.flush().await;
    installation.database.close().await;
    drop(lock);
    tracing::info!("stopped");
    Ok(())
}

async fn listen(settings: &Settings, config: &Config) -> anyhow::Result<TcpListener> {
    let address = settings.listen;
    TcpListener::bind(address).await.with_context(|| {
        let origin = config.origin("listen");
        format!("cannot listen on {address} ({origin}); choose another with --listen or `listen`")
    })
}

/// Starts what runs beside the doors; the folder is watched for as long as the value lives.
fn accompany(
    settings: &Settings,
    installation: &Installation,
    engine: &Engine,
    reloader: &Reloader,
    stop: &CancellationToken,
) -> anyhow::Result<Option<watch_folder::Watched>> {
    let access = installation.access.clone();
    let until = stop.clone();
    tokio::spawn(async move { access.watch(until).await });
    tokio::spawn(republish_credentials(
        installation.clone(),
        engine.clone(),
        stop.clone(),
    ));
    let folder = settings.catalogue_dir.as_deref();
    folder
        .map(|folder| watch_folder::watch(folder, reloader.clone(), stop.clone()))
        .transpose()
}

/// Hands the engine the credentials again whenever those of the vault change.
async fn republish_credentials(
    installation: Installation,
    engine: Engine,
    stop: CancellationToken,
) {
    let mut changes = installation.access.subscribe_credentials();
    // The first ones are published already, and a change since then is seen as one.
    while let Some(Ok(())) = stop.run_until_cancelled(changes.changed()).await {
        installation.publish_credentials(&engine);
        tracing::info!("credentials taken over");
    }
}

fn gateway_settings(settings: &Settings) -> guichet_gateway::Settings {
    guichet_gateway::Settings {
        max_body: settings.max_body,
        connections: settings.connections,
        ..guichet_gateway::Settings::default()
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
