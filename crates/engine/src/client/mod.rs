//! The transport that reaches real servers: pooled connections, our own name resolution, no private addresses.

mod address;
mod failure;
mod resolve;

use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use futures_util::{Stream, StreamExt};
use http_body_util::{BodyExt, BodyStream, Full};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::{HttpConnector, capture_connection};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::CertificateDer;

use crate::transport::{
    Limits, Transport, TransportError, UpstreamRequest, UpstreamResponse, UpstreamStream,
};
pub use address::is_public;
use resolve::{Names, Reach, Resolver};

/// How servers are reached.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// Name servers; empty = the system's.
    pub dns_servers: Vec<SocketAddr>,
    /// Certificate authorities besides the usual ones.
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
}

impl Default for ClientSettings {
    fn default() -> Self {
        Self {
            dns_servers: Vec::new(),
            extra_roots: Vec::new(),
            connect_timeout: Duration::from_secs(4),
        }
    }
}

/// The client could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// An own certificate authority is no certificate.
    #[error("a certificate of `extra_roots` cannot be used: {0}")]
    Root(rustls::Error),
    /// No TLS.
    #[error("TLS could not be set up: {0}")]
    Tls(rustls::Error),
    /// No name resolution.
    #[error("name resolution could not be set up: {0}")]
    Names(String),
}

type Https = HttpsConnector<HttpConnector<Resolver>>;

/// Pooled connections to providers.
#[derive(Debug, Clone)]
pub struct Client {
    /// For hosts of the built-in catalogue: public addresses only.
    public: Pool<Https, Full<Bytes>>,
    /// For hosts that the operator named: any address.
    own: Pool<Https, Full<Bytes>>,
}

impl Client {
    /// Sets up a client.
    pub fn new(settings: ClientSettings) -> Result<Self, ClientError> {
        let names = Names::new(&settings.dns_servers).map_err(ClientError::Names)?;
        let tls = tls(settings.extra_roots)?;
        let pool = |reach| {
            let mut http = HttpConnector::new_with_resolver(Resolver::new(names.clone(), reach));
            http.set_nodelay(true);
            http.enforce_http(false);
            http.set_connect_timeout(Some(settings.connect_timeout));
            let https = hyper_rustls::HttpsConnectorBuilder::new()
                .with_tls_config(tls.clone())
                .https_or_http()
                .enable_http1()
                .enable_http2()
                .wrap_connector(http);
            Pool::builder(TokioExecutor::new())
                .pool_timer(TokioTimer::new())
                .pool_idle_timeout(Duration::from_mins(1))
                .build(https)
        };
        Ok(Self {
            public: pool(Reach::Public),
            own: pool(Reach::Anywhere),
        })
    }

    /// Sends a request and reads the head of its answer, within this time; `then` goes on with the body within what is
    /// left of it.
    async fn exchange<T>(
        &self,
        request: UpstreamRequest,
        time: Duration,
        then: impl AsyncFnOnce(http::response::Parts, Incoming) -> Result<T, TransportError>,
    ) -> Result<T, TransportError> {
        // An address in the URL never reaches the resolver, so it is looked at here.
        let pool = if request.private_allowed {
            &self.own
        } else {
            &self.public
        };
        let literal = address::literal(&request.url);
        if !request.private_allowed && literal.is_some_and(|address| !is_public(address)) {
            return Err(TransportError::Forbidden);
        }
        let uri = http::Uri::try_from(request.url.as_str()).map_err(|_| TransportError::Connect)?;
        let mut outgoing = http::Request::new(Full::new(request.body));
        *outgoing.method_mut() = request.method;
        *outgoing.uri_mut() = uri;
        *outgoing.headers_mut() = request.headers;
        let connection = capture_connection(&mut outgoing);
        let answered = async {
            let answer = pool
                .request(outgoing)
                .await
                .map_err(|error| failure::of_request(&error))?;
            let (head, body) = answer.into_parts();
            then(head, body).await
        };
        match tokio::time::timeout(time, answered).await {
            Ok(result) => result,
            // Without a connection nothing can have been sent.
            Err(_) if connection.connection_metadata().is_none() => {
                Err(TransportError::ConnectTimeout)
            }
            Err(_) => Err(TransportError::Timeout),
        }
    }
}

impl Transport for Client {
    fn send(
        &self,
        request: UpstreamRequest,
        limits: Limits,
    ) -> BoxFuture<'_, Result<UpstreamResponse, TransportError>> {
        Box::pin(
            self.exchange(request, limits.time, async move |head, body| {
                Ok(UpstreamResponse {
                    status: head.status.as_u16(),
                    headers: head.headers,
                    body: read(body, limits.body).await?,
                })
            }),
        )
    }

    fn open(
        &self,
        request: UpstreamRequest,
        time: Duration,
    ) -> BoxFuture<'_, Result<UpstreamStream, TransportError>> {
        Box::pin(self.exchange(request, time, async |head, body| {
            Ok(UpstreamStream {
                status: head.status.as_u16(),
                headers: head.headers,
                body: Box::pin(pieces(body)),
            })
        }))
    }
}

/// The data of a body as it arrives.
fn pieces(body: Incoming) -> impl Stream<Item = Result<Bytes, TransportError>> + Send {
    BodyStream::new(body).filter_map(|frame| {
        std::future::ready(match frame {
            Ok(frame) => frame.into_data().ok().map(Ok),
            Err(_) => Some(Err(TransportError::Broken)),
        })
    })
}

/// Reads a body, and stops reading when it is larger than allowed.
async fn read(mut body: Incoming, limit: usize) -> Result<Bytes, TransportError> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| TransportError::Broken)?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if whole.len() + data.len() > limit {
            return Err(TransportError::TooLarge);
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}

fn tls(extra_roots: Vec<CertificateDer<'static>>) -> Result<rustls::ClientConfig, ClientError> {
    let mut roots = rustls::RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    for root in extra_roots {
        roots.add(root).map_err(ClientError::Root)?;
    }
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let versions = rustls::ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions();
    Ok(versions
        .map_err(ClientError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
