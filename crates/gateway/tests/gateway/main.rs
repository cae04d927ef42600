//! Stories of the doors: the real engine, the real keys, providers in memory.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod access_log;
mod ai_answers;
mod ai_errors;
mod ai_hostile;
mod ai_streams;
mod bad_input;
mod callers_limits;
mod client;
mod data;
mod defects;
mod doors;
mod http2;
mod keys;
mod limits;
mod opt_ins;
mod proxies;
mod proxy;
mod quotas;
mod world;
