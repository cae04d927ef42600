//! `POST /v1/messages`: what is asked.

mod closed;
mod read;
mod write;

pub use read::read_request;
pub(super) use read::read_shape;
pub use write::write_request;

#[cfg(test)]
mod tests;
