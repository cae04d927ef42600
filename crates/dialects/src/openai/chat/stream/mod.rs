//! A streamed answer: chunks read, chunks written.

#[cfg(test)]
mod call_tests;
mod calls;
mod read;
mod said;
#[cfg(test)]
mod tests;
mod write;

pub use read::StreamReader;
pub use write::StreamWriter;
