//! A streamed answer: chunks read, chunks written.

mod calls;
mod read;
mod said;
#[cfg(test)]
mod tests;
mod write;

pub use read::StreamReader;
pub use write::StreamWriter;
