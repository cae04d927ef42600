//! A candidate's stream, as the caller gets it.

use bytes::Bytes;
use guichet_catalogue::model::ai::Dialect;
use guichet_dialects::chat::Usage;
use guichet_dialects::error::{DoorError, ProviderError};

use super::{Outgoing, Spoken};
use crate::ai::ModelCall;

/// Why a stream is not what it should be.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// The provider said so.
    Error(ProviderError),
    /// It cannot be read, or says nothing. The detail repeats nothing of it.
    Malformed(String),
    /// It ended before its end.
    CutOff,
}

/// One stream of a provider's on its way to the caller: whole events only, in the caller's dialect.
pub(crate) struct Relay {}

impl Relay {
    /// Nothing has come yet. `created` is now in seconds since 1970; the request's id stands in where the provider
    /// gives none.
    pub(crate) fn new(
        call: &ModelCall,
        spoken: &Spoken<'_>,
        dialect: Dialect,
        outgoing: &Outgoing,
        created: i64,
        request_id: &str,
    ) -> Self {
        let _ = (call, spoken, dialect, outgoing, created, request_id);
        unimplemented!()
    }

    /// Takes the next bytes of the body; what they mean to the caller is added to `out`, also what came before a fault.
    pub(crate) fn feed(&mut self, bytes: Bytes, out: &mut Vec<Bytes>) -> Result<(), Fault> {
        let _ = (bytes, out);
        unimplemented!()
    }

    /// The body has ended: a fault if the answer has not.
    pub(crate) fn finish(&mut self, out: &mut Vec<Bytes>) -> Result<(), Fault> {
        let _ = out;
        unimplemented!()
    }

    /// Whether the caller would have got something of the answer.
    pub(crate) fn semantic(&self) -> bool {
        unimplemented!()
    }

    /// Whether everything has been said: what happens to the connection now is no fault.
    pub(crate) fn is_whole(&self) -> bool {
        unimplemented!()
    }

    /// What it took so far, where the provider says so.
    pub(crate) fn usage(&self) -> Option<Usage> {
        unimplemented!()
    }

    /// The assistant's text so far, if the call wishes to be continued by another candidate; else nothing.
    pub(crate) fn said(&self) -> &str {
        unimplemented!()
    }

    /// Ends what has begun with the dialect's own words for a failure. Nothing may follow.
    pub(crate) fn fail(&mut self, error: &DoorError, out: &mut Vec<Bytes>) {
        let _ = (error, out);
        unimplemented!()
    }
}
