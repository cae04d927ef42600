//! `guichet.toml`: every value with the line where it stands.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use guichet_catalogue::problem::Problem;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys;
use super::origin::{Given, Origin};

/// The file that is read when none is named.
const USUAL: &str = "guichet.toml";

/// The values of the named file, or of the usual one if it exists.
pub(super) fn read(named: Option<&Path>, problems: &mut Vec<Problem>) -> BTreeMap<String, Given> {
    let path = named.unwrap_or(Path::new(USUAL));
    let name = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&name, &text, problems),
        Err(error) if named.is_none() && error.kind() == ErrorKind::NotFound => BTreeMap::new(),
        Err(error) => {
            problems.push(Problem::of_file(name, format!("cannot be read: {error}")));
            BTreeMap::new()
        }
    }
}

/// The values of a text.
pub(super) fn parse(
    name: &str,
    text: &str,
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, Given> {
    let mut reading = Reading {
        name,
        text,
        problems,
        found: BTreeMap::new(),
    };
    match DeTable::parse(text) {
        Ok(table) => reading.table("", table.get_ref()),
        Err(error) => {
            let start = error.span().map_or(0, |span| span.start);
            // The first line of toml's message; the rest paints the place, which has its line here.
            let message = error
                .message()
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned();
            reading.problem(start, message);
        }
    }
    reading.found
}

struct Reading<'a> {
    name: &'a str,
    text: &'a str,
    problems: &'a mut Vec<Problem>,
    found: BTreeMap<String, Given>,
}

impl Reading<'_> {
    fn table(&mut self, prefix: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let path = format!("{prefix}{}", key.get_ref());
            match value.get_ref() {
                DeValue::Table(inner) => self.table(&format!("{path}."), inner),
                _ => self.value(path, key.span().start, value),
            }
        }
    }

    fn value(&mut self, key: String, at: usize, value: &Spanned<DeValue<'_>>) {
        if let Err(message) = keys::check_name(&key) {
            self.problem(at, message);
            return;
        }
        let Some(text) = text(value.get_ref()) else {
            self.problem(
                at,
                format!("`{key}`: text, a number, true or false is needed"),
            );
            return;
        };
        let origin = Origin::File {
            path: self.name.to_owned(),
            line: self.line(at),
        };
        self.found.insert(key, Given { text, origin });
    }

    fn problem(&mut self, at: usize, message: String) {
        self.problems.push(Problem {
            file: self.name.to_owned(),
            line: Some(self.line(at)),
            message,
        });
    }

    fn line(&self, at: usize) -> usize {
        let before = &self.text.as_bytes()[..at.min(self.text.len())];
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    }
}

fn text(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        DeValue::Array(items) => {
            let items: Option<Vec<String>> =
                items.iter().map(|item| text(item.get_ref())).collect();
            items.map(|items| items.join(","))
        }
        DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_) => None,
    }
}
