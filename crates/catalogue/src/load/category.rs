//! `category.toml` and `schema.json`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::ai;
use super::reader::{Filters, Reader};
use crate::files::{File, Files};
use crate::model::{EmptyPolicy, Endpoint, Method, Parameter};
use crate::problem::Problem;
use crate::suggest::did_you_mean;
use crate::written;

/// A category whose providers are not read yet.
pub(super) struct Draft {
    pub(super) id: Arc<str>,
    pub(super) file: String,
    pub(super) title: String,
    pub(super) summary: String,
    pub(super) schema: Value,
    pub(super) operations: BTreeMap<Arc<str>, DraftOperation>,
    /// Providers in the catalogue's order, with the lines where they are named.
    order: Vec<(String, usize)>,
}

/// An operation without its shape and endpoints.
pub(super) struct DraftOperation {
    pub(super) summary: String,
    pub(super) result: String,
    pub(super) result_line: usize,
    pub(super) fresh: Option<Duration>,
    pub(super) stale: Option<Duration>,
    pub(super) empty: EmptyPolicy,
    pub(super) keep: bool,
    pub(super) effects: bool,
    pub(super) method: Method,
    pub(super) paged: bool,
    pub(super) examples: Vec<Map<String, Value>>,
    pub(super) parameters: Vec<Parameter>,
}

/// Reads every folder that holds a `category.toml`.
pub(super) fn read_all(
    files: &Files,
    filters: &mut Filters,
    problems: &mut Vec<Problem>,
) -> Vec<Draft> {
    let mut drafts = Vec::new();
    let mut folders: Vec<&str> = Vec::new();
    for (path, file) in files.iter() {
        let Some((folder, name)) = path.split_once('/') else {
            problems.push(Problem::of_file(
                &file.name,
                "a file of the catalogue lies in the folder of its category",
            ));
            continue;
        };
        if ai::is_below(folder) {
            continue;
        }
        if !folders.contains(&folder) {
            folders.push(folder);
            if files.get(&format!("{folder}/category.toml")).is_none() {
                let message = format!("the folder `{folder}` has no category.toml");
                problems.push(Problem::of_file(&file.name, message));
            }
        }
        if name == "category.toml" {
            let mut reader = Reader::new(folder, file, filters, problems);
            drafts.extend(read(files, &mut reader));
        }
    }
    drafts
}

fn read(files: &Files, reader: &mut Reader<'_>) -> Option<Draft> {
    let id = reader.category;
    let written: written::Category = reader.parse()?;
    let schema = schema(&format!("{id}/{}", written.schema), files, reader)?;
    let order = written
        .providers
        .iter()
        .map(|text| (text.get_ref().clone(), reader.line(text)))
        .collect();
    let mut operations = BTreeMap::new();
    for (name, operation) in written.operation {
        if !is_id(&name) {
            reader.wrong(format!(
                "`{name}` is no name: write lower-case letters, digits and hyphens"
            ));
        }
        operations.insert(Arc::from(name.as_str()), self::operation(operation, reader));
    }
    if operations.is_empty() {
        reader.wrong("a category needs at least one [operation.<name>]");
    }
    let file = reader.file.name.clone();
    Some(Draft {
        id: id.into(),
        file,
        title: written.title,
        summary: written.summary,
        schema,
        operations,
        order,
    })
}

fn schema(path: &str, files: &Files, reader: &mut Reader<'_>) -> Option<Value> {
    let Some(file) = files.get(path) else {
        reader.wrong(format!("there is no {path}"));
        return None;
    };
    serde_json::from_str(&file.text)
        .map_err(|error| reader.wrong(format!("{path}:{}: {error}", error.line())))
        .ok()
}

fn operation(written: written::Operation, reader: &mut Reader<'_>) -> DraftOperation {
    let fresh = reader.duration_if(written.fresh.as_ref());
    let stale = reader.duration_if(written.stale.as_ref());
    if let (Some(fresh), Some(stale), Some(text)) = (fresh, stale, &written.stale)
        && stale < fresh
    {
        reader.wrong_at(
            text,
            "`stale` is the greatest age of all: it cannot be shorter than `fresh`",
        );
    }
    if written.keep && stale.is_none() {
        reader.wrong_at(
            &written.result,
            "`keep` without `stale`: a kept answer could never be served",
        );
    }
    let mut parameters: Vec<Parameter> = written
        .params
        .into_iter()
        .map(|(name, parameter)| self::parameter(&name, parameter, reader))
        .collect();
    parameters.sort_by_key(|parameter| !parameter.required);
    DraftOperation {
        summary: written.summary,
        result_line: reader.line(&written.result),
        result: written.result.into_inner(),
        fresh,
        stale,
        empty: written.empty,
        keep: written.keep,
        effects: written.effects,
        method: written.method,
        paged: written.paged,
        examples: written.examples,
        parameters,
    }
}

fn parameter(name: &str, written: written::Parameter, reader: &mut Reader<'_>) -> Parameter {
    const ITEMS: usize = 50;
    const CHARACTERS: usize = 500;
    if written.max_items.is_some() && !written.many {
        reader.wrong(format!(
            "parameter `{name}`: `max_items` goes with `many = true`"
        ));
    }
    Parameter {
        name: name.into(),
        kind: written.kind,
        required: written.required,
        default: written.default,
        many: written.many.then(|| written.max_items.unwrap_or(ITEMS)),
        one_of: written.one_of,
        min: written.min,
        max: written.max,
        max_length: written.max_length.unwrap_or(CHARACTERS),
        summary: written.summary,
        example: written.example,
        internal: written.internal,
    }
}

impl Draft {
    /// The files of this category's providers, in the catalogue's order: those that are named, then the others.
    pub(super) fn provider_files<'a>(&self, files: &'a Files) -> Vec<(&'a str, &'a File)> {
        let prefix = format!("{}/", self.id);
        let id = |path: &'a str| {
            path.strip_prefix(&prefix)?
                .strip_suffix(".toml")
                .filter(|id| !id.contains('/'))
        };
        let mut found: Vec<(&str, &File)> = files
            .iter()
            .filter_map(|(path, file)| Some((id(path)?, file)))
            .filter(|(id, _)| *id != "category")
            .collect();
        let place = |id: &str| {
            self.order
                .iter()
                .position(|(named, _)| named == id)
                .unwrap_or(usize::MAX)
        };
        found.sort_by_key(|(id, _)| place(id));
        found
    }

    /// Reports providers that are named but not there.
    pub(super) fn check_order(
        &mut self,
        endpoints: &BTreeMap<Arc<str>, Vec<Arc<Endpoint>>>,
        problems: &mut Vec<Problem>,
    ) {
        let known: Vec<&str> = endpoints
            .values()
            .flatten()
            .map(|endpoint| &*endpoint.provider.id)
            .collect();
        // Files that do not parse are reported for that, and not for being absent too.
        if !problems.is_empty() {
            return;
        }
        for (id, line) in &self.order {
            if !known.contains(&id.as_str()) {
                let hint = did_you_mean(id, known.iter().copied());
                let message = format!("there is no provider `{id}` here{hint}");
                problems.push(Problem {
                    file: self.file.clone(),
                    line: Some(*line),
                    message,
                });
            }
        }
    }
}

/// Lower-case letters, digits and hyphens: what may stand in a path.
fn is_id(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
