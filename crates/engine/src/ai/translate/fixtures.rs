//! Calls and providers for the tests of this module.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use guichet_catalogue::files::{File, Files};
use guichet_catalogue::model::ai::{Dialect, Model, ModelServer};
use guichet_catalogue::{Surroundings, load};
use guichet_dialects::anthropic;
use guichet_dialects::facts::Facts;
use guichet_dialects::openai::{completions, facts, responses};

use super::{Addressee, NotSent, Outgoing, Relay, Spoken, outgoing};
use crate::ai::{Door, ModelCall, Origin, Wish};
use crate::call::Caller;
use crate::identity::{KeyId, OrganizationId, ProjectId};

/// A provider that speaks `dialect`, with these lines in its file.
pub(super) struct World {
    provider: Arc<guichet_catalogue::model::Provider>,
}

impl World {
    pub(super) fn new(dialect: &str, tasks: &str, more: &str) -> Self {
        let text = format!(
            "order = 1\nbase_url = 'https://one.example'\ndialect = '{dialect}'\nany_model = true\n\
             any_tasks = [{tasks}]\nabilities = ['stream', 'tools', 'vision']\n\
             [auth]\ntype = 'bearer'\nenv = ['ONE_KEY']\n\
             [terms]\nlicence = 'own'\ncommercial = true\ntrains_on_data = false\n{more}"
        );
        let mut files = Files::default();
        let file = File {
            name: "one.toml".to_owned(),
            text: Cow::Owned(text),
            own: true,
        };
        files.insert("ai/one.toml", file);
        let catalogue =
            load(&files, &Surroundings::default()).unwrap_or_else(|problems| panic!("{problems}"));
        Self {
            provider: Arc::clone(&catalogue.providers["one"]),
        }
    }

    /// A provider of the built-in catalogue.
    pub(super) fn built_in(id: &str) -> Self {
        let mut files = Files::default();
        for (path, file) in Files::built_in().iter() {
            if path.starts_with("ai/") {
                files.insert(path, file.clone());
            }
        }
        let catalogue =
            load(&files, &Surroundings::default()).unwrap_or_else(|problems| panic!("{problems}"));
        Self {
            provider: Arc::clone(&catalogue.providers[id]),
        }
    }

    pub(super) fn chat(dialect: &str, more: &str) -> Self {
        Self::new(dialect, "'chat'", more)
    }

    pub(super) fn server(&self) -> &ModelServer {
        self.provider.models.as_deref().unwrap()
    }

    pub(super) fn dialect(&self, call: &ModelCall) -> Dialect {
        self.server().routes[&call.door.task()].dialect
    }

    pub(super) fn send(&self, call: &ModelCall, model: &str) -> Result<Outgoing, NotSent> {
        let server = self.server();
        let known: Option<&Model> = server.model(model).map(|known| &**known);
        let route = &server.routes[&call.door.task()];
        outgoing(
            call,
            &Spoken::new(call),
            server,
            route,
            Addressee {
                model,
                known,
                context: known.and_then(|known| known.context),
                cut_to: None,
            },
        )
    }

    pub(super) fn sent(&self, call: &ModelCall, model: &str) -> String {
        text(&self.send(call, model).unwrap())
    }

    pub(super) fn relay(&self, call: &ModelCall) -> Relay {
        let outgoing = self.send(call, "m").unwrap();
        let spoken = Spoken::new(call);
        Relay::new(call, &spoken, self.dialect(call), &outgoing, 7, "r-1")
    }
}

pub(super) fn text(outgoing: &Outgoing) -> String {
    String::from_utf8(outgoing.body.concat()).unwrap()
}

pub(super) fn call(door: Door, body: impl Into<Bytes>) -> ModelCall {
    let body = body.into();
    let facts = match door {
        Door::Chat => facts::read_facts(&body).unwrap(),
        Door::Messages => anthropic::read_facts(&body).unwrap(),
        Door::Responses => Facts::from(&responses::read_request(&body).unwrap()),
        Door::Completions => Facts::from(&completions::read_request(&body).unwrap()),
        _ => Facts::default(),
    };
    ModelCall {
        door,
        body,
        content_type: None,
        facts,
        wish: Wish {
            models: vec!["auto".to_owned()],
            ..Wish::default()
        },
        caller: Caller {
            organization: OrganizationId::new("o"),
            project: None,
            policy: None,
            peer: None,
            request_id: "r-1".into(),
        },
        origin: Origin {
            project: ProjectId::new("p"),
            key: KeyId::new("k"),
            budgets: Arc::default(),
        },
    }
}

/// What has been passed on, as text.
pub(super) fn joined(out: &[Bytes]) -> String {
    String::from_utf8(out.concat()).unwrap()
}

/// The events of OpenAI's kind of stream as one text would be read by its clients: the words of the first answer.
pub(super) fn words(stream: &str) -> String {
    stream
        .lines()
        .filter_map(|line| {
            serde_json::from_str::<serde_json::Value>(line.strip_prefix("data: ")?).ok()
        })
        .filter_map(|chunk| {
            chunk
                .pointer("/choices/0/delta/content")?
                .as_str()
                .map(str::to_owned)
        })
        .collect()
}
