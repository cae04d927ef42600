//! Reading one file: places of its texts, its filters, its mistakes.

use std::fmt;
use std::time::Duration;

use crate::files::File;
use crate::filter::{CompileError, Compiler, Filter, Limits, Program};
use crate::problem::Problem;
use crate::units;
use crate::written::{self, Text};

/// All filters of a catalogue, with the places where they are written.
#[derive(Default)]
pub(super) struct Filters {
    compiler: Compiler,
    places: Vec<Place>,
}

struct Place {
    file: String,
    line: usize,
}

impl Filters {
    fn add(&mut self, file: &File, line: usize, prelude: &str, code: &str) -> Filter {
        let filter = self.compiler.add(prelude, code);
        if filter.index() == self.places.len() {
            self.places.push(Place {
                file: file.name.clone(),
                line,
            });
        }
        filter
    }

    /// Compiles all, or reports each that does not.
    pub(super) fn compile(self, limits: Limits, problems: &mut Vec<Problem>) -> Option<Program> {
        let Self { compiler, places } = self;
        let place = |error: CompileError| match places.get(error.filter.index()) {
            Some(place) => Problem {
                file: place.file.clone(),
                line: Some(place.line + error.line),
                message: format!("the filter does not compile: {}", error.reason),
            },
            None => Problem::of_file("catalogue", error.reason),
        };
        compiler
            .compile(limits)
            .map_err(|errors| problems.extend(errors.into_iter().map(place)))
            .ok()
    }
}

/// Reads one file.
pub(super) struct Reader<'a> {
    pub(super) file: &'a File,
    /// The category that the file belongs to.
    pub(super) category: &'a str,
    prelude: String,
    filters: &'a mut Filters,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        category: &'a str,
        file: &'a File,
        filters: &'a mut Filters,
        problems: &'a mut Vec<Problem>,
    ) -> Self {
        Self {
            file,
            category,
            prelude: String::new(),
            filters,
            problems,
        }
    }

    /// The file as one of the written types.
    pub(super) fn parse<T: serde::de::DeserializeOwned>(&mut self) -> Option<T> {
        written::read(self.file)
            .map_err(|problem| self.problems.push(problem))
            .ok()
    }

    /// Definitions for the filters that follow.
    pub(super) fn set_prelude(&mut self, prelude: Option<String>) {
        self.prelude = prelude.unwrap_or_default();
    }

    /// Reports a mistake of the whole file.
    pub(super) fn wrong(&mut self, message: impl Into<String>) {
        self.problems
            .push(Problem::of_file(&self.file.name, message));
    }

    /// Reports a mistake at a text.
    pub(super) fn wrong_at(&mut self, text: &Text, message: impl Into<String>) {
        let line = Some(self.line(text));
        self.problems.push(Problem {
            file: self.file.name.clone(),
            line,
            message: message.into(),
        });
    }

    /// Reports a mistake in a table below a key, at the line where the key stands alone or heads its table.
    pub(super) fn wrong_in(&mut self, key: &Text, message: impl fmt::Display) {
        self.wrong_at(key, format!("`{}`: {message}", key.get_ref()));
    }

    /// The line of a text, from 1.
    pub(super) fn line(&self, text: &Text) -> usize {
        written::line(&self.file.text, text.span().start)
    }

    /// A filter.
    pub(super) fn filter(&mut self, text: &Text) -> Filter {
        let line = self.filter_line(text);
        self.filters
            .add(self.file, line, &self.prelude, text.get_ref())
    }

    /// A filter that is the inside of a string, whose parts are percent-encoded.
    pub(super) fn template(&mut self, text: &Text) -> Filter {
        let line = self.filter_line(text);
        let code = format!("@uri \"{}\"", text.get_ref());
        self.filters.add(self.file, line, &self.prelude, &code)
    }

    /// Filters that may be absent.
    pub(super) fn filter_if(&mut self, text: Option<&Text>) -> Option<Filter> {
        text.map(|text| self.filter(text))
    }

    /// A duration that may be absent.
    pub(super) fn duration_if(&mut self, text: Option<&Text>) -> Option<Duration> {
        let text = text?;
        units::duration(text.get_ref())
            .map_err(|message| self.wrong_at(text, message))
            .ok()
    }

    /// A size that may be absent.
    pub(super) fn size_if(&mut self, text: Option<&Text>) -> Option<usize> {
        let text = text?;
        units::size(text.get_ref())
            .map_err(|message| self.wrong_at(text, message))
            .ok()
    }

    /// A multi-line string's first line of text comes after the line with its quotes.
    fn filter_line(&self, text: &Text) -> usize {
        let written = &self.file.text[text.span().start.min(self.file.text.len())..];
        let quotes_end_the_line = written.starts_with("'''\n") || written.starts_with("\"\"\"\n");
        self.line(text) + usize::from(quotes_end_the_line)
    }
}
