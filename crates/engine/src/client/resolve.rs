//! From names to addresses, private ones left out: the one place that a rebinding name cannot get around.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{LookupIpStrategy, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hyper_util::client::legacy::connect::dns::Name;
use tower::Service;

use super::address::is_public;
use crate::transport::TransportError;

/// A name server that has not answered by then is asked once more.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Name resolution with its cache, shared by all connections.
#[derive(Clone)]
pub(super) struct Names(Arc<TokioResolver>);

impl Names {
    pub(super) fn new(servers: &[SocketAddr]) -> Result<Self, String> {
        let runtime = TokioRuntimeProvider::default();
        let mut builder = if servers.is_empty() {
            TokioResolver::builder_tokio().unwrap_or_else(|_| {
                // No readable resolv.conf: names fail, addresses and local answers still work.
                TokioResolver::builder_with_config(ResolverConfig::default(), runtime)
            })
        } else {
            let servers = servers.iter().map(|server| name_server(*server)).collect();
            TokioResolver::builder_with_config(
                ResolverConfig::from_parts(None, Vec::new(), servers),
                runtime,
            )
        };
        let options = builder.options_mut();
        options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        options.timeout = TIMEOUT;
        options.attempts = 2;
        builder
            .build()
            .map(|resolver| Self(Arc::new(resolver)))
            .map_err(|error| error.to_string())
    }

    async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, TransportError> {
        match self.0.lookup_ip(name).await {
            Ok(found) => Ok(found.iter().collect()),
            Err(error) if error.is_nx_domain() => Err(TransportError::NoSuchHost),
            Err(_) => Err(TransportError::Resolve),
        }
    }
}

impl std::fmt::Debug for Names {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Names")
    }
}

fn name_server(server: SocketAddr) -> NameServerConfig {
    let mut config = NameServerConfig::udp_and_tcp(server.ip());
    for connection in &mut config.connections {
        connection.port = server.port();
    }
    config
}

/// Which addresses a connection may lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    Public,
    Anywhere,
}

/// The resolver of one pool.
#[derive(Debug, Clone)]
pub(super) struct Resolver {
    names: Names,
    reach: Reach,
}

impl Resolver {
    pub(super) fn new(names: Names, reach: Reach) -> Self {
        Self { names, reach }
    }
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = TransportError;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let Self { names, reach } = self.clone();
        Box::pin(async move {
            let found = names.addresses(name.as_str()).await?;
            let allowed = found
                .iter()
                .filter(|address| reach == Reach::Anywhere || is_public(**address));
            let addresses: Vec<SocketAddr> = allowed
                .map(|address| SocketAddr::new(*address, 0))
                .collect();
            match (addresses.is_empty(), found.is_empty()) {
                (false, _) => Ok(addresses.into_iter()),
                (true, true) => Err(TransportError::Resolve),
                (true, false) => Err(TransportError::Forbidden),
            }
        })
    }
}
