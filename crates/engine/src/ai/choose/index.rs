//! Who serves which name, read out of a catalogue once, so that a call looks names up.

use std::collections::HashMap;
use std::sync::Arc;

use guichet_catalogue::model::ai::{Model, Task};
use guichet_catalogue::model::{Catalogue, Endpoint};

use crate::plan::ordered;
use crate::settings::Settings;

/// A catalogue, and its names of models.
#[derive(Debug)]
pub(crate) struct Index {
    pub(crate) catalogue: Arc<Catalogue>,
    tasks: HashMap<Task, Servers>,
}

/// Who does a task.
#[derive(Debug)]
pub(super) struct Servers {
    /// In the catalogue's order, changed by the operator's.
    pub(super) endpoints: Vec<Arc<Endpoint>>,
    /// Where in that order a provider is.
    places: HashMap<Arc<str>, usize>,
    /// Models by ids and plain names, with the places of those who have them, in order.
    named: HashMap<Arc<str>, Vec<(usize, Arc<Model>)>>,
}

impl Index {
    pub(crate) fn new(catalogue: Arc<Catalogue>, settings: &Settings) -> Self {
        let tasks = catalogue.ai.tasks.iter();
        let tasks = tasks
            .map(|(task, endpoints)| (*task, Servers::new(endpoints, settings)))
            .collect();
        Self { catalogue, tasks }
    }

    pub(super) fn servers(&self, task: Task) -> Option<&Servers> {
        self.tasks.get(&task)
    }
}

impl Servers {
    fn new(endpoints: &[Arc<Endpoint>], settings: &Settings) -> Self {
        let endpoints: Vec<Arc<Endpoint>> = ordered(endpoints, settings, &[])
            .into_iter()
            .cloned()
            .collect();
        let (mut places, mut named) = (HashMap::new(), HashMap::new());
        for (place, endpoint) in endpoints.iter().enumerate() {
            let provider = &endpoint.provider;
            places.entry(Arc::clone(&provider.id)).or_insert(place);
            let Some(server) = &provider.models else {
                continue;
            };
            // An id holds before a plain name, and of equals the first.
            let mut add = |name: &Arc<str>, model: &Arc<Model>| {
                let known: &mut Vec<(usize, Arc<Model>)> =
                    named.entry(Arc::clone(name)).or_default();
                if known.last().is_none_or(|(last, _)| *last != place) {
                    known.push((place, Arc::clone(model)));
                }
            };
            for (id, model) in &server.models {
                add(id, model);
            }
            for model in server.models.values() {
                for name in &model.names {
                    add(&name.as_ref().into(), model);
                }
            }
        }
        Self {
            endpoints,
            places,
            named,
        }
    }

    pub(super) fn endpoint(&self, provider: &str) -> Option<&Arc<Endpoint>> {
        self.endpoints.get(self.place(provider)?)
    }

    pub(super) fn place(&self, provider: &str) -> Option<usize> {
        self.places.get(provider).copied()
    }

    /// Models of this id or plain name, with the places of those who have them, in order.
    pub(super) fn named(&self, name: &str) -> &[(usize, Arc<Model>)] {
        self.named.get(name).map_or(&[], Vec::as_slice)
    }
}
