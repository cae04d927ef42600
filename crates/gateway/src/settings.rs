//! The bounds within which the doors are open.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::access_log::AccessLog;
use crate::trusted_proxies::TrustedProxies;

/// What a connection and a request may take.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The most bytes of a request's body; beyond it the answer is 413.
    pub max_body: usize,
    /// The same where models are asked: pictures and recordings are sent there.
    pub max_model_body: usize,
    /// The most bytes of a request's line and headers; beyond it the answer is 431.
    pub max_head: usize,
    /// The most connections at once; further ones wait until one is closed.
    pub connections: usize,
    /// How long a client may take to send a request's line and headers.
    pub head_timeout: Duration,
    /// How long a client may take to send a request's body.
    pub body_timeout: Duration,
    /// How long a connection may rest between two requests, or while its answers are not read.
    pub idle_timeout: Duration,
    /// How long requests that are under way may still take when the server stops.
    pub grace: Duration,
    /// Where a line per request goes; none = nowhere.
    pub access_log: Option<AccessLog>,
    /// Where the doors are, for pages that are asked for without saying where.
    pub address: SocketAddr,
    /// Whom to believe when it says for whom it asks.
    pub trusted_proxies: TrustedProxies,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_body: 1 << 20,
            max_model_body: 32 << 20,
            max_head: 64 << 10,
            connections: 1024,
            head_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(75),
            grace: Duration::from_secs(20),
            access_log: None,
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            trusted_proxies: TrustedProxies::default(),
        }
    }
}
