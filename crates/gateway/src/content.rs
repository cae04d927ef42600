//! What a response carries: a few pieces that exist already, sent one after another without being put together, or a
//! stream of which the next piece is yet to come.

use std::convert::Infallible;
use std::io::IoSlice;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_util::stream::BoxStream;
use http_body::{Body, Frame, SizeHint};

use crate::activity::UnderWay;
use crate::flow::Flow;
use crate::limits::Admission;
use crate::metrics::Counted;

/// The body of a response.
#[derive(Debug)]
pub struct Content(Form);

#[derive(Debug)]
enum Form {
    /// Whole before its first byte is sent.
    Whole(Pieces),
    /// Boxed, so that a whole one, as most are, does not carry its room around.
    Stream(Box<Flow>),
}

impl Content {
    /// These pieces, one after another.
    pub(crate) fn of(pieces: [Bytes; 3]) -> Self {
        Self(Form::Whole(Pieces(pieces)))
    }

    /// These, as they come. Dropping the content drops the stream.
    pub(crate) fn stream(stream: BoxStream<'static, Bytes>) -> Self {
        Self(Form::Stream(Box::new(Flow::new(stream))))
    }

    /// The connection is told when the client is waited for, and of the end, where this is a stream.
    pub(crate) fn accompany(&mut self, under_way: UnderWay) {
        if let Form::Stream(flow) = &mut self.0 {
            flow.accompany(under_way);
        }
    }

    /// Is counted until its end, where this is a stream, and among the calls of its caller that are under way.
    pub(crate) fn count(&mut self, counted: Counted, admission: Option<Admission>) {
        if let Form::Stream(flow) = &mut self.0 {
            flow.count(counted, admission);
        }
    }
}

#[cfg(test)]
impl Content {
    pub(crate) fn into_pieces(self) -> Pieces {
        match self.0 {
            Form::Whole(pieces) => pieces,
            Form::Stream(_) => Pieces::default(),
        }
    }
}

impl Default for Content {
    fn default() -> Self {
        Self(Form::Whole(Pieces::default()))
    }
}

impl<B: Into<Bytes>> From<B> for Content {
    fn from(whole: B) -> Self {
        Self::of([whole.into(), Bytes::new(), Bytes::new()])
    }
}

impl Body for Content {
    type Data = Pieces;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Pieces>, Infallible>>> {
        let pieces = match &mut self.0 {
            Form::Whole(pieces) => std::mem::take(pieces),
            Form::Stream(flow) => ready!(flow.poll_pieces(context)),
        };
        Poll::Ready(pieces.has_remaining().then(|| Ok(Frame::data(pieces))))
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Form::Whole(pieces) => !pieces.has_remaining(),
            Form::Stream(flow) => flow.has_ended(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Form::Whole(pieces) => SizeHint::with_exact(pieces.remaining() as u64),
            Form::Stream(_) => SizeHint::default(),
        }
    }
}

/// Bytes in up to three pieces.
#[derive(Debug, Clone, Default)]
pub struct Pieces(pub(crate) [Bytes; 3]);

impl Buf for Pieces {
    fn remaining(&self) -> usize {
        self.0.iter().map(Bytes::len).sum()
    }

    fn chunk(&self) -> &[u8] {
        let mut pieces = self.0.iter();
        pieces
            .find(|piece| !piece.is_empty())
            .map_or(&[], |piece| piece)
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let pieces = self.0.iter().filter(|piece| !piece.is_empty());
        let mut filled = 0;
        for (slice, piece) in slices.iter_mut().zip(pieces) {
            *slice = IoSlice::new(piece);
            filled += 1;
        }
        filled
    }

    fn advance(&mut self, mut count: usize) {
        for piece in &mut self.0 {
            let here = count.min(piece.len());
            piece.advance(here);
            count -= here;
        }
        assert_eq!(count, 0, "no more can be taken than is there");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_read_as_one_text() {
        let mut pieces = Pieces(["ab".into(), Bytes::new(), "cde".into()]);
        let mut slices = [IoSlice::new(&[]); 4];
        assert_eq!(pieces.chunks_vectored(&mut slices), 2);
        pieces.advance(3);
        assert_eq!((pieces.remaining(), pieces.chunk()), (2, &b"de"[..]));
        pieces.advance(2);
        assert_eq!((pieces.remaining(), pieces.chunk()), (0, &b""[..]));
    }
}
