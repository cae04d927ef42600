//! One call: what every door makes, and the only thing that the engine takes.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use guichet_catalogue::model::{Operation, ParameterType};
use guichet_catalogue::parameters::{self, InvalidParameter};
use serde_json::{Map, Value};

use crate::identity::{OrganizationId, ProjectId};
use crate::policy::Policy;

/// A call with checked parameters.
#[derive(Debug, Clone)]
pub struct Call {
    /// What is asked.
    pub operation: Arc<Operation>,
    /// The parameters; places by name are not resolved yet.
    pub parameters: Map<String, Value>,
    /// How it is to be answered.
    pub options: Options,
    /// Who asks.
    pub caller: Caller,
}

/// A call that may be asked again and again by the same organization: read and checked once.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub(crate) call: Call,
    /// Where its answer is kept; none where equal calls do not share one.
    pub(crate) key: Option<crate::cache::Key>,
}

/// Who asks.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Answers are shared within an organization, never beyond it.
    pub organization: OrganizationId,
    /// The project that shares providers' quotas with others, where there are projects.
    pub project: Option<ProjectId>,
    /// In which order providers are asked for it, where the call does not say; none = as the operator decides.
    pub policy: Option<Policy>,
    /// The caller's address, where the call came over the network.
    pub peer: Option<IpAddr>,
    /// Follows the call through logs and answers.
    pub request_id: Arc<str>,
}

/// How a call is to be answered: the parameters that every operation takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Which providers may answer, and in which order.
    pub providers: Providers,
    /// In which order they are asked; none = as the operator decides.
    pub policy: Option<Policy>,
    /// The greatest age of an answer that the caller accepts; zero = only fresh.
    pub max_age: Option<Duration>,
    /// Only providers whose terms allow commercial use.
    pub commercial: bool,
    /// How long the caller waits.
    pub timeout: Option<Duration>,
    /// How much of it may be spent on waiting for a quota window to open, where nobody can be asked now.
    pub max_wait: Option<Duration>,
    /// Continues an earlier call.
    pub cursor: Option<String>,
}

/// The caller's choice of providers: `a,b` allows these in this order, `!c` excludes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Providers {
    /// Empty = all.
    pub allowed: Vec<String>,
    /// Never asked.
    pub excluded: Vec<String>,
}

/// Bounds of `max_wait_ms`.
const MAX_WAIT: std::ops::RangeInclusive<u64> = 0..=120_000;
/// Bounds of `timeout_ms`.
const TIMEOUT: std::ops::RangeInclusive<u64> = 50..=120_000;

impl Call {
    /// Reads a call from what a caller sent: the common parameters and the operation's own.
    pub fn read(
        operation: Arc<Operation>,
        mut raw: Map<String, Value>,
        caller: Caller,
    ) -> Result<Self, Vec<InvalidParameter>> {
        let mut invalid = Vec::new();
        let options = Options::take(&operation, &mut raw, &mut invalid);
        match parameters::read(&operation, raw) {
            Ok(parameters) if invalid.is_empty() => Ok(Self {
                operation,
                parameters,
                options,
                caller,
            }),
            Ok(_) => Err(invalid),
            Err(errors) => {
                invalid.extend(errors);
                Err(invalid)
            }
        }
    }

    /// The place parameters that are still names.
    pub(crate) fn unresolved_places(&self) -> Vec<Arc<str>> {
        let named = |name: &str| self.parameters.get(name).is_some_and(Value::is_string);
        let places = self
            .operation
            .parameters
            .iter()
            .filter(|parameter| parameter.kind == ParameterType::Place);
        places
            .map(|parameter| Arc::clone(&parameter.name))
            .filter(|name| named(name))
            .collect()
    }
}

impl Prepared {
    /// Prepares a call; none where its answer depends on more than what is asked and for which organization.
    #[must_use]
    pub fn new(call: Call) -> Option<Self> {
        let mut parameters = call.operation.parameters.iter();
        if parameters.any(|parameter| parameter.internal) {
            return None;
        }
        let shared = crate::cache::is_shared(&call.operation);
        let key = shared.then(|| crate::cache::key(&call));
        Some(Self { call, key })
    }

    /// The call, asked by this caller now. The caller belongs to the same organization.
    #[must_use]
    pub fn asked_by(&self, caller: Caller) -> Call {
        debug_assert_eq!(caller.organization, self.call.caller.organization);
        Call {
            caller,
            ..self.call.clone()
        }
    }
}

impl Options {
    /// Takes the common parameters out of what a caller sent, leaving those that the operation declares itself.
    fn take(
        operation: &Operation,
        raw: &mut Map<String, Value>,
        invalid: &mut Vec<InvalidParameter>,
    ) -> Self {
        let own = |name: &str| {
            operation
                .parameters
                .iter()
                .any(|parameter| &*parameter.name == name)
        };
        let mut take = |name: &str| {
            if own(name) {
                None
            } else {
                raw.remove(name)
                    .filter(|value| !value.is_null())
                    .map(|value| plain(&value))
            }
        };
        let mut wrong = |name: &str, given: &str, allowed: &str| {
            invalid.push(InvalidParameter {
                name: name.into(),
                reason: format!("`{given}` cannot be used"),
                allowed: Some(allowed.into()),
                nearest: None,
            });
        };
        let mut options = Self::default();
        if let Some(text) = take("providers") {
            let known: Vec<&str> = operation
                .endpoints
                .iter()
                .map(|endpoint| &*endpoint.provider.id)
                .collect();
            match Providers::read(&text, &known) {
                Ok(providers) => options.providers = providers,
                Err(error) => wrong(
                    "providers",
                    &error,
                    &format!("of {}; `!` before one excludes it", known.join(", ")),
                ),
            }
        }
        if let Some(text) = take("max_age") {
            match text.parse::<u32>() {
                Ok(seconds) => options.max_age = Some(Duration::from_secs(seconds.into())),
                Err(_) => wrong(
                    "max_age",
                    &text,
                    "whole seconds from 0 (only fresh) to 4294967295",
                ),
            }
        }
        if let Some(text) = take("licence") {
            match text.as_str() {
                "any" => {}
                "commercial" => options.commercial = true,
                other => wrong("licence", other, "any or commercial"),
            }
        }
        if let Some(text) = take("timeout_ms") {
            match text.parse() {
                Ok(milliseconds) if TIMEOUT.contains(&milliseconds) => {
                    options.timeout = Some(Duration::from_millis(milliseconds));
                }
                _ => wrong("timeout_ms", &text, "milliseconds from 50 to 120000"),
            }
        }
        if let Some(text) = take("policy") {
            match text.parse() {
                Ok(policy) => options.policy = Some(policy),
                Err(_) => wrong("policy", &text, &Policy::names()),
            }
        }
        if let Some(text) = take("max_wait_ms") {
            match text.parse() {
                Ok(milliseconds) if MAX_WAIT.contains(&milliseconds) => {
                    options.max_wait = Some(Duration::from_millis(milliseconds));
                }
                _ => wrong("max_wait_ms", &text, "milliseconds from 0 to 120000"),
            }
        }
        if operation.paged {
            options.cursor = take("cursor").filter(|cursor| !cursor.is_empty());
        }
        options
    }
}

impl Providers {
    /// The error is the first name that no provider has.
    fn read(text: &str, known: &[&str]) -> Result<Self, String> {
        let mut providers = Self::default();
        for name in text
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
        {
            let (id, list) = match name.strip_prefix('!') {
                Some(id) => (id, &mut providers.excluded),
                None => (name, &mut providers.allowed),
            };
            if !known.contains(&id) {
                return Err(id.to_owned());
            }
            list.push(id.to_owned());
        }
        Ok(providers)
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(","),
        Value::Number(number) => whole(&number.to_string()).to_owned(),
        other => other.to_string(),
    }
}

/// To JSON Schema, `614.0` is an integer too.
fn whole(number: &str) -> &str {
    number.strip_suffix(".0").unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::plain;

    #[test]
    fn a_value_of_json_reads_as_it_would_in_a_query() {
        assert_eq!(plain(&json!("!ecb, frankfurter ")), "!ecb, frankfurter");
        assert_eq!(plain(&json!(["ecb", "frankfurter"])), "ecb,frankfurter");
        assert_eq!(plain(&json!(614)), "614");
        assert_eq!(plain(&json!(614.0)), "614");
        assert_eq!(plain(&json!(614.5)), "614.5");
    }
}
