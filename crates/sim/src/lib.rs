//! The simulator: every HTTP provider of a catalogue, served on one port from its samples, with its quotas, its keys,
//! and every fault that a server can have. Providers of models answer by rule ([`ai`]), whole and in streams.
//!
//! It stands outside: a server under test knows of it only as base URLs in an operator's folder, which
//! [`Simulator::overlay`] writes. Answers look as if they were given now ([`shift`]); faults are the letters of one
//! [`alphabet`], which in-memory transports share.
//!
//! Its own paths: `GET /_sim/counts`, `POST /_sim/reset`, `GET` and `DELETE /_sim/faults`,
//! `PUT /_sim/faults/{provider or *}` with `{"fault": "429+retry-after", "times": 3}`, and `DELETE` of the same; likewise
//! `/_sim/quotas/{provider}` and `/_sim/pacing/{provider or *}`.

pub mod ai;
pub mod alphabet;
mod book;
mod control;
mod counts;
mod credential;
mod elsewhere;
mod matching;
mod names;
mod pacing;
mod play;
mod quota;
mod request;
pub mod shift;
mod simulator;
mod state;
mod switches;
mod task;
mod wire;

pub use alphabet::Fault;
pub use counts::ProviderCounts;
pub use pacing::Pacing;
pub use quota::QuotaState;
pub use simulator::{Settings, Simulator, SimulatorError};
pub use switches::{EVERY, Switch};
