//! What happened, in order: as one number, by which two runs are compared, and in words where somebody reads it.

use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::hash::Hasher;

/// The trace of a run.
#[derive(Debug, Default)]
pub struct Trace {
    hasher: DefaultHasher,
    line: String,
    told: bool,
}

impl Trace {
    /// A trace that is also printed line by line if `told`.
    #[must_use]
    pub fn new(told: bool) -> Self {
        Self {
            told,
            ..Self::default()
        }
    }

    /// Something happened.
    pub fn note(&mut self, what: fmt::Arguments<'_>) {
        use fmt::Write as _;

        self.line.clear();
        let _ = write!(self.line, "{what}");
        self.hasher.write(self.line.as_bytes());
        if self.told {
            println!("{}", self.line);
        }
    }

    /// The number that stands for everything so far.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.hasher.finish()
    }
}
