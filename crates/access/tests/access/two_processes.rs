//! What one process does, another takes over in under a second.

use std::time::{Duration, Instant};

use guichet_access::{Access, Refusal, default_project};
use guichet_engine::store::{Store, WindowRecord};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::installation::Installation;

const PROMISE: Duration = Duration::from_secs(1);

/// Watches until the guard is dropped.
fn watching(access: &Access) -> tokio_util::sync::DropGuard {
    let cancellation = CancellationToken::new();
    let (access, token) = (access.clone(), cancellation.clone());
    tokio::spawn(async move { access.watch(token).await });
    cancellation.drop_guard()
}

async fn until(condition: impl Fn() -> bool) -> Duration {
    let begin = Instant::now();
    while !condition() {
        assert!(begin.elapsed() < PROMISE, "not within a second");
        sleep(Duration::from_millis(5)).await;
    }
    begin.elapsed()
}

#[tokio::test]
async fn a_revocation_by_another_process_is_effective_in_under_a_second() {
    let installation = Installation::new();
    let (server, command) = (
        installation.start().await.unwrap(),
        installation.start().await.unwrap(),
    );
    let _watching = watching(&server);
    for _ in 0..3 {
        let key = command
            .create_key(&default_project(), "laptop", None)
            .await
            .unwrap();
        until(|| server.authenticate(key.text.expose_secret()).is_ok()).await;
        command.revoke_key(&key.info.id).await.unwrap();
        until(|| server.authenticate(key.text.expose_secret()) == Err(Refusal::Revoked)).await;
    }
}

#[tokio::test]
async fn a_credential_set_by_another_process_is_published() {
    let installation = Installation::new();
    let (server, command) = (
        installation.start().await.unwrap(),
        installation.start().await.unwrap(),
    );
    let mut published = server.subscribe_credentials();
    published.mark_unchanged();
    let _watching = watching(&server);
    command
        .set_credential("nasa", "main", SecretString::from("planted-secret"))
        .await
        .unwrap();
    timeout(PROMISE, published.changed())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        published.borrow()[0].secret.expose_secret(),
        "planted-secret"
    );
}

#[tokio::test]
async fn a_change_between_opening_and_watching_is_not_missed() {
    let installation = Installation::new();
    let (server, command) = (
        installation.start().await.unwrap(),
        installation.start().await.unwrap(),
    );
    let key = command.first_key().await.unwrap().unwrap();
    assert_eq!(
        server.authenticate(key.text.expose_secret()),
        Err(Refusal::Unknown)
    );
    let _watching = watching(&server);
    until(|| server.authenticate(key.text.expose_secret()).is_ok()).await;
}

#[tokio::test]
async fn the_ledgers_writes_do_not_cause_a_reload() {
    let installation = Installation::new();
    let database = installation.database().await;
    let mut changes = database.access_changes().await.unwrap();
    assert!(changes.changed().await.unwrap());
    let window = WindowRecord {
        budget: "nasa".into(),
        window: "requests/hour".into(),
        opened_at: Timestamp::now(),
        used: 1.0,
    };
    database.save_windows(vec![window]).await.unwrap();
    assert!(!changes.changed().await.unwrap());
    installation
        .start()
        .await
        .unwrap()
        .first_key()
        .await
        .unwrap();
    assert!(changes.changed().await.unwrap());
    assert!(!changes.changed().await.unwrap());
}

#[tokio::test]
async fn the_watch_ends_when_it_is_cancelled() {
    let installation = Installation::new();
    let access = installation.start().await.unwrap();
    let cancellation = CancellationToken::new();
    cancellation.cancel();
    timeout(PROMISE, access.watch(cancellation)).await.unwrap();
}
