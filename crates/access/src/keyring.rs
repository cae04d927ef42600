//! All keys in memory, and the decision who a presented key is.

use std::collections::HashMap;
use std::sync::Arc;

use blake3::Hash;
use guichet_engine::identity::{KeyId, OrganizationId, ProjectId};
use guichet_engine::policy::Policy;
use guichet_store::KeyRecord;
use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::Familiar;
use crate::key_text::{KeyText, KeyTextError};
use crate::limits::{LimitTable, Lines};
use crate::opt_ins::OptInTable;
use crate::policies::PolicyTable;
use crate::{Limits, OptIns};

/// Who asks.
#[derive(Debug, Clone, PartialEq)]
pub struct Principal {
    /// The owner of the project.
    pub organization: OrganizationId,
    /// The key's project.
    pub project: ProjectId,
    /// The key's public part.
    pub key: KeyId,
    /// What it may ask; none = as much as it likes.
    pub limits: Option<Arc<Limits>>,
    /// In which order providers are asked for it; none = as the operator decides.
    pub policy: Option<Policy>,
    /// What each of its calls to models gets unless the call says otherwise.
    pub opt_ins: OptIns,
}

/// What was set for keys and whoever holds them.
#[derive(Debug, Default)]
pub(crate) struct KeySettings {
    pub(crate) limits: LimitTable,
    pub(crate) policies: PolicyTable,
    pub(crate) opt_ins: OptInTable,
}

/// Why a presented key does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is no Guichet key at all.
    #[error("this is not a Guichet key: it looks like `gch_<id>_<secret>` and has 55 characters")]
    Malformed,
    /// It was one, before a typing error.
    #[error("the key's checksum does not fit: check for a typing error")]
    Checksum,
    /// There is no such key.
    #[error("no such key: it belongs to another installation, or was never made")]
    Unknown,
    /// It opens no more since its last day.
    #[error("the key has expired: create a new one")]
    Expired,
    /// It was revoked.
    #[error("the key was revoked: create a new one")]
    Revoked,
}

impl From<KeyTextError> for Refusal {
    fn from(error: KeyTextError) -> Self {
        match error {
            KeyTextError::Checksum => Self::Checksum,
            KeyTextError::Prefix | KeyTextError::Length { .. } | KeyTextError::Character { .. } => {
                Self::Malformed
            }
        }
    }
}

/// Hashes secrets under a value that the database holds only sealed: its hashes alone are worthless.
pub(crate) struct Pepper(Zeroizing<[u8; 32]>);

impl Pepper {
    pub(crate) fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// No slow hash: the secret is 190 random bits, not a password.
    pub(crate) fn hash(&self, key: &KeyText<'_>) -> Hash {
        blake3::keyed_hash(&self.0, key.secret().as_bytes())
    }
}

/// One moment's keys. Replaced as a whole, never changed.
#[derive(Default)]
pub(crate) struct Keyring {
    /// How many came before it.
    generation: u64,
    doors: HashMap<Arc<str>, Door>,
}

struct Door {
    principal: Arc<Principal>,
    secret_hash: Hash,
    expires_at: Option<Timestamp>,
    revoked: bool,
}

impl Keyring {
    /// The next one, of these keys.
    pub(crate) fn succeeded_by(&self, records: &[KeyRecord], settings: &KeySettings) -> Self {
        let lines = Lines::new(
            records
                .iter()
                .map(|record| (&record.draft.id, record.rotated_from.as_ref())),
        );
        let door = |record: &KeyRecord| {
            let first = lines.first(&record.draft.id).unwrap_or(&record.draft.id);
            (
                record.draft.id.as_str().into(),
                Door::new(record, settings, first),
            )
        };
        Self {
            generation: self.generation + 1,
            doors: records.iter().map(door).collect(),
        }
    }

    /// What became of a key is told only to those who have its secret. A good key that the connection brought before is
    /// not hashed again.
    pub(crate) fn authenticate(
        &self,
        pepper: &Pepper,
        presented: &str,
        familiar: &Familiar,
        now: impl Fn() -> Timestamp,
    ) -> Result<Arc<Principal>, Refusal> {
        if let Some(principal) = familiar.recognize(self.generation, presented, &now) {
            return Ok(principal);
        }
        let key = KeyText::parse(presented)?;
        let door = self.doors.get(key.id()).ok_or(Refusal::Unknown)?;
        // `Hash` compares in constant time.
        if pepper.hash(&key) != door.secret_hash {
            return Err(Refusal::Unknown);
        }
        if door.revoked {
            return Err(Refusal::Revoked);
        }
        if door.expires_at.is_some_and(|end| end <= now()) {
            return Err(Refusal::Expired);
        }
        familiar.remember(self.generation, presented, door.expires_at, &door.principal);
        Ok(Arc::clone(&door.principal))
    }
}

impl Door {
    /// `first` is the first of the key's line.
    fn new(record: &KeyRecord, settings: &KeySettings, first: &KeyId) -> Self {
        let principal = Principal {
            organization: record.organization.clone(),
            project: record.draft.project.clone(),
            key: record.draft.id.clone(),
            limits: None,
            policy: None,
            opt_ins: OptIns::default(),
        };
        Self {
            principal: Arc::new(Principal {
                limits: settings.limits.of(&principal, first),
                policy: settings.policies.of(&principal, first),
                opt_ins: settings.opt_ins.of(&principal, first),
                ..principal
            }),
            secret_hash: Hash::from_bytes(record.draft.secret_hash),
            expires_at: record.draft.expires_at,
            revoked: record.revoked_at.is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use guichet_store::KeyDraft;
    use secrecy::ExposeSecret;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    struct Story {
        pepper: Pepper,
        text: String,
        record: KeyRecord,
    }

    fn story() -> Story {
        let pepper = Pepper::new(Zeroizing::new([7; 32]));
        let text = KeyText::generate().unwrap().expose_secret().to_owned();
        let key = KeyText::parse(&text).unwrap();
        let draft = KeyDraft {
            id: KeyId::new(key.id()),
            project: ProjectId::new("project"),
            name: "test".into(),
            secret_hash: *pepper.hash(&key).as_bytes(),
            created_at: Timestamp::UNIX_EPOCH,
            expires_at: None,
        };
        let record = KeyRecord {
            draft,
            organization: OrganizationId::new("owner"),
            revoked_at: None,
            rotated_from: None,
        };
        Story {
            pepper,
            text,
            record,
        }
    }

    impl Story {
        fn ask(&self, presented: &str) -> Result<Arc<Principal>, Refusal> {
            let records = std::slice::from_ref(&self.record);
            let keyring = Keyring::default().succeeded_by(records, &KeySettings::default());
            keyring.authenticate(&self.pepper, presented, &Familiar::default(), || NOW)
        }
    }

    #[test]
    fn a_good_key_says_who_asks() {
        let story = story();
        let principal = story.ask(&story.text).unwrap();
        assert_eq!(principal.organization.as_str(), "owner");
        assert_eq!(principal.project.as_str(), "project");
        assert_eq!(principal.key, story.record.draft.id);
    }

    #[test]
    fn each_refusal_has_its_cause() {
        let mut story = story();
        assert_eq!(story.ask("hello"), Err(Refusal::Malformed));
        let typo = if story.text.ends_with('0') { "1" } else { "0" };
        assert_eq!(
            story.ask(&format!("{}{typo}", &story.text[..54])),
            Err(Refusal::Checksum)
        );
        let stranger = KeyText::generate().unwrap();
        assert_eq!(story.ask(stranger.expose_secret()), Err(Refusal::Unknown));
        story.record.draft.expires_at = Some(NOW);
        assert_eq!(story.ask(&story.text), Err(Refusal::Expired));
        story.record.revoked_at = Some(NOW);
        assert_eq!(story.ask(&story.text), Err(Refusal::Revoked));
    }

    #[test]
    fn without_the_secret_nothing_is_told_about_a_key() {
        let mut story = story();
        story.record.revoked_at = Some(NOW);
        story.record.draft.secret_hash = [0; 32];
        assert_eq!(story.ask(&story.text), Err(Refusal::Unknown));
    }

    #[test]
    fn a_key_that_was_good_on_a_connection_is_judged_anew_once_the_keys_have_changed() {
        let mut story = story();
        let familiar = Familiar::default();
        let mut keyring = Keyring::default();
        let mut ask = |record: &KeyRecord, presented: &str| {
            let records = std::slice::from_ref(record);
            keyring = keyring.succeeded_by(records, &KeySettings::default());
            let again = || keyring.authenticate(&story.pepper, presented, &familiar, || NOW);
            (again(), again())
        };
        let (first, second) = ask(&story.record, &story.text);
        assert!(first.is_ok());
        assert_eq!(first, second);
        story.record.revoked_at = Some(NOW);
        let revoked = ask(&story.record, &story.text);
        assert_eq!(revoked, (Err(Refusal::Revoked), Err(Refusal::Revoked)));
    }

    #[test]
    fn another_pepper_opens_nothing() {
        let mut story = story();
        story.pepper = Pepper::new(Zeroizing::new([8; 32]));
        assert_eq!(story.ask(&story.text), Err(Refusal::Unknown));
    }
}
