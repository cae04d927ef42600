//! New connections: resolved, checked, over TLS where the URL says so.

use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use tokio::net::TcpStream;
use tower::ServiceExt;

use super::resolve::Resolver;
use super::{ClientError, failure};
use crate::transport::TransportError;

/// A connection's bytes.
pub(super) type Wire = MaybeHttpsStream<TokioIo<TcpStream>>;

/// Makes connections to where one resolver leads.
#[derive(Debug, Clone)]
pub(super) struct Connector(HttpsConnector<HttpConnector<Resolver>>);

impl Connector {
    pub(super) fn new(resolver: Resolver, tls: ClientConfig, timeout: Duration) -> Self {
        let mut http = HttpConnector::new_with_resolver(resolver);
        http.set_nodelay(true);
        http.enforce_http(false);
        http.set_connect_timeout(Some(timeout));
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .enable_http2()
            .wrap_connector(http);
        Self(https)
    }

    pub(super) async fn connect(&self, uri: Uri) -> Result<Wire, TransportError> {
        let connected = self.0.clone().oneshot(uri).await;
        connected.map_err(|error| failure::of_connection(&*error))
    }
}

/// Whether the other side chose HTTP/2.
pub(super) fn speaks_http2(wire: &Wire) -> bool {
    wire.connected().is_negotiated_h2()
}

/// TLS with the usual certificate authorities and these.
pub(super) fn tls(extra_roots: Vec<CertificateDer<'static>>) -> Result<ClientConfig, ClientError> {
    let mut roots = rustls::RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    for root in extra_roots {
        roots.add(root).map_err(ClientError::Root)?;
    }
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let versions =
        ClientConfig::builder_with_provider(provider.into()).with_safe_default_protocol_versions();
    Ok(versions
        .map_err(ClientError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
