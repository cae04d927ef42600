//! How a run ends: its exit code, and the one message that explains a bad one.

use std::io::{self, ErrorKind};
use std::process::ExitCode;

use crate::output::progress;

/// What a command found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// All is well: 0.
    Good,
    /// The command did its work and what it looked at is not well, as it has said: 1.
    Problem,
    /// The person in front of it pressed Ctrl-C: 130, as of a program that SIGINT ended.
    Interrupted,
}

/// The command line cannot mean anything: 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);

impl Verdict {
    /// Good if this is true.
    pub(crate) fn of(good: bool) -> Self {
        if good { Self::Good } else { Self::Problem }
    }
}

/// Prints the error, if there is one, and gives the exit code.
pub(crate) fn finish(result: anyhow::Result<Verdict>) -> ExitCode {
    match result {
        Ok(Verdict::Good) => ExitCode::SUCCESS,
        Ok(Verdict::Problem) => ExitCode::from(1),
        Ok(Verdict::Interrupted) => ExitCode::from(130),
        // Whoever read our output has seen enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            progress(&format!("error: {error:#}"));
            let usage = error.is::<Usage>();
            ExitCode::from(if usage { 2 } else { 1 })
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
    kind == Some(ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_closed_stdout_passes_for_success() {
        let pipe = anyhow::Error::from(io::Error::from(ErrorKind::BrokenPipe));
        assert!(is_broken_pipe(&pipe));
        let other = anyhow::Error::from(io::Error::from(ErrorKind::PermissionDenied));
        assert!(!is_broken_pipe(&other));
    }
}
