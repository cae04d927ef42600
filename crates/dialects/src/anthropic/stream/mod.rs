//! Streams: named events, each block of the content opened, filled and closed.

mod calls;
mod reader;
mod writer;

pub use reader::StreamReader;
pub use writer::StreamWriter;

#[cfg(test)]
mod tests;
