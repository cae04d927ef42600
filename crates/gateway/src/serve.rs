//! The accept loop: takes connections while there is room, and lets them end well when the server stops.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::connection;
use crate::gateway::Gateway;

/// How long to rest when the system gives no more connections (no file descriptors left, no memory).
const EXHAUSTED: Duration = Duration::from_millis(200);

/// Serves until `shutdown`; then takes no more connections, lets requests under way finish within the grace period,
/// and closes what is left. Ends when every connection is closed.
pub async fn serve(
    listener: TcpListener,
    gateway: Gateway,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let room = Arc::new(Semaphore::new(gateway.shared.settings.connections));
    let mut open = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            Some(_) = open.join_next() => continue,
            accepted = accept(&listener, &room) => accepted,
        };
        let Some((stream, peer, permit)) = accepted else {
            continue;
        };
        let connection = connection::serve(stream, peer, gateway.clone(), shutdown.clone());
        open.spawn(async move {
            let _permit = permit;
            connection.await;
        });
    }
    drop(listener);
    gateway.stop();
    let all_closed = async { while open.join_next().await.is_some() {} };
    if tokio::time::timeout(gateway.shared.settings.grace, all_closed)
        .await
        .is_err()
    {
        tracing::warn!(
            connections = open.len(),
            "the grace period is over: closing what is left"
        );
        open.shutdown().await;
    }
    Ok(())
}

type Accepted = (
    tokio::net::TcpStream,
    std::net::SocketAddr,
    tokio::sync::OwnedSemaphorePermit,
);

/// The next connection, once there is room for it. Those that wait stay in the system's queue.
async fn accept(listener: &TcpListener, room: &Arc<Semaphore>) -> Option<Accepted> {
    let permit = Arc::clone(room).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Answers are written whole, so that waiting for more to send only costs time.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection without TCP_NODELAY");
            }
            Some((stream, peer, permit))
        }
        Err(error) if is_of_one_connection(&error) => None,
        Err(error) => {
            tracing::error!(%error, "no connection could be accepted");
            tokio::time::sleep(EXHAUSTED).await;
            None
        }
    }
}

/// Errors of a peer that left before it was let in; the next one may be fine.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}
