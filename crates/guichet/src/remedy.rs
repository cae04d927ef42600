//! What to do about a provider that is not used or does not work: the line to change, the command to run.

use guichet_catalogue::model::{Class, Provider};
use guichet_engine::answer::SkipReason;

use crate::config::{Config, Origin};
use crate::credentials;

/// Why a provider is not asked, in words.
pub(crate) fn why(reason: SkipReason) -> &'static str {
    match reason {
        SkipReason::Disabled => "turned off",
        SkipReason::NotAllowed => "left out by the call",
        SkipReason::Licence => "its terms allow no commercial use",
        SkipReason::NoContact => "demands a contact",
        SkipReason::PlainHttp => "speaks without TLS",
        SkipReason::NoCredential => "needs a key",
        SkipReason::Input => "cannot take such input",
        SkipReason::Suspended => "suspended after failures",
        SkipReason::Quota => "its quota is used up",
        SkipReason::Context => "the request is too long for its model",
        SkipReason::Ability => "its model cannot do what is asked",
        SkipReason::Paid => "it costs, and only what is free was asked for",
        SkipReason::Trains => "it trains on what it is sent",
        SkipReason::Busy => "busy",
        SkipReason::OtherCursor => "the cursor belongs to another provider",
        SkipReason::OutOfTime => "time was up before its turn",
        SkipReason::Budget => "beyond what the caller may still spend",
        SkipReason::Unpriced => "its price is not known, and the caller's money is limited",
    }
}

/// What brings a provider into use; none where only time or another call does.
pub(crate) fn to_use(provider: &Provider, reason: SkipReason, config: &Config) -> Option<String> {
    match reason {
        SkipReason::Disabled => Some(turn_on(provider, config)),
        SkipReason::NoContact => {
            Some("set operator.contact (guichet.toml) or GUICHET_OPERATOR__CONTACT".into())
        }
        SkipReason::PlainHttp => Some("set egress.plain_http = true (guichet.toml)".into()),
        SkipReason::NoCredential => Some(give_key(provider)),
        SkipReason::NotAllowed
        | SkipReason::Licence
        | SkipReason::Input
        | SkipReason::Suspended
        | SkipReason::Quota
        | SkipReason::Busy
        | SkipReason::OtherCursor
        | SkipReason::OutOfTime
        | SkipReason::Context
        | SkipReason::Ability
        | SkipReason::Paid
        | SkipReason::Trains
        | SkipReason::Budget
        | SkipReason::Unpriced => None,
    }
}

/// What mends a provider whose cheapest call came to this.
pub(crate) fn to_mend(provider: &Provider, class: Class) -> Option<String> {
    let text = match class {
        Class::Ok | Class::Empty => return None,
        Class::Auth if takes_key(provider) => give_key(provider),
        Class::Auth => format!(
            "it wants a key now: compare its file with {}",
            provider.docs
        ),
        Class::Plan => {
            "the key's plan lacks this call: change the plan, or turn the provider off".into()
        }
        Class::RateLimited => "wait a minute; it works, and its short window is used up".into(),
        Class::QuotaExhausted => "wait for its day or month to end, or give a second key".into(),
        Class::Blocked => {
            "it blocks this machine's address: try from another, or set operator.contact".into()
        }
        Class::Upstream => {
            "check this machine's network and DNS, then the provider's status page".into()
        }
        Class::Gone => format!(
            "its host or path is not there: check this machine's DNS, then compare its file with {}",
            provider.docs
        ),
        Class::BadRequest | Class::BadPayload => {
            format!(
                "its API has changed: compare its file with {}",
                provider.docs
            )
        }
    };
    Some(text)
}

fn turn_on(provider: &Provider, config: &Config) -> String {
    let key = format!("providers.{}.enabled", provider.id);
    match config.origin(&key) {
        Origin::Default => format!("set {key} = true (guichet.toml)"),
        origin => format!("change {key} at {origin}"),
    }
}

fn give_key(provider: &Provider) -> String {
    let command = format!("guichet credential set {}", provider.id);
    match credentials::names(provider) {
        [] => format!("run `{command}`"),
        names => format!("set {}, or run `{command}`", names.join(" or ")),
    }
}

fn takes_key(provider: &Provider) -> bool {
    provider
        .http()
        .is_some_and(|http| http.auth.takes_credential())
}
