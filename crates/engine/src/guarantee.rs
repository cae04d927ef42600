//! What an operation promises under the running configuration, computed and not claimed.

mod promise;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use guichet_catalogue::model::{CalendarUnit, Endpoint, Provider, Quota, Window};

use crate::answer::SkipReason;
use crate::plan::{Credentials, unusable};
use crate::settings::Settings;
pub use promise::Promise;

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

/// What the running configuration makes of those who could answer.
pub(crate) struct Standing<'a> {
    /// Who can be asked.
    usable: Vec<&'a Provider>,
    /// Who cannot, and why not.
    left_out: Vec<(&'a Provider, SkipReason)>,
}

impl<'a> Standing<'a> {
    pub(crate) fn of(
        endpoints: &'a [Arc<Endpoint>],
        settings: &Settings,
        credentials: &Credentials,
    ) -> Self {
        let mut standing = Self {
            usable: Vec::new(),
            left_out: Vec::new(),
        };
        for endpoint in endpoints {
            let provider = &*endpoint.provider;
            match obstacle(provider, settings, credentials) {
                None => standing.usable.push(provider),
                Some(reason) => standing.left_out.push((provider, reason)),
            }
        }
        standing
    }

    pub(crate) fn guarantee(&self) -> Guarantee {
        guarantee(&self.usable)
    }
}

/// Why a provider is not asked, whatever is asked of it.
fn obstacle(
    provider: &Provider,
    settings: &Settings,
    credentials: &Credentials,
) -> Option<SkipReason> {
    let keyed = || {
        let own = credentials.get(&provider.id);
        own.is_some_and(|own| !own.is_empty())
            || provider.http().is_none_or(|http| http.auth.works_without())
    };
    unusable(provider, settings).or_else(|| (!keyed()).then_some(SkipReason::NoCredential))
}

fn guarantee(usable: &[&Provider]) -> Guarantee {
    let places: BTreeSet<String> = usable.iter().map(|provider| place(provider)).collect();
    let only_here = !usable.is_empty() && usable.iter().all(|provider| provider.is_local());
    match (usable.len(), places.len()) {
        (0, _) => Guarantee::None,
        _ if only_here => Guarantee::Guaranteed,
        (_, 2..) if usable.iter().any(|provider| is_free(provider)) => Guarantee::Guaranteed,
        (1, _) => Guarantee::Single,
        _ => Guarantee::BestEffort,
    }
}

/// Whether it needs neither a key nor a quota that can be used up; or is on this machine.
fn is_free(provider: &Provider) -> bool {
    provider.http().is_none_or(|http| {
        http.auth.works_without() && !http.quotas.iter().any(|quota| runs_out(quota))
    })
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
    let own = provider.models.as_ref().is_some_and(|server| server.local);
    let Some(http) = provider.http().filter(|_| !own) else {
        return "here".into();
    };
    let host = http.hosts.last().map(ToString::to_string);
    domain(&host.unwrap_or_default()).to_owned()
}

/// The last two labels of a name. Where they are a suffix under which anybody registers names, as `co.uk`, two places count
/// as one, and no more is promised than is true.
fn domain(host: &str) -> &str {
    if host.parse::<IpAddr>().is_ok() {
        return host;
    }
    let second = host.rmatch_indices('.').nth(1);
    second.map_or(host, |(dot, _)| &host[dot + 1..])
}

#[cfg(test)]
mod tests {
    use super::domain;

    #[test]
    fn hosts_of_one_domain_are_one_place_and_an_address_is_one_of_its_own() {
        for (host, place) in [
            ("api.groq.com", "groq.com"),
            ("*.groq.com", "groq.com"),
            ("groq.com", "groq.com"),
            ("localhost", "localhost"),
            ("127.0.0.1", "127.0.0.1"),
            ("::1", "::1"),
        ] {
            assert_eq!(domain(host), place);
        }
    }
}
