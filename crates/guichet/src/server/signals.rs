//! SIGTERM and SIGINT stop, SIGHUP reads the catalogue again.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::reload::Reloader;

/// What a shell reports of a program that SIGINT ended.
const INTERRUPTED: i32 = 130;

/// From now on the first SIGTERM or SIGINT lets what is under way end, and a SIGINT after it does not.
pub(super) fn stop_on_request(stop: CancellationToken) -> std::io::Result<()> {
    let terminate = signal(SignalKind::terminate())?;
    let interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(stopping(terminate, interrupt, stop));
    Ok(())
}

/// SIGHUPs from now on; without this, one would end the process.
pub(super) fn hangups() -> std::io::Result<Signal> {
    signal(SignalKind::hangup())
}

/// Reloads on each.
pub(super) async fn reload_on(mut hangups: Signal, reloader: Reloader) {
    while hangups.recv().await.is_some() {
        reloader.reload().await;
    }
}

async fn stopping(mut terminate: Signal, mut interrupt: Signal, stop: CancellationToken) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: requests that are under way may end");
    stop.cancel();
    interrupt.recv().await;
    tracing::warn!("stopped at once");
    crate::logging::flush();
    std::process::exit(INTERRUPTED);
}
