//! One connection: HTTP/1 or HTTP/2, within the time limits that hyper leaves to its user.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, ready};

use futures_util::future::poll_fn;
use guichet_access::Familiar;
use guichet_engine::gate::Gate;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::activity::Activity;
use crate::gateway::Gateway;
use crate::settings::Settings;
use crate::stream::Watched;

const MOST_STREAMS: u32 = 128;
/// hyper takes no smaller buffer.
const LEAST_BUFFER: usize = 8192;

/// Serves a connection to its end: the peer's, a time limit's, or the server's.
pub(crate) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    gateway: Gateway,
    shutdown: CancellationToken,
) {
    let _open = gateway.shared.metrics.connect();
    let activity = Arc::new(Activity::new(&gateway.shared.settings));
    let familiar = Familiar::default();
    let builder = builder(&gateway.shared.settings);
    let io = TokioIo::new(Watched::new(stream, Arc::clone(&activity)));
    let service = service_fn(|request: Request<Incoming>| {
        let under_way = activity.begin(request.version());
        let answer = gateway.answer_over(request, Some(peer.ip()), &familiar);
        async move {
            let mut answer = answer.await;
            // A stream is under way until its end.
            answer.body_mut().accompany(under_way);
            Ok::<_, Infallible>(answer)
        }
    });
    let mut connection = pin!(builder.serve_connection(io, service));
    let mut overdue = pin!(activity.overdue());
    let mut stopping = pin!(shutdown.cancelled());
    let mut is_draining = false;
    let mut aside = Gate::new();
    poll_fn(|context| {
        loop {
            if let Poll::Ready(ended) = connection.as_mut().poll(context) {
                if let Err(error) = ended {
                    tracing::debug!(error, "a connection ended early");
                }
                return Poll::Ready(());
            }
            // A connection is polled for each piece of a stream, these two nearly never.
            let other = aside.poll(context, |parts| {
                if let Poll::Ready(limit) = overdue.as_mut().poll(parts) {
                    return Poll::Ready(Some(limit));
                }
                if is_draining {
                    return Poll::Pending;
                }
                stopping.as_mut().poll(parts).map(|()| None)
            });
            if let Some(limit) = ready!(other) {
                tracing::debug!(limit, "a connection was closed");
                return Poll::Ready(());
            }
            is_draining = true;
            connection.as_mut().graceful_shutdown();
        }
    })
    .await;
}

fn builder(settings: &Settings) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // `Activity` keeps the time: hyper's own limit would also end connections that only rest.
        .header_read_timeout(None)
        // hyper's own limit of 100 headers stays: set by hand, it would cost an allocation per request.
        // `pipeline_flush` stays off: it holds back the answer to a head that is refused half-read.
        .max_buf_size(settings.max_head.max(LEAST_BUFFER));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MOST_STREAMS)
        .max_header_list_size(u32::try_from(settings.max_head).unwrap_or(u32::MAX));
    builder
}
