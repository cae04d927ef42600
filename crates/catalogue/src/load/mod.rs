//! From files to a catalogue: everything is checked against everything else, and every mistake is reported at once.

mod ai;
mod category;
mod exchange;
mod limit;
mod provider;
mod quota;
mod reader;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::files::Files;
use crate::filter::Limits;
use crate::model::{Catalogue, Category, Endpoint, Operation, OperationId, Provider};
use crate::problem::{Problem, Problems};
use crate::schema::Shape;
use reader::{Filters, Reader};

/// What the catalogue is checked against besides itself.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Names of the functions that this binary computes.
    pub functions: Vec<&'static str>,
}

/// Reads, checks and compiles a catalogue.
pub fn load(files: &Files, surroundings: &Surroundings) -> Result<Catalogue, Problems> {
    let mut filters = Filters::default();
    let mut problems = Vec::new();
    let drafts = category::read_all(files, &mut filters, &mut problems);
    let mut categories = BTreeMap::new();
    let mut providers = BTreeMap::new();
    for mut draft in drafts {
        let mut endpoints: BTreeMap<Arc<str>, Vec<Arc<Endpoint>>> = BTreeMap::new();
        for (id, file) in draft.provider_files(files) {
            let mut reader = Reader::new(&draft.id, file, &mut filters, &mut problems);
            let Some(read) = provider::read(id, &draft.operations, surroundings, &mut reader)
            else {
                continue;
            };
            let (provider, own) = link(read);
            if let Some(other) = providers.insert(Arc::clone(&provider.id), Arc::clone(&provider)) {
                let other: Arc<Provider> = other;
                let message = format!(
                    "the category `{}` has a provider `{}` already; ids are unique",
                    other.category, id
                );
                problems.push(Problem::of_file(&file.name, message));
            }
            for endpoint in own {
                endpoints
                    .entry(Arc::clone(&endpoint.operation.name))
                    .or_default()
                    .push(endpoint);
            }
        }
        draft.check_order(&endpoints, &mut problems);
        let category = finish(draft, endpoints, &mut problems);
        categories.insert(Arc::clone(&category.id), Arc::new(category));
    }
    let (ai, servers) = ai::read_all(files, &mut filters, &mut problems);
    for provider in servers {
        if let Some(other) = providers.insert(Arc::clone(&provider.id), Arc::clone(&provider)) {
            let message = format!(
                "the category `{}` has a provider `{}` already; ids are unique",
                other.category, provider.id
            );
            problems.push(Problem::of_file(
                format!("ai/{}.toml", provider.id),
                message,
            ));
        }
    }
    match filters.compile(Limits::default(), &mut problems) {
        Some(program) if problems.is_empty() => Ok(Catalogue {
            categories,
            providers,
            ai,
            program,
        }),
        _ => {
            problems.dedup();
            Err(Problems(problems))
        }
    }
}

/// Gives each endpoint its provider.
fn link(read: provider::Read) -> (Arc<Provider>, Vec<Arc<Endpoint>>) {
    let provider = Arc::new(read.provider);
    let own = |endpoint: provider::ReadEndpoint| {
        Arc::new(Endpoint {
            operation: endpoint.operation,
            provider: Arc::clone(&provider),
            accepts: endpoint.accepts,
            call: endpoint.call,
        })
    };
    let endpoints = read.endpoints.into_iter().map(own).collect();
    (provider, endpoints)
}

/// Gives each operation its shape and its endpoints.
fn finish(
    draft: category::Draft,
    mut endpoints: BTreeMap<Arc<str>, Vec<Arc<Endpoint>>>,
    problems: &mut Vec<Problem>,
) -> Category {
    let schema = Arc::new(draft.schema);
    let mut operations = BTreeMap::new();
    for (name, read) in draft.operations {
        let shape = match Shape::compile(&schema, &read.result) {
            Ok(shape) => shape,
            Err(message) => {
                problems.push(Problem {
                    file: draft.file.clone(),
                    line: Some(read.result_line),
                    message,
                });
                continue;
            }
        };
        let operation = Operation {
            id: OperationId {
                category: Arc::clone(&draft.id),
                name: Arc::clone(&name),
            },
            summary: read.summary,
            result: read.result,
            shape,
            fresh: read.fresh,
            stale: read.stale,
            empty: read.empty,
            keep: read.keep,
            effects: read.effects,
            method: read.method,
            paged: read.paged,
            examples: read.examples,
            parameters: read.parameters,
            endpoints: endpoints.remove(&name).unwrap_or_default(),
        };
        operations.insert(name, Arc::new(operation));
    }
    Category {
        id: draft.id,
        title: draft.title,
        summary: draft.summary,
        schema,
        operations,
    }
}
