//! Real `PostgreSQL` and Redis for tests: each on a free port of this machine, in a temporary folder, gone with the
//! handle that holds it. Nothing here knows what is under test.
//!
//! A machine without them fails the test and is told what to install: a test that passes by not running proves nothing.

mod postgres;
mod process;
mod redis;

pub use postgres::Postgres;
pub use redis::Redis;
