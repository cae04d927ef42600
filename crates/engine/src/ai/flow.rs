//! A stream that flows to the caller, and its end: whole, broken off, or left by the caller.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use futures_util::future::BoxFuture;
use guichet_catalogue::model::Class;
use guichet_dialects::error::{DoorError, ErrorKind};
use tokio::time::{Instant, Sleep};

use super::attempt::{Coming, Opened};
use super::ending::Ending;
use super::resume::{Continued, Resumption};
use super::translate::{Fault, Relay};
use crate::gate::Gate;
use crate::transport::TransportError;

/// Bytes that are gathered before they are handed on.
const PIECE: usize = 64 << 10;

/// How long an exchange in which everything was said may stay open: its last bytes give the connection back for reuse,
/// and are not worth more than that.
const LINGER: Duration = Duration::from_millis(500);

/// A search for somebody who goes on.
type Search = BoxFuture<'static, Option<Continued>>;

/// The stream.
pub(super) struct Flow {
    relay: Relay,
    ready: Vec<Bytes>,
    /// None once nothing more is to come. Dropping it ends the exchange with the provider.
    body: Option<Coming>,
    ending: Ending,
    /// Who may go on if it breaks off.
    resumption: Option<Resumption>,
    /// The search for somebody who goes on, and the words for it if there is nobody.
    search: Option<(Search, DoorError)>,
    stall: Duration,
    heard: Instant,
    silence: Pin<Box<Sleep>>,
    /// Before the silence: it is looked at when it is over, and not with each event.
    waiting: Gate,
    request_id: Arc<str>,
}

impl Flow {
    pub(super) fn new(
        opened: Opened,
        ending: Ending,
        stall: Duration,
        request_id: Arc<str>,
        resumption: Option<Resumption>,
    ) -> Self {
        Self {
            // Also where the last word is among the first: what it took may be said after it.
            body: Some(opened.body),
            relay: opened.relay,
            ready: opened.ready,
            ending,
            resumption,
            search: None,
            stall,
            heard: Instant::now(),
            silence: Box::pin(tokio::time::sleep(stall)),
            waiting: Gate::new(),
            request_id,
        }
    }

    /// What is ready, in one piece: the fewer pieces, the fewer writes.
    fn take(&mut self) -> Bytes {
        match self.ready.as_mut_slice() {
            [only] => {
                let piece = std::mem::take(only);
                self.ready.clear();
                piece
            }
            several => {
                let length = several.iter().map(Bytes::len).sum();
                let mut piece = BytesMut::with_capacity(length);
                for part in self.ready.drain(..) {
                    piece.extend_from_slice(&part);
                }
                piece.freeze()
            }
        }
    }

    /// Takes what the provider sent; says whether more may come.
    fn hear(&mut self, heard: Option<Result<Bytes, TransportError>>) -> bool {
        let step = match heard {
            Some(Ok(bytes)) => self.relay.feed(bytes, &mut self.ready),
            Some(Err(_)) if !self.relay.is_whole() => Err(Fault::CutOff),
            // However the connection ends once everything was said, it is the end.
            Some(Err(_)) | None => {
                let end = self.relay.finish(&mut self.ready);
                if end.is_ok() {
                    return self.end(Class::Ok);
                }
                end
            }
        };
        match step {
            Ok(()) => true,
            Err(fault) => self.fail(&fault),
        }
    }

    fn end(&mut self, class: Class) -> bool {
        self.body = None;
        self.ending.end(class, self.relay.usage());
        false
    }

    /// Ends with the caller's own dialect's words for a failure.
    fn fail(&mut self, fault: &Fault) -> bool {
        let (class, message) = match fault {
            Fault::Error(_) => (
                Class::Upstream,
                "the provider failed while it was answering",
            ),
            Fault::Malformed(_) => (
                Class::BadPayload,
                "the provider's answer became unreadable while it was coming",
            ),
            Fault::CutOff => (
                Class::Upstream,
                "the provider's answer broke off or came to a standstill",
            ),
        };
        let error = DoorError {
            status: 502,
            kind: ErrorKind::Upstream,
            message: message.into(),
            param: None,
            code: Some("stream_broken".into()),
            request_id: Some(self.request_id.to_string()),
        };
        self.end(class);
        match self.resumption.take().filter(|_| self.relay.can_go_on()) {
            Some(resumption) => {
                self.search = Some((resumption.go_on(self.relay.said()), error));
            }
            None => self.relay.fail(&error, &mut self.ready),
        }
        false
    }

    /// Whether the search for somebody who goes on is over, if there is one.
    fn searched(&mut self, context: &mut Context<'_>) -> bool {
        let Some((search, error)) = &mut self.search else {
            return true;
        };
        let Poll::Ready(found) = search.as_mut().poll(context) else {
            return false;
        };
        match found {
            Some(continued) => {
                self.relay.go_on(continued.dialect, &continued.outgoing);
                self.body = Some(continued.body);
                self.ending = continued.ending;
                self.resumption = Some(continued.next);
                self.heard = Instant::now();
            }
            None => self.relay.fail(error, &mut self.ready),
        }
        self.search = None;
        true
    }

    /// Waits for the end of the exchange no longer than is worth it, once everything was said.
    fn linger(&mut self) {
        if self.stall > LINGER && self.relay.is_whole() {
            self.stall = LINGER;
            self.silence.as_mut().reset(self.heard + LINGER);
        }
    }

    /// Whether the provider has been silent for too long. Time is looked at only when there is nothing else to do.
    fn stalled(&mut self, context: &mut Context<'_>) -> bool {
        let Self {
            silence,
            waiting,
            heard,
            stall,
            ..
        } = self;
        let over = waiting.poll(context, |parts| {
            while silence.as_mut().poll(parts).is_ready() {
                let until = *heard + *stall;
                if until <= Instant::now() {
                    return Poll::Ready(());
                }
                silence.as_mut().reset(until);
            }
            Poll::Pending
        });
        over.is_ready()
    }
}

impl Stream for Flow {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let this = &mut *self;
        if this.ready.is_empty() && !this.searched(context) {
            return Poll::Pending;
        }
        while let Some(body) = &mut this.body
            && this.ready.iter().map(Bytes::len).sum::<usize>() < PIECE
        {
            match body.as_mut().poll_next(context) {
                Poll::Ready(heard) => {
                    this.heard = Instant::now();
                    this.hear(heard);
                }
                Poll::Pending if !this.ready.is_empty() => break,
                Poll::Pending => {
                    this.linger();
                    if !this.stalled(context) {
                        return Poll::Pending;
                    }
                    let cut = if this.relay.is_whole() {
                        None
                    } else {
                        Some(Err(TransportError::Timeout))
                    };
                    this.hear(cut);
                }
            }
        }
        if this.ready.is_empty() && this.search.is_some() {
            context.waker().wake_by_ref();
            Poll::Pending
        } else if this.ready.is_empty() {
            Poll::Ready(None)
        } else {
            Poll::Ready(Some(this.take()))
        }
    }
}

impl Drop for Flow {
    fn drop(&mut self) {
        if self.body.is_some() {
            self.ending.left(self.relay.usage());
        }
    }
}
