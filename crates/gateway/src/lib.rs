//! The HTTP doors. Each turns a request into one call of the engine, and what comes of it into an answer.
//!
//! [`serve()`] takes connections; [`Gateway::answer`] takes one request through the way that all doors share: id,
//! route, key, body, door, headers, log, metrics. `router.rs` shows every route.
//!
//! **Invariant:** this crate decides nothing about providers, and answers no error that is not in [`Code`].

mod access_log;
mod activity;
mod again;
mod ai;
mod asked;
mod authentication;
mod body;
mod catalogue;
mod codes;
mod connection;
mod content;
mod data;
mod docs;
mod envelope;
mod finish;
mod flow;
mod forwarded;
mod freshness;
mod gateway;
mod gen_ai;
mod health;
mod input;
mod limits;
mod metrics;
mod openapi;
mod own_address;
mod pages;
mod problem;
mod promised;
mod proxy;
mod quotas;
mod quoted;
mod refusal;
mod reply;
mod request_id;
mod router;
mod serve;
mod settings;
mod standing;
mod stream;
#[cfg(test)]
mod testing;
mod trusted_proxies;
mod values;
mod visit;

pub use access_log::{AccessLog, LineFormat};
pub use codes::Code;
pub use content::{Content, Pieces};
pub use gateway::Gateway;
pub use metrics::{Kept, Metrics};
pub use serve::serve;
pub use settings::Settings;
pub use trusted_proxies::TrustedProxies;
