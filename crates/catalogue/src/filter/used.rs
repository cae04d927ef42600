//! Leaves out definitions that nothing calls: each filter of a provider brings the provider's whole prelude along, and
//! would keep a compiled copy of all of it.

use std::collections::HashSet;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::path::{Part, Path};

/// The definitions that the body calls, and those that they call.
pub(super) fn only<'s>(definitions: Vec<Def<&'s str>>, body: &Term<&'s str>) -> Vec<Def<&'s str>> {
    let mut called = Called::default();
    called.term(body);
    // A definition can call only itself and those before it.
    let mut kept: Vec<Def<&'s str>> = Vec::new();
    for definition in definitions.into_iter().rev() {
        if called.0.contains(definition.name) {
            called.term(&definition.body);
            kept.push(definition);
        }
    }
    kept.reverse();
    kept
}

/// Names that are called, of whatever arity: one kept too many does no harm.
#[derive(Default)]
struct Called<'s>(HashSet<&'s str>);

impl<'s> Called<'s> {
    fn term(&mut self, term: &Term<&'s str>) {
        match term {
            Term::Id
            | Term::Recurse
            | Term::Num(_)
            | Term::Break(_)
            | Term::Var(_)
            | Term::Arr(None) => {}
            Term::Str(format, parts) => {
                self.0.extend(format);
                for part in parts {
                    if let StrPart::Term(part) = part {
                        self.term(part);
                    }
                }
            }
            Term::Arr(Some(part)) | Term::Neg(part) | Term::Label(_, part) => self.term(part),
            Term::Obj(members) => {
                for (name, value) in members {
                    self.term(name);
                    self.all(value);
                }
            }
            Term::BinOp(left, operator, right) => {
                self.term(left);
                self.term(right);
                if let BinaryOp::Pipe(Some(pattern)) = operator {
                    self.pattern(pattern);
                }
            }
            Term::Fold(_, source, pattern, rest) => {
                self.term(source);
                self.pattern(pattern);
                self.all(rest);
            }
            Term::TryCatch(body, handler) => {
                self.term(body);
                self.all(handler.as_deref());
            }
            Term::IfThenElse(branches, otherwise) => {
                for (when, then) in branches {
                    self.term(when);
                    self.term(then);
                }
                self.all(otherwise.as_deref());
            }
            Term::Def(local, body) => {
                self.all(local.iter().map(|definition| &definition.body));
                self.term(body);
            }
            Term::Call(name, arguments) => {
                self.0.insert(name);
                self.all(arguments);
            }
            Term::Path(base, Path(parts)) => {
                self.term(base);
                for (part, _) in parts {
                    match part {
                        Part::Index(index) => self.term(index),
                        Part::Range(from, until) => self.all(from.iter().chain(until)),
                    }
                }
            }
        }
    }

    fn all<'t>(&mut self, terms: impl IntoIterator<Item = &'t Term<&'s str>>)
    where
        's: 't,
    {
        terms.into_iter().for_each(|term| self.term(term));
    }

    fn pattern(&mut self, pattern: &Pattern<&'s str>) {
        match pattern {
            Pattern::Var(_) => {}
            Pattern::Arr(items) => items.iter().for_each(|item| self.pattern(item)),
            Pattern::Obj(members) => {
                for (key, item) in members {
                    self.term(key);
                    self.pattern(item);
                }
            }
        }
    }
}
