//! The traps that public APIs are known for, each sprung on the real engine with the built-in catalogue and the samples
//! beside its providers. One story per trap: what comes is not what it seems, and nobody is the worse for it.
//!
//! Traps that cannot occur in the categories that there are:
//! - a doubtful outcome of an operation with effects (e-mail, SMS): no operation of the built-in catalogue has any;
//!   `effects.rs` tells those stories with a catalogue of its own;
//! - addresses that callers choose: no operation takes a URL; redirects are the only way out, and `egress.rs` follows them;
//! - demo keys that all the world shares: no provider here is used with one;
//! - a key in the path: no provider here wants one; `egress.rs` tries it all the same;
//! - pence for pounds, knots, feet: no category of markets on exchanges, of flights or of ships; the helpers that turn
//!   other units into ours are tested with the filters;
//! - an accepted message without a body (202): nothing is sent; a 204 that means "nothing" is among the stories here.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod content;
mod limits;
mod shapes;
mod terms;
mod told;
