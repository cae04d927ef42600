//! What a key wants of each of its calls, which a call else has to ask for itself: said once, by its own opt-ins, else each
//! key's, its project's, its organization's.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use guichet_engine::identity::KeyId;
use guichet_store::{Holder, SettingRecord};
use serde::Serialize;

use crate::{Access, AccessError, Principal};

/// Settings of this prefix are opt-ins; the rest of the name is the opt-in's.
const PREFIX: &str = "opt-in/";

/// Something that calls to models get only if it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OptIn {
    /// Another candidate continues a stream that broke off.
    Resume,
    /// An answer that was given to the same request before will do, and answers may be kept.
    Cache,
}

impl OptIn {
    /// All.
    pub const ALL: [Self; 2] = [Self::Resume, Self::Cache];

    /// Its name, as in the header `x-guichet-…`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Resume => "resume",
            Self::Cache => "cache",
        }
    }
}

impl fmt::Display for OptIn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for OptIn {
    type Err = UnknownOptIn;

    fn from_str(text: &str) -> Result<Self, UnknownOptIn> {
        let named = |opt_in: &Self| opt_in.as_str() == text;
        Self::ALL.into_iter().find(named).ok_or(UnknownOptIn)
    }
}

/// Nothing of this name can be opted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an opt-in is one of resume, cache, and is on or off")]
pub struct UnknownOptIn;

/// What a key has opted for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OptIns {
    /// [`OptIn::Resume`].
    pub resume: bool,
    /// [`OptIn::Cache`].
    pub cache: bool,
}

/// An opt-in as it was set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OptInInfo {
    /// `key`, `project`, `organization`, or `each-key`.
    pub of: &'static str,
    /// Whose it is; empty where it is each key's.
    pub id: String,
    /// What is opted for.
    pub name: String,
    /// `on`, or `off` in place of what a wider holder says.
    pub state: String,
}

/// Every opt-in that was set.
#[derive(Debug, Default)]
pub(crate) struct OptInTable(HashMap<(Holder, OptIn), bool>);

impl OptInTable {
    /// One that cannot be read is an error: another one would hold.
    pub(crate) fn read(settings: &[SettingRecord]) -> Result<Self, AccessError> {
        let mut table = HashMap::new();
        for setting in settings {
            let Some(name) = setting.name.strip_prefix(PREFIX) else {
                continue;
            };
            let is_on = match setting.value.as_str() {
                "on" => true,
                "off" => false,
                _ => return Err(UnknownOptIn.into()),
            };
            table.insert((setting.holder.clone(), name.parse()?), is_on);
        }
        Ok(Self(table))
    }

    /// What a key has opted for, whose line begins with `first`.
    pub(crate) fn of(&self, principal: &Principal, first: &KeyId) -> OptIns {
        if self.0.is_empty() {
            return OptIns::default();
        }
        let holders = [
            Holder::Key(first.clone()),
            Holder::EachKey,
            Holder::Project(principal.project.clone()),
            Holder::Organization(principal.organization.clone()),
        ];
        let is_on = |opt_in: OptIn| {
            let mut said = holders
                .iter()
                .filter_map(|holder| self.0.get(&(holder.clone(), opt_in)));
            said.next().copied().unwrap_or(false)
        };
        OptIns {
            resume: is_on(OptIn::Resume),
            cache: is_on(OptIn::Cache),
        }
    }
}

impl Access {
    /// Turns opt-ins on or off. That holds at once here, in under a second in every other process that watches.
    pub async fn set_opt_ins(
        &self,
        holder: &Holder,
        opt_ins: &[OptIn],
        on: bool,
    ) -> Result<(), AccessError> {
        let holder = self.known(holder).await?;
        let record = |opt_in: &OptIn| SettingRecord {
            holder: holder.clone(),
            name: format!("{PREFIX}{opt_in}"),
            value: if on { "on" } else { "off" }.into(),
        };
        let records: Vec<SettingRecord> = opt_ins.iter().map(record).collect();
        self.shared.database.put_settings(&records).await?;
        self.reload().await
    }

    /// Removes an opt-in: what the next wider holder says holds, in the end that each call asks for itself.
    pub async fn remove_opt_in(&self, holder: &Holder, opt_in: OptIn) -> Result<(), AccessError> {
        let holder = self.known(holder).await?;
        let name = format!("{PREFIX}{opt_in}");
        if !self.shared.database.remove_setting(&holder, &name).await? {
            return Err(AccessError::NoOptIn(opt_in));
        }
        self.reload().await
    }

    /// Every opt-in as it was set.
    pub async fn list_opt_ins(&self) -> Result<Vec<OptInInfo>, AccessError> {
        let settings = self.shared.database.settings().await?;
        let info = |setting: SettingRecord| {
            Some(OptInInfo {
                of: setting.holder.kind(),
                id: setting.holder.id().to_owned(),
                name: setting.name.strip_prefix(PREFIX)?.to_owned(),
                state: setting.value,
            })
        };
        Ok(settings.into_iter().filter_map(info).collect())
    }
}

#[cfg(test)]
mod tests {
    use guichet_engine::identity::{OrganizationId, ProjectId};

    use super::*;

    fn setting(holder: Holder, name: &str, value: &str) -> SettingRecord {
        SettingRecord {
            holder,
            name: format!("{PREFIX}{name}"),
            value: value.into(),
        }
    }

    #[test]
    fn the_narrowest_word_holds_for_each_opt_in_by_itself() {
        let principal = Principal {
            organization: OrganizationId::new("o"),
            project: ProjectId::new("p"),
            key: KeyId::new("k2"),
            limits: None,
            policy: None,
            opt_ins: OptIns::default(),
        };
        let first = KeyId::new("k1");
        let mut settings = Vec::new();
        let mut held = Vec::new();
        for (holder, name, value) in [
            (Holder::Key(KeyId::new("k2")), "cache", "on"),
            (
                Holder::Organization(OrganizationId::new("o")),
                "cache",
                "on",
            ),
            (Holder::Project(ProjectId::new("p")), "resume", "on"),
            (Holder::EachKey, "resume", "off"),
            (Holder::Key(first.clone()), "resume", "on"),
        ] {
            settings.push(setting(holder, name, value));
            let all = OptInTable::read(&settings).unwrap().of(&principal, &first);
            held.push((all.resume, all.cache));
        }
        let expected = [
            (false, false),
            (false, true),
            (true, true),
            (false, true),
            (true, true),
        ];
        assert_eq!(held, expected, "a key's opt-ins are those of its line");
    }

    #[test]
    fn what_is_no_opt_in_is_an_error() {
        for (name, value) in [("resume", "yes"), ("sing", "on")] {
            let wrong = OptInTable::read(&[setting(Holder::EachKey, name, value)]);
            assert!(matches!(wrong, Err(AccessError::OptIn(_))), "{name}");
        }
    }
}
