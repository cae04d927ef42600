//! What several servers count together: quotas and limits in Redis, or Valkey, which speaks the same.
//!
//! [`Counters`] is the real implementation of the engine's seam [`Shared`]. A decision is one script, so that nothing
//! comes between its parts, by the clock of the Redis server, so that the servers' own clocks do not matter.
//!
//! **Invariant:** no call waits here longer than a moment, and while Redis is away none waits at all: only the
//! heartbeat finds out when it is back.
//!
//! [`Shared`]: guichet_engine::ledger::Shared

mod counters;
mod heartbeat;
mod question;
mod reply;
mod suspensions;
#[cfg(test)]
mod tests;
mod url;

pub use counters::Counters;
pub use url::RedisUrl;
