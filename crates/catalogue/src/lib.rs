//! The catalogue: parse → check → compile the files that describe every API. Pure: no network, no state.
//!
//! [`files`] gathers the built-in files and the operator's; [`load`] turns them into a [`model::Catalogue`] or says
//! what is wrong with which line; [`filter`] runs their jq; [`schema`] checks results; [`parameters`] reads what
//! callers send; [`sample`] reads the recorded answers beside each provider.

pub mod draft;
pub mod files;
pub mod filter;
mod load;
pub mod model;
mod moved;
pub mod parameters;
mod patch;
pub mod problem;
pub mod sample;
pub mod schema;
pub mod suggest;
pub mod units;
mod written;

pub use load::{Surroundings, load};
