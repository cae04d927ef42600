//! The way of a call: plan → guard → attempt → classify → map → cache → answer.
//!
//! The engine knows nothing of HTTP servers, command lines or SQL. It reaches the world through three seams only:
//! [`clock`], [`transport`] and [`store`].

pub mod identity;
pub mod store;
