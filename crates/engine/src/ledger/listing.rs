//! What is left where: every window of every provider that could be asked, with where its numbers come from.

use std::collections::BTreeMap;
use std::sync::Arc;

use guichet_catalogue::model::{Catalogue, Dimension, Provider, Quota, Scope};
use jiff::Timestamp;
use serde::Serialize;

use super::Ledger;
use super::counted::Windows;
use super::pace::{Outlook, outlook};
use super::window::Fill;
use crate::gauge::Source;
use crate::identity::CredentialId;
use crate::plan::{Credentials, unusable};
use crate::settings::Settings;

/// Whose quotas are listed.
#[derive(Debug, Clone, Copy)]
pub struct Listing<'a> {
    /// Providers and their quotas.
    pub catalogue: &'a Catalogue,
    /// What they are opened with.
    pub credentials: &'a Credentials,
    /// What the operator decides: who is turned off has no quotas.
    pub settings: &'a Settings,
}

/// One window of one budget.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QuotaState {
    /// The provider; of a shared budget the first.
    pub provider: Arc<str>,
    /// Other providers that share the budget.
    pub shared_with: Vec<Arc<str>>,
    /// The credential that it belongs to; none where all of the account, or the address, count together.
    pub credential: Option<CredentialId>,
    /// The model, where each has its own.
    pub model: Option<String>,
    /// The pool of models or providers that share it.
    pub group: Option<String>,
    /// Whose it is.
    pub scope: Scope,
    /// What is counted.
    pub dimension: Dimension,
    /// Which window: `day`, `bucket-60s`.
    pub window: String,
    /// Its length, a month taken as thirty days; none where it has none.
    pub period_s: Option<u64>,
    /// How much it holds.
    pub limit: f64,
    /// Who says so.
    pub limit_source: Source,
    /// When that was learnt, or the day on which a person last compared the file with the provider's pages.
    pub limit_as_of: Option<String>,
    /// How much of it is used.
    pub used: f64,
    /// Who last corrected that; `counted` where nobody did.
    pub used_source: Source,
    /// When.
    pub used_as_of: Option<Timestamp>,
    /// How much is left.
    pub left: f64,
    /// When the window begins anew; none where it refills, or never does.
    pub resets_at: Option<Timestamp>,
    /// What becomes of it at the pace of its recent use.
    pub outlook: OutlookState,
}

impl QuotaState {
    /// Whether the budget is this provider's, alone or with others.
    #[must_use]
    pub fn is_of(&self, provider: &str) -> bool {
        *self.provider == *provider || self.shared_with.iter().any(|other| **other == *provider)
    }
}

/// When a window will be empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct OutlookState {
    /// `unknown`: too little was used to say; `lasts`: not before it begins anew; `empties`; `empty`.
    pub state: &'static str,
    /// When it will be empty.
    pub at: Option<Timestamp>,
}

impl Ledger {
    /// What is left, by provider, budget and window.
    #[must_use]
    pub fn list(&self, listing: &Listing<'_>, now: Timestamp) -> Vec<QuotaState> {
        let windows = self.windows.lock();
        let mut found = BTreeMap::new();
        for provider in listing.catalogue.providers.values() {
            let Some(credentials) = listing.asked_with(provider) else {
                continue;
            };
            for quota in quotas(provider) {
                let one = One {
                    windows: &windows,
                    provider,
                    quota: &quota,
                    now,
                };
                one.list(&credentials, &mut found);
            }
        }
        let mut states: Vec<QuotaState> = found.into_values().collect();
        states.sort_by(|one, other| one.provider.cmp(&other.provider));
        states
    }
}

impl Listing<'_> {
    /// What a provider is asked with; none where it is not asked at all.
    fn asked_with(&self, provider: &Provider) -> Option<Vec<Option<CredentialId>>> {
        let http = provider.http()?;
        if unusable(provider, self.settings).is_some() {
            return None;
        }
        let own = self.credentials.get(&provider.id);
        let own: Vec<_> = own
            .into_iter()
            .flatten()
            .map(|credential| Some(credential.id.clone()))
            .collect();
        match own.is_empty() {
            true if http.auth.works_without() => Some(vec![None]),
            true => None,
            false => Some(own),
        }
    }
}

/// One quota of one provider.
struct One<'a> {
    windows: &'a Windows,
    provider: &'a Provider,
    quota: &'a Quota,
    now: Timestamp,
}

/// Windows by budget and name: a budget that several share is listed once.
type Found = BTreeMap<(String, String), QuotaState>;

impl One<'_> {
    fn list(&self, credentials: &[Option<CredentialId>], found: &mut Found) {
        for credential in credentials {
            let id = credential.as_ref().map(CredentialId::as_str);
            for model in self.models(id) {
                let budget = self.quota.budget(&self.provider.id, model.as_deref(), id);
                let key = (budget, self.quota.id());
                match found.get_mut(&key) {
                    Some(state) if state.provider == self.provider.id => {}
                    Some(state) if state.shared_with.contains(&self.provider.id) => {}
                    Some(state) => state.shared_with.push(Arc::clone(&self.provider.id)),
                    None => {
                        let fill = self.windows.known(&key.0, &key.1);
                        let state = self.state(fill, credential.as_ref(), model);
                        found.insert(key, state);
                    }
                }
            }
        }
    }

    /// The models that have such a window each: those of the file, and those that were asked.
    fn models(&self, credential: Option<&str>) -> Vec<Option<String>> {
        if !self.quota.each_model {
            return vec![None];
        }
        let server = self.provider.models.as_deref();
        let own = server
            .into_iter()
            .flat_map(|server| server.models.values())
            .filter(|model| model.quotas.iter().any(|quota| **quota == *self.quota));
        let mut models: Vec<String> = own.map(|model| model.id.to_string()).collect();
        let begin = self.quota.budget(&self.provider.id, Some(""), None);
        let asked = self.windows.budgets().filter_map(|budget| {
            let model = budget.strip_prefix(&begin)?;
            let model = match credential {
                Some(credential) => model
                    .strip_suffix(credential)
                    .map_or(model, |model| model.strip_suffix('@').unwrap_or(model)),
                None => model,
            };
            let is_known = server.is_some_and(|server| server.models.contains_key(model));
            let covered = !is_known && self.quota.covers(model) && !self.quota.models.is_empty();
            let all = !is_known && self.quota.models.is_empty() && self.is_of_all();
            (covered || all).then(|| model.to_owned())
        });
        models.extend(asked);
        models.sort();
        models.dedup();
        models.into_iter().map(Some).collect()
    }

    /// Whether the quota is the provider's, and not one model's own.
    fn is_of_all(&self) -> bool {
        let all = self.provider.http().map_or(&[][..], |http| &http.quotas);
        all.iter().any(|quota| **quota == *self.quota)
    }

    fn state(
        &self,
        fill: Option<&Fill>,
        credential: Option<&CredentialId>,
        model: Option<String>,
    ) -> QuotaState {
        let (quota, now) = (self.quota, self.now);
        let mut fill = fill.cloned().unwrap_or_else(|| Fill::opened(now));
        let was_used = fill.used > 0.0;
        fill.advance(quota, now);
        let limit = fill.belief.limit(quota, now);
        let is_file = limit.source == Source::Catalogue;
        let left = (limit.units - fill.used).max(0.0);
        let resets_at = fill
            .ends_at(quota, now)
            .filter(|_| was_used || fill.used > 0.0);
        let (used_source, used_as_of) = match fill.belief.corrected {
            Some((source, at)) if fill.opened_at <= at || quota.window.period().is_none() => {
                (source, Some(at))
            }
            _ => (Source::Counted, None),
        };
        let own = matches!(quota.scope, Scope::Key | Scope::Project);
        QuotaState {
            provider: Arc::clone(&self.provider.id),
            shared_with: Vec::new(),
            credential: credential.filter(|_| own).cloned(),
            model,
            group: quota.group.clone(),
            scope: quota.scope,
            dimension: quota.dimension,
            window: quota.window.to_string(),
            period_s: quota.window.period().map(|period| period.as_secs()),
            limit: limit.units,
            limit_source: limit.source,
            limit_as_of: if is_file {
                self.provider.verified.clone()
            } else {
                Some(limit.at.to_string())
            },
            used: fill.used,
            used_source,
            used_as_of,
            left,
            resets_at,
            outlook: outlook(fill.pace.as_ref(), quota, limit.units, left, resets_at, now).into(),
        }
    }
}

impl From<Outlook> for OutlookState {
    fn from(outlook: Outlook) -> Self {
        let (state, at) = match outlook {
            Outlook::Unknown => ("unknown", None),
            Outlook::Lasts => ("lasts", None),
            Outlook::EmptyAt(at) => ("empties", Some(at)),
            Outlook::Empty => ("empty", None),
        };
        Self { state, at }
    }
}

/// Every quota of a provider, those of single models too.
fn quotas(provider: &Provider) -> Vec<Arc<Quota>> {
    let shared = provider.http().map_or(&[][..], |http| &http.quotas);
    let mut quotas = shared.to_vec();
    let models = provider.models.iter();
    let models = models.flat_map(|server| server.models.values());
    for quota in models.flat_map(|model| &model.quotas) {
        if !quotas.iter().any(|known| **known == **quota) {
            quotas.push(Arc::clone(quota));
        }
    }
    quotas
}
