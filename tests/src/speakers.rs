//! Providers of models in memory: each speaks a dialect, says one sentence, and fails as it is told.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt};
use guichet_catalogue::files::{File, Files};
use guichet_catalogue::model::Catalogue;
use guichet_catalogue::model::ai::Dialect;
use guichet_catalogue::{Surroundings, load};
use guichet_dialects::chat::{Answer, Choice, Finish, Part, Usage};
use guichet_dialects::facts::Facts;
use guichet_dialects::{anthropic, openai};
use guichet_engine::ai::{Door, ModelAnswer, ModelCall, ModelContent, Origin, UsageRecord, Wish};
use guichet_engine::answer::Refusal;
use guichet_engine::call::Caller;
use guichet_engine::identity::{KeyId, OrganizationId, ProjectId};
use guichet_engine::store::Store;
use guichet_engine::transport::{
    Limits, Transport, TransportError, UpstreamRequest, UpstreamResponse, UpstreamStream,
};
use guichet_engine::{Engine, Parts, Settings};
use guichet_sim::Fault;
use guichet_sim::Pacing;
use guichet_sim::ai::{Voice, stream as speak};
use guichet_sim::alphabet::{Chunk, Script, Streamed, streamed};
use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::stage::{BEGIN, credential};
use crate::store::MemoryStore;
use crate::world::WorldClock;

/// What every speaker says.
pub const SENTENCE: &str = "The window is open.";

/// One provider.
#[derive(Debug)]
struct Speaker {
    dialect: Dialect,
    fault: Fault,
    pacing: Pacing,
    requests: Vec<UpstreamRequest>,
    /// A status and a sentence with which it refuses everything.
    refusal: Option<(u16, String)>,
    /// Whether the connection stays open after the last word.
    lingers: bool,
    /// After how many bytes of its streams there is a pause, and nowhere else.
    pause: Option<usize>,
    /// Exchanges that have not ended.
    open: Arc<AtomicU32>,
}

/// All providers, by host.
#[derive(Debug, Default)]
pub struct Speakers(Mutex<HashMap<String, Speaker>>);

impl Speakers {
    /// From now on a provider fails so.
    ///
    /// # Panics
    /// When there is no such provider.
    pub fn set_fault(&self, provider: &str, fault: Fault) {
        self.with(provider, |speaker| speaker.fault = fault);
    }

    /// From now on a provider speaks so fast.
    ///
    /// # Panics
    /// When there is no such provider.
    pub fn set_pacing(&self, provider: &str, pacing: Pacing) {
        self.with(provider, |speaker| speaker.pacing = pacing);
    }

    /// From now on a provider refuses everything, in OpenAI's shape.
    ///
    /// # Panics
    /// When there is no such provider.
    pub fn refuse(&self, provider: &str, status: u16, message: &str) {
        self.with(provider, |speaker| {
            speaker.refusal = Some((status, message.to_owned()));
        });
    }

    /// From now on a provider says everything and leaves the connection open.
    ///
    /// # Panics
    /// When there is no such provider.
    pub fn linger(&self, provider: &str) {
        self.with(provider, |speaker| speaker.lingers = true);
    }

    /// From now on a provider's streams come in one piece up to this byte, and what is left of them in another, a
    /// moment later.
    ///
    /// # Panics
    /// When there is no such provider.
    pub fn pause_only_after(&self, provider: &str, bytes: usize) {
        self.with(provider, |speaker| speaker.pause = Some(bytes));
    }

    /// Forgets what was asked so far.
    pub fn forget(&self) {
        for speaker in self.0.lock().values_mut() {
            speaker.requests = Vec::new();
        }
    }

    /// What a provider was asked.
    ///
    /// # Panics
    /// When there is no such provider.
    #[must_use]
    pub fn requests(&self, provider: &str) -> Vec<UpstreamRequest> {
        self.with(provider, |speaker| speaker.requests.clone())
    }

    /// Exchanges with a provider that have not ended.
    ///
    /// # Panics
    /// When there is no such provider.
    #[must_use]
    pub fn open(&self, provider: &str) -> u32 {
        self.with(provider, |speaker| speaker.open.load(Ordering::Relaxed))
    }

    fn with<T>(&self, provider: &str, act: impl FnOnce(&mut Speaker) -> T) -> T {
        let mut all = self.0.lock();
        let host = format!("{provider}.example");
        act(all
            .get_mut(&host)
            .unwrap_or_else(|| panic!("no provider {provider}")))
    }

    /// What a request meets.
    fn meet(&self, request: &UpstreamRequest) -> (Streamed, Under) {
        let mut all = self.0.lock();
        let host = request.url.host_str().unwrap_or_default();
        let speaker = all
            .get_mut(host)
            .unwrap_or_else(|| panic!("no provider at {host}"));
        speaker.requests.push(request.clone());
        speaker.open.fetch_add(1, Ordering::Relaxed);
        let under = Under(Arc::clone(&speaker.open));
        if let Some((status, message)) = &speaker.refusal {
            let body = json!({"error": {"message": message, "code": "rate_limit_exceeded"}});
            let response = UpstreamResponse {
                status: *status,
                headers: http::HeaderMap::new(),
                body: body.to_string().into(),
            };
            return (Streamed::Script(Script::whole(response, LATENCY)), under);
        }
        if !wants_stream(request) && speaker.fault == Fault::Ok {
            let response = UpstreamResponse {
                status: 200,
                headers: http::HeaderMap::new(),
                body: written(speaker.dialect).into(),
            };
            let after = LATENCY + speaker.pacing.first;
            return (Streamed::Script(Script::whole(response, after)), under);
        }
        let good = speak(
            Voice::plain(speaker.dialect),
            &sentence(),
            true,
            speaker.pacing,
        );
        let mut met = streamed(speaker.fault, &good, None);
        if let Streamed::Script(script) = &mut met
            && speaker.lingers
            && let Some((_, end)) = script.chunks.last_mut()
        {
            *end = Chunk::Stall;
        }
        if let (Streamed::Script(script), Some(bytes)) = (&mut met, speaker.pause) {
            pausing(script, bytes);
        }
        (met, under)
    }
}

/// The same bytes in two pieces.
fn pausing(script: &mut Script, bytes: usize) {
    let mut first = Bytes::from(script.body());
    let rest = first.split_off(bytes.min(first.len()));
    let end = script.chunks.pop();
    script.chunks = vec![(LATENCY, Chunk::Bytes(first))];
    if !rest.is_empty() {
        script.chunks.push((LATENCY, Chunk::Bytes(rest)));
    }
    script.chunks.extend(end);
}

/// How long a whole answer takes.
const LATENCY: Duration = Duration::from_millis(50);

fn wants_stream(request: &UpstreamRequest) -> bool {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    body["stream"] == true || request.url.path().contains("stream")
}

/// The whole answer in a dialect.
fn written(dialect: Dialect) -> Vec<u8> {
    match dialect {
        Dialect::OpenAi => openai::chat::write_answer(&sentence()),
        Dialect::Anthropic => anthropic::write_answer(&sentence()),
        Dialect::Gemini | Dialect::Ollama => panic!("these only stream here"),
    }
}

/// An exchange that has not ended.
struct Under(Arc<AtomicU32>);

impl Drop for Under {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Transport for Speakers {
    fn send(
        &self,
        _: UpstreamRequest,
        _: Limits,
    ) -> BoxFuture<'_, Result<UpstreamResponse, TransportError>> {
        Box::pin(async { Err(TransportError::NoSuchHost) })
    }

    fn open(
        &self,
        request: UpstreamRequest,
        time: Duration,
    ) -> BoxFuture<'_, Result<UpstreamStream, TransportError>> {
        Box::pin(async move {
            let (met, under) = self.meet(&request);
            match met {
                Streamed::Script(script) => Ok(played(script, under)),
                Streamed::Fail { after, error } => {
                    tokio::time::sleep(after).await;
                    Err(error)
                }
                Streamed::Hang { error } => {
                    tokio::time::sleep(time).await;
                    Err(error)
                }
            }
        })
    }
}

fn played(script: Script, under: Under) -> UpstreamStream {
    let steps = stream::unfold(
        (script.chunks.into_iter(), under),
        |(mut chunks, under)| async {
            let (wait, chunk) = chunks.next()?;
            tokio::time::sleep(wait).await;
            match chunk {
                Chunk::Bytes(bytes) => Some((Ok(bytes), (chunks, under))),
                Chunk::Reset => Some((Err(TransportError::Broken), (chunks, under))),
                Chunk::Stall => std::future::pending().await,
                Chunk::End => None,
            }
        },
    );
    UpstreamStream {
        status: script.status,
        headers: script.headers,
        body: Box::pin(steps),
    }
}

/// The answer of every speaker.
#[must_use]
pub fn sentence() -> Answer {
    Answer {
        id: "answer-1".into(),
        model: "m".into(),
        created: Some(1_795_343_460),
        choices: vec![Choice {
            index: 0,
            parts: vec![Part::text(SENTENCE)],
            finish: Finish::Stop,
            stop_sequence: None,
            logprobs: None,
        }],
        usage: Some(Usage {
            input: 9,
            output: 5,
            ..Usage::default()
        }),
        ..Answer::default()
    }
}

/// An engine over speakers.
pub struct Studio {
    /// The engine.
    pub engine: Engine,
    /// The other side.
    pub speakers: Arc<Speakers>,
    /// What it remembers.
    pub store: Arc<MemoryStore>,
    /// What it told of usage.
    pub records: Arc<Mutex<Vec<UsageRecord>>>,
}

impl Studio {
    /// Providers in the order in which they are asked, each with its dialect and further lines of its file. All of them
    /// serve a model `m`.
    ///
    /// # Panics
    /// When a file has problems.
    pub async fn of(providers: &[(&str, Dialect, &str)]) -> Self {
        Self::deciding(providers, Settings::default()).await
    }

    /// The same with what the operator decides.
    ///
    /// # Panics
    /// When a file has problems.
    pub async fn deciding(providers: &[(&str, Dialect, &str)], settings: Settings) -> Self {
        Self::through(providers, settings, |speakers| speakers).await
    }

    /// The same, with something else between engine and speakers.
    ///
    /// # Panics
    /// When a file has problems.
    pub async fn through(
        providers: &[(&str, Dialect, &str)],
        settings: Settings,
        transport: impl FnOnce(Arc<Speakers>) -> Arc<dyn Transport>,
    ) -> Self {
        let speakers = Arc::new(Speakers::default());
        for (id, dialect, _) in providers {
            let speaker = Speaker {
                dialect: *dialect,
                fault: Fault::Ok,
                pacing: Pacing::AT_ONCE,
                requests: Vec::new(),
                refusal: None,
                lingers: false,
                pause: None,
                open: Arc::default(),
            };
            speakers.0.lock().insert(format!("{id}.example"), speaker);
        }
        let now: Timestamp = BEGIN.parse().unwrap_or_else(|error| panic!("{error}"));
        let store: Arc<MemoryStore> = Arc::default();
        let parts = Parts {
            catalogue: catalogue(providers),
            clock: Arc::new(WorldClock::at(now)),
            transport: transport(Arc::clone(&speakers)),
            store: Arc::clone(&store) as Arc<dyn Store>,
            settings,
        };
        let engine = Engine::start(parts)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        let records: Arc<Mutex<Vec<UsageRecord>>> = Arc::default();
        let told = Arc::clone(&records);
        engine.observe_usage(Box::new(move |record| told.lock().push(record.clone())));
        let secrets = providers
            .iter()
            .map(|(id, ..)| credential(id, "own", "secret"));
        engine.replace_credentials(secrets.collect());
        Self {
            engine,
            speakers,
            store,
            records,
        }
    }

    /// Asks.
    pub async fn ask(&self, call: ModelCall) -> Result<ModelAnswer, Refusal> {
        self.engine.ask_model(call).await
    }
}

fn catalogue(providers: &[(&str, Dialect, &str)]) -> Arc<Catalogue> {
    let mut files = Files::default();
    for (order, (id, dialect, own)) in providers.iter().enumerate() {
        let name = dialect.as_str();
        let text = format!(
            "title = \"{id}\"\norder = {order}\nbase_url = \"https://{id}.example/v1\"\ndialect = \"{name}\"\n\
             any_model = false\n[auth]\ntype = \"bearer\"\n[model.m]\ntasks = [\"chat\"]\ncontext = 8192\n\
             abilities = [\"stream\", \"tools\"]\n{own}\n"
        );
        let path = format!("ai/{id}.toml");
        let file = File {
            name: path.as_str().into(),
            text: text.into(),
            own: true,
        };
        files.insert(&path, file);
    }
    let surroundings = Surroundings {
        functions: Vec::new(),
    };
    Arc::new(load(&files, &surroundings).unwrap_or_else(|problems| panic!("{problems}")))
}

/// A call for a stream, or for a whole answer, by this door.
///
/// # Panics
/// Never: the bodies are well-formed.
#[must_use]
pub fn asked(door: Door, stream: bool) -> ModelCall {
    called(door, &question(door, stream))
}

/// A call for a stream that says what it took.
///
/// # Panics
/// Never: the bodies are well-formed.
#[must_use]
pub fn asked_for_usage(door: Door) -> ModelCall {
    let mut body = question(door, true);
    if matches!(door, Door::Chat | Door::Completions) {
        body["stream_options"] = json!({"include_usage": true});
    }
    called(door, &body)
}

fn question(door: Door, stream: bool) -> Value {
    const QUESTION: &str = "Is it open?";
    let mut body = json!({"model": "m", "stream": stream});
    let (most, name, question) = match door {
        Door::Responses => ("max_output_tokens", "input", json!(QUESTION)),
        Door::Completions => ("max_tokens", "prompt", json!(QUESTION)),
        _ => {
            let messages = json!([{"role": "user", "content": QUESTION}]);
            ("max_tokens", "messages", messages)
        }
    };
    body[most] = json!(100);
    body[name] = question;
    body
}

fn called(door: Door, body: &Value) -> ModelCall {
    let body = Bytes::from(body.to_string());
    let read = match door {
        Door::Messages => anthropic::read_facts(&body),
        Door::Responses => openai::responses::read_request(&body).map(|asked| Facts::from(&asked)),
        Door::Completions => {
            openai::completions::read_request(&body).map(|asked| Facts::from(&asked))
        }
        _ => openai::facts::read_facts(&body),
    };
    ModelCall {
        door,
        body,
        content_type: None,
        facts: read.unwrap_or_else(|error| panic!("{error}")),
        wish: Wish {
            models: vec!["m".into()],
            ..Wish::default()
        },
        caller: Caller {
            organization: OrganizationId::new("default"),
            project: None,
            policy: None,
            peer: None,
            request_id: "test".into(),
        },
        origin: Origin {
            project: ProjectId::new("default"),
            key: KeyId::new("key"),
            budgets: Arc::default(),
        },
    }
}

/// Everything that an answer gives, as text.
///
/// # Panics
/// When it is no text.
pub async fn whole(answer: ModelAnswer) -> String {
    let bytes = match answer.content {
        ModelContent::Whole { body, .. } => body.to_vec(),
        ModelContent::Stream(pieces) => pieces.collect::<Vec<Bytes>>().await.concat(),
    };
    String::from_utf8(bytes).unwrap_or_else(|error| panic!("{error}"))
}
