//! Providers that this machine computes: zones, sun and moon, holidays, countries, cities, QR codes, units, ids …
//!
//! Each topic is a module with a table of named functions; a catalogue file names one (`call = "time.now"`).
//! A function answers from its parameters, the time and bundled data only: no network, no files, no state. It gives
//! an honest answer in its category's unified schema or says why it has none.

mod cities;
mod countries;
mod fun;
mod hash;
mod holidays;
mod ids;
mod ip;
mod language;
mod moon;
mod params;
mod qr;
mod sun;
mod text;
mod time;
mod units;

use std::net::IpAddr;

use serde_json::{Map, Value};

/// A computed operation: the call's parameters, as the category declares them, to its unified result.
pub type Function = fn(&Map<String, Value>, &Context) -> Result<Value, Failure>;

/// What a function may know besides its parameters.
#[derive(Debug, Clone)]
pub struct Context {
    /// The time of the call.
    pub now: jiff::Timestamp,
    /// The caller's address, where the call came over the network.
    pub peer: Option<IpAddr>,
}

/// Why a function has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// There is no such thing (an unknown country, a word without …): the caller's answer is "not found".
    NotFound(String),
    /// The value of a parameter makes no sense; says which, and what would.
    Invalid {
        /// The parameter's name.
        param: &'static str,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// A good question that this computation cannot answer (a country without rules here): another provider may.
    Unsupported(String),
}

/// The function of this name, if there is one.
#[must_use]
pub fn function(name: &str) -> Option<Function> {
    tables()
        .find(|(known, _)| *known == name)
        .map(|(_, function)| *function)
}

/// The names of all functions.
pub fn names() -> impl Iterator<Item = &'static str> {
    tables().map(|(name, _)| *name)
}

fn tables() -> impl Iterator<Item = &'static (&'static str, Function)> {
    [
        cities::FUNCTIONS,
        countries::FUNCTIONS,
        fun::FUNCTIONS,
        hash::FUNCTIONS,
        holidays::FUNCTIONS,
        ids::FUNCTIONS,
        ip::FUNCTIONS,
        language::FUNCTIONS,
        moon::FUNCTIONS,
        qr::FUNCTIONS,
        sun::FUNCTIONS,
        text::FUNCTIONS,
        time::FUNCTIONS,
        units::FUNCTIONS,
    ]
    .into_iter()
    .flatten()
}
