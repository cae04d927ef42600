//! Organizations and their projects.

use guichet_engine::identity::{OrganizationId, ProjectId};
use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::changes::TOUCH_ACCESS;
use crate::instant::{from_millis, to_millis};
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
        let mut transaction = self.begin().await?;
        sqlx::query("INSERT INTO organization (id, name, created_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING")
            .bind(project.organization.as_str())
            .bind(organization_name)
            .bind(to_millis(project.created_at))
            .execute(&mut *transaction)
            .await?;
        let made = sqlx::query(
            "INSERT INTO project (id, organization_id, name, created_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (id) DO NOTHING",
        )
        .bind(project.id.as_str())
        .bind(project.organization.as_str())
        .bind(&project.name)
        .bind(to_millis(project.created_at))
        .execute(&mut *transaction)
        .await?;
        if made.rows_affected() > 0 {
            sqlx::query(TOUCH_ACCESS).execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Every project, oldest first.
    pub async fn projects(&self) -> Result<Vec<ProjectRecord>, StoreError> {
        sqlx::query(
            "SELECT id, organization_id, name, created_at FROM project ORDER BY created_at, id",
        )
        .fetch_all(self.reader())
        .await?
        .iter()
        .map(project)
        .collect()
    }
}

fn project(row: &SqliteRow) -> Result<ProjectRecord, StoreError> {
    Ok(ProjectRecord {
        id: ProjectId::new(row.try_get::<&str, _>("id")?),
        organization: OrganizationId::new(row.try_get::<&str, _>("organization_id")?),
        name: row.try_get("name")?,
        created_at: from_millis("project", row.try_get("created_at")?)?,
    })
}
