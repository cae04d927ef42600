//! Organizations and their projects.

use guichet_engine::identity::{OrganizationId, ProjectId};
use jiff::Timestamp;

use crate::changes::TOUCH_ACCESS;
use crate::instant::{from_millis, to_millis};
use crate::sql::{Row, sql};
use crate::{Database, StoreError};

/// A project as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectRecord {
    /// Its id.
    pub id: ProjectId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// What people call it.
    pub name: String,
    /// Since when it exists.
    pub created_at: Timestamp,
}

impl Database {
    /// Makes the organization and the project where they are missing; existing ones stay as they are.
    pub async fn ensure_project(
        &self,
        project: &ProjectRecord,
        organization_name: &str,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin_alone().await?;
        transaction.run(sql("INSERT INTO organization (id, name, created_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING")
            .bind(project.organization.as_str())
            .bind(organization_name)
            .bind(to_millis(project.created_at))).await?;
        let made = transaction.run(sql(
            "INSERT INTO project (id, organization_id, name, created_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (id) DO NOTHING",
        )
        .bind(project.id.as_str())
        .bind(project.organization.as_str())
        .bind(&project.name)
        .bind(to_millis(project.created_at))).await?;
        if made > 0 {
            transaction.run(sql(TOUCH_ACCESS)).await?;
        }
        transaction.commit().await
    }

    /// Every project, oldest first.
    pub async fn projects(&self) -> Result<Vec<ProjectRecord>, StoreError> {
        self.rows(sql(
            "SELECT id, organization_id, name, created_at FROM project ORDER BY created_at, id",
        ))
        .await?
        .iter()
        .map(project)
        .collect()
    }
}

fn project(row: &Row) -> Result<ProjectRecord, StoreError> {
    Ok(ProjectRecord {
        id: ProjectId::new(row.get::<&str>("id")?),
        organization: OrganizationId::new(row.get::<&str>("organization_id")?),
        name: row.get("name")?,
        created_at: from_millis("project", row.get("created_at")?)?,
    })
}
