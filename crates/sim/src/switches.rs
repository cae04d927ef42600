//! Which fault each provider is under.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::alphabet::Fault;

/// The name that stands for every provider that has no switch of its own.
pub const EVERY: &str = "*";

/// A fault and how often it strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Switch {
    /// The fault.
    pub fault: Fault,
    /// How many requests it still strikes; none = all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

/// All switches, by provider.
#[derive(Debug, Default)]
pub(crate) struct Switches(BTreeMap<String, Switch>);

impl Switches {
    pub(crate) fn set(&mut self, provider: &str, switch: Switch) {
        self.0.insert(provider.to_owned(), switch);
    }

    pub(crate) fn clear(&mut self, provider: &str) {
        self.0.remove(provider);
    }

    pub(crate) fn clear_all(&mut self) {
        self.0.clear();
    }

    pub(crate) fn all(&self) -> BTreeMap<String, Switch> {
        self.0.clone()
    }

    /// The fault that a provider is under.
    pub(crate) fn peek(&self, provider: &str) -> Fault {
        self.of(provider)
            .map_or(Fault::Ok, |(_, switch)| switch.fault)
    }

    /// The fault that strikes this request.
    pub(crate) fn strike(&mut self, provider: &str) -> Fault {
        let Some((name, switch)) = self.of(provider) else {
            return Fault::Ok;
        };
        let (name, Switch { fault, times }) = (name.to_owned(), *switch);
        match times {
            Some(times) if times > 1 => self.set(
                &name,
                Switch {
                    fault,
                    times: Some(times - 1),
                },
            ),
            Some(_) => self.clear(&name),
            None => {}
        }
        fault
    }

    fn of(&self, provider: &str) -> Option<(&str, &Switch)> {
        [provider, EVERY]
            .into_iter()
            .find_map(|name| self.0.get_key_value(name))
            .map(|(name, switch)| (name.as_str(), switch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_as_often_as_it_is_told_and_its_own_goes_before_everyones() {
        let mut switches = Switches::default();
        let twice = Switch {
            fault: Fault::ServerError,
            times: Some(2),
        };
        switches.set("a", twice);
        switches.set(
            EVERY,
            Switch {
                fault: Fault::Refused,
                times: None,
            },
        );
        let struck: Vec<Fault> = (0..4).map(|_| switches.strike("a")).collect();
        let expected = [
            Fault::ServerError,
            Fault::ServerError,
            Fault::Refused,
            Fault::Refused,
        ];
        assert_eq!(struck, expected);
        assert_eq!(switches.strike("b"), Fault::Refused);
        switches.clear(EVERY);
        assert_eq!(switches.peek("b"), Fault::Ok);
    }
}
