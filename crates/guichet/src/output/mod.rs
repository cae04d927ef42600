//! What commands print: tables for people, JSON for programs. Nothing else in this binary writes to stdout.

mod table;

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

pub(crate) use table::{Cell, Table};

/// How this run prints.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    json: bool,
    colour: bool,
}

/// What a word says besides itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// All is well.
    Good,
    /// Worth a look.
    Careful,
    /// To be mended.
    Bad,
}

/// Paints words, or leaves them as they are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint {
    colour: bool,
}

impl Output {
    /// JSON where it is asked for or stdout is no terminal; colours on a terminal, unless `NO_COLOR` is set.
    pub(crate) fn new(json: bool) -> Self {
        let terminal = io::stdout().is_terminal();
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            json: json || !terminal,
            colour: terminal && !no_colour,
        }
    }

    /// Prints a report: as JSON, or as a person would read it.
    pub(crate) fn show<T: Serialize>(
        self,
        report: &T,
        human: impl FnOnce(&T, Paint) -> String,
    ) -> io::Result<()> {
        if self.json {
            let mut text = serde_json::to_string_pretty(report)?;
            text.push('\n');
            return print(&text);
        }
        let paint = Paint {
            colour: self.colour,
        };
        print(&human(report, paint))
    }
}

impl Paint {
    /// Leaves everything as it is.
    pub(crate) const NONE: Self = Self { colour: false };

    /// The text in the colour of a tone.
    pub(crate) fn paint(self, text: &str, tone: Tone) -> String {
        if !self.colour {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Good => "32",
            Tone::Careful => "33",
            Tone::Bad => "31",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// Writes to stdout at once.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Says something to the person in front of it, beside the output. A closed stderr is no reason to stop.
pub(crate) fn progress(text: &str) {
    // Nobody is there to be told.
    let _closed = writeln!(io::stderr(), "{text}");
}
