//! One connection's life: take what is due, send it, read the whole answer, note how it went.

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::events::EventCount;
use crate::report::Tally;
use crate::schedule::Schedule;
use crate::target::Target;

/// An answer that takes longer is an error.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two attempts to connect, so that a dead server is not hammered.
const RECONNECT_PAUSE: Duration = Duration::from_millis(20);

type Connection = SendRequest<Full<Bytes>>;

/// Sends until the schedule ends or `give_up` has come.
pub(crate) async fn keep_sending(
    target: Rc<Target>,
    schedule: Rc<Schedule>,
    tally: Rc<Tally>,
    give_up: Instant,
) {
    let mut connection = None;
    while Instant::now() < give_up {
        let Some(due) = schedule.next().await else {
            return;
        };
        let exchange = exchange(&mut connection, &target, &tally, due);
        let outcome = timeout(PATIENCE, exchange)
            .await
            .unwrap_or(Err("timeout".to_owned()));
        let reusable = outcome.is_ok();
        tally.note(due, outcome);
        if !reusable {
            connection = None;
            tokio::time::sleep(RECONNECT_PAUSE).await;
        }
    }
}

/// Sends one request over the connection, which is opened when there is none, and returns the
/// status when the answer is complete.
async fn exchange(
    connection: &mut Option<Connection>,
    target: &Target,
    tally: &Tally,
    due: Instant,
) -> Result<u16, String> {
    if connection.as_ref().is_none_or(SendRequest::is_closed) {
        *connection = Some(connect(target).await?);
    }
    let Some(open) = connection else {
        return Err("not connected".to_owned());
    };
    open.ready().await.map_err(|_| "closed".to_owned())?;
    let response = open
        .send_request(target.request()?)
        .await
        .map_err(|_| "no answer".to_owned())?;
    let status = response.status().as_u16();
    let mut body = response.into_body();
    let mut events = target.streams.then(EventCount::default);
    let mut begun = false;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| "broken answer".to_owned())?;
        if let Some((events, piece)) = events.as_mut().zip(frame.data_ref()) {
            let ended = events.ended_in(piece);
            tally.note_events(ended);
            if ended > 0 && !begun {
                tally.note_first_event(due);
                begun = true;
            }
        }
    }
    if events.is_some() && !begun {
        return Err("no event".to_owned());
    }
    Ok(status)
}

async fn connect(target: &Target) -> Result<Connection, String> {
    let stream = TcpStream::connect(target.address)
        .await
        .map_err(|error| format!("connect: {}", error.kind()))?;
    stream
        .set_nodelay(true)
        .map_err(|error| error.to_string())?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| error.to_string())?;
    tokio::task::spawn_local(async move {
        // How a connection ended is seen by the request that it broke.
        let _ = connection.await;
    });
    Ok(sender)
}
