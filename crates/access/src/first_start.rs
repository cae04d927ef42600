//! What a new installation begins with: one organization, one project, one key.

use guichet_engine::identity::{OrganizationId, ProjectId};
use guichet_store::ProjectRecord;

use crate::{Access, AccessError, NewKey, instant};

const DEFAULT: &str = "default";
const DEFAULT_NAME: &str = "Default";
const FIRST_KEY_NAME: &str = "first key";

/// The organization that every installation has.
#[must_use]
pub fn default_organization() -> OrganizationId {
    OrganizationId::new(DEFAULT)
}

/// The project that every installation has, in the default organization.
#[must_use]
pub fn default_project() -> ProjectId {
    ProjectId::new(DEFAULT)
}

impl Access {
    /// Makes the installation's first key in the default project. None if any key exists or existed; of several
    /// processes that ask at once, one gets it. The text is returned this once and kept nowhere.
    pub async fn first_key(&self) -> Result<Option<NewKey>, AccessError> {
        let (draft, text) = self.draft_key(default_project(), FIRST_KEY_NAME, None)?;
        let owner = default_organization();
        if !self
            .shared
            .database
            .insert_first_key(&owner, &draft)
            .await?
        {
            return Ok(None);
        }
        self.reload().await?;
        Ok(Some(NewKey::new(draft, owner, None, text)))
    }

    pub(crate) async fn ensure_defaults(&self) -> Result<(), AccessError> {
        let project = ProjectRecord {
            id: default_project(),
            organization: default_organization(),
            name: DEFAULT_NAME.into(),
            created_at: instant::now(),
        };
        Ok(self
            .shared
            .database
            .ensure_project(&project, DEFAULT_NAME)
            .await?)
    }
}
