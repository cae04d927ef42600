//! Where a value comes from, for messages and for `guichet check`.

use std::fmt;

use guichet_catalogue::problem::Problem;

/// A value as it was written.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    /// Its text; a list's items joined by commas.
    pub(crate) text: String,
    /// Who wrote it.
    pub(crate) origin: Origin,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The program.
    Default,
    /// A line of the file.
    File {
        /// The file as the operator knows it.
        path: String,
        /// The line, counted from 1.
        line: usize,
    },
    /// A variable of the environment.
    Variable(String),
    /// A flag of the command line.
    Flag(&'static str),
}

impl Origin {
    /// A problem at this place.
    pub(crate) fn problem(&self, message: String) -> Problem {
        match self {
            Self::File { path, line } => Problem {
                file: path.clone(),
                line: Some(*line),
                message,
            },
            other => Problem::of_file(other.to_string(), message),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File { path, line } => write!(formatter, "{path}:{line}"),
            Self::Variable(name) => formatter.write_str(name),
            Self::Flag(name) => formatter.write_str(name),
        }
    }
}
