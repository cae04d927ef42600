//! Servers of the operator's own are looked for, and asked which models they have.
//!
//! **Invariant:** that one is absent is no fault: nobody is suspended for it, and the log says only when one comes or
//! goes.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream;
use guichet_catalogue::model::ai::{Abilities, Discovery, DiscoveryFormat, ModelServer, Task};
use guichet_catalogue::model::{Catalogue, Http, Provider};
use guichet_dialects::models::{Abilities as Said, ListedModel};
use guichet_dialects::{models, ollama};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};
use tokio::time::{MissedTickBehavior, interval};

use super::attempt::target;
use super::choose::{Discovered, Listed};
use crate::engine::Engine;
use crate::outcome::Class;
use crate::plan::{turns, unusable};
use crate::request::Draft;
use crate::transport::Limits;

/// How often servers are looked for.
const EVERY: Duration = Duration::from_secs(30);
/// What a server of one's own may take to say what it has.
const LIMITS: Limits = Limits {
    time: Duration::from_secs(1),
    body: 4 << 20,
};
/// Where Ollama tells of one model what its list leaves out.
const SHOW: &str = "/api/show";
/// How many models one server is asked about at a time.
const AT_ONCE: usize = 4;

/// Looks for servers now and then, for as long as it is polled.
pub async fn keep_discovering(engine: Engine) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        engine.discover_once().await;
    }
}

impl Engine {
    /// Asks every server of the operator's own which models it has. It returns within a few seconds, whoever is there.
    pub async fn discover_once(&self) {
        let catalogue = self.catalogue();
        let before = self.discovered();
        let asked = servers(&catalogue).filter(|(provider, ..)| {
            // What is turned off is not even looked for.
            unusable(provider, self.settings()).is_none()
        });
        let answers = asked.map(|(provider, server, discovery)| {
            let known = before.0.get(&provider.id).map_or(&[][..], Vec::as_slice);
            let asking = Asking::new(self, provider, server)?;
            Some(async move {
                let listed = asking.models(discovery, known).await?;
                Some((Arc::clone(&provider.id), listed))
            })
        });
        let found = join_all(answers.flatten()).await;
        let now = Discovered(found.into_iter().flatten().collect());
        self.tell(&before, &now);
        self.replace_discovered(now);
    }

    fn tell(&self, before: &Discovered, now: &Discovered) {
        for (provider, listed) in &now.0 {
            if !before.0.contains_key(provider) {
                tracing::info!(%provider, models = listed.len(), "a server of models was found");
                // Whoever was refused by it need not wait any longer.
                self.lift(|candidate, class| {
                    let own = candidate.split(['/', '#']).next();
                    class == Class::Upstream && own == Some(provider)
                });
            }
        }
        for provider in before.0.keys().filter(|id| !now.0.contains_key(*id)) {
            tracing::info!(%provider, "a server of models has gone");
        }
    }
}

/// Who is asked: servers that are looked for at their usual address, and those of which the operator's file says no more
/// than where they are.
fn servers(
    catalogue: &Catalogue,
) -> impl Iterator<Item = (&Arc<Provider>, &ModelServer, &Discovery)> {
    let all = catalogue.ai.order.iter();
    all.filter_map(|id| {
        let provider = catalogue.providers.get(id)?;
        let server = provider.models.as_deref()?;
        let own = provider.http()?.own_hosts && server.models.is_empty();
        let discovery = server.discovery.as_ref()?;
        (server.local || own).then_some((provider, server, discovery))
    })
}

/// One server that is asked.
struct Asking<'a> {
    engine: &'a Engine,
    http: &'a Http,
    server: &'a ModelServer,
    credential: Option<Arc<crate::identity::Credential>>,
}

impl<'a> Asking<'a> {
    /// None where it needs a credential and there is none.
    fn new(engine: &'a Engine, provider: &'a Provider, server: &'a ModelServer) -> Option<Self> {
        let credentials = turns(provider, &engine.credentials(), 0).ok()?;
        Some(Self {
            engine,
            http: provider.http()?,
            server,
            credential: credentials.into_iter().next()?,
        })
    }

    /// What it has; none where nobody is there who says so.
    async fn models(&self, discovery: &Discovery, known: &[Listed]) -> Option<Vec<Listed>> {
        let list = self.ask(Method::GET, &discovery.path, Bytes::new()).await?;
        let (read, shows) = match discovery.format {
            DiscoveryFormat::OpenAi => (models::read_models(&list), false),
            DiscoveryFormat::Ollama => (ollama::read_models(&list), true),
        };
        let listed = stream::iter(read.ok()?)
            .map(|model| async move {
                let same = |old: &&Listed| *old.id == *model.id && old.changed == model.created;
                match known.iter().find(same) {
                    Some(old) => old.clone(),
                    None if shows && is_vague(&model) => {
                        listed(self.server, &self.shown(model).await)
                    }
                    None => listed(self.server, &model),
                }
            })
            .buffered(AT_ONCE);
        Some(listed.collect().await)
    }

    /// The same model, with what the server tells of it when it is asked about this one.
    async fn shown(&self, model: ListedModel) -> ListedModel {
        let body = serde_json::json!({ "model": model.id }).to_string();
        let told = self.ask(Method::POST, SHOW, body.into()).await;
        let told = told.and_then(|body| ollama::read_model(&model.id, &body).ok());
        match told {
            Some(told) => ListedModel {
                context: model.context.or(told.context),
                abilities: told.abilities,
                ..model
            },
            None => model,
        }
    }

    async fn ask(&self, method: Method, path: &str, body: Bytes) -> Option<Bytes> {
        let url = target(self.http, None, path).ok()?;
        let mut headers = HeaderMap::new();
        if !body.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let sender = self.engine.sender();
        let draft = Draft::of_proxy(method, url, headers, body, self.http.own_hosts, sender);
        let secret = self.credential.as_ref().map(|own| &own.secret);
        let request = draft.sign(&self.http.auth, secret).ok()?;
        let answer = self.engine.transport().send(request, LIMITS).await.ok()?;
        (answer.status == 200).then_some(answer.body)
    }
}

/// Whether the list leaves out what a choice needs to know.
fn is_vague(model: &ListedModel) -> bool {
    model.context.is_none() || model.abilities == Said::default()
}

fn listed(server: &ModelServer, model: &ListedModel) -> Listed {
    Listed {
        id: model.id.as_str().into(),
        changed: model.created,
        context: model.context,
        abilities: abilities(server.any_abilities, model.abilities),
        tasks: tasks(model.abilities),
    }
}

/// What the server says of a model goes before what its file says of all.
fn abilities(usual: Abilities, said: Said) -> Option<Abilities> {
    let says = said.tools.is_some() || said.vision.is_some() || said.thinking.is_some();
    says.then(|| Abilities {
        tools: said.tools.unwrap_or(usual.tools),
        parallel_tools: said.tools.unwrap_or(usual.parallel_tools),
        vision: said.vision.unwrap_or(usual.vision),
        reasoning: said.thinking.unwrap_or(usual.reasoning),
        ..usual
    })
}

fn tasks(said: Said) -> Option<Vec<Task>> {
    if said.chat.is_none() && said.embeddings.is_none() {
        return None;
    }
    let both = [(said.chat, Task::Chat), (said.embeddings, Task::Embeddings)];
    let does = |(does, task): (Option<bool>, Task)| does.unwrap_or(true).then_some(task);
    Some(both.into_iter().filter_map(does).collect())
}
