//! The body of an answer, as it comes.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use hyper::body::{Body, Incoming};

use super::line::Heard;
use super::pool::Borrowed;
use crate::transport::TransportError;

/// Bytes that are gathered before they are handed on.
const PIECE: usize = 64 << 10;

/// Gives what has come in pieces as large as they are there: the fewer pieces, the less is done for each. Dropped before
/// its end, it closes its connection.
pub(super) struct Arriving {
    /// None once nobody reads it any more.
    body: Option<Incoming>,
    /// None where the connection is driven by others, and once it went back to the pool.
    line: Option<Borrowed>,
    last: Option<Last>,
}

/// How it ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    /// Well.
    Whole,
    /// Not, which is yet to be told.
    Broken,
}

impl Arriving {
    /// Whether `line` is there or not, nobody else reads it.
    pub(super) fn new(body: Incoming, line: Option<Borrowed>) -> Self {
        let mut arriving = Self {
            last: body.is_end_stream().then_some(Last::Whole),
            body: Some(body),
            line,
        };
        if arriving.last.is_some() {
            arriving.give_back();
        }
        arriving
    }

    /// Reads to the end, and stops reading when it is larger than allowed.
    pub(super) async fn whole(mut self, limit: usize) -> Result<Bytes, TransportError> {
        let mut gathered = Gathered::default();
        while let Some(piece) = self.next().await {
            gathered.add(piece?);
            if gathered.length() > limit {
                return Err(TransportError::TooLarge);
            }
        }
        Ok(gathered.take())
    }

    fn poll_heard(&mut self, context: &mut Context<'_>) -> Poll<Heard> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        match &mut self.line {
            Some(line) => line.poll_body(body, context),
            None => Pin::new(body).poll_frame(context),
        }
    }

    /// Whoever asks next may have the connection.
    fn give_back(&mut self) {
        if let Some(line) = self.line.take() {
            line.give_back();
        }
    }

    fn end(&mut self, last: Last) {
        self.last = Some(last);
        match last {
            Last::Whole => self.give_back(),
            Last::Broken => self.line = None,
        }
    }
}

impl Stream for Arriving {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let mut gathered = Gathered::default();
        while this.last.is_none() && gathered.length() < PIECE {
            match this.poll_heard(context) {
                Poll::Ready(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data() {
                        gathered.add(data);
                    }
                }
                Poll::Ready(Some(Err(_))) => this.end(Last::Broken),
                Poll::Ready(None) => this.end(Last::Whole),
                Poll::Pending if gathered.length() == 0 => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        if gathered.length() > 0 {
            return Poll::Ready(Some(Ok(gathered.take())));
        }
        let broken = this.last.replace(Last::Whole) == Some(Last::Broken);
        Poll::Ready(broken.then_some(Err(TransportError::Broken)))
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        // Where only the mark of the end is missing, and has come, the connection is as good as new. The body goes
        // first: what is read then is read for nobody.
        if let Some(line) = self.line.take() {
            self.body = None;
            line.give_back();
        }
    }
}

/// Pieces that become one. A single one, as most are, needs no copy.
#[derive(Default)]
struct Gathered {
    first: Bytes,
    all: BytesMut,
}

impl Gathered {
    fn length(&self) -> usize {
        self.first.len() + self.all.len()
    }

    fn add(&mut self, piece: Bytes) {
        if self.length() == 0 {
            self.first = piece;
            return;
        }
        if self.all.is_empty() {
            self.all.reserve((self.first.len() + piece.len()) * 2);
            self.all.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.all.extend_from_slice(&piece);
    }

    fn take(self) -> Bytes {
        if self.all.is_empty() {
            self.first
        } else {
            self.all.freeze()
        }
    }
}
