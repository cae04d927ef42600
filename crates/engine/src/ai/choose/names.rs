//! What names of models stand for: `provider/model`, plain names, the operator's aliases, `auto` and its flavours.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::Arc;

use guichet_catalogue::model::ai::{Model, ModelServer, Strength, Task};
use guichet_catalogue::model::{Endpoint, Provider};
use guichet_catalogue::suggest::nearest;

use super::{Choosing, Listed, Target};
use crate::answer::Reason;
use crate::plan::{ordered, tier};

/// Any model that will do.
const AUTO: &str = "auto";

/// Models whose strengths are this close are as good as each other to plain `auto`.
const BAND: u32 = 25;

/// A request of this many tokens is a long one, for which `auto` looks at who keeps its wits.
const LONG: u64 = 60_000;

impl<'a> Choosing<'a> {
    /// The models that the caller's names stand for, in the order in which they are tried; one may be there twice.
    pub(super) fn targets(&self) -> Result<Vec<Target<'a>>, Reason> {
        let mut targets = Vec::new();
        for name in &self.call.wish.models {
            self.resolve(name, &mut Vec::new(), &mut targets);
        }
        if targets.is_empty()
            && let Some(name) = self.call.wish.models.first()
            && !self.is_auto(name)
        {
            return Err(Reason::UnknownModel {
                name: name.clone(),
                nearest: self.nearest(name),
            });
        }
        Ok(targets)
    }

    /// `within` holds the aliases that led here: one that stands for itself means the model of that name.
    fn resolve<'n>(
        &'n self,
        name: &'n str,
        within: &mut Vec<&'n str>,
        targets: &mut Vec<Target<'a>>,
    ) {
        if let Some(names) = self.aliases.get(name)
            && !within.contains(&name)
        {
            within.push(name);
            for name in names {
                self.resolve(name, within, targets);
            }
            within.pop();
            return;
        }
        // What one name stands for comes before what the next one stands for.
        let place = targets.last().map_or(0, |target| target.tier[0] + 1);
        let before = targets.len();
        if name == AUTO {
            targets.extend(self.auto(None));
        } else if let Some(flavour) = flavour(name) {
            targets.extend(self.auto(Some(flavour)));
        } else {
            targets.extend(self.at_provider(name));
            if targets.len() == before {
                targets.extend(self.plain(name));
            }
        }
        for target in &mut targets[before..] {
            target.tier[0] = place;
        }
    }

    fn is_auto(&self, name: &str) -> bool {
        !self.aliases.contains_key(name) && (name == AUTO || flavour(name).is_some())
    }

    /// `groq/openai/gpt-oss-120b`.
    fn at_provider(&self, name: &str) -> Option<Target<'a>> {
        let (id, model) = name.split_once('/')?;
        let provider = self.index.catalogue.providers.get(id)?;
        let server = provider.models.as_deref()?;
        if let Some(target) = self.served(provider, server, model) {
            return Some(target);
        }
        let passed_on = server.any_model && server.any_tasks.contains(&self.task());
        (passed_on && !model.is_empty()).then(|| self.target(provider, server, model.into()))
    }

    /// `gpt-oss-120b`, at every provider that has it.
    fn plain(&self, name: &str) -> Vec<Target<'a>> {
        let Some(servers) = self.index.servers(self.task()) else {
            return Vec::new();
        };
        let known = servers.named(name).iter().filter_map(|(place, model)| {
            let provider = &servers.endpoints[*place].provider;
            let server = provider.models.as_deref()?;
            Some((*place, self.known(provider, server, model)))
        });
        let mut found: Vec<(usize, Target<'a>)> = known.collect();
        for id in self.discovered.0.keys() {
            let Some(place) = servers.place(id) else {
                continue;
            };
            let provider = &servers.endpoints[place].provider;
            let is_known = found.iter().any(|(known, _)| *known == place);
            let server = provider.models.as_deref().filter(|_| !is_known);
            let target = server.and_then(|server| self.listed_as(provider, server, name));
            found.extend(target.map(|target| (place, target)));
        }
        found.sort_by_key(|(place, target)| (target.tier[1], *place));
        found.into_iter().map(|(_, target)| target).collect()
    }

    /// A provider's model of this name, in its file or listed by its server.
    fn served(
        &self,
        provider: &'a Arc<Provider>,
        server: &'a ModelServer,
        name: &str,
    ) -> Option<Target<'a>> {
        if let Some(model) = server.model(name) {
            return Some(self.known(provider, server, model));
        }
        self.listed_as(provider, server, name)
    }

    /// A provider's model of this name that its server listed.
    fn listed_as(
        &self,
        provider: &'a Arc<Provider>,
        server: &'a ModelServer,
        name: &str,
    ) -> Option<Target<'a>> {
        let mut listed = self.listed(provider, server);
        let listed = listed.find(|listed| is_called(&listed.id, name))?;
        Some(self.target(provider, server, Arc::clone(&listed.id)))
    }

    /// Every model that does what is asked: those of providers that the caller wants first, and of each the best first.
    /// That is for plain `auto` what is free before what is not, then what the request looks for; for a flavour who is
    /// best at it, and of equals who is free.
    fn auto(&self, flavour: Option<Strength>) -> Vec<Target<'a>> {
        let task = self.task();
        let mut all = Vec::new();
        for (provider, server) in self.in_order() {
            let models = server.models.values().filter(|model| model.does(task));
            all.extend(models.map(|model| self.known(provider, server, model)));
            let listed = self
                .listed(provider, server)
                .filter(|listed| !server.models.contains_key(&listed.id))
                // Most models chat; whether one does something else is not to be found out at the caller's expense.
                .filter(|listed| task == Task::Chat || listed.tasks.is_some());
            all.extend(listed.map(|listed| self.target(provider, server, Arc::clone(&listed.id))));
        }
        let strength = flavour.unwrap_or_else(|| self.sought());
        let rank = |target: &Target<'_>| {
            let known = target.known.map_or(0, |model| model.strength(strength));
            (Reverse(known), !target.server.is_free(&target.id))
        };
        match flavour {
            Some(_) => all.sort_by_key(|target| (target.tier[1], rank(target))),
            None => all.sort_by_key(|target| {
                let (strength, paid) = rank(target);
                (target.tier[1], paid, strength)
            }),
        }
        for target in &mut all {
            let (Reverse(strength), paid) = rank(target);
            let weaker = u32::from(u8::MAX - strength);
            let first = target.tier[1];
            target.tier = match flavour {
                Some(_) => [0, first, weaker, u32::from(paid)],
                None => [0, first, u32::from(paid), weaker / BAND],
            };
        }
        all
    }

    /// What plain `auto` looks for.
    fn sought(&self) -> Strength {
        let facts = &self.call.facts;
        if facts.images > 0 {
            Strength::Vision
        } else if facts.estimate_input_tokens() > LONG {
            Strength::Long
        } else {
            Strength::Large
        }
    }

    /// Who does what is asked, in the order in which they are tried.
    fn in_order(&self) -> impl Iterator<Item = (&'a Arc<Provider>, &'a ModelServer)> + use<'a> {
        let servers = self.index.servers(self.task());
        let endpoints = servers.map_or(&[][..], |servers| servers.endpoints.as_slice());
        ordered(endpoints, self.settings, self.call.wish.first())
            .into_iter()
            .filter_map(|endpoint| Some((&endpoint.provider, endpoint.provider.models.as_deref()?)))
    }

    /// What a server listed, where such models are tried for this task.
    fn listed(
        &self,
        provider: &Provider,
        server: &ModelServer,
    ) -> impl Iterator<Item = &'a Listed> + use<'a> {
        let listed = self.discovered.0.get(&provider.id);
        let task = self.task();
        listed
            .filter(|_| server.any_tasks.contains(&task))
            .into_iter()
            .flatten()
            .filter(move |listed| listed.does(task))
    }

    fn known(
        &self,
        provider: &'a Arc<Provider>,
        server: &'a ModelServer,
        model: &'a Arc<Model>,
    ) -> Target<'a> {
        Target {
            known: Some(model),
            ..self.target(provider, server, Arc::clone(&model.id))
        }
    }

    fn target(
        &self,
        provider: &'a Arc<Provider>,
        server: &'a ModelServer,
        id: Arc<str>,
    ) -> Target<'a> {
        Target {
            provider,
            server,
            endpoint: self.endpoint(provider),
            tier: tier(provider, self.settings, self.call.wish.first()),
            listed: self
                .discovered
                .0
                .get(&provider.id)
                .and_then(|all| all.iter().find(|listed| listed.id == id)),
            id,
            known: None,
        }
    }

    fn endpoint(&self, provider: &Provider) -> Option<&'a Arc<Endpoint>> {
        self.index.servers(self.task())?.endpoint(&provider.id)
    }

    fn task(&self) -> Task {
        self.call.door.task()
    }

    /// The name that was probably meant.
    fn nearest(&self, name: &str) -> Option<String> {
        let mut names: HashSet<String> = self.aliases.keys().cloned().collect();
        names.insert(AUTO.to_owned());
        names.extend(
            Strength::ALL
                .iter()
                .map(|flavour| format!("{AUTO}:{}", flavour.as_str())),
        );
        for (provider, server) in self.in_order() {
            for model in server
                .models
                .values()
                .filter(|model| model.does(self.task()))
            {
                names.insert(format!("{}/{}", provider.id, model.id));
                names.extend(model.names.iter().map(|name| name.as_ref().to_owned()));
            }
            for listed in self.listed(provider, server) {
                names.insert(format!("{}/{}", provider.id, listed.id));
                names.insert(listed.id.as_ref().to_owned());
            }
        }
        // Sorted, because of equals the last is taken.
        let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
        names.sort_unstable();
        nearest(name, names).map(str::to_owned)
    }
}

fn flavour(name: &str) -> Option<Strength> {
    let word = name.strip_prefix(AUTO)?.strip_prefix(':')?;
    Strength::ALL
        .into_iter()
        .find(|strength| strength.as_str() == word)
}

/// Ollama's `llama3.2` is `llama3.2:latest`.
fn is_called(id: &str, name: &str) -> bool {
    id == name || id.strip_suffix(":latest") == Some(name)
}
