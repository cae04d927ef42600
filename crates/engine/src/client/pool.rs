//! Connections that are kept for the next request to the same place.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response, header};
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper_util::rt::TokioExecutor;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::time::Instant;

use super::body::Arriving;
use super::connect::{Connector, speaks_http2};
use super::line::{Heard, Line, Outgoing, Unanswered};
use crate::destination::Wire as Target;
use crate::transport::{Destination, TransportError};

/// How long a connection that nobody uses is kept.
const KEPT: Duration = Duration::from_mins(1);
/// How often those are looked for that were kept for too long.
const SWEEP: Duration = Duration::from_secs(15);
/// The most connections that are kept for one place.
const MOST: usize = 128;

/// Connections to wherever one resolver leads.
#[derive(Clone)]
pub(super) struct Pool {
    connector: Connector,
    kept: Arc<Kept>,
}

#[derive(Default)]
struct Kept(Mutex<State>);

#[derive(Default)]
struct State {
    places: HashMap<Place, Held>,
    is_swept: bool,
}

/// Where a connection leads: scheme, host and port.
type Place = Arc<str>;

/// What is kept for a place.
#[derive(Default)]
struct Held {
    /// Those that rest, the latest last, each with the time since when.
    lines: Vec<(Line, Instant)>,
    /// One of HTTP/2, for everybody at once.
    shared: Option<(Shared, Instant)>,
}

type Shared = http2::SendRequest<Outgoing>;

/// A connection, for one request.
enum Way {
    Own(Borrowed),
    Shared(Shared),
}

/// A connection that goes back to its pool when it is free again.
pub(super) struct Borrowed {
    line: Line,
    place: Place,
    home: Weak<Kept>,
}

impl Pool {
    pub(super) fn new(connector: Connector) -> Self {
        Self {
            connector,
            kept: Arc::default(),
        }
    }

    /// Sends a request, over a connection that is kept or a new one, and reads the head of its answer. `sending` is
    /// told whether a part of the request may be on its way.
    pub(super) async fn ask(
        &self,
        destination: &Destination,
        mut request: Request<Outgoing>,
        sending: impl Fn(bool),
    ) -> Result<Response<Arriving>, TransportError> {
        let target = destination.wire().ok_or(TransportError::Connect)?;
        while let Some(way) = self.kept.take(&target.origin).await {
            sending(true);
            match way.ask(request, target).await {
                Err(Unanswered::NotSent(again)) => {
                    sending(false);
                    self.kept.unshare(&target.origin);
                    request = *again;
                }
                Err(Unanswered::Broken) => return Err(TransportError::Broken),
                Ok(answer) => return Ok(answer),
            }
        }
        // Making a connection is seldom and takes kilobytes, which those that need none do not carry around.
        let way = Box::pin(self.connect(target)).await?;
        sending(true);
        let answered = way.ask(request, target).await;
        answered.map_err(|_| TransportError::Broken)
    }

    /// A new connection.
    async fn connect(&self, target: &Target) -> Result<Way, TransportError> {
        let wire = self.connector.connect(target.uri.clone()).await?;
        let place = Arc::clone(&target.origin);
        let home = Arc::downgrade(&self.kept);
        if !speaks_http2(&wire) {
            let mut line = Line::new(wire).await.map_err(|_| TransportError::Connect)?;
            if !line.is_open().await {
                return Err(TransportError::Connect);
            }
            return Ok(Way::Own(Borrowed { line, place, home }));
        }
        let handshake = http2::handshake(TokioExecutor::new(), wire).await;
        let (shared, driver) = handshake.map_err(|_| TransportError::Connect)?;
        tokio::spawn(async move {
            if let Err(error) = driver.await {
                tracing::debug!(%error, "a connection of HTTP/2 ended");
            }
        });
        self.kept.share(place, shared.clone());
        Ok(Way::Shared(shared))
    }
}

impl Way {
    async fn ask(
        self,
        mut request: Request<Outgoing>,
        target: &Target,
    ) -> Result<Response<Arriving>, Unanswered> {
        match self {
            Self::Own(mut borrowed) => {
                address(&mut request, target);
                let answer = borrowed.line.ask(request).await?;
                Ok(answer.map(|body| Arriving::new(body, Some(borrowed))))
            }
            Self::Shared(mut shared) => {
                *request.uri_mut() = target.uri.clone();
                request.headers_mut().remove(header::HOST);
                let answer = shared.try_send_request(request).await;
                let answer = answer.map_err(|mut error| match error.take_message() {
                    Some(request) => Unanswered::NotSent(Box::new(request)),
                    None => Unanswered::Broken,
                })?;
                Ok(answer.map(|body| Arriving::new(body, None)))
            }
        }
    }
}

/// HTTP/1.1 names the host in a header, and the path alone in the first line.
fn address(request: &mut Request<Outgoing>, target: &Target) {
    *request.uri_mut() = target.path.clone();
    let host = request.headers_mut().entry(header::HOST);
    host.or_insert_with(|| target.host.clone());
}

impl Kept {
    /// A connection that can take a request now, if one is kept. The latest is the likeliest to be open still.
    async fn take(self: &Arc<Self>, place: &Place) -> Option<Way> {
        loop {
            let (mut line, since) = {
                let mut state = self.0.lock();
                let held = state.places.get_mut(place)?;
                if let Some((shared, since)) = &mut held.shared {
                    if !shared.is_closed() {
                        *since = Instant::now();
                        return Some(Way::Shared(shared.clone()));
                    }
                    held.shared = None;
                }
                held.lines.pop()?
            };
            if since.elapsed() < KEPT && line.is_open().await {
                let home = Arc::downgrade(self);
                let place = place.clone();
                return Some(Way::Own(Borrowed { line, place, home }));
            }
        }
    }

    /// One that takes no more requests is asked for none.
    fn unshare(&self, place: &Place) {
        if let Some(held) = self.0.lock().places.get_mut(place) {
            held.shared = None;
        }
    }

    fn keep(self: &Arc<Self>, place: Place, line: Line) {
        self.hold(place, |held| {
            if held.lines.len() < MOST {
                held.lines.push((line, Instant::now()));
            }
        });
    }

    fn share(self: &Arc<Self>, place: Place, shared: Shared) {
        self.hold(place, |held| held.shared = Some((shared, Instant::now())));
    }

    /// Keeps something, and sees to it that it is not kept for ever.
    fn hold(self: &Arc<Self>, place: Place, keep: impl FnOnce(&mut Held)) {
        // Without a runtime nobody will ask again.
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let mut state = self.0.lock();
        keep(state.places.entry(place).or_default());
        if !std::mem::replace(&mut state.is_swept, true) {
            runtime.spawn(sweep(Arc::downgrade(self)));
        }
    }
}

/// Drops what was kept for too long, as long as there is anything.
async fn sweep(kept: Weak<Kept>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        let Some(kept) = kept.upgrade() else { return };
        let mut state = kept.0.lock();
        let is_young = |since: &Instant| since.elapsed() < KEPT;
        state.places.retain(|_, held| {
            held.lines.retain(|(_, since)| is_young(since));
            held.shared = held.shared.take().filter(|(_, since)| is_young(since));
            !held.lines.is_empty() || held.shared.is_some()
        });
        if state.places.is_empty() {
            state.is_swept = false;
            return;
        }
    }
}

impl Borrowed {
    pub(super) fn poll_body(
        &mut self,
        body: &mut Incoming,
        context: &mut Context<'_>,
    ) -> Poll<Heard> {
        self.line.poll_body(body, context)
    }

    /// Back to the pool, if it can take another request.
    pub(super) fn give_back(mut self) {
        if let Some(home) = self.home.upgrade()
            && self.line.is_free()
        {
            home.keep(self.place, self.line);
        }
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "Pool({} places)",
            self.kept.0.lock().places.len()
        )
    }
}
