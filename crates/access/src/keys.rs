//! Callers' keys: create, list, rotate, revoke.

use std::time::Duration;

use guichet_engine::identity::{KeyId, OrganizationId, ProjectId};
use guichet_store::{KeyDraft, KeyRecord};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::{Access, AccessError, KeyText, instant, names};

/// What may be known about a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyInfo {
    /// The public part.
    pub id: KeyId,
    /// The owner of its project.
    pub organization: OrganizationId,
    /// Its project.
    pub project: ProjectId,
    /// What people call it.
    pub name: String,
    /// Since when it exists.
    pub created_at: Timestamp,
    /// Until when it opens; none = until revoked.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// The key that it succeeds.
    pub rotated_from: Option<KeyId>,
}

/// Whether a key opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyState {
    /// It does.
    Active,
    /// No more, since its end.
    Expired,
    /// No more, since it was revoked.
    Revoked,
}

/// A key that was just made.
#[derive(Debug)]
pub struct NewKey {
    /// What may be known about it.
    pub info: KeyInfo,
    /// The key itself. It is kept nowhere: this is the only time it can be shown.
    pub text: SecretString,
}

impl KeyInfo {
    /// Whether the key opens at this moment.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> KeyState {
        if self.revoked_at.is_some() {
            KeyState::Revoked
        } else if self.expires_at.is_some_and(|end| end <= now) {
            KeyState::Expired
        } else {
            KeyState::Active
        }
    }
}

impl NewKey {
    pub(crate) fn new(
        draft: KeyDraft,
        organization: OrganizationId,
        rotated_from: Option<KeyId>,
        text: SecretString,
    ) -> Self {
        let info = KeyRecord {
            draft,
            organization,
            revoked_at: None,
            rotated_from,
        }
        .into();
        Self { info, text }
    }
}

impl From<KeyRecord> for KeyInfo {
    fn from(record: KeyRecord) -> Self {
        Self {
            id: record.draft.id,
            organization: record.organization,
            project: record.draft.project,
            name: record.draft.name,
            created_at: record.draft.created_at,
            expires_at: record.draft.expires_at,
            revoked_at: record.revoked_at,
            rotated_from: record.rotated_from,
        }
    }
}

impl Access {
    /// Makes a key of a project; it opens at once, until it expires or is revoked.
    pub async fn create_key(
        &self,
        project: &ProjectId,
        name: &str,
        expires: Option<Timestamp>,
    ) -> Result<NewKey, AccessError> {
        let projects = self.shared.database.projects().await?;
        let owner = projects.into_iter().find(|known| known.id == *project);
        let owner = owner
            .ok_or_else(|| AccessError::UnknownProject(project.clone()))?
            .organization;
        let (draft, text) = self.draft_key(project.clone(), name, expires)?;
        if expires.is_some_and(|end| end <= draft.created_at) {
            return Err(AccessError::ExpiryInPast);
        }
        self.shared.database.insert_key(&draft).await?;
        self.reload().await?;
        Ok(NewKey::new(draft, owner, None, text))
    }

    /// Every key, oldest first, with those that open no more.
    pub async fn list_keys(&self) -> Result<Vec<KeyInfo>, AccessError> {
        Ok(self
            .shared
            .database
            .keys()
            .await?
            .into_iter()
            .map(KeyInfo::from)
            .collect())
    }

    /// Makes the successor of a key, of the same project, name and length of life. The old one opens until the
    /// overlap ends, or until its own end if that is sooner.
    pub async fn rotate_key(&self, id: &KeyId, overlap: Duration) -> Result<NewKey, AccessError> {
        let old = self.find_key(id).await?;
        let now = instant::now();
        let life = old.expires_at.map(|end| end.duration_since(old.created_at));
        let (mut draft, text) = self.draft_key(old.project, &old.name, None)?;
        draft.expires_at = life.map(|life| now.saturating_add(life).unwrap_or(Timestamp::MAX));
        let overlap_end = now.saturating_add(overlap).unwrap_or(Timestamp::MAX);
        let old_until = old
            .expires_at
            .map_or(overlap_end, |end| end.min(overlap_end));
        if !self
            .shared
            .database
            .succeed_key(id, old_until, &draft)
            .await?
        {
            return Err(AccessError::KeyNotRotatable(id.clone()));
        }
        self.reload().await?;
        Ok(NewKey::new(draft, old.organization, Some(id.clone()), text))
    }

    /// Closes a key: at once here, in under a second in every other process that watches. Closing twice is no error.
    pub async fn revoke_key(&self, id: &KeyId) -> Result<(), AccessError> {
        if !self
            .shared
            .database
            .revoke_key(id, Timestamp::now())
            .await?
        {
            return Err(AccessError::UnknownKey(id.clone()));
        }
        self.reload().await
    }

    async fn find_key(&self, id: &KeyId) -> Result<KeyInfo, AccessError> {
        let keys = self.list_keys().await?;
        keys.into_iter()
            .find(|key| key.id == *id)
            .ok_or_else(|| AccessError::UnknownKey(id.clone()))
    }

    /// A new key and the row that will know it again.
    #[expect(clippy::expect_used, reason = "what generate() makes, parse() accepts")]
    pub(crate) fn draft_key(
        &self,
        project: ProjectId,
        name: &str,
        expires_at: Option<Timestamp>,
    ) -> Result<(KeyDraft, SecretString), AccessError> {
        let name = names::checked("key's name", name)?.to_owned();
        let text = KeyText::generate()?;
        let key = KeyText::parse(text.expose_secret()).expect("a generated key is well formed");
        let draft = KeyDraft {
            id: KeyId::new(key.id()),
            project,
            name,
            secret_hash: *self.shared.pepper.hash(&key).as_bytes(),
            created_at: instant::now(),
            expires_at: expires_at.map(instant::whole_millis),
        };
        Ok((draft, text))
    }
}
