//! What holds for a key, a project or an organization, besides who it is: names and texts, whose meaning is `access`'s.

use guichet_engine::identity::{KeyId, OrganizationId, ProjectId};

use crate::changes::TOUCH_ACCESS;
use crate::sql::{Row, sql};
use crate::{Database, StoreError};

/// For whom a setting holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Holder {
    /// For each key by itself.
    EachKey,
    /// For one key.
    Key(KeyId),
    /// For all keys of a project together.
    Project(ProjectId),
    /// For all keys of an organization together.
    Organization(OrganizationId),
}

/// A setting as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingRecord {
    /// For whom it holds.
    pub holder: Holder,
    /// Which one: a holder has each once.
    pub name: String,
    /// What was set.
    pub value: String,
}

impl Holder {
    /// Its kind: `each-key`, `key`, `project` or `organization`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::EachKey => "each-key",
            Self::Key(_) => "key",
            Self::Project(_) => "project",
            Self::Organization(_) => "organization",
        }
    }

    /// Its id; empty where there is none.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::EachKey => "",
            Self::Key(id) => id.as_str(),
            Self::Project(id) => id.as_str(),
            Self::Organization(id) => id.as_str(),
        }
    }

    fn read(kind: &str, id: &str) -> Option<Self> {
        Some(match kind {
            "each-key" => Self::EachKey,
            "key" => Self::Key(KeyId::new(id)),
            "project" => Self::Project(ProjectId::new(id)),
            "organization" => Self::Organization(OrganizationId::new(id)),
            _ => return None,
        })
    }
}

impl Database {
    /// Every setting, by holder and name.
    pub async fn settings(&self) -> Result<Vec<SettingRecord>, StoreError> {
        self.rows(sql(
            "SELECT holder_kind, holder_id, name, value FROM setting ORDER BY holder_kind, holder_id, name",
        )).await?
        .iter()
        .map(record)
        .collect()
    }

    /// Stores settings in the place of those with the same names, all or none.
    pub async fn put_settings(&self, records: &[SettingRecord]) -> Result<(), StoreError> {
        let mut transaction = self.begin_alone().await?;
        for record in records {
            transaction.run(sql(
                "INSERT INTO setting (holder_kind, holder_id, name, value) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (holder_kind, holder_id, name) DO UPDATE SET value = excluded.value",
            )
            .bind(record.holder.kind())
            .bind(record.holder.id())
            .bind(&record.name)
            .bind(&record.value)).await?;
        }
        transaction.run(sql(TOUCH_ACCESS)).await?;
        transaction.commit().await
    }

    /// Removes a setting. False if there is none of this name.
    pub async fn remove_setting(&self, holder: &Holder, name: &str) -> Result<bool, StoreError> {
        let mut transaction = self.begin_alone().await?;
        let removed = transaction
            .run(
                sql("DELETE FROM setting WHERE holder_kind = $1 AND holder_id = $2 AND name = $3")
                    .bind(holder.kind())
                    .bind(holder.id())
                    .bind(name),
            )
            .await?;
        transaction.run(sql(TOUCH_ACCESS)).await?;
        transaction.commit().await?;
        Ok(removed > 0)
    }
}

fn record(row: &Row) -> Result<SettingRecord, StoreError> {
    let holder = Holder::read(row.get("holder_kind")?, row.get("holder_id")?);
    Ok(SettingRecord {
        holder: holder.ok_or_else(|| StoreError::Record {
            table: "setting",
            reason: "no such kind of holder".into(),
        })?,
        name: row.get("name")?,
        value: row.get("value")?,
    })
}
