//! Between a call to a model and the dialect of whoever is asked: what is sent there, and what comes of the answer.
//!
//! [`outgoing`] writes a request for one candidate; [`incoming`] reads its whole answer, [`Relay`] its stream. Where
//! both sides speak the same dialect bytes are passed on and only looked at; otherwise all goes by way of
//! [`guichet_dialects::chat`].
//!
//! **Invariant:** pure. No clock, no network; who is asked, and when, is decided elsewhere.

mod answer;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod matrix;
mod messages;
mod quirks;
mod request;
mod schema;
mod small;
mod spoken;
mod stream;
#[cfg(test)]
mod thoughts_and_markers;
mod tools;

pub(crate) use answer::{Incoming, NotAnAnswer, Received, incoming};
pub(crate) use request::{Addressee, NotSent, Outgoing, outgoing};
pub(crate) use spoken::Spoken;
pub(crate) use stream::{Fault, Relay};
