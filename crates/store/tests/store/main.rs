//! The store over real files.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests fail by panicking"
)]

mod engine;
mod kill;
mod open;
mod records;
mod usage;
