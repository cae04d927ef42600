//! Providers' credentials: set, list, remove. They rest sealed and are opened into memory when read.

use std::sync::Arc;

use guichet_engine::identity::{Credential, CredentialId};
use guichet_store::{CredentialRecord, PutCredential};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::access::Vault;
use crate::sealing::{Master, Place};
use crate::{Access, AccessError, instant, names, placeholder, random, unlock};

/// How often work that another process undid is begun again.
pub(crate) const ATTEMPTS: usize = 5;
const HEX: &[u8] = b"0123456789abcdef";
/// Shorter secrets show nothing: four characters would be too much of them.
const LONGEST_HIDDEN: usize = 12;
const SHOWN: usize = 4;

/// What may be known about a credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CredentialInfo {
    /// Its id, `<provider>/<four hexadecimal digits>`; a new secret gets a new one.
    pub id: CredentialId,
    /// The provider's id in the catalogue.
    pub provider: String,
    /// What people call it; unique per provider.
    pub label: String,
    /// `…` and the last four characters, if there are more than twelve.
    pub masked: String,
    /// Its sealed bytes open no more: it is not in use, and has to be set again or removed.
    pub damaged: bool,
    /// Since when it exists.
    pub created_at: Timestamp,
}

impl Access {
    /// Seals a secret for a provider, in place of the one with the same label. The id is always a new one, so that
    /// what is remembered about the old secret is not held against the new.
    pub async fn set_credential(
        &self,
        provider: &str,
        label: &str,
        secret: SecretString,
    ) -> Result<CredentialInfo, AccessError> {
        let provider = names::checked_provider(provider)?;
        let label = names::checked("credential's label", label)?;
        let secret = secret.expose_secret().trim();
        placeholder::check(secret).map_err(|reason| AccessError::Refused {
            provider: provider.to_owned(),
            reason,
        })?;
        self.reload().await?;
        self.refuse_duplicate(provider, secret)?;
        let stored = self.store_credential(provider, label, secret).await?;
        self.reload().await?;
        Ok(stored)
    }

    /// Every stored credential, masked, by provider and label.
    pub async fn list_credentials(&self) -> Result<Vec<CredentialInfo>, AccessError> {
        let mut vault = self.shared.vault.lock().await;
        let records = self.current_records(&mut vault).await?;
        let master = &vault.master;
        Ok(records
            .into_iter()
            .map(|record| describe(master, record))
            .collect())
    }

    /// Removes a credential.
    pub async fn remove_credential(&self, id: &CredentialId) -> Result<(), AccessError> {
        if !self.shared.database.remove_credential(id).await? {
            return Err(AccessError::UnknownCredential(id.clone()));
        }
        self.reload().await
    }

    /// Opens every stored credential. A damaged one is passed over: it must close neither the others nor the door
    /// through which it is set again.
    pub(crate) async fn read_credentials(
        &self,
        vault: &mut Vault,
    ) -> Result<Vec<Credential>, AccessError> {
        let records = self.current_records(vault).await?;
        let mut credentials = Vec::with_capacity(records.len());
        for record in records {
            match open(&vault.master, &record) {
                Some(secret) => credentials.push(Credential {
                    id: record.id,
                    provider: Arc::from(record.provider),
                    secret,
                }),
                None => {
                    tracing::warn!(credential = %record.id, "damaged: set it again or remove it");
                }
            }
        }
        Ok(credentials)
    }

    /// The rows, all of them under the master key that the vault holds afterwards: looks for the next one where
    /// another process rotated it.
    async fn current_records(
        &self,
        vault: &mut Vault,
    ) -> Result<Vec<CredentialRecord>, AccessError> {
        for _ in 0..ATTEMPTS {
            let records = self.shared.database.credentials().await?;
            if records
                .iter()
                .all(|record| record.key_version == vault.master.version)
            {
                return Ok(records);
            }
            self.follow_rotation(vault).await?;
        }
        Err(AccessError::Contended)
    }

    async fn follow_rotation(&self, vault: &mut Vault) -> Result<(), AccessError> {
        let _held = unlock::hold(&vault.source).await?;
        vault.master = unlock::unlock(&self.shared.database, &vault.source)
            .await?
            .master;
        Ok(())
    }

    async fn store_credential(
        &self,
        provider: &str,
        label: &str,
        secret: &str,
    ) -> Result<CredentialInfo, AccessError> {
        let mut vault = self.shared.vault.lock().await;
        for _ in 0..ATTEMPTS {
            let record = seal(&vault.master, provider, label, secret)?;
            match self.shared.database.put_credential(&record).await? {
                PutCredential::Stored => return Ok(describe(&vault.master, record)),
                PutCredential::IdTaken => {}
                PutCredential::KeyChanged => self.follow_rotation(&mut vault).await?,
            }
        }
        Err(AccessError::Contended)
    }

    fn refuse_duplicate(&self, provider: &str, secret: &str) -> Result<(), AccessError> {
        let known = self
            .credentials()
            .into_iter()
            .find(|known| &*known.provider == provider && known.secret.expose_secret() == secret);
        known.map_or(Ok(()), |known| {
            Err(AccessError::DuplicateCredential(known.id))
        })
    }
}

fn seal(
    master: &Master,
    provider: &str,
    label: &str,
    secret: &str,
) -> Result<CredentialRecord, AccessError> {
    let mut id = format!("{provider}/");
    random::push_text(&mut id, HEX, 4)?;
    let envelope = master.seal(place(&id), secret.as_bytes())?;
    Ok(CredentialRecord {
        id: CredentialId::new(id),
        provider: provider.to_owned(),
        label: label.to_owned(),
        key_version: master.version,
        data_key: envelope.data_key,
        secret: envelope.secret,
        created_at: instant::now(),
    })
}

fn open(master: &Master, record: &CredentialRecord) -> Option<SecretString> {
    let opened = master.open(place(record.id.as_str()), &record.data_key, &record.secret)?;
    std::str::from_utf8(&opened).ok().map(SecretString::from)
}

pub(crate) fn place(id: &str) -> Place<'_> {
    Place {
        table: "credential",
        row: id,
        column: "secret",
    }
}

fn describe(master: &Master, record: CredentialRecord) -> CredentialInfo {
    let secret = open(master, &record);
    CredentialInfo {
        id: record.id,
        provider: record.provider,
        label: record.label,
        masked: secret
            .as_ref()
            .map_or_else(|| mask(""), |secret| mask(secret.expose_secret())),
        damaged: secret.is_none(),
        created_at: record.created_at,
    }
}

fn mask(secret: &str) -> String {
    let length = secret.chars().count();
    let hidden = if length > LONGEST_HIDDEN {
        length - SHOWN
    } else {
        length
    };
    std::iter::once('…')
        .chain(secret.chars().skip(hidden))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_long_secrets_show_their_end() {
        assert_eq!(mask("0123456789abc"), "…9abc");
        assert_eq!(mask("0123456789ab"), "…");
        assert_eq!(mask("éééééééééééééé"), "…éééé");
    }
}
