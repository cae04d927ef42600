//! Create, rotate, revoke, as a caller sees it.

use std::time::Duration;

use guichet_access::{AccessError, KeyState, Refusal, default_project};
use guichet_engine::identity::{KeyId, ProjectId};
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;

use crate::installation::Installation;

#[tokio::test]
async fn a_key_opens_from_its_creation_to_its_revocation() {
    let installation = Installation::new();
    let access = installation.start().await.unwrap();
    let key = access
        .create_key(&default_project(), " laptop ", None)
        .await
        .unwrap();
    assert_eq!(key.info.name, "laptop");
    assert!(access.authenticate(key.text.expose_secret()).is_ok());
    access.revoke_key(&key.info.id).await.unwrap();
    access.revoke_key(&key.info.id).await.unwrap();
    assert_eq!(
        access.authenticate(key.text.expose_secret()),
        Err(Refusal::Revoked)
    );
    assert_eq!(
        access.list_keys().await.unwrap()[0].state(Timestamp::now()),
        KeyState::Revoked
    );
}

#[tokio::test]
async fn a_key_expires_without_anyone_doing_anything() {
    let installation = Installation::new();
    let access = installation.start().await.unwrap();
    let end = Timestamp::now() + SignedDuration::from_millis(300);
    let key = access
        .create_key(&default_project(), "short", Some(end))
        .await
        .unwrap();
    assert!(access.authenticate(key.text.expose_secret()).is_ok());
    tokio::time::sleep(Duration::from_millis(350)).await;
    assert_eq!(
        access.authenticate(key.text.expose_secret()),
        Err(Refusal::Expired)
    );
}

#[tokio::test]
async fn a_rotated_key_opens_until_the_overlap_ends() {
    let installation = Installation::new();
    let access = installation.start().await.unwrap();
    let old = access
        .create_key(&default_project(), "laptop", None)
        .await
        .unwrap();
    let new = access
        .rotate_key(&old.info.id, Duration::from_millis(300))
        .await
        .unwrap();
    assert_eq!(new.info.rotated_from.as_ref(), Some(&old.info.id));
    assert_eq!(new.info.name, "laptop");
    assert!(access.authenticate(old.text.expose_secret()).is_ok());
    assert!(access.authenticate(new.text.expose_secret()).is_ok());
    tokio::time::sleep(Duration::from_millis(350)).await;
    assert_eq!(
        access.authenticate(old.text.expose_secret()),
        Err(Refusal::Expired)
    );
    assert!(access.authenticate(new.text.expose_secret()).is_ok());
}

#[tokio::test]
async fn a_successor_lives_as_long_as_the_old_key_was_made_to_and_the_overlap_never_prolongs() {
    let installation = Installation::new();
    let access = installation.start().await.unwrap();
    let end = Timestamp::now() + SignedDuration::from_hours(1);
    let old = access
        .create_key(&default_project(), "hour", Some(end))
        .await
        .unwrap();
    let new = access
        .rotate_key(&old.info.id, Duration::MAX)
        .await
        .unwrap();
    let life = new
        .info
        .expires_at
        .unwrap()
        .duration_since(new.info.created_at);
    assert!(
        (SignedDuration::from_mins(59)..SignedDuration::from_mins(61)).contains(&life),
        "{life:?}"
    );
    let kept = access
        .list_keys()
        .await
        .unwrap()
        .into_iter()
        .find(|key| key.id == old.info.id)
        .unwrap();
    assert_eq!(
        kept.expires_at.unwrap().as_millisecond(),
        end.as_millisecond()
    );
}

#[tokio::test]
async fn a_key_has_one_successor_even_if_two_processes_rotate_it() {
    let installation = Installation::new();
    let (one, two) = (
        installation.start().await.unwrap(),
        installation.start().await.unwrap(),
    );
    let key = one.first_key().await.unwrap().unwrap().info.id;
    let hour = Duration::from_hours(1);
    let (first, second) = tokio::join!(one.rotate_key(&key, hour), two.rotate_key(&key, hour));
    let lost = [first, second]
        .into_iter()
        .filter_map(Result::err)
        .collect::<Vec<_>>();
    assert!(
        matches!(lost.as_slice(), [AccessError::KeyNotRotatable(_)]),
        "{lost:?}"
    );
    assert_eq!(one.list_keys().await.unwrap().len(), 2);
}

#[tokio::test]
async fn what_cannot_be_done_is_said_with_a_way_out() {
    let installation = Installation::new();
    let access = installation.start().await.unwrap();
    let project = default_project();
    let unknown = access
        .create_key(&ProjectId::new("nowhere"), "x", None)
        .await
        .unwrap_err();
    assert!(matches!(unknown, AccessError::UnknownProject(_)));
    let past = access
        .create_key(&project, "x", Some(Timestamp::UNIX_EPOCH))
        .await
        .unwrap_err();
    assert!(matches!(past, AccessError::ExpiryInPast));
    for name in ["", "  ", "a\nb", &"x".repeat(101)] {
        assert!(
            matches!(
                access.create_key(&project, name, None).await,
                Err(AccessError::Name { .. })
            ),
            "{name}"
        );
    }
    let nobody = KeyId::new("000000000000");
    assert!(matches!(
        access.revoke_key(&nobody).await,
        Err(AccessError::UnknownKey(_))
    ));
    assert!(matches!(
        access.rotate_key(&nobody, Duration::ZERO).await,
        Err(AccessError::UnknownKey(_))
    ));
    let revoked = access
        .create_key(&project, "x", None)
        .await
        .unwrap()
        .info
        .id;
    access.revoke_key(&revoked).await.unwrap();
    let refused = access
        .rotate_key(&revoked, Duration::ZERO)
        .await
        .unwrap_err();
    assert!(matches!(refused, AccessError::KeyNotRotatable(_)));
    assert_eq!(access.list_keys().await.unwrap().len(), 1);
}
