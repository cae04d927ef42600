//! The way of a call: plan → guard → attempt → classify → map → cache → answer.
//!
//! The engine knows nothing of HTTP servers, command lines or SQL. It reaches the world through three seams only:
//! [`clock`], [`transport`] and [`store`].

pub mod ai;
pub mod answer;
mod attempt;
pub mod breaker;
mod cache;
pub mod call;
pub mod client;
pub mod clock;
mod company;
mod cursor;
mod deadline;
pub mod decode;
mod destination;
mod engine;
mod error_filter;
mod flight;
pub mod gate;
pub mod gauge;
mod guarantee;
mod guard;
pub mod identity;
mod inquire;
mod journal;
pub mod ledger;
pub mod outcome;
mod periods;
pub mod plan;
pub mod policy;
pub mod read;
pub mod recalled;
pub mod rehearsal;
pub mod replay;
pub mod request;
mod reset_time;
mod retry_budget;
pub mod settings;
pub mod store;
mod tokens;
pub mod transport;

pub use engine::{CandidateState, Engine, Observer, Parts, ProxyCall, UsageObserver, Verification};
pub use guarantee::{Guarantee, Promise};
pub use inquire::{Inquiries, keep_inquiring};
pub use settings::{ModelSettings, ProviderSettings, Settings};
