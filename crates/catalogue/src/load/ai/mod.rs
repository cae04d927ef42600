//! `ai/<provider>.toml`: providers of models.

mod offer;
mod quirks;
mod server;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::reader::{Filters, Reader};
use crate::files::{File, Files};
use crate::model::ai::{Ai, CATEGORY, Task};
use crate::model::{Call, Endpoint, OperationId, Provider};
use crate::problem::Problem;

/// Reads every file of the folder `ai`, in the order that the files give themselves.
pub(super) fn read_all(
    files: &Files,
    filters: &mut Filters,
    problems: &mut Vec<Problem>,
) -> (Ai, Vec<Arc<Provider>>) {
    let mut found = Vec::new();
    for (id, file) in provider_files(files) {
        let mut reader = Reader::new(CATEGORY, file, filters, problems);
        found.extend(server::read(id, &mut reader));
    }
    found.sort_by(|(left, one), (right, other)| (left, &one.id).cmp(&(right, &other.id)));
    let providers: Vec<Arc<Provider>> = found
        .into_iter()
        .map(|(_, provider)| Arc::new(provider))
        .collect();
    let ai = Ai {
        tasks: tasks(&providers),
        order: providers
            .iter()
            .map(|provider| Arc::clone(&provider.id))
            .collect(),
    };
    (ai, providers)
}

/// Whether a path of the catalogue is below the folder of AI providers, which is no category of data.
pub(super) fn is_below(folder: &str) -> bool {
    folder == CATEGORY
}

fn provider_files(files: &Files) -> impl Iterator<Item = (&str, &File)> {
    files.iter().filter_map(|(path, file)| {
        let (folder, name) = path.split_once('/')?;
        let id = name.strip_suffix(".toml")?;
        (is_below(folder) && !id.contains('/')).then_some((id, file))
    })
}

fn tasks(providers: &[Arc<Provider>]) -> BTreeMap<Task, Vec<Arc<Endpoint>>> {
    let mut tasks: BTreeMap<Task, Vec<Arc<Endpoint>>> = BTreeMap::new();
    for provider in providers {
        let routes = provider
            .models
            .iter()
            .flat_map(|server| server.routes.keys());
        for task in routes {
            let endpoint = Endpoint {
                operation: OperationId {
                    category: CATEGORY.into(),
                    name: task.as_str().into(),
                },
                provider: Arc::clone(provider),
                accepts: None,
                call: Call::Model(*task),
            };
            tasks.entry(*task).or_default().push(Arc::new(endpoint));
        }
    }
    tasks
}
