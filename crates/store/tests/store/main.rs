//! The store over real files, and over a real server.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests fail by panicking"
)]

mod engine;
mod home;
mod kill;
mod open;
mod records;
mod server;
mod usage;
