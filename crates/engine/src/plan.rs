//! Who may be asked, in which order, and why not the others. Pure: what changes by the second (suspensions, quotas) is
//! the guard's business.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use guichet_catalogue::filter::{Program, Variables};
use guichet_catalogue::model::{Endpoint, Operation, Provider};

use crate::answer::{SkipReason, Skipped};
use crate::call::{Options, Providers};
use crate::identity::Credential;
use crate::policy::Tier;
use crate::settings::Settings;

/// A provider with the credential that it is asked with.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// How it is asked.
    pub endpoint: Arc<Endpoint>,
    /// With what; none where it needs nothing.
    pub credential: Option<Arc<Credential>>,
}

impl Candidate {
    /// Names it in breakers and logs: `open-meteo`, `openweathermap/1f3a`.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.credential {
            Some(credential) => credential.id.to_string(),
            None => self.endpoint.provider.id.to_string(),
        }
    }
}

/// Who is asked, in order, and who is not.
#[derive(Debug, Default)]
pub struct Plan {
    /// In the order in which they are asked.
    pub candidates: Vec<Candidate>,
    /// Providers that are left out.
    pub skipped: Vec<Skipped>,
}

/// Credentials by provider.
pub type Credentials = HashMap<Arc<str>, Vec<Arc<Credential>>>;

/// What a plan is made from.
pub(crate) struct Planning<'a> {
    pub(crate) operation: &'a Operation,
    pub(crate) options: &'a Options,
    pub(crate) program: &'a Program,
    pub(crate) variables: &'a Variables,
    pub(crate) settings: &'a Settings,
    pub(crate) credentials: &'a Credentials,
    /// The provider that an earlier page came from.
    pub(crate) pinned: Option<&'a str>,
    /// Moves on by one with each call, so that credentials of one provider take turns.
    pub(crate) turn: usize,
}

impl Planning<'_> {
    pub(crate) fn plan(&self) -> Plan {
        let mut plan = Plan::default();
        for endpoint in ordered(
            &self.operation.endpoints,
            self.settings,
            &self.options.providers.allowed,
        ) {
            match self.candidates(endpoint) {
                Ok(candidates) => plan.candidates.extend(candidates),
                Err(reason) => {
                    let provider = Arc::clone(&endpoint.provider.id);
                    plan.skipped.push(Skipped {
                        provider,
                        reason,
                        retry_at: None,
                        class: None,
                    });
                }
            }
        }
        plan
    }

    fn candidates(&self, endpoint: &Arc<Endpoint>) -> Result<Vec<Candidate>, SkipReason> {
        let provider = &endpoint.provider;
        if let Some(reason) = unusable(provider, self.settings) {
            return Err(reason);
        }
        self.chosen(provider)?;
        if let Some(accepts) = endpoint.accepts
            && !self
                .program
                .holds(accepts, &self.variables.params, self.variables)
                .unwrap_or(false)
        {
            return Err(SkipReason::Input);
        }
        let turns = turns(provider, self.credentials, self.turn)?;
        Ok(turns
            .into_iter()
            .map(|credential| Candidate {
                endpoint: Arc::clone(endpoint),
                credential,
            })
            .collect())
    }

    /// What the caller chose.
    fn chosen(&self, provider: &Provider) -> Result<(), SkipReason> {
        if self.pinned.is_some_and(|pinned| pinned != &*provider.id) {
            return Err(SkipReason::OtherCursor);
        }
        let unwanted = unwanted(provider, &self.options.providers, self.options.commercial);
        unwanted.map_or(Ok(()), Err)
    }
}

/// The catalogue's order, changed by the operator's and then by the caller's, who wants these first.
pub(crate) fn ordered<'a>(
    endpoints: &'a [Arc<Endpoint>],
    settings: &Settings,
    first: &[String],
) -> Vec<&'a Arc<Endpoint>> {
    let mut endpoints: Vec<&Arc<Endpoint>> = endpoints.iter().collect();
    endpoints.sort_by_key(|endpoint| order(&settings.providers, &endpoint.provider));
    endpoints.sort_by_key(|endpoint| listed(&endpoint.provider, first));
    endpoints
}

/// Where somebody put a provider: its place among those that the caller wants first, then in the operator's order.
pub(crate) fn tier(provider: &Provider, settings: &Settings, first: &[String]) -> Tier {
    let placed = settings
        .providers
        .get(&*provider.id)
        .and_then(|own| own.order);
    [
        0,
        listed(provider, first),
        placed.map_or(u32::MAX, |order| order.cast_unsigned() ^ (1 << 31)),
        0,
    ]
}

/// A provider's place in a list; after all of it if it is not there.
fn listed(provider: &Provider, list: &[String]) -> u32 {
    let place = list.iter().position(|name| **name == *provider.id);
    place
        .and_then(|place| u32::try_from(place).ok())
        .unwrap_or(u32::MAX)
}

/// What a provider is asked with, each call beginning with another credential; none for what needs nothing.
pub(crate) fn turns(
    provider: &Provider,
    credentials: &Credentials,
    turn: usize,
) -> Result<Vec<Option<Arc<Credential>>>, SkipReason> {
    let Some(http) = provider.http().filter(|http| http.auth.takes_credential()) else {
        return Ok(vec![None]);
    };
    match credentials.get(&provider.id).filter(|own| !own.is_empty()) {
        Some(own) => {
            let turns = own.iter().cycle().skip(turn % own.len()).take(own.len());
            Ok(turns.cloned().map(Some).collect())
        }
        None if http.auth.works_without() => Ok(vec![None]),
        None => Err(SkipReason::NoCredential),
    }
}

/// Why the caller does not want a provider.
pub(crate) fn unwanted(
    provider: &Provider,
    choice: &Providers,
    commercial: bool,
) -> Option<SkipReason> {
    let is_named = |list: &[String]| list.iter().any(|name| **name == *provider.id);
    let allowed = choice.allowed.is_empty() || is_named(&choice.allowed);
    if !allowed || is_named(&choice.excluded) {
        return Some(SkipReason::NotAllowed);
    }
    let allows_commerce = provider
        .terms
        .as_ref()
        .map_or(provider.is_local(), |terms| terms.commercial);
    (commercial && !allows_commerce).then_some(SkipReason::Licence)
}

/// Why the running configuration does not use a provider at all.
pub(crate) fn unusable(provider: &Provider, settings: &Settings) -> Option<SkipReason> {
    let own = settings.providers.get(&*provider.id);
    let enabled = own.and_then(|own| own.enabled).unwrap_or(provider.enabled);
    if !enabled {
        return Some(SkipReason::Disabled);
    }
    let http = provider.http()?;
    // Naming a host in one's own file is agreement enough.
    if http.plain_http && !http.own_hosts && !settings.plain_http {
        return Some(SkipReason::PlainHttp);
    }
    (http.contact && settings.contact.is_none()).then_some(SkipReason::NoContact)
}

fn order(
    settings: &BTreeMap<String, crate::settings::ProviderSettings>,
    provider: &Provider,
) -> i64 {
    settings
        .get(&*provider.id)
        .and_then(|own| own.order)
        .map_or(i64::MAX, i64::from)
}
