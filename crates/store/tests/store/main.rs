//! The store over real files.

mod engine;
mod kill;
mod open;
mod records;
