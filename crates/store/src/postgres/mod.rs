//! What belongs to `PostgreSQL` alone: its address, connections, schema versions, and what it means when it is away.

mod failure;
mod migrations;
mod server;
mod url;

#[cfg(test)]
pub(crate) use migrations::MIGRATIONS;
pub(crate) use server::Server;
pub use url::DatabaseUrl;
