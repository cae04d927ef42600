//! Guarded writes: what must not happen twice does not.

use guichet_engine::identity::{CredentialId, KeyId, OrganizationId, ProjectId};
use guichet_store::{
    CredentialRecord, Database, Holder, KeyDraft, ProjectRecord, PutCredential, Rewrap,
    SettingRecord, StoreError, VaultRecord,
};
use jiff::{SignedDuration, Timestamp};

use crate::home::{Home, stories};

stories!(
    a_setting_replaces_the_one_of_its_name_and_whoever_watches_is_told,
    a_key_belongs_to_a_project_that_exists,
    the_first_key_is_made_once,
    a_revocation_keeps_its_first_date_and_ends_succession,
    a_credential_sealed_under_an_old_master_key_is_not_taken,
    a_rewrap_that_forgets_a_credential_changes_nothing,
);

const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

async fn furnished(home: &Home) -> Database {
    let database = home.open().await;
    let project = ProjectRecord {
        id: ProjectId::new("project"),
        organization: OrganizationId::new("owner"),
        name: "Project".into(),
        created_at: NOW,
    };
    database.ensure_project(&project, "Owner").await.unwrap();
    database.ensure_project(&project, "Owner").await.unwrap();
    assert_eq!(database.projects().await.unwrap(), [project]);
    database
}

fn key(id: &str) -> KeyDraft {
    KeyDraft {
        id: KeyId::new(id),
        project: ProjectId::new("project"),
        name: "key".into(),
        secret_hash: [7; 32],
        created_at: NOW,
        expires_at: None,
    }
}

fn credential(id: &str, label: &str, key_version: i64) -> CredentialRecord {
    CredentialRecord {
        id: CredentialId::new(id),
        provider: "nasa".into(),
        label: label.into(),
        key_version,
        data_key: vec![1],
        secret: vec![2],
        created_at: NOW,
    }
}

fn vault() -> VaultRecord {
    VaultRecord {
        key_version: 1,
        data_key: vec![1],
        pepper: vec![2],
    }
}

async fn a_key_belongs_to_a_project_that_exists(home: &Home) {
    let database = furnished(home).await;
    let homeless = KeyDraft {
        project: ProjectId::new("nowhere"),
        ..key("a")
    };
    assert!(matches!(
        database.insert_key(&homeless).await,
        Err(StoreError::Query(_))
    ));
    database.insert_key(&key("a")).await.unwrap();
    let stored = database.keys().await.unwrap().swap_remove(0);
    assert_eq!(stored.organization.as_str(), "owner");
    assert_eq!(stored.draft.secret_hash, [7; 32]);
}

async fn the_first_key_is_made_once(home: &Home) {
    let database = furnished(home).await;
    let owner = OrganizationId::new("owner");
    assert!(database.insert_first_key(&owner, &key("a")).await.unwrap());
    assert!(!database.insert_first_key(&owner, &key("b")).await.unwrap());
    assert_eq!(database.keys().await.unwrap().len(), 1);
}

async fn a_revocation_keeps_its_first_date_and_ends_succession(home: &Home) {
    let database = furnished(home).await;
    let id = KeyId::new("a");
    database.insert_key(&key("a")).await.unwrap();
    assert!(database.revoke_key(&id, NOW).await.unwrap());
    assert!(
        database
            .revoke_key(&id, NOW + SignedDuration::from_secs(9))
            .await
            .unwrap()
    );
    assert!(!database.revoke_key(&KeyId::new("z"), NOW).await.unwrap());
    assert_eq!(database.keys().await.unwrap()[0].revoked_at, Some(NOW));
    assert!(!database.succeed_key(&id, NOW, &key("b")).await.unwrap());
    assert_eq!(database.keys().await.unwrap().len(), 1);
}

async fn a_credential_sealed_under_an_old_master_key_is_not_taken(home: &Home) {
    let database = furnished(home).await;
    assert!(database.create_vault(&vault()).await.unwrap());
    assert!(!database.create_vault(&vault()).await.unwrap());
    let put = async |record| database.put_credential(&record).await.unwrap();
    assert_eq!(
        put(credential("nasa/1", "main", 1)).await,
        PutCredential::Stored
    );
    assert_eq!(
        put(credential("nasa/1", "other", 1)).await,
        PutCredential::IdTaken
    );
    assert_eq!(
        put(credential("nasa/2", "main", 2)).await,
        PutCredential::KeyChanged
    );
    assert_eq!(
        put(credential("nasa/3", "main", 1)).await,
        PutCredential::Stored
    );
    let ids: Vec<_> = database
        .credentials()
        .await
        .unwrap()
        .into_iter()
        .map(|one| one.id)
        .collect();
    assert_eq!(ids, [CredentialId::new("nasa/3")]);
}

async fn a_rewrap_that_forgets_a_credential_changes_nothing(home: &Home) {
    let database = furnished(home).await;
    database.create_vault(&vault()).await.unwrap();
    for (id, label) in [("nasa/1", "main"), ("nasa/2", "spare")] {
        database
            .put_credential(&credential(id, label, 1))
            .await
            .unwrap();
    }
    let one = (CredentialId::new("nasa/1"), vec![11]);
    let two = (CredentialId::new("nasa/2"), vec![12]);
    let rewrap = |credentials| Rewrap {
        from_version: 1,
        vault: vec![10],
        credentials,
    };
    assert!(!database.rewrap(&rewrap(vec![one.clone()])).await.unwrap());
    assert_eq!(database.vault().await.unwrap().unwrap().data_key, [1]);
    assert!(
        database
            .rewrap(&rewrap(vec![one.clone(), two.clone()]))
            .await
            .unwrap()
    );
    assert!(!database.rewrap(&rewrap(vec![one, two])).await.unwrap());
    let wrapped: Vec<_> = database
        .credentials()
        .await
        .unwrap()
        .into_iter()
        .map(|one| one.data_key)
        .collect();
    assert_eq!(wrapped, [[11], [12]]);
    assert_eq!(database.vault().await.unwrap().unwrap().key_version, 2);
}

async fn a_setting_replaces_the_one_of_its_name_and_whoever_watches_is_told(home: &Home) {
    let database = furnished(home).await;
    let setting = |holder, value: &str| SettingRecord {
        holder,
        name: "limit".into(),
        value: value.into(),
    };
    let key = Holder::Key(KeyId::new("a"));
    let mut changes = database.access_changes().await.unwrap();
    changes.changed().await.unwrap();
    let first = [setting(key.clone(), "one"), setting(Holder::EachKey, "two")];
    database.put_settings(&first).await.unwrap();
    let again = [setting(key.clone(), "three")];
    database.put_settings(&again).await.unwrap();
    assert!(changes.changed().await.unwrap());
    let stored = database.settings().await.unwrap();
    assert_eq!(stored, [first[1].clone(), again[0].clone()]);
    assert!(database.remove_setting(&key, "limit").await.unwrap());
    assert!(!database.remove_setting(&key, "limit").await.unwrap());
    assert!(changes.changed().await.unwrap());
    assert_eq!(database.settings().await.unwrap(), first[1..]);
}
