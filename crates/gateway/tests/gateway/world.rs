//! A gateway whose providers are in memory.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use guichet_access::{Access, MasterKeySource, default_project};
use guichet_catalogue::files::Files;
use guichet_catalogue::sample::samples;
use guichet_catalogue::{Surroundings, load};
use guichet_engine::clock::Clock;
use guichet_engine::identity::{Credential, CredentialId};
use guichet_engine::replay::response;
use guichet_engine::transport::{
    Limits, Transport, TransportError, UpstreamRequest, UpstreamResponse, UpstreamStream,
};
use guichet_engine::{Engine, Parts};
use guichet_gateway::{Gateway, Metrics, Settings};
use guichet_store::Database;
use jiff::Timestamp;
use parking_lot::Mutex;
use secrecy::ExposeSecret;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The moment of the built-in samples.
const NOW: Timestamp = Timestamp::constant(1_795_343_460, 0);

/// A gateway and what it stands on.
pub(crate) struct World {
    pub(crate) gateway: Gateway,
    pub(crate) access: Access,
    /// A key that opens.
    pub(crate) key: String,
    pub(crate) providers: Arc<Providers>,
    pub(crate) engine: Engine,
    _folder: tempfile::TempDir,
}

/// Providers by host; one that is not set refuses connections.
#[derive(Default)]
pub(crate) struct Providers {
    answers: Mutex<HashMap<String, (UpstreamResponse, Duration)>>,
    pub(crate) requests: Mutex<Vec<UpstreamRequest>>,
    streams: Mutex<HashMap<String, UnboundedReceiver<&'static str>>>,
}

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        NOW
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("guichet.db"))
            .await
            .unwrap();
        let access = Access::open(database.clone(), MasterKeySource::in_folder(folder.path()))
            .await
            .unwrap();
        let key = access
            .create_key(&default_project(), "test", None)
            .await
            .unwrap();
        let surroundings = Surroundings {
            functions: guichet_local::names().collect(),
        };
        let providers = Arc::new(Providers::default());
        let parts = Parts {
            catalogue: Arc::new(load(&Files::built_in(), &surroundings).unwrap()),
            clock: Arc::new(Stopped),
            transport: Arc::new(InMemory(Arc::clone(&providers))),
            store: Arc::new(database),
            settings: guichet_engine::Settings::default(),
        };
        let engine = Engine::start(parts).await.unwrap();
        let metrics = Metrics::default();
        let gateway = Gateway::new(engine.clone(), access.clone(), settings, metrics);
        Self {
            engine,
            gateway,
            access,
            key: key.text.expose_secret().to_owned(),
            providers,
            _folder: folder,
        }
    }

    /// Gives these providers of models a credential each.
    pub(crate) fn open_models(&self, providers: &[&str]) {
        let credential = |provider: &&str| Credential {
            id: CredentialId::new(format!("{provider}-1")),
            provider: (*provider).into(),
            secret: "upstream-secret".to_owned().into(),
        };
        let credentials = providers.iter().map(credential).collect();
        self.engine.replace_credentials(credentials);
    }
}

impl Providers {
    /// Lets a host answer a sample of the catalogue.
    pub(crate) fn replay(&self, host: &str, provider: &str, sample: &str) {
        let all = samples(&Files::built_in()).unwrap();
        let found = all
            .iter()
            .find(|each| each.provider == provider && each.name == sample)
            .unwrap();
        self.answer(host, response(&found.recorded.exchanges[0]));
    }

    /// Lets a host answer this.
    pub(crate) fn answer(&self, host: &str, answer: UpstreamResponse) {
        self.answers
            .lock()
            .insert(host.to_owned(), (answer, Duration::ZERO));
    }

    /// Lets a host answer a stream, piece by piece as they are sent here; once.
    pub(crate) fn stream(&self, host: &str) -> UnboundedSender<&'static str> {
        let (sender, receiver) = unbounded_channel();
        self.streams.lock().insert(host.to_owned(), receiver);
        sender
    }

    /// Lets a host take its time.
    pub(crate) fn delay(&self, host: &str, by: Duration) {
        self.answers.lock().get_mut(host).unwrap().1 = by;
    }

    /// The hosts that were asked, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        let requests = self.requests.lock();
        requests
            .iter()
            .filter_map(|request| request.url.host_str().map(str::to_owned))
            .collect()
    }
}

struct InMemory(Arc<Providers>);

impl Transport for InMemory {
    fn send(
        &self,
        request: UpstreamRequest,
        _: Limits,
    ) -> BoxFuture<'_, Result<UpstreamResponse, TransportError>> {
        let host = request.url.host_str().unwrap_or_default().to_owned();
        self.0.requests.lock().push(request);
        let answer = self.0.answers.lock().get(&host).cloned();
        async move {
            let (answer, delay) = answer.ok_or(TransportError::Connect)?;
            tokio::time::sleep(delay).await;
            Ok(answer)
        }
        .boxed()
    }

    fn open(
        &self,
        request: UpstreamRequest,
        time: Duration,
    ) -> BoxFuture<'_, Result<UpstreamStream, TransportError>> {
        let host = request.url.host_str().unwrap_or_default();
        let stream = self.0.streams.lock().remove(host);
        async move {
            if let Some(pieces) = stream {
                self.0.requests.lock().push(request);
                return Ok(streamed(pieces));
            }
            let limits = Limits {
                time,
                body: usize::MAX,
            };
            let whole = self.send(request, limits).await?;
            Ok(UpstreamStream {
                status: whole.status,
                headers: whole.headers,
                body: stream::iter([Ok(whole.body)]).boxed(),
            })
        }
        .boxed()
    }
}

fn streamed(pieces: UnboundedReceiver<&'static str>) -> UpstreamStream {
    let body = stream::unfold(pieces, |mut pieces| async {
        let piece = pieces.recv().await?;
        Some((Ok(Bytes::from_static(piece.as_bytes())), pieces))
    });
    let head = upstream(
        200,
        &[
            ("content-type", "text/event-stream"),
            ("x-provider-secret", "s"),
        ],
        "",
    );
    UpstreamStream {
        status: head.status,
        headers: head.headers,
        body: body.boxed(),
    }
}

/// An answer of a provider.
pub(crate) fn upstream(
    status: u16,
    headers: &[(&'static str, &'static str)],
    body: &'static str,
) -> UpstreamResponse {
    let headers = headers
        .iter()
        .map(|(name, value)| {
            (
                http::HeaderName::from_static(name),
                http::HeaderValue::from_static(value),
            )
        })
        .collect();
    UpstreamResponse {
        status,
        headers,
        body: Bytes::from_static(body.as_bytes()),
    }
}
