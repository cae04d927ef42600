//! The seam to other servers: one request, one answer, no opinion.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use http::{HeaderMap, Method};

pub use crate::destination::Destination;

/// Sends requests. Two exist: pooled connections, and the faults of the tests.
pub trait Transport: Send + Sync + 'static {
    /// Sends a request and reads the whole answer, within the limits. Redirects are answers like any other.
    fn send(
        &self,
        request: UpstreamRequest,
        limits: Limits,
    ) -> BoxFuture<'_, Result<UpstreamResponse, TransportError>>;

    /// Sends a request and hands the answer over as it comes: `time` is until its head is there. Dropping the body
    /// ends the exchange. Where answers come whole only, they come so here too.
    fn open(
        &self,
        request: UpstreamRequest,
        time: Duration,
    ) -> BoxFuture<'_, Result<UpstreamStream, TransportError>> {
        Box::pin(async move {
            let limits = Limits {
                time,
                body: usize::MAX,
            };
            let whole = self.send(request, limits).await?;
            Ok(UpstreamStream {
                status: whole.status,
                headers: whole.headers,
                body: Box::pin(futures_util::stream::iter([Ok(whole.body)])),
            })
        })
    }
}

/// A request to a provider. It holds a secret where the provider wants one, so it prints without its URL's query,
/// its headers and its body.
#[derive(Clone)]
pub struct UpstreamRequest {
    /// The method.
    pub method: Method,
    /// The whole URL.
    pub url: Destination,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; may be empty.
    pub body: Bytes,
    /// Whether the host may have a private address, because the operator named it.
    pub private_allowed: bool,
}

/// What a request may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Until the answer is read.
    pub time: Duration,
    /// Bytes of the body.
    pub body: usize,
}

/// An answer, whole.
#[derive(Debug, Clone)]
pub struct UpstreamResponse {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// An answer whose body is still coming.
pub struct UpstreamStream {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, piece by piece as it arrives. An error ends it.
    pub body: BoxStream<'static, Result<Bytes, TransportError>>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The name does not exist.
    #[error("the host does not exist")]
    NoSuchHost,
    /// The name could not be resolved.
    #[error("the host could not be resolved")]
    Resolve,
    /// The address is one that may not be reached.
    #[error("the address is private and may not be reached")]
    Forbidden,
    /// The connection was refused, or there is no way.
    #[error("the connection failed")]
    Connect,
    /// No TLS connection: a bad certificate, another protocol.
    #[error("no TLS connection could be made")]
    Tls,
    /// Time was up before the request was sent.
    #[error("time was up while connecting")]
    ConnectTimeout,
    /// Time was up after the request was sent.
    #[error("time was up while waiting for the answer")]
    Timeout,
    /// The connection broke after the request was sent.
    #[error("the connection broke")]
    Broken,
    /// The body is larger than allowed.
    #[error("the answer is too large")]
    TooLarge,
}

impl TransportError {
    /// Whether the request certainly did not reach the provider's application.
    #[must_use]
    pub fn never_sent(&self) -> bool {
        match self {
            Self::NoSuchHost
            | Self::Resolve
            | Self::Forbidden
            | Self::Connect
            | Self::Tls
            | Self::ConnectTimeout => true,
            Self::Timeout | Self::Broken | Self::TooLarge => false,
        }
    }
}

impl std::fmt::Debug for UpstreamRequest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("UpstreamRequest")
            .field("method", &self.method)
            .field("host", &self.url.host_str())
            .finish_non_exhaustive()
    }
}
