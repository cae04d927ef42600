//! The way of a call: plan → guard → attempt → classify → map → cache → answer.
//!
//! The engine knows nothing of HTTP servers, command lines or SQL. It reaches the world through three seams only:
//! [`clock`], [`transport`] and [`store`].

pub mod decode;
pub mod identity;
pub mod outcome;
pub mod read;
pub mod replay;
pub mod request;
mod retry_after;
pub mod store;
pub mod transport;
