use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt, ready};
use guichet_catalogue::files::{File, Files};
use guichet_catalogue::{Surroundings, load};
use jiff::Timestamp;
use parking_lot::Mutex;

use super::*;
use crate::Parts;
use crate::clock::SystemClock;
use crate::settings::{ProviderSettings, Settings};
use crate::store::{BeliefRecord, Store, StoreError, SuspensionRecord, WindowRecord};
use crate::transport::{Transport, TransportError, UpstreamRequest, UpstreamResponse};

const OLLAMA: &str = "base_url = 'http://127.0.0.1:11434'\nlocal = true\ndialect = 'ollama'\nany_model = true\n\
    any_tasks = ['chat', 'embeddings']\n[discovery]\npath = '/api/tags'\nformat = 'ollama'\n";
/// All that an operator has to write.
const ATTIC: &str = "base_url = 'http://10.0.0.5:8000/v1'\n";
/// Lists its models in its file, so nobody asks for them.
const SWIFT: &str = "base_url = 'https://swift.example/v1'\n[discovery]\npath = '/models'\n\
    [auth]\ntype = 'none'\n[model.swift]\n";

const TAGS: &str = "http://127.0.0.1:11434/api/tags";
const SHOWN: &str = "http://127.0.0.1:11434/api/show";
const LIST: &str = "http://10.0.0.5:8000/v1/models";

/// Servers that answer what they are told to, by URL; the others refuse.
#[derive(Default)]
struct Servers {
    answers: Mutex<HashMap<&'static str, &'static str>>,
    asked: AtomicUsize,
}

impl Transport for Servers {
    fn send(
        &self,
        request: UpstreamRequest,
        _limits: Limits,
    ) -> BoxFuture<'_, Result<UpstreamResponse, TransportError>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let answer = self.answers.lock().get(request.url.as_str()).copied();
        let answer = answer.map(|body| UpstreamResponse {
            status: 200,
            headers: HeaderMap::new(),
            body: Bytes::from_static(body.as_bytes()),
        });
        ready(answer.ok_or(TransportError::Connect)).boxed()
    }
}

struct Forgetful;

impl Store for Forgetful {
    fn windows(&self) -> BoxFuture<'_, Result<Vec<WindowRecord>, StoreError>> {
        ready(Ok(Vec::new())).boxed()
    }

    fn save_windows(&self, _windows: Vec<WindowRecord>) -> BoxFuture<'_, Result<(), StoreError>> {
        ready(Ok(())).boxed()
    }

    fn beliefs(&self) -> BoxFuture<'_, Result<Vec<BeliefRecord>, StoreError>> {
        ready(Ok(Vec::new())).boxed()
    }

    fn save_beliefs(&self, _beliefs: Vec<BeliefRecord>) -> BoxFuture<'_, Result<(), StoreError>> {
        ready(Ok(())).boxed()
    }

    fn suspensions(&self) -> BoxFuture<'_, Result<Vec<SuspensionRecord>, StoreError>> {
        ready(Ok(Vec::new())).boxed()
    }

    fn save_suspensions(
        &self,
        _suspended: Vec<SuspensionRecord>,
        _lifted: Vec<String>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        ready(Ok(())).boxed()
    }

    fn kept_answer(&self, _key: String) -> BoxFuture<'_, Result<Option<Bytes>, StoreError>> {
        ready(Ok(None)).boxed()
    }

    fn keep_answer(
        &self,
        _key: String,
        _answer: Bytes,
        _expires: Timestamp,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        ready(Ok(())).boxed()
    }
}

async fn engine(servers: &Arc<Servers>, settings: Settings) -> Engine {
    let mut files = Files::default();
    for (path, text, own) in [
        ("ai/ollama.toml", OLLAMA, false),
        ("ai/attic.toml", ATTIC, true),
        ("ai/swift.toml", SWIFT, true),
    ] {
        let file = File {
            name: path.into(),
            text: text.into(),
            own,
        };
        files.insert(path, file);
    }
    let catalogue =
        load(&files, &Surroundings::default()).unwrap_or_else(|problems| panic!("{problems}"));
    let started = Engine::start(Parts {
        catalogue: Arc::new(catalogue),
        clock: Arc::new(SystemClock),
        transport: Arc::clone(servers) as Arc<dyn Transport>,
        store: Arc::new(Forgetful),
        settings,
    });
    started.await.unwrap()
}

fn names(engine: &Engine) -> Vec<String> {
    let mut names: Vec<String> = engine
        .models()
        .iter()
        .map(|model| format!("{}/{}", model.provider, model.id))
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn servers_are_known_while_they_are_there_and_only_then() {
    let servers = Arc::new(Servers::default());
    let engine = engine(&servers, Settings::default()).await;
    engine.discover_once().await;
    assert_eq!(names(&engine), ["swift/swift"], "nobody is there");
    servers.answers.lock().extend([
        (TAGS, r#"{"models":[{"name":"llama3.2:latest"}]}"#),
        (LIST, r#"{"data":[{"id":"qwen","max_model_len":8192}]}"#),
    ]);
    engine.discover_once().await;
    let both = ["attic/qwen", "ollama/llama3.2:latest", "swift/swift"];
    assert_eq!(names(&engine), both);
    servers
        .answers
        .lock()
        .insert(LIST, "<html>not a list</html>");
    engine.discover_once().await;
    assert_eq!(names(&engine), both[1..], "something else listens there");
}

#[tokio::test]
async fn ollama_is_asked_about_what_its_list_leaves_out_and_about_each_model_once() {
    let servers = Arc::new(Servers::default());
    servers.answers.lock().extend([
        (
            TAGS,
            r#"{"models":[{"name":"nomic-embed-text","modified_at":"2026-11-01T10:00:00Z"}]}"#,
        ),
        (
            SHOWN,
            r#"{"model_info":{"nomic-bert.context_length":2048},"capabilities":["embedding"]}"#,
        ),
    ]);
    let engine = engine(&servers, Settings::default()).await;
    engine.discover_once().await;
    let found = engine.discovered();
    let listed = &found.0["ollama"][0];
    assert_eq!(listed.context, Some(2048));
    assert_eq!(listed.tasks, Some(vec![Task::Embeddings]));
    assert_eq!(
        listed.abilities.map(|abilities| abilities.tools),
        Some(false)
    );
    let asked = servers.asked.load(Ordering::Relaxed);
    engine.discover_once().await;
    let again = servers.asked.load(Ordering::Relaxed) - asked;
    assert_eq!(again, 2, "one list of each server, and nothing more");
}

#[tokio::test]
async fn what_is_turned_off_is_not_looked_for() {
    let servers = Arc::new(Servers::default());
    let off = ProviderSettings {
        enabled: Some(false),
        ..ProviderSettings::default()
    };
    let mut settings = Settings::default();
    for id in ["ollama", "attic"] {
        settings.providers.insert(id.into(), off.clone());
    }
    engine(&servers, settings).await.discover_once().await;
    assert_eq!(servers.asked.load(Ordering::Relaxed), 0);
}

#[test]
fn what_a_server_says_of_a_model_goes_before_what_is_usual() {
    let nothing = Said::default();
    assert_eq!(abilities(Abilities::ALL, nothing), None);
    assert_eq!(tasks(nothing), None);
    let blind = Said {
        chat: Some(true),
        vision: Some(false),
        ..nothing
    };
    let read = abilities(Abilities::ALL, blind).unwrap();
    assert_eq!((read.vision, read.tools), (false, true));
    // That it talks says nothing about vectors.
    assert_eq!(tasks(blind), Some(vec![Task::Chat, Task::Embeddings]));
}
