//! Rewrites a parsed filter so that everything that can repeat, nest or grow asks the budget first.
//!
//! jaq itself has no fuel: non-tail recursion ends in a stack overflow, which ends the process. So each definition
//! begins with a step, each value that is piped, folded or collected is a step, and what makes values larger is
//! measured. The names begin with `!`, which no filter can write.

use super::used;
use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::ops::Math;
use jaq_core::path::{Part, Path};

/// Counts a step and passes its input on.
pub(super) const STEP: &str = "!step";
/// Measures a value: its own size, and how deep it is nested.
pub(super) const MEASURE: &str = "!measure";
/// Measures a value as the text that it would become.
pub(super) const SPELL: &str = "!spell";
/// Multiplies, looking at the size of the result first.
pub(super) const MULTIPLY: &str = "!multiply";
/// The right side of `+=`.
const ADDEND: &str = "$!addend";

/// A filter written deeper than this is refused; real ones stay below twenty.
const WRITTEN_DEPTH: usize = 100;

/// Why a filter is refused before it could run.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    /// It is nested deeper than anyone would write.
    #[error("nested too deep")]
    TooDeep,
    /// Each round would wrap the filter that it got in another one, and such a chain has no bound.
    #[error(
        "`{0}` takes filters and calls itself: put the recursion into an inner `def` without parameters"
    )]
    Recursive(String),
}

type Fenced<'s> = Result<Term<&'s str>, Refused>;

/// Fences definitions and everything inside them.
pub(super) fn definitions(definitions: Vec<Def<&str>>) -> Result<Vec<Def<&str>>, Refused> {
    Fence {
        depth: 0,
        taking_filters: Vec::new(),
    }
    .definitions(definitions)
}

struct Fence<'s> {
    depth: usize,
    /// Name and arity of the definitions around this place that take filters.
    taking_filters: Vec<(&'s str, usize)>,
}

impl<'s> Fence<'s> {
    fn definitions(
        &mut self,
        definitions: Vec<Def<&'s str>>,
    ) -> Result<Vec<Def<&'s str>>, Refused> {
        definitions
            .into_iter()
            .map(|definition| self.definition(definition))
            .collect()
    }

    fn definition(&mut self, definition: Def<&'s str>) -> Result<Def<&'s str>, Refused> {
        let Def { name, args, body } = definition;
        let around = self.taking_filters.len();
        if args.iter().any(|argument| !argument.starts_with('$')) {
            self.taking_filters.push((name, args.len()));
        }
        let body = pipe(call(STEP), self.term(body)?);
        self.taking_filters.truncate(around);
        Ok(Def { name, args, body })
    }

    fn term(&mut self, written: Term<&'s str>) -> Fenced<'s> {
        if self.depth > WRITTEN_DEPTH {
            return Err(Refused::TooDeep);
        }
        self.depth += 1;
        let fenced = self.inside(written);
        self.depth -= 1;
        fenced
    }

    fn inside(&mut self, written: Term<&'s str>) -> Fenced<'s> {
        Ok(match written {
            Term::Id
            | Term::Recurse
            | Term::Num(_)
            | Term::Break(_)
            | Term::Var(_)
            | Term::Arr(None) => written,
            Term::Str(format, parts) => Term::Str(format, self.string(parts)?),
            Term::Arr(Some(items)) => measured(Term::Arr(Some(Box::new(pipe(
                self.term(*items)?,
                call(STEP),
            ))))),
            Term::Obj(members) => measured(Term::Obj(self.members(members)?)),
            Term::Neg(part) => Term::Neg(self.boxed(part)?),
            Term::BinOp(left, operator, right) => {
                let (left, right) = (self.term(*left)?, self.term(*right)?);
                self.binary(left, operator, right)?
            }
            Term::Label(name, body) => Term::Label(name, self.boxed(body)?),
            Term::Fold(kind, source, pattern, rest) => {
                let source = Box::new(pipe(self.term(*source)?, call(STEP)));
                Term::Fold(kind, source, self.pattern(pattern)?, self.terms(rest)?)
            }
            Term::TryCatch(body, handler) => {
                Term::TryCatch(self.boxed(body)?, self.option(handler)?)
            }
            Term::IfThenElse(branches, otherwise) => {
                let branches = branches
                    .into_iter()
                    .map(|(when, then)| Ok((self.term(when)?, self.term(then)?)));
                let branches = branches.collect::<Result<_, Refused>>()?;
                Term::IfThenElse(branches, self.option(otherwise)?)
            }
            Term::Def(local, body) => {
                let local = used::only(local, &body);
                Term::Def(self.definitions(local)?, self.boxed(body)?)
            }
            Term::Call(name, arguments) => self.call(name, arguments)?,
            Term::Path(base, Path(parts)) => {
                let base = self.boxed(base)?;
                let parts = parts
                    .into_iter()
                    .map(|(part, optional)| Ok((self.part(part)?, optional)));
                Term::Path(base, Path(parts.collect::<Result<_, Refused>>()?))
            }
        })
    }

    fn call(&mut self, name: &'s str, arguments: Vec<Term<&'s str>>) -> Fenced<'s> {
        if self.taking_filters.contains(&(name, arguments.len())) {
            return Err(Refused::Recursive(name.to_owned()));
        }
        Ok(Term::Call(name, self.terms(arguments)?))
    }

    fn binary(
        &mut self,
        left: Term<&'s str>,
        operator: BinaryOp<&'s str>,
        right: Term<&'s str>,
    ) -> Fenced<'s> {
        Ok(match operator {
            BinaryOp::Pipe(None) if once(&left) => pipe(left, right),
            BinaryOp::Pipe(None) => pipe(left, pipe(call(STEP), right)),
            BinaryOp::Pipe(Some(pattern)) => {
                let (pattern, once) = (self.pattern(pattern)?, once(&left));
                let right = if once { right } else { pipe(call(STEP), right) };
                join(left, BinaryOp::Pipe(Some(pattern)), right)
            }
            BinaryOp::Math(Math::Mul) => Term::Call(MULTIPLY, vec![left, right]),
            BinaryOp::Math(Math::Add) => measured(join(left, operator, right)),
            BinaryOp::UpdateMath(math @ (Math::Add | Math::Mul)) => {
                let sum = self.binary(Term::Id, BinaryOp::Math(math), Term::Var(ADDEND))?;
                join(
                    right,
                    BinaryOp::Pipe(Some(Pattern::Var(ADDEND))),
                    join(left, BinaryOp::Update, sum),
                )
            }
            other => join(left, other, right),
        })
    }

    fn string(&mut self, parts: Vec<Piece<'s>>) -> Result<Vec<Piece<'s>>, Refused> {
        let fence = |part| {
            Ok(match part {
                StrPart::Term(part) => StrPart::Term(pipe(self.term(part)?, call(SPELL))),
                plain => plain,
            })
        };
        parts.into_iter().map(fence).collect()
    }

    fn members(&mut self, members: Vec<Member<'s>>) -> Result<Vec<Member<'s>>, Refused> {
        members
            .into_iter()
            .map(|(name, value)| {
                Ok((
                    self.term(name)?,
                    value.map(|value| self.term(value)).transpose()?,
                ))
            })
            .collect()
    }

    fn pattern(&mut self, pattern: Pattern<&'s str>) -> Result<Pattern<&'s str>, Refused> {
        if self.depth > WRITTEN_DEPTH {
            return Err(Refused::TooDeep);
        }
        self.depth += 1;
        let fenced = match pattern {
            Pattern::Var(name) => Pattern::Var(name),
            Pattern::Arr(items) => Pattern::Arr(
                items
                    .into_iter()
                    .map(|item| self.pattern(item))
                    .collect::<Result<_, _>>()?,
            ),
            Pattern::Obj(members) => {
                let members = members
                    .into_iter()
                    .map(|(key, item)| Ok((self.term(key)?, self.pattern(item)?)));
                Pattern::Obj(members.collect::<Result<_, Refused>>()?)
            }
        };
        self.depth -= 1;
        Ok(fenced)
    }

    fn part(&mut self, part: Part<Term<&'s str>>) -> Result<Part<Term<&'s str>>, Refused> {
        let mut inner =
            |index: Option<Term<&'s str>>| index.map(|index| self.term(index)).transpose();
        Ok(match part {
            Part::Index(index) => Part::Index(self.term(index)?),
            Part::Range(from, until) => Part::Range(inner(from)?, inner(until)?),
        })
    }

    fn terms(&mut self, terms: Vec<Term<&'s str>>) -> Result<Vec<Term<&'s str>>, Refused> {
        terms.into_iter().map(|term| self.term(term)).collect()
    }

    fn boxed(&mut self, mut term: Box<Term<&'s str>>) -> Result<Box<Term<&'s str>>, Refused> {
        *term = self.term(std::mem::take(&mut *term))?;
        Ok(term)
    }

    fn option(
        &mut self,
        term: Option<Box<Term<&'s str>>>,
    ) -> Result<Option<Box<Term<&'s str>>>, Refused> {
        term.map(|term| self.boxed(term)).transpose()
    }
}

type Piece<'s> = StrPart<&'s str, Term<&'s str>>;
type Member<'s> = (Term<&'s str>, Option<Term<&'s str>>);

/// Whether a term gives at most one value and calls nothing, so that what it is piped to cannot repeat because of it.
fn once(term: &Term<&str>) -> bool {
    match term {
        Term::Id | Term::Num(_) | Term::Var(_) | Term::Arr(None) => true,
        Term::Path(base, Path(parts)) => {
            once(base)
                && parts
                    .iter()
                    .all(|(part, _)| matches!(part, Part::Index(index) if literal(index)))
        }
        other => literal(other),
    }
}

fn literal(term: &Term<&str>) -> bool {
    match term {
        Term::Num(_) | Term::Var(_) => true,
        Term::Str(None, parts) => parts.iter().all(|part| !matches!(part, StrPart::Term(_))),
        _ => false,
    }
}

fn call(name: &'static str) -> Term<&'static str> {
    Term::Call(name, Vec::new())
}

fn measured(value: Term<&str>) -> Term<&str> {
    pipe(value, call(MEASURE))
}

fn pipe<'s>(left: Term<&'s str>, right: Term<&'s str>) -> Term<&'s str> {
    join(left, BinaryOp::Pipe(None), right)
}

fn join<'s>(
    left: Term<&'s str>,
    operator: BinaryOp<&'s str>,
    right: Term<&'s str>,
) -> Term<&'s str> {
    Term::BinOp(Box::new(left), operator, Box::new(right))
}
