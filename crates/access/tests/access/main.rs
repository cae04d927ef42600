//! Keys, credentials and the vault over a real database file.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod credentials;
mod first_start;
mod installation;
mod keys;
mod limits;
mod secrecy_of_output;
mod two_processes;
