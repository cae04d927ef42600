//! The vault's one row, and the exchange of the master key under everything sealed.

use guichet_engine::identity::CredentialId;

use crate::changes::TOUCH_ACCESS;
use crate::sql::sql;
use crate::{Database, StoreError};

/// The vault as stored.
#[derive(Clone)]
pub struct VaultRecord {
    /// The version of the master key; counts up with each rotation.
    pub key_version: i64,
    /// The wrapped data key.
    pub data_key: Vec<u8>,
    /// The pepper of the key hashes, sealed by the data key.
    pub pepper: Vec<u8>,
}

/// Every data key, wrapped anew.
pub struct Rewrap {
    /// The master key's version so far; the new one is one more.
    pub from_version: i64,
    /// The vault's data key.
    pub vault: Vec<u8>,
    /// The credentials' data keys.
    pub credentials: Vec<(CredentialId, Vec<u8>)>,
}

impl Database {
    /// The vault, unless this installation has none yet.
    pub async fn vault(&self) -> Result<Option<VaultRecord>, StoreError> {
        let row = self
            .row(sql("SELECT key_version, data_key, pepper FROM vault"))
            .await?;
        row.map(|row| {
            Ok(VaultRecord {
                key_version: row.get("key_version")?,
                data_key: row.get("data_key")?,
                pepper: row.get("pepper")?,
            })
        })
        .transpose()
    }

    /// Stores the vault of a new installation. False, with nothing done, if there is one already.
    pub async fn create_vault(&self, vault: &VaultRecord) -> Result<bool, StoreError> {
        let mut transaction = self.begin_alone().await?;
        let created = transaction.run(sql(
            "INSERT INTO vault (id, key_version, data_key, pepper) VALUES (1, $1, $2, $3) ON CONFLICT (id) DO NOTHING",
        )
        .bind(vault.key_version)
        .bind(vault.data_key.as_slice())
        .bind(vault.pepper.as_slice())).await?;
        transaction.commit().await?;
        Ok(created > 0)
    }

    /// Exchanges all wrapped data keys at once. False, with nothing done, if the master key or the set of credentials
    /// changed since they were read: read and wrap again.
    pub async fn rewrap(&self, rewrap: &Rewrap) -> Result<bool, StoreError> {
        let to_version = rewrap.from_version + 1;
        let mut transaction = self.begin_alone().await?;
        let vault = transaction
            .run(
                sql("UPDATE vault SET key_version = $1, data_key = $2 WHERE key_version = $3")
                    .bind(to_version)
                    .bind(rewrap.vault.as_slice())
                    .bind(rewrap.from_version),
            )
            .await?;
        if vault == 0 {
            return Ok(false);
        }
        for (id, data_key) in &rewrap.credentials {
            transaction.run(sql("UPDATE credential SET key_version = $1, data_key = $2 WHERE id = $3 AND key_version = $4")
                .bind(to_version)
                .bind(data_key.as_slice())
                .bind(id.as_str())
                .bind(rewrap.from_version)).await?;
        }
        let forgotten =
            sql("SELECT id FROM credential WHERE key_version <> $1 LIMIT 1").bind(to_version);
        if !transaction.rows(forgotten).await?.is_empty() {
            return Ok(false);
        }
        transaction.run(sql(TOUCH_ACCESS)).await?;
        transaction.commit().await?;
        Ok(true)
    }
}
