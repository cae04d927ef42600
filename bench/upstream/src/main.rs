//! The upstream of the benchmarks: every body is prepared at start, so that a request costs
//! HTTP and nothing more. It plays any data provider (`GET` on any path) and providers of models
//! that speak like OpenAI, Anthropic and Gemini.
//!
//! `GET /_upstream` tells how many requests were answered; `POST /_upstream?latency_ms=20`
//! sets the latency while it runs. Neither is counted itself.

mod bodies;
mod chat;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bodies::{Bodies, PreparedBody};
use bytes::Bytes;
use chat::{Chat, Chosen, Events};
use clap::Parser;
use http_body_util::{BodyExt, Either, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// What the command line sets.
#[derive(Parser)]
#[command(about = "Prepared answers for the benchmarks")]
struct Options {
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1:9000")]
    listen: SocketAddr,
    /// Milliseconds before an answer begins
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    /// Answer GETs whose path begins with PATH by the JSON in FILE; may be repeated
    #[arg(long = "body", value_name = "PATH=FILE")]
    bodies: Vec<PreparedBody>,
}

type Answer = Response<Either<Full<Bytes>, Events>>;

/// What all connections share.
struct Upstream {
    bodies: Bodies,
    chat: Chat,
    latency_ms: AtomicU64,
    answered: AtomicU64,
}

impl Upstream {
    async fn answer(&self, request: Request<Incoming>) -> Answer {
        if request.uri().path() == "/_upstream" {
            return self.control(&request);
        }
        self.answered.fetch_add(1, Ordering::Relaxed);
        let (head, body) = request.into_parts();
        let Ok(body) = body.collect().await else {
            return json(StatusCode::BAD_REQUEST, r#"{"error":"broken body"}"#.into());
        };
        let latency_ms = self.latency_ms.load(Ordering::Relaxed);
        if latency_ms > 0 {
            tokio::time::sleep(Duration::from_millis(latency_ms)).await;
        }
        if head.method == Method::GET {
            return json(StatusCode::OK, self.bodies.of(head.uri.path()));
        }
        let chosen = self.chat.answer(&head.method, &head.uri, &body.to_bytes());
        match chosen {
            Some(Ok(Chosen::Whole(body))) => json(StatusCode::OK, body),
            Some(Ok(Chosen::Stream(events))) => {
                with_type("text/event-stream", Response::new(Either::Right(events)))
            }
            Some(Err(_)) => json(StatusCode::BAD_REQUEST, r#"{"error":"not JSON"}"#.into()),
            None => json(StatusCode::NOT_FOUND, r#"{"error":"no such path"}"#.into()),
        }
    }

    fn control(&self, request: &Request<Incoming>) -> Answer {
        if request.method() == Method::POST {
            let latency = request
                .uri()
                .query()
                .and_then(|query| query.strip_prefix("latency_ms=")?.parse().ok());
            let Some(latency) = latency else {
                return json(
                    StatusCode::BAD_REQUEST,
                    r#"{"error":"latency_ms=NUMBER is all that can be set"}"#.into(),
                );
            };
            self.latency_ms.store(latency, Ordering::Relaxed);
        }
        let state = format!(
            r#"{{"answered":{},"latency_ms":{}}}"#,
            self.answered.load(Ordering::Relaxed),
            self.latency_ms.load(Ordering::Relaxed)
        );
        json(StatusCode::OK, state.into())
    }
}

fn json(status: StatusCode, body: Bytes) -> Answer {
    let mut response = Response::new(Either::Left(Full::new(body)));
    *response.status_mut() = status;
    with_type("application/json", response)
}

fn with_type(media_type: &'static str, mut response: Answer) -> Answer {
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

async fn serve(options: Options) -> std::io::Result<()> {
    let upstream = Arc::new(Upstream {
        bodies: Bodies::new(options.bodies),
        chat: Chat::new(),
        latency_ms: options.latency_ms.into(),
        answered: AtomicU64::new(0),
    });
    let listener = TcpListener::bind(options.listen).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let upstream = upstream.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let upstream = upstream.clone();
                async move { Ok::<_, Infallible>(upstream.answer(request).await) }
            });
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
