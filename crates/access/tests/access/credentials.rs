//! Providers' credentials over restarts.

use guichet_access::{AccessError, Placeholder};
use guichet_engine::identity::CredentialId;
use secrecy::{ExposeSecret, SecretString};

use crate::installation::Installation;

const SECRET: &str = "bd5e378503939ddaee76f12ad7a97608";

fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

#[tokio::test]
async fn a_credential_survives_a_restart_sealed() {
    let installation = Installation::new();
    let access = installation.start().await.unwrap();
    let set = access
        .set_credential("openweathermap", "main", secret(&format!(" {SECRET}\n")))
        .await
        .unwrap();
    assert!(set.id.as_str().starts_with("openweathermap/"));
    assert_eq!(set.masked, "…7608");
    drop(access);
    let access = installation.start().await.unwrap();
    let all = access.credentials();
    assert_eq!(all.len(), 1);
    assert_eq!(
        (all[0].id.clone(), &*all[0].provider),
        (set.id.clone(), "openweathermap")
    );
    assert_eq!(all[0].secret.expose_secret(), SECRET);
    assert_eq!(access.list_credentials().await.unwrap(), [set]);
}

#[tokio::test]
async fn nothing_on_disk_holds_a_secret() {
    let installation = Installation::new();
    let access = installation.start().await.unwrap();
    access
        .set_credential("openweathermap", "main", secret(SECRET))
        .await
        .unwrap();
    let key = access.first_key().await.unwrap().unwrap().text;
    let key_secret = &key.expose_secret()[17..49];
    for name in ["guichet.db", "guichet.db-wal"] {
        let bytes = std::fs::read(installation.path(name)).unwrap();
        for planted in [SECRET, key_secret] {
            assert!(
                !bytes
                    .windows(planted.len())
                    .any(|window| window == planted.as_bytes()),
                "{name}"
            );
        }
    }
}

#[tokio::test]
async fn the_same_label_is_replaced_under_a_new_id() {
    let installation = Installation::new();
    let access = installation.start().await.unwrap();
    let old = access
        .set_credential("nasa", "main", secret("first-secret-1"))
        .await
        .unwrap();
    let new = access
        .set_credential("nasa", "main", secret("second-secret-2"))
        .await
        .unwrap();
    access
        .set_credential("nasa", "spare", secret("third-secret-3"))
        .await
        .unwrap();
    assert_ne!(old.id, new.id);
    let secrets: Vec<_> = access
        .credentials()
        .iter()
        .map(|one| one.secret.expose_secret().to_owned())
        .collect();
    assert_eq!(secrets, ["second-secret-2", "third-secret-3"]);
}

#[tokio::test]
async fn the_same_secret_is_not_stored_twice_for_a_provider() {
    let installation = Installation::new();
    let access = installation.start().await.unwrap();
    let first = access
        .set_credential("nasa", "main", secret(SECRET))
        .await
        .unwrap();
    let error = access
        .set_credential("nasa", "again", secret(SECRET))
        .await
        .unwrap_err();
    assert!(matches!(error, AccessError::DuplicateCredential(id) if id == first.id));
    access
        .set_credential("openaq", "main", secret(SECRET))
        .await
        .unwrap();
}

#[tokio::test]
async fn placeholders_and_bad_names_are_refused() {
    let installation = Installation::new();
    let access = installation.start().await.unwrap();
    let error = access
        .set_credential("nasa", "main", secret("your_api_key_here"))
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            AccessError::Refused {
                reason: Placeholder::Example,
                ..
            }
        ),
        "{error}"
    );
    let error = access
        .set_credential("nasa", "main", secret(" \n"))
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            AccessError::Refused {
                reason: Placeholder::Empty,
                ..
            }
        ),
        "{error}"
    );
    for (provider, label) in [("Na/sa", "main"), ("", "main"), ("nasa", "")] {
        let refused = access.set_credential(provider, label, secret(SECRET)).await;
        assert!(
            matches!(refused, Err(AccessError::Name { .. })),
            "{provider} {label}"
        );
    }
    assert!(access.credentials().is_empty());
}

#[tokio::test]
async fn a_removed_credential_is_gone_and_its_removal_is_published() {
    let installation = Installation::new();
    let access = installation.start().await.unwrap();
    let set = access
        .set_credential("nasa", "main", secret(SECRET))
        .await
        .unwrap();
    let mut published = access.subscribe_credentials();
    published.mark_unchanged();
    access.reload().await.unwrap();
    assert!(!published.has_changed().unwrap());
    access.remove_credential(&set.id).await.unwrap();
    assert!(published.has_changed().unwrap());
    assert!(published.borrow_and_update().is_empty());
    let error = access.remove_credential(&set.id).await.unwrap_err();
    assert!(matches!(error, AccessError::UnknownCredential(_)));
}

#[tokio::test]
async fn a_damaged_credential_closes_neither_the_others_nor_its_own_replacement() {
    let installation = Installation::new();
    let access = installation.start().await.unwrap();
    access
        .set_credential("nasa", "main", secret(SECRET))
        .await
        .unwrap();
    access
        .set_credential("openaq", "main", secret(SECRET))
        .await
        .unwrap();
    let database = installation.database().await;
    let mut moved = database.credentials().await.unwrap().swap_remove(0);
    moved.id = CredentialId::new("nasa/moved");
    database.put_credential(&moved).await.unwrap();
    let access = installation.start().await.unwrap();
    assert_eq!(access.credentials().len(), 1);
    let listed = access.list_credentials().await.unwrap();
    assert_eq!(
        listed.iter().map(|one| one.damaged).collect::<Vec<_>>(),
        [true, false]
    );
    access
        .set_credential("nasa", "main", secret(SECRET))
        .await
        .unwrap();
    assert_eq!(access.credentials().len(), 2);
}
