//! From the text of filters to one program.

use std::collections::HashMap;

use jaq_core::load::parse::Def;
use jaq_core::load::{Arena, File, Loader, Parser, lex::Lexer};

use super::fence;
use super::{Filter, Limits, Program, natives};

/// The catalogue's own helpers, part of every filter.
const PRELUDE: &str = include_str!("prelude.jq");

/// The names of the global variables, in the order of `Program::run`: what filters see, and the bits of the number of
/// the filter that is run.
const VARIABLES: [&str; 5 + BITS] = [
    "$params", "$steps", "$cursor", "$headers", "$now", "$bit_0", "$bit_1", "$bit_2", "$bit_3",
    "$bit_4", "$bit_5", "$bit_6", "$bit_7", "$bit_8", "$bit_9", "$bit_10", "$bit_11", "$bit_12",
    "$bit_13",
];

/// Bits of a filter's number.
pub(super) const BITS: usize = 14;

/// A filter longer than this is a program, and belongs in Rust.
const LONGEST: usize = 32 * 1024;

/// Parsing recurses as deep as a filter is written, before its depth can be known: this stack holds any filter of
/// [`LONGEST`] bytes. It is address space, not memory.
const COMPILER_STACK: usize = 512 << 20;

/// Collects filters and compiles them together.
#[derive(Debug, Default)]
pub struct Compiler {
    sources: Vec<Source>,
    known: HashMap<(String, String), Filter>,
}

#[derive(Debug)]
struct Source {
    /// `def filter_7: <prelude of the file> (<filter>);`
    text: String,
    /// Where in `text` the filter itself begins and ends.
    begin: usize,
    end: usize,
}

/// A filter that does not compile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct CompileError {
    /// Which one.
    pub filter: Filter,
    /// The line of the filter, counted from 0, where that is known.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

impl Compiler {
    /// Adds a filter; `prelude` holds definitions that it may use. What was added before in the same words is the same.
    pub fn add(&mut self, prelude: &str, code: &str) -> Filter {
        let index = Filter(self.sources.len());
        let words = (prelude.to_owned(), code.to_owned());
        let filter = *self.known.entry(words).or_insert(index);
        if filter == index {
            let head = format!("def filter_{}: {prelude}\n(", index.0);
            let begin = head.len();
            let text = format!("{head}{code}\n);");
            self.sources.push(Source {
                text,
                begin,
                end: begin + code.len(),
            });
        }
        filter
    }

    /// Compiles everything that was added, or says what is wrong with each filter that does not compile.
    pub fn compile(self, limits: Limits) -> Result<Program, Vec<CompileError>> {
        let compile = move || self.compile_here(limits);
        let thread = std::thread::Builder::new()
            .name("filters".into())
            .stack_size(COMPILER_STACK)
            .spawn(compile);
        let failed = |reason: &str| {
            vec![CompileError {
                filter: Filter(0),
                line: 0,
                reason: format!("the filter compiler {reason}"),
            }]
        };
        thread
            .map_err(|error| failed(&format!("did not start: {error}")))?
            .join()
            .map_err(|_| failed("panicked"))?
    }

    fn compile_here(self, limits: Limits) -> Result<Program, Vec<CompileError>> {
        let mut errors = Vec::new();
        let mut definitions = library();
        for (index, source) in self.sources.iter().enumerate() {
            match source.parse(Filter(index)) {
                Ok(parsed) => definitions.extend(parsed),
                Err(error) => errors.push(error),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        if self.sources.len() > 1 << BITS {
            return Err(vec![internal("too many filters")]);
        }
        let dispatch = dispatch(0, BITS, self.sources.len());
        let arena = Arena::default();
        let modules = Loader::new(definitions)
            .load(
                &arena,
                File {
                    code: &dispatch,
                    path: (),
                },
            )
            .map_err(|errors| vec![internal(&format!("{errors:?}"))])?;
        let filter = jaq_core::Compiler::default()
            .with_funs(natives::all())
            .with_global_vars(VARIABLES)
            .compile(modules)
            .map_err(|errors| {
                self.undefined(errors.into_iter().flat_map(|(_, undefined)| undefined))
            })?;
        Ok(Program { filter, limits })
    }

    /// Finds the filter that each undefined name stands in: the names are slices of the sources.
    fn undefined<'a>(
        &'a self,
        errors: impl Iterator<Item = (&'a str, jaq_core::compile::Undefined)>,
    ) -> Vec<CompileError> {
        errors
            .map(|(name, kind)| {
                let position = |source: &Source| {
                    let offset = name
                        .as_ptr()
                        .addr()
                        .checked_sub(source.text.as_ptr().addr())?;
                    (offset < source.text.len()).then_some(offset)
                };
                let found = self.sources.iter().enumerate().find_map(|(index, source)| {
                    position(source).map(|offset| (Filter(index), source.line(offset)))
                });
                let (filter, line) = found.unwrap_or((Filter(0), 0));
                CompileError {
                    filter,
                    line,
                    reason: format!("there is no {} `{name}` here", kind.as_str()),
                }
            })
            .collect()
    }
}

impl Source {
    fn parse(&self, filter: Filter) -> Result<Vec<Def<&str>>, CompileError> {
        let error = |found: &str, reason: String| {
            let offset = found
                .as_ptr()
                .addr()
                .saturating_sub(self.text.as_ptr().addr());
            CompileError {
                filter,
                line: self.line(offset),
                reason,
            }
        };
        if self.text.len() > LONGEST {
            return Err(error(&self.text, format!("longer than {LONGEST} bytes")));
        }
        let tokens = Lexer::new(&self.text).lex().map_err(|errors| {
            let (expected, found) = &errors[0];
            error(
                found,
                format!("expected {} before `{}`", expected.as_str(), excerpt(found)),
            )
        })?;
        let parsed = Parser::new(&tokens).parse(Parser::defs).map_err(|errors| {
            let (expected, found) = &errors[0];
            let found = jaq_core::load::lex::Token::opt_as_str(*found, &self.text);
            error(
                found,
                format!(
                    "expected {} instead of `{}`",
                    expected.as_str(),
                    excerpt(found)
                ),
            )
        })?;
        fence::definitions(parsed).map_err(|refused| error(&self.text, refused.to_string()))
    }

    /// The line of the filter, from 0; what stands before the filter counts as its first line.
    fn line(&self, offset: usize) -> usize {
        let until = offset.clamp(self.begin, self.end);
        self.text.as_bytes()[self.begin..until]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
    }
}

fn excerpt(found: &str) -> &str {
    let end = found
        .char_indices()
        .nth(20)
        .map_or(found.len(), |(end, _)| end);
    found[..end].lines().next().unwrap_or_default()
}

fn internal(what: &str) -> CompileError {
    CompileError {
        filter: Filter(0),
        line: 0,
        reason: format!("internal: {what}"),
    }
}

/// jaq's own definitions without those that reach outside, and the catalogue's prelude, all fenced.
fn library() -> Vec<Def<&'static str>> {
    let jaq = jaq_core::defs()
        .chain(jaq_std::defs())
        .chain(jaq_json::defs());
    let prelude = jaq_core::load::parse(PRELUDE, |parser| parser.defs()).unwrap_or_default();
    let all = jaq
        .filter(|definition| !natives::UNDEFINED.contains(&definition.name))
        .chain(prelude)
        .collect();
    fence::definitions(all).unwrap_or_default()
}

/// Chooses the filter by the bits of its number, the highest first: a variable costs less than a comparison.
/// `if $bit_1 then (if $bit_0 then filter_3 else filter_2 end) else … end`
fn dispatch(from: usize, bit: usize, count: usize) -> String {
    if from >= count {
        return "empty".into();
    }
    let Some(bit) = bit.checked_sub(1) else {
        return format!("filter_{from}");
    };
    let (set, unset) = (
        dispatch(from + (1 << bit), bit, count),
        dispatch(from, bit, count),
    );
    // Where no filter has the bit, there is nothing to choose.
    if set == "empty" {
        unset
    } else {
        format!("if $bit_{bit} then {set} else {unset} end")
    }
}
