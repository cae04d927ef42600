//! What an operation promises under the running configuration, computed and not claimed.

use std::collections::BTreeSet;
use std::time::Duration;

use guichet_catalogue::model::{CalendarUnit, Operation, Provider, Quota, Window};

use crate::plan::{Credentials, unusable};
use crate::settings::Settings;

/// How sure an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guarantee {
    /// Nobody can answer.
    None,
    /// One provider.
    Single,
    /// Two or more.
    BestEffort,
    /// Two or more on different domains, one of which needs neither key nor quota, or is computed here; or an answer
    /// that is computed here and complete, which nothing outside can take away.
    Guaranteed,
}

impl Guarantee {
    /// Its name in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Single => "single",
            Self::BestEffort => "best-effort",
            Self::Guaranteed => "guaranteed",
        }
    }
}

pub(crate) fn guarantee(
    operation: &Operation,
    settings: &Settings,
    credentials: &Credentials,
) -> Guarantee {
    let usable = |provider: &Provider| {
        let keyed = provider.http().is_none_or(|http| {
            http.auth.works_without()
                || credentials
                    .get(&provider.id)
                    .is_some_and(|own| !own.is_empty())
        });
        unusable(provider, settings).is_none() && keyed
    };
    let providers: Vec<&Provider> = operation
        .endpoints
        .iter()
        .map(|endpoint| &*endpoint.provider)
        .filter(|provider| usable(provider))
        .collect();
    let places: BTreeSet<String> = providers.iter().map(|provider| place(provider)).collect();
    let only_local = !providers.is_empty() && providers.iter().all(|provider| provider.is_local());
    let free = providers.iter().any(|provider| {
        provider.http().is_none_or(|http| {
            http.auth.works_without() && !http.quotas.iter().any(|quota| runs_out(quota))
        })
    });
    match (providers.len(), places.len()) {
        (0, _) => Guarantee::None,
        _ if only_local => Guarantee::Guaranteed,
        (_, 2..) if free => Guarantee::Guaranteed,
        (1, _) => Guarantee::Single,
        _ => Guarantee::BestEffort,
    }
}

/// Whether a quota can be used up for longer than a caller would wait: a rate per minute cannot.
fn runs_out(quota: &Quota) -> bool {
    const SHORT: Duration = Duration::from_mins(1);
    match &quota.window {
        Window::Bucket(period) | Window::Fixed(period) | Window::Rolling(period) => *period > SHORT,
        Window::Calendar { unit, .. } => *unit != CalendarUnit::Minute,
        Window::Anniversary(_) | Window::Credit(_) => true,
        Window::Concurrency => false,
    }
}

/// Where an answer comes from: the registrable part of a host, or this machine.
fn place(provider: &Provider) -> String {
    let Some(http) = provider.http() else {
        return "here".into();
    };
    let host = http
        .hosts
        .last()
        .map(ToString::to_string)
        .unwrap_or_default();
    let labels: Vec<&str> = host.rsplit('.').take(2).collect();
    labels.join(".")
}
