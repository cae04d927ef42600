//! The transport that reaches real servers: pooled connections, our own name resolution, no private addresses.

mod address;
mod body;
mod connect;
mod failure;
mod line;
mod pool;
mod resolve;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http_body_util::Full;
use rustls::pki_types::CertificateDer;

use crate::transport::{
    Limits, Transport, TransportError, UpstreamRequest, UpstreamResponse, UpstreamStream,
};
pub use address::is_public;
use body::Arriving;
use connect::Connector;
use pool::Pool;
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

/// Pooled connections to providers.
#[derive(Debug, Clone)]
pub struct Client {
    /// For hosts of the built-in catalogue: public addresses only.
    public: Pool,
    /// For hosts that the operator named: any address.
    own: Pool,
}

impl Client {
    /// Sets up a client.
    pub fn new(settings: ClientSettings) -> Result<Self, ClientError> {
        let names = Names::new(&settings.dns_servers).map_err(ClientError::Names)?;
        let tls = connect::tls(settings.extra_roots)?;
        let pool = |reach| {
            let resolver = Resolver::new(names.clone(), reach);
            Pool::new(Connector::new(
                resolver,
                tls.clone(),
                settings.connect_timeout,
            ))
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
        then: impl AsyncFnOnce(http::response::Parts, Arriving) -> Result<T, TransportError>,
    ) -> Result<T, TransportError> {
        // An address in the URL never reaches the resolver, so it is looked at here.
        let pool = if request.private_allowed {
            &self.own
        } else {
            &self.public
        };
        if !request.private_allowed {
            let literal = address::literal(&request.url);
            if literal.is_some_and(|address| !is_public(address)) {
                return Err(TransportError::Forbidden);
            }
        }
        let mut outgoing = http::Request::new(Full::new(request.body));
        *outgoing.method_mut() = request.method;
        *outgoing.headers_mut() = request.headers;
        let sending = AtomicBool::new(false);
        let answered = async {
            let answer = pool
                .ask(&request.url, outgoing, |now| {
                    sending.store(now, Ordering::Relaxed);
                })
                .await?;
            let (head, body) = answer.into_parts();
            then(head, body).await
        };
        match tokio::time::timeout(time, answered).await {
            Ok(result) => result,
            // Without a connection nothing can have been sent.
            Err(_) if !sending.load(Ordering::Relaxed) => Err(TransportError::ConnectTimeout),
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
                    body: body.whole(limits.body).await?,
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
                body: Box::pin(body),
            })
        }))
    }
}
