//! The catalogue: parse → check → compile the files that describe every API. Pure: no network, no state.

pub mod filter;
