//! In which order providers are asked for a key: its own policy, else each key's, its project's, its organization's.

use std::collections::HashMap;

use guichet_engine::identity::KeyId;
use guichet_engine::policy::{Policy, UnknownPolicy};
use guichet_store::{Holder, SettingRecord};
use serde::Serialize;

use crate::{Access, AccessError, Principal};

/// The setting that holds a policy.
const NAME: &str = "policy";

/// A policy as it was set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyInfo {
    /// `key`, `project`, `organization`, or `each-key`.
    pub of: &'static str,
    /// Whose it is; empty where it is each key's.
    pub id: String,
    /// The policy.
    pub policy: String,
}

/// Every policy that was set.
#[derive(Debug, Default)]
pub(crate) struct PolicyTable(HashMap<Holder, Policy>);

impl PolicyTable {
    /// A policy that cannot be read is an error: another one would hold.
    pub(crate) fn read(settings: &[SettingRecord]) -> Result<Self, AccessError> {
        let own = settings.iter().filter(|setting| setting.name == NAME);
        let read = |setting: &SettingRecord| -> Result<_, UnknownPolicy> {
            Ok((setting.holder.clone(), setting.value.parse()?))
        };
        let table: Result<HashMap<_, _>, _> = own.map(read).collect();
        Ok(Self(table?))
    }

    /// The policy of a key, whose line begins with `first`.
    pub(crate) fn of(&self, principal: &Principal, first: &KeyId) -> Option<Policy> {
        if self.0.is_empty() {
            return None;
        }
        let holders = [
            Holder::Key(first.clone()),
            Holder::EachKey,
            Holder::Project(principal.project.clone()),
            Holder::Organization(principal.organization.clone()),
        ];
        holders
            .iter()
            .find_map(|holder| self.0.get(holder).copied())
    }
}

impl Access {
    /// Sets a policy in place of the one before. It holds at once here, in under a second in every other process that
    /// watches.
    pub async fn set_policy(&self, holder: &Holder, policy: Policy) -> Result<(), AccessError> {
        let record = SettingRecord {
            holder: self.known(holder).await?,
            name: NAME.into(),
            value: policy.to_string(),
        };
        self.shared.database.put_settings(&[record]).await?;
        self.reload().await
    }

    /// Removes a policy: that of the next wider holder holds, in the end the operator's.
    pub async fn remove_policy(&self, holder: &Holder) -> Result<(), AccessError> {
        let holder = self.known(holder).await?;
        if !self.shared.database.remove_setting(&holder, NAME).await? {
            return Err(AccessError::NoPolicy);
        }
        self.reload().await
    }

    /// Every policy as it was set.
    pub async fn list_policies(&self) -> Result<Vec<PolicyInfo>, AccessError> {
        let settings = self.shared.database.settings().await?;
        let own = settings.into_iter().filter(|setting| setting.name == NAME);
        Ok(own
            .map(|setting| PolicyInfo {
                of: setting.holder.kind(),
                id: setting.holder.id().to_owned(),
                policy: setting.value,
            })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use guichet_engine::identity::{OrganizationId, ProjectId};

    use super::*;

    fn setting(holder: Holder, value: &str) -> SettingRecord {
        SettingRecord {
            holder,
            name: NAME.into(),
            value: value.into(),
        }
    }

    #[test]
    fn the_narrowest_policy_holds() {
        let principal = Principal {
            organization: OrganizationId::new("o"),
            project: ProjectId::new("p"),
            key: KeyId::new("k2"),
            limits: None,
            policy: None,
            opt_ins: crate::OptIns::default(),
        };
        let first = KeyId::new("k1");
        let mut settings = Vec::new();
        let mut held = Vec::new();
        for (holder, policy) in [
            (Holder::Organization(OrganizationId::new("o")), "order"),
            (Holder::Project(ProjectId::new("p")), "cheapest"),
            (Holder::EachKey, "weighted"),
            (Holder::Key(KeyId::new("k2")), "harvest"),
            (Holder::Key(first.clone()), "fastest"),
        ] {
            settings.push(setting(holder, policy));
            let table = PolicyTable::read(&settings).unwrap();
            held.extend(table.of(&principal, &first).map(Policy::as_str));
        }
        let expected = ["order", "cheapest", "weighted", "weighted", "fastest"];
        assert_eq!(held, expected, "a key's policy is that of its line");
    }

    #[test]
    fn a_policy_that_is_none_is_an_error() {
        let wrong = PolicyTable::read(&[setting(Holder::EachKey, "best")]);
        assert!(matches!(wrong, Err(AccessError::Policy(_))));
    }
}
