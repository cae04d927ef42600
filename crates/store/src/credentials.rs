//! Providers' credentials, sealed. This module moves the bytes; it cannot open them.

use guichet_engine::identity::CredentialId;
use jiff::Timestamp;

use crate::changes::TOUCH_ACCESS;
use crate::instant::{from_millis, to_millis};
use crate::sql::{Row, sql};
use crate::{Database, StoreError};

/// A credential as stored.
#[derive(Clone)]
pub struct CredentialRecord {
    /// Its id; it names one secret for ever.
    pub id: CredentialId,
    /// The provider's id in the catalogue.
    pub provider: String,
    /// What people call it; unique per provider.
    pub label: String,
    /// The version of the master key that wraps the data key.
    pub key_version: i64,
    /// The wrapped data key.
    pub data_key: Vec<u8>,
    /// The secret, sealed by the data key.
    pub secret: Vec<u8>,
    /// Since when it exists.
    pub created_at: Timestamp,
}

/// What became of a credential that was to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutCredential {
    /// It is stored.
    Stored,
    /// Nothing done: another credential has this id.
    IdTaken,
    /// Nothing done: the master key was rotated meanwhile. Seal again.
    KeyChanged,
}

impl Database {
    /// Every credential, by provider and label.
    pub async fn credentials(&self) -> Result<Vec<CredentialRecord>, StoreError> {
        self.rows(sql(
            "SELECT id, provider, label, key_version, data_key, secret, created_at FROM credential \
             ORDER BY provider, label",
        ))
        .await?
        .iter()
        .map(record)
        .collect()
    }

    /// Stores a credential in place of the one with the same provider and label.
    pub async fn put_credential(
        &self,
        record: &CredentialRecord,
    ) -> Result<PutCredential, StoreError> {
        let mut transaction = self.begin_alone().await?;
        // An update, not a select: it also locks the row on engines with several writers.
        let current = transaction
            .run(
                sql("UPDATE vault SET key_version = key_version WHERE key_version = $1")
                    .bind(record.key_version),
            )
            .await?;
        if current == 0 {
            return Ok(PutCredential::KeyChanged);
        }
        transaction
            .run(
                sql("DELETE FROM credential WHERE provider = $1 AND label = $2")
                    .bind(&record.provider)
                    .bind(&record.label),
            )
            .await?;
        let stored = transaction.run(sql(
            "INSERT INTO credential (id, provider, label, key_version, data_key, secret, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING",
        )
        .bind(record.id.as_str())
        .bind(&record.provider)
        .bind(&record.label)
        .bind(record.key_version)
        .bind(record.data_key.as_slice())
        .bind(record.secret.as_slice())
        .bind(to_millis(record.created_at))).await?;
        if stored == 0 {
            return Ok(PutCredential::IdTaken);
        }
        transaction.run(sql(TOUCH_ACCESS)).await?;
        transaction.commit().await?;
        Ok(PutCredential::Stored)
    }

    /// Removes a credential. False if there is none of this id.
    pub async fn remove_credential(&self, id: &CredentialId) -> Result<bool, StoreError> {
        let mut transaction = self.begin_alone().await?;
        let removed = transaction
            .run(sql("DELETE FROM credential WHERE id = $1").bind(id.as_str()))
            .await?;
        transaction.run(sql(TOUCH_ACCESS)).await?;
        transaction.commit().await?;
        Ok(removed > 0)
    }
}

fn record(row: &Row) -> Result<CredentialRecord, StoreError> {
    Ok(CredentialRecord {
        id: CredentialId::new(row.get::<&str>("id")?),
        provider: row.get("provider")?,
        label: row.get("label")?,
        key_version: row.get("key_version")?,
        data_key: row.get("data_key")?,
        secret: row.get("secret")?,
        created_at: from_millis("credential", row.get("created_at")?)?,
    })
}
