//! What a failed connection means: found in the chain of causes, by type and never by text.

use std::error::Error;
use std::io;

use crate::transport::TransportError;

/// What it means that there is no connection. Once there is one, whatever goes wrong broke it.
pub(super) fn of_connection(error: &(dyn Error + 'static)) -> TransportError {
    let known = causes(error).find_map(known);
    known.unwrap_or(TransportError::Connect)
}

fn known(cause: &(dyn Error + 'static)) -> Option<TransportError> {
    if let Some(own) = cause.downcast_ref::<TransportError>() {
        return Some(own.clone());
    }
    if cause.is::<rustls::Error>() {
        return Some(TransportError::Tls);
    }
    let kind = cause.downcast_ref::<io::Error>()?.kind();
    match kind {
        io::ErrorKind::TimedOut => Some(TransportError::ConnectTimeout),
        io::ErrorKind::ConnectionRefused
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::HostUnreachable => Some(TransportError::Connect),
        _ => None,
    }
}

/// An error, its cause, and so on; an I/O error's inner error is a cause that `source` skips.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| cause(*error))
}

fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
    {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}
