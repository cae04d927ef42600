//! Projects: what keys belong to, and what shares quotas with others of its organization.

use guichet_engine::identity::{OrganizationId, ProjectId};
use guichet_store::ProjectRecord;
use jiff::Timestamp;
use serde::Serialize;

use crate::first_start::default_organization;
use crate::{Access, AccessError, instant, names};

/// A project as people may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProjectInfo {
    /// What settings and keys call it.
    pub id: ProjectId,
    /// Its owner.
    pub organization: OrganizationId,
    /// What people call it.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

impl From<ProjectRecord> for ProjectInfo {
    fn from(record: ProjectRecord) -> Self {
        Self {
            id: record.id,
            organization: record.organization,
            name: record.name,
            created_at: record.created_at,
        }
    }
}

impl Access {
    /// Makes a project of the default organization. Its id is small letters, digits and hyphens.
    pub async fn create_project(&self, id: &str, name: &str) -> Result<ProjectInfo, AccessError> {
        let record = ProjectRecord {
            id: ProjectId::new(names::checked_id("project's id", id)?),
            organization: default_organization(),
            name: names::checked("project's name", name)?.to_owned(),
            created_at: instant::now(),
        };
        let database = &self.shared.database;
        let projects = database.projects().await?;
        if projects.iter().any(|project| project.id == record.id) {
            return Err(AccessError::ProjectExists(record.id));
        }
        let organization = record.organization.to_string();
        database.ensure_project(&record, &organization).await?;
        Ok(record.into())
    }

    /// Every project, oldest first.
    pub async fn list_projects(&self) -> Result<Vec<ProjectInfo>, AccessError> {
        let projects = self.shared.database.projects().await?;
        Ok(projects.into_iter().map(ProjectInfo::from).collect())
    }
}
