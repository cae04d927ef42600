//! Limits as they are set, and for whom they hold.

use std::time::Duration;

use guichet_access::{
    Access, AccessError, Holder, Limit, NewKey, default_organization, default_project,
};
use guichet_engine::identity::{KeyId, OrganizationId, ProjectId};
use secrecy::ExposeSecret;

use crate::installation::Installation;

fn limit(text: &str) -> Limit {
    text.parse().unwrap()
}

/// What holds for a key: `budget: limit`, one after another.
fn held(access: &Access, key: &NewKey) -> String {
    let principal = access.authenticate(key.text.expose_secret()).unwrap();
    let limits = principal.limits.as_ref().map(|limits| limits.all());
    let limits = limits.unwrap_or_default().iter();
    let shown: Vec<String> = limits
        .map(|one| format!("{}: {}", one.budget, one.limit))
        .collect();
    shown.join("; ")
}

#[tokio::test]
async fn limits_hold_from_when_they_are_set_until_they_are_removed() {
    let installation = Installation::new();
    let access = installation.start().await.unwrap();
    let key = access
        .create_key(&default_project(), "laptop", None)
        .await
        .unwrap();
    assert_eq!(held(&access, &key), "");
    let id = key.info.id.clone();
    let of_key = Holder::Key(id.clone());
    let both = [limit("60 requests per minute"), limit("$5 each month")];
    access.set_limits(&of_key, &both).await.unwrap();
    let of_project = Holder::Project(default_project());
    let shared = [limit("4 at once")];
    access.set_limits(&of_project, &shared).await.unwrap();
    let again = [limit("90 requests per minute, 5 at a time")];
    access.set_limits(&of_key, &again).await.unwrap();
    assert_eq!(
        held(&access, &key),
        format!(
            "key:{id}/money-each-month: $5 each month; \
             key:{id}/requests-per-minute: 90 requests per minute, 5 at a time; \
             project:default/at-once: 4 at once"
        )
    );
    let listed = access.list_limits().await.unwrap();
    assert_eq!(listed.len(), 3);
    assert_eq!((listed[2].of, &*listed[2].id), ("project", "default"));

    access
        .remove_limit(&of_key, "money-each-month")
        .await
        .unwrap();
    access
        .remove_limit(&of_key, "1 request per minute")
        .await
        .unwrap();
    access.remove_limit(&of_project, "at-once").await.unwrap();
    assert_eq!(held(&access, &key), "");
    let gone = access.remove_limit(&of_key, "at-once").await;
    assert!(matches!(gone, Err(AccessError::UnknownLimit(name)) if name == "at-once"));
}

#[tokio::test]
async fn a_successor_has_the_limits_of_its_line_and_counts_on() {
    let installation = Installation::new();
    let access = installation.start().await.unwrap();
    let old = access
        .create_key(&default_project(), "laptop", None)
        .await
        .unwrap();
    let of_old = Holder::Key(old.info.id.clone());
    let first = [limit("60 requests per minute")];
    access.set_limits(&of_old, &first).await.unwrap();
    let new = access
        .rotate_key(&old.info.id, Duration::from_mins(1))
        .await
        .unwrap();
    assert_eq!(held(&access, &new), held(&access, &old));
    // What is set for one of a line holds for all of it.
    let of_new = Holder::Key(new.info.id.clone());
    let second = [limit("9 requests per minute")];
    access.set_limits(&of_new, &second).await.unwrap();
    let told = format!(
        "key:{}/requests-per-minute: 9 requests per minute",
        old.info.id
    );
    assert_eq!(held(&access, &new), told);
    assert_eq!(held(&access, &old), told);
}

#[tokio::test]
async fn a_limit_is_set_for_nobody_who_does_not_exist() {
    let installation = Installation::new();
    let access = installation.start().await.unwrap();
    let some = [limit("4 at once")];
    for nobody in [
        Holder::Key(KeyId::new("000000000000")),
        Holder::Project(ProjectId::new("nowhere")),
        Holder::Organization(OrganizationId::new("nobody")),
    ] {
        assert!(
            access.set_limits(&nobody, &some).await.is_err(),
            "{nobody:?}"
        );
    }
    for somebody in [
        Holder::EachKey,
        Holder::Organization(default_organization()),
    ] {
        access.set_limits(&somebody, &some).await.unwrap();
    }
}

#[tokio::test]
async fn another_process_takes_a_limit_over() {
    let installation = Installation::new();
    let server = installation.start().await.unwrap();
    let key = server
        .create_key(&default_project(), "laptop", None)
        .await
        .unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    let watching = tokio::spawn({
        let (server, stop) = (server.clone(), stop.clone());
        async move { server.watch(stop).await }
    });
    let command_line = installation.start().await.unwrap();
    let some = [limit("4 at once")];
    command_line
        .set_limits(&Holder::EachKey, &some)
        .await
        .unwrap();
    let began = std::time::Instant::now();
    while held(&server, &key).is_empty() {
        assert!(began.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stop.cancel();
    watching.await.unwrap();
}
