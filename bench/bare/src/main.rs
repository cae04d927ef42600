//! The physical limit of a Rust gateway: take a request, send it on over a pooled connection,
//! stream the answer back. One thread, no keys, no limits, no logs, no JSON.
//!
//! Whatever a real gateway costs above this is the price of what it does for its callers.

use std::convert::Infallible;
use std::net::SocketAddr;

use clap::Parser;
use http_body_util::{Either, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::http::uri::{Authority, PathAndQuery, Scheme};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpListener;

/// Headers that concern one connection and not the message (RFC 9110, section 7.6.1).
const HOP_BY_HOP: [HeaderName; 6] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// What the command line sets.
#[derive(Parser)]
#[command(about = "A proxy that does nothing but forward")]
struct Options {
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1:9001")]
    listen: SocketAddr,
    /// Where everything is sent, host:port
    #[arg(long, default_value = "127.0.0.1:9000")]
    upstream: Authority,
}

type Answer = Response<Either<Incoming, Empty<Bytes>>>;

/// What all connections share.
#[derive(Clone)]
struct Proxy {
    client: Client<HttpConnector, Incoming>,
    upstream: Authority,
    host: HeaderValue,
}

impl Proxy {
    fn new(upstream: Authority) -> Result<Self, header::InvalidHeaderValue> {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .build(connector);
        Ok(Self {
            client,
            host: HeaderValue::from_str(upstream.as_str())?,
            upstream,
        })
    }

    async fn forward(&self, mut request: Request<Incoming>) -> Answer {
        let Ok(uri) = self.upstream_uri(request.uri()) else {
            return refusal(StatusCode::BAD_REQUEST);
        };
        *request.uri_mut() = uri;
        drop_hop_by_hop(request.headers_mut());
        request
            .headers_mut()
            .insert(header::HOST, self.host.clone());
        match self.client.request(request).await {
            Ok(mut response) => {
                drop_hop_by_hop(response.headers_mut());
                response.map(Either::Left)
            }
            Err(_) => refusal(StatusCode::BAD_GATEWAY),
        }
    }

    fn upstream_uri(&self, asked: &Uri) -> Result<Uri, hyper::http::Error> {
        let path = asked
            .path_and_query()
            .cloned()
            .unwrap_or(PathAndQuery::from_static("/"));
        Uri::builder()
            .scheme(Scheme::HTTP)
            .authority(self.upstream.clone())
            .path_and_query(path)
            .build()
    }
}

fn drop_hop_by_hop(headers: &mut HeaderMap) {
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
}

fn refusal(status: StatusCode) -> Answer {
    let mut response = Response::new(Either::Right(Empty::new()));
    *response.status_mut() = status;
    response
}

async fn serve(options: Options) -> std::io::Result<()> {
    let proxy = Proxy::new(options.upstream).map_err(std::io::Error::other)?;
    let listener = TcpListener::bind(options.listen).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let proxy = proxy.clone();
        tokio::spawn(async move {
            let service =
                service_fn(|request| async { Ok::<_, Infallible>(proxy.forward(request).await) });
            // An error here is a client that went away: nothing to do, nobody to tell.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

fn main() -> std::io::Result<()> {
    let options = Options::parse();
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(serve(options))
}
