//! Which limits hold for a key: its own, each key's, its project's and its organization's.
//!
//! They are put together when keys are read, so that a request finds them ready. A key and its successors are one
//! holder: whoever rotates a key has used what was used.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use guichet_catalogue::model::Quota;
use guichet_engine::identity::{KeyId, ProjectId};
use guichet_engine::ledger::Claim;
use guichet_store::{Holder, SettingRecord};
use serde::Serialize;

use crate::{Access, AccessError, Limit, Principal};

/// Settings of this prefix are limits; the rest of the name is the limit's.
const PREFIX: &str = "limit/";

/// What holds for a key. Never empty.
#[derive(Debug)]
pub struct Limits {
    all: Vec<LimitInForce>,
    claims: OnceLock<LimitClaims>,
}

/// Claims on the windows of a key's limits, ready to be reserved.
#[derive(Debug)]
pub struct LimitClaims {
    /// What one call takes of those that count calls.
    pub calls: Vec<Claim>,
    /// Of these the rates.
    pub rates: Vec<Claim>,
    /// Those that count tokens and money, of which a call does not know yet how much it takes.
    pub budgets: Arc<[Claim]>,
    /// All of them, in the order of [`Limits::all`]; nothing is claimed.
    pub all: Vec<Claim>,
}

impl PartialEq for Limits {
    fn eq(&self, other: &Self) -> bool {
        self.all == other.all
    }
}

/// One limit and whose it is.
#[derive(Debug, Clone)]
pub struct LimitInForce {
    /// For whom it was set: the key itself where it was set for each key.
    pub holder: Holder,
    /// What it allows.
    pub limit: Limit,
    /// Names it among all that hold for the key: `project-tokens-each-day`.
    pub name: String,
    /// Names what is used of it in the ledger.
    pub budget: Arc<str>,
    /// Its window.
    pub quota: Arc<Quota>,
}

/// A limit as it was set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LimitInfo {
    /// `key`, `project`, `organization`, or `each-key`.
    pub of: &'static str,
    /// Whose it is; empty where it is each key's.
    pub id: String,
    /// What to call it to remove it.
    pub name: String,
    /// What it allows.
    pub limit: String,
}

impl PartialEq for LimitInForce {
    fn eq(&self, other: &Self) -> bool {
        // All else follows from these.
        self.holder == other.holder && self.limit == other.limit
    }
}

impl LimitInForce {
    fn new(holder: Holder, limit: Limit) -> Self {
        let name = limit.name();
        Self {
            budget: format!("{}:{}/{name}", holder.kind(), holder.id()).into(),
            name: format!("{}-{name}", holder.kind()),
            quota: Arc::new(limit.quota()),
            holder,
            limit,
        }
    }
}

impl Limits {
    fn new(all: Vec<LimitInForce>) -> Option<Arc<Self>> {
        let claims = OnceLock::new();
        (!all.is_empty()).then(|| Arc::new(Self { all, claims }))
    }

    /// All of them: the key's, then its project's, then its organization's.
    #[must_use]
    pub fn all(&self) -> &[LimitInForce] {
        &self.all
    }

    /// Claims on them, made once: an installation has one ledger.
    pub fn claims(&self, claim: impl Fn(&LimitInForce, f64) -> Claim) -> &LimitClaims {
        self.claims.get_or_init(|| {
            let of = |such: fn(&Limit) -> bool, units: f64| {
                let such = self.all.iter().filter(move |one| such(&one.limit));
                such.map(|one| claim(one, units)).collect::<Vec<_>>()
            };
            LimitClaims {
                calls: of(Limit::counts_calls, 1.0),
                rates: of(|limit| limit.counts_calls() && limit.is_rate(), 1.0),
                budgets: of(|limit| !limit.counts_calls(), 0.0).into(),
                all: of(|_| true, 0.0),
            }
        })
    }
}

/// Every limit that was set.
#[derive(Debug, Default)]
pub(crate) struct LimitTable(HashMap<Holder, Vec<Limit>>);

impl LimitTable {
    /// A limit that cannot be read is an error: it would not hold.
    pub(crate) fn read(settings: &[SettingRecord]) -> Result<Self, AccessError> {
        let mut table: HashMap<Holder, Vec<Limit>> = HashMap::new();
        for setting in settings.iter().filter(|one| one.name.starts_with(PREFIX)) {
            let limits = table.entry(setting.holder.clone()).or_default();
            limits.push(setting.value.parse()?);
        }
        Ok(Self(table))
    }

    /// What holds for a key, which is counted under the first of its line.
    pub(crate) fn of(&self, principal: &Principal, first: &KeyId) -> Option<Arc<Limits>> {
        let key = Holder::Key(first.clone());
        let own = self.set_for(&key);
        // What is set for a key stands in place of what is set for each.
        let names: Vec<String> = own.iter().map(Limit::name).collect();
        let each = self.set_for(&Holder::EachKey);
        let each = each.iter().filter(|limit| !names.contains(&limit.name()));
        let shared = [
            Holder::Project(principal.project.clone()),
            Holder::Organization(principal.organization.clone()),
        ];
        let of_key = own.iter().chain(each).map(|limit| (&key, limit));
        let shared = shared.iter().flat_map(|holder| {
            self.set_for(holder)
                .iter()
                .map(move |limit| (holder, limit))
        });
        let all = of_key.chain(shared);
        Limits::new(
            all.map(|(holder, limit)| LimitInForce::new(holder.clone(), limit.clone()))
                .collect(),
        )
    }

    fn set_for(&self, holder: &Holder) -> &[Limit] {
        self.0.get(holder).map_or(&[], Vec::as_slice)
    }
}

impl Access {
    /// Sets limits, each in the place of the one of its name. They hold at once here, in under a second in every other
    /// process that watches; what was used before counts.
    pub async fn set_limits(&self, holder: &Holder, limits: &[Limit]) -> Result<(), AccessError> {
        let holder = self.known(holder).await?;
        let record = |limit: &Limit| SettingRecord {
            holder: holder.clone(),
            name: format!("{PREFIX}{}", limit.name()),
            value: limit.to_string(),
        };
        let records: Vec<SettingRecord> = limits.iter().map(record).collect();
        self.shared.database.put_settings(&records).await?;
        self.reload().await
    }

    /// Removes a limit, by its name or by what it says.
    pub async fn remove_limit(&self, holder: &Holder, which: &str) -> Result<(), AccessError> {
        let holder = self.known(holder).await?;
        let name = which
            .parse()
            .map_or_else(|_| which.to_owned(), |limit: Limit| limit.name());
        let setting = format!("{PREFIX}{name}");
        let database = &self.shared.database;
        if !database.remove_setting(&holder, &setting).await? {
            return Err(AccessError::UnknownLimit(name));
        }
        self.reload().await
    }

    /// Every limit as it was set.
    pub async fn list_limits(&self) -> Result<Vec<LimitInfo>, AccessError> {
        let settings = self.shared.database.settings().await?;
        let info = |setting: SettingRecord| {
            Some(LimitInfo {
                of: setting.holder.kind(),
                id: setting.holder.id().to_owned(),
                name: setting.name.strip_prefix(PREFIX)?.to_owned(),
                limit: setting.value,
            })
        };
        Ok(settings.into_iter().filter_map(info).collect())
    }

    /// The holder under which settings are kept, if it exists: of a key the first of its line.
    pub(crate) async fn known(&self, holder: &Holder) -> Result<Holder, AccessError> {
        let database = &self.shared.database;
        match holder {
            Holder::EachKey => Ok(Holder::EachKey),
            Holder::Key(id) => {
                let keys = database.keys().await?;
                let lines = Lines::new(
                    keys.iter()
                        .map(|key| (&key.draft.id, key.rotated_from.as_ref())),
                );
                let first = lines.first(id);
                first
                    .map(|first| Holder::Key(first.clone()))
                    .ok_or_else(|| AccessError::UnknownKey(id.clone()))
            }
            Holder::Project(id) => {
                let projects = database.projects().await?;
                let is_known = projects.iter().any(|project| project.id == *id);
                let unknown = || AccessError::UnknownProject(ProjectId::clone(id));
                is_known.then(|| holder.clone()).ok_or_else(unknown)
            }
            Holder::Organization(id) => {
                let projects = database.projects().await?;
                let is_known = projects.iter().any(|project| project.organization == *id);
                let unknown = || AccessError::UnknownOrganization(id.clone());
                is_known.then(|| holder.clone()).ok_or_else(unknown)
            }
        }
    }
}

/// Which key succeeded which.
pub(crate) struct Lines<'keys>(HashMap<&'keys KeyId, Option<&'keys KeyId>>);

impl<'keys> Lines<'keys> {
    /// Of each key the one that it succeeds.
    pub(crate) fn new(keys: impl Iterator<Item = (&'keys KeyId, Option<&'keys KeyId>)>) -> Self {
        Self(keys.collect())
    }

    /// The first of a key's line; none where there is no such key.
    pub(crate) fn first(&self, key: &KeyId) -> Option<&'keys KeyId> {
        let (mut first, mut before) = self.0.get_key_value(key)?;
        // A line is no longer than all keys together.
        for _ in 0..self.0.len() {
            match before.and_then(|before| self.0.get_key_value(before)) {
                Some(found) => (first, before) = found,
                None => break,
            }
        }
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use guichet_engine::identity::OrganizationId;

    use super::*;

    fn principal() -> Principal {
        Principal {
            organization: OrganizationId::new("o"),
            project: ProjectId::new("p"),
            key: KeyId::new("k2"),
            limits: None,
            policy: None,
            opt_ins: crate::OptIns::default(),
        }
    }

    fn setting(holder: Holder, limit: &str) -> SettingRecord {
        let name = limit.parse::<Limit>().map(|limit| limit.name());
        SettingRecord {
            holder,
            name: format!("{PREFIX}{}", name.unwrap_or_default()),
            value: limit.into(),
        }
    }

    fn in_force(settings: &[SettingRecord]) -> Vec<String> {
        let table = LimitTable::read(settings).unwrap();
        let limits = table.of(&principal(), &KeyId::new("k1"));
        let all = limits.iter().flat_map(|limits| limits.all());
        all.map(|one| format!("{}: {}", one.budget, one.limit))
            .collect()
    }

    #[test]
    fn a_key_is_held_by_its_own_its_projects_and_its_organizations_limits() {
        let settings = [
            setting(Holder::EachKey, "60 requests per minute"),
            setting(Holder::EachKey, "4 at once"),
            setting(Holder::Key(KeyId::new("k1")), "600 requests per minute"),
            setting(Holder::Key(KeyId::new("other")), "1 request per day"),
            setting(Holder::Project(ProjectId::new("p")), "$5 each month"),
            setting(
                Holder::Organization(OrganizationId::new("o")),
                "1k tokens each day",
            ),
        ];
        assert_eq!(
            in_force(&settings),
            [
                "key:k1/requests-per-minute: 600 requests per minute",
                "key:k1/at-once: 4 at once",
                "project:p/money-each-month: $5 each month",
                "organization:o/tokens-each-day: 1000 tokens each day",
            ]
        );
        assert_eq!(in_force(&[]), Vec::<String>::new());
    }

    #[test]
    fn a_limit_that_cannot_be_read_is_not_passed_over() {
        let settings = [setting(Holder::EachKey, "60 cats per minute")];
        assert!(LimitTable::read(&settings).is_err());
    }

    #[test]
    fn a_line_of_keys_goes_back_to_its_first() {
        let ids: Vec<KeyId> = ["a", "b", "c", "x"].map(KeyId::new).into();
        let lines = Lines::new(ids.iter().map(|id| match id.as_str() {
            "b" => (id, Some(&ids[0])),
            "c" => (id, Some(&ids[1])),
            _ => (id, None),
        }));
        let first = |id: &str| lines.first(&KeyId::new(id)).map(KeyId::as_str);
        assert_eq!(
            ["a", "b", "c", "x", "?"].map(first),
            [Some("a"), Some("a"), Some("a"), Some("x"), None]
        );
    }
}
