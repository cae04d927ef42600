//! The first start, and starts that must be refused.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use guichet_access::{
    AccessError, MasterKey, MasterKeySource, default_organization, default_project,
};
use secrecy::{ExposeSecret, SecretString};

use crate::installation::Installation;

#[tokio::test]
async fn an_empty_folder_becomes_an_installation_with_one_key() {
    let installation = Installation::new();
    let access = installation.start().await.unwrap();
    let first = access.first_key().await.unwrap().unwrap();
    let principal = access.authenticate(first.text.expose_secret()).unwrap();
    assert_eq!(principal.organization, default_organization());
    assert_eq!(principal.project, default_project());
    assert_eq!(principal.key, first.info.id);
    assert!(access.first_key().await.unwrap().is_none());
}

#[tokio::test]
async fn the_key_file_belongs_to_its_owner_alone() {
    let installation = Installation::new();
    installation.start().await.unwrap();
    for name in ["master.key", "guichet.db", "guichet.db-wal"] {
        let mode = fs::metadata(installation.path(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_eight_processes_that_start_at_once_one_gets_the_first_key() {
    let installation = std::sync::Arc::new(Installation::new());
    let starts: Vec<_> = (0..8)
        .map(|_| {
            let installation = installation.clone();
            tokio::spawn(async move {
                let access = installation.start().await.unwrap();
                let key = access.first_key().await.unwrap();
                (access, key)
            })
        })
        .collect();
    let mut keys = Vec::new();
    let mut processes = Vec::new();
    for start in starts {
        let (access, key) = start.await.unwrap();
        processes.push(access);
        keys.extend(key);
    }
    assert_eq!(keys.len(), 1);
    assert_eq!(processes[0].list_keys().await.unwrap().len(), 1);
    for process in processes {
        process.reload().await.unwrap();
        assert!(process.authenticate(keys[0].text.expose_secret()).is_ok());
    }
}

#[tokio::test]
async fn no_first_key_where_one_was_created_before() {
    let installation = Installation::new();
    let access = installation.start().await.unwrap();
    let made = access
        .create_key(&default_project(), "mine", None)
        .await
        .unwrap();
    access.revoke_key(&made.info.id).await.unwrap();
    assert!(
        installation
            .start()
            .await
            .unwrap()
            .first_key()
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_key_file_that_others_can_read_is_refused() {
    let installation = Installation::new();
    installation.start().await.unwrap();
    let path = installation.path("master.key");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let error = installation.start().await.unwrap_err();
    assert!(
        matches!(error, AccessError::KeyFileExposed { mode: 0o640, .. }),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains(&format!("chmod 600 {}", path.display())),
        "{error}"
    );
}

#[tokio::test]
async fn a_missing_key_file_is_never_made_anew_over_sealed_rows() {
    let installation = Installation::new();
    installation.start().await.unwrap();
    fs::remove_file(installation.path("master.key")).unwrap();
    let error = installation.start().await.unwrap_err();
    assert!(
        matches!(error, AccessError::MasterKeyMissing { .. }),
        "{error}"
    );
    assert!(!installation.path("master.key").exists());
}

#[tokio::test]
async fn a_wrong_or_broken_key_file_is_refused_and_left_alone() {
    let installation = Installation::new();
    let path = installation.path("master.key");
    installation.start().await.unwrap();
    let stranger = MasterKey::generate().unwrap().to_text();
    fs::write(&path, stranger.expose_secret()).unwrap();
    let error = installation.start().await.unwrap_err();
    assert!(
        matches!(error, AccessError::WrongMasterKey { .. }),
        "{error}"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), stranger.expose_secret());
    fs::write(&path, "").unwrap();
    let error = installation.start().await.unwrap_err();
    assert!(
        matches!(error, AccessError::KeyFileInvalid { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_key_may_be_given_instead_of_the_file() {
    let installation = Installation::new();
    let text = SecretString::from("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    let source = MasterKeySource::Given(MasterKey::from_text(&text).unwrap());
    guichet_access::Access::open(installation.database().await, source.clone())
        .await
        .unwrap();
    assert!(!installation.path("master.key").exists());
    guichet_access::Access::open(installation.database().await, source)
        .await
        .unwrap();
    let error = installation.start().await.unwrap_err();
    assert!(
        matches!(error, AccessError::MasterKeyMissing { .. }),
        "{error}"
    );
    assert!(MasterKey::from_text(&SecretString::from("too short")).is_err());
}
