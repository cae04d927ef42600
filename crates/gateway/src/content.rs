//! What a response carries: a few pieces that exist already, sent one after another without being put together.

use std::convert::Infallible;
use std::io::IoSlice;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};

/// The body of a response, whole before its first byte is sent.
#[derive(Debug, Clone, Default)]
pub struct Content(Pieces);

impl Content {
    /// These pieces, one after another.
    pub(crate) fn of(pieces: [Bytes; 3]) -> Self {
        Self(Pieces(pieces))
    }
}

#[cfg(test)]
impl Content {
    pub(crate) fn into_pieces(self) -> Pieces {
        self.0
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
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Pieces>, Infallible>>> {
        let pieces = std::mem::take(&mut self.0);
        Poll::Ready(pieces.has_remaining().then(|| Ok(Frame::data(pieces))))
    }

    fn is_end_stream(&self) -> bool {
        !self.0.has_remaining()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.remaining() as u64)
    }
}

/// Bytes in up to three pieces.
#[derive(Debug, Clone, Default)]
pub struct Pieces([Bytes; 3]);

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
