//! Callers' keys: hashes and dates, never the keys themselves. A row is never deleted, only revoked.

use guichet_engine::identity::{KeyId, OrganizationId, ProjectId};
use jiff::Timestamp;

use crate::changes::TOUCH_ACCESS;
use crate::instant::{from_millis, from_optional_millis, to_millis};
use crate::sql::{Row, Transaction, sql};
use crate::{Database, StoreError};

/// A key about to be stored.
#[derive(Clone)]
pub struct KeyDraft {
    /// The public part.
    pub id: KeyId,
    /// Whose key it is.
    pub project: ProjectId,
    /// What people call it.
    pub name: String,
    /// The peppered hash of the secret part.
    pub secret_hash: [u8; 32],
    /// Since when it exists.
    pub created_at: Timestamp,
    /// Until when it opens; none = until revoked.
    pub expires_at: Option<Timestamp>,
}

/// A key as stored.
#[derive(Clone)]
pub struct KeyRecord {
    /// What it was made with.
    pub draft: KeyDraft,
    /// The owner of its project.
    pub organization: OrganizationId,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// The key that it succeeds.
    pub rotated_from: Option<KeyId>,
}

impl Database {
    /// Every key, oldest first, with those that open no more.
    pub async fn keys(&self) -> Result<Vec<KeyRecord>, StoreError> {
        self.rows(sql(
            "SELECT k.id, k.project_id, p.organization_id, k.name, k.secret_hash, k.created_at, k.expires_at, \
             k.revoked_at, k.rotated_from \
             FROM key k JOIN project p ON p.id = k.project_id ORDER BY k.created_at, k.id",
        )).await?
        .iter()
        .map(record)
        .collect()
    }

    /// Stores a new key.
    pub async fn insert_key(&self, draft: &KeyDraft) -> Result<(), StoreError> {
        let mut transaction = self.begin_alone().await?;
        insert(&mut transaction, draft, None).await?;
        transaction.run(sql(TOUCH_ACCESS)).await?;
        transaction.commit().await
    }

    /// Stores the very first key of an installation. False, with nothing done, if any key exists or one was made
    /// this way before, by whatever process.
    pub async fn insert_first_key(
        &self,
        owner: &OrganizationId,
        draft: &KeyDraft,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin_alone().await?;
        let claimed = transaction
            .run(
                sql("UPDATE organization SET first_key_at = $1 \
             WHERE id = $2 AND first_key_at IS NULL AND NOT EXISTS (SELECT 1 FROM key)")
                .bind(to_millis(draft.created_at))
                .bind(owner.as_str()),
            )
            .await?;
        if claimed == 0 {
            return Ok(false);
        }
        insert(&mut transaction, draft, None).await?;
        transaction.run(sql(TOUCH_ACCESS)).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Stores the successor of a key and ends the old one at `old_until`, both or none. False, with nothing done, if
    /// the old one opens no more at the draft's creation or has a successor already.
    pub async fn succeed_key(
        &self,
        old: &KeyId,
        old_until: Timestamp,
        draft: &KeyDraft,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin_alone().await?;
        let ended = transaction
            .run(
                sql("UPDATE key SET expires_at = $1 \
             WHERE id = $2 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $3) \
             AND NOT EXISTS (SELECT 1 FROM key s WHERE s.rotated_from = $2)")
                .bind(to_millis(old_until))
                .bind(old.as_str())
                .bind(to_millis(draft.created_at)),
            )
            .await?;
        if ended == 0 {
            return Ok(false);
        }
        insert(&mut transaction, draft, Some(old)).await?;
        transaction.run(sql(TOUCH_ACCESS)).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Revokes a key; one that was revoked before keeps its date. False if there is no such key.
    pub async fn revoke_key(&self, id: &KeyId, at: Timestamp) -> Result<bool, StoreError> {
        let mut transaction = self.begin_alone().await?;
        let revoked = transaction
            .run(
                sql("UPDATE key SET revoked_at = coalesce(revoked_at, $1) WHERE id = $2")
                    .bind(to_millis(at))
                    .bind(id.as_str()),
            )
            .await?;
        transaction.run(sql(TOUCH_ACCESS)).await?;
        transaction.commit().await?;
        Ok(revoked > 0)
    }
}

async fn insert(
    transaction: &mut Transaction,
    draft: &KeyDraft,
    rotated_from: Option<&KeyId>,
) -> Result<(), StoreError> {
    transaction.run(sql(
        "INSERT INTO key (id, project_id, name, secret_hash, created_at, expires_at, rotated_from) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(draft.id.as_str())
    .bind(draft.project.as_str())
    .bind(&draft.name)
    .bind(draft.secret_hash.as_slice())
    .bind(to_millis(draft.created_at))
    .bind(draft.expires_at.map(to_millis))
    .bind(rotated_from.map(KeyId::as_str))).await?;
    Ok(())
}

fn record(row: &Row) -> Result<KeyRecord, StoreError> {
    let secret_hash = row.get::<&[u8]>("secret_hash")?.try_into();
    Ok(KeyRecord {
        draft: KeyDraft {
            id: KeyId::new(row.get::<&str>("id")?),
            project: ProjectId::new(row.get::<&str>("project_id")?),
            name: row.get("name")?,
            secret_hash: secret_hash.map_err(|_| StoreError::Record {
                table: "key",
                reason: "a hash has 32 bytes".into(),
            })?,
            created_at: from_millis("key", row.get("created_at")?)?,
            expires_at: from_optional_millis("key", row.get("expires_at")?)?,
        },
        organization: OrganizationId::new(row.get::<&str>("organization_id")?),
        revoked_at: from_optional_millis("key", row.get("revoked_at")?)?,
        rotated_from: row.get::<Option<&str>>("rotated_from")?.map(KeyId::new),
    })
}
