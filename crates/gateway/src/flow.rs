//! A stream on its way to a client.
//!
//! **Invariant:** what is ready together goes out together, and nothing is asked for before the client takes what there
//! is.

use std::fmt;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;

use crate::activity::UnderWay;
use crate::content::Pieces;
use crate::limits::Admission;
use crate::metrics::Counted;

/// The pieces that are still to come, and who wants to know of their end.
pub(crate) struct Flow {
    /// None once it has ended.
    stream: Option<BoxStream<'static, Bytes>>,
    under_way: Option<UnderWay>,
    counted: Option<(Counted, Option<Admission>)>,
}

impl Flow {
    pub(crate) fn new(stream: BoxStream<'static, Bytes>) -> Self {
        Self {
            stream: Some(stream),
            under_way: None,
            counted: None,
        }
    }

    pub(crate) fn accompany(&mut self, under_way: UnderWay) {
        self.under_way = Some(under_way);
    }

    pub(crate) fn count(&mut self, counted: Counted, admission: Option<Admission>) {
        self.counted = Some((counted, admission));
    }

    /// Whether nothing more comes.
    pub(crate) fn has_ended(&self) -> bool {
        self.stream.is_none()
    }

    /// The next pieces, as many as are ready and fit; none at the end.
    pub(crate) fn poll_pieces(&mut self, context: &mut Context<'_>) -> Poll<Pieces> {
        let mut pieces = Pieces::default();
        let mut taken = 0;
        while let (Some(stream), Some(place)) = (&mut self.stream, pieces.0.get_mut(taken)) {
            match stream.poll_next_unpin(context) {
                Poll::Ready(Some(piece)) => {
                    taken += usize::from(!piece.is_empty());
                    *place = piece;
                }
                Poll::Ready(None) => self.end(),
                Poll::Pending => break,
            }
        }
        if self.has_ended() || pieces.has_remaining() {
            if let Some(under_way) = &mut self.under_way {
                under_way.hands_over();
            }
            return Poll::Ready(pieces);
        }
        if let Some(under_way) = &mut self.under_way {
            under_way.is_taken();
        }
        Poll::Pending
    }

    fn end(&mut self) {
        self.stream = None;
        self.under_way = None;
        self.counted = None;
    }
}

impl fmt::Debug for Flow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Flow(ended: {})", self.has_ended())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use http_body::Body;
    use http_body_util::BodyExt;
    use tokio::sync::mpsc;

    use super::*;
    use crate::content::Content;

    /// A content, and the other end of it.
    fn content() -> (mpsc::UnboundedSender<&'static str>, Content) {
        let (sender, receiver) = mpsc::unbounded_channel::<&'static str>();
        let stream = stream::unfold(receiver, |mut receiver| async {
            let piece = receiver.recv().await?;
            Some((Bytes::from_static(piece.as_bytes()), receiver))
        });
        (sender, Content::stream(stream.boxed()))
    }

    async fn next(content: &mut Content) -> Option<String> {
        let mut data = content.frame().await?.unwrap().into_data().unwrap();
        let bytes = data.copy_to_bytes(data.remaining());
        Some(String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn what_is_ready_together_goes_out_together() {
        let (sender, mut content) = content();
        for piece in ["a", "b", "", "c", "d"] {
            sender.send(piece).unwrap();
        }
        assert_eq!(next(&mut content).await.as_deref(), Some("abc"));
        assert_eq!(next(&mut content).await.as_deref(), Some("d"));
        sender.send("e").unwrap();
        drop(sender);
        assert_eq!(next(&mut content).await.as_deref(), Some("e"));
        assert!(content.is_end_stream());
        assert_eq!(next(&mut content).await, None);
    }

    #[test]
    fn dropping_the_content_drops_the_stream() {
        let (sender, content) = content();
        drop(content);
        assert!(sender.is_closed());
    }

    #[test]
    fn its_length_is_unknown() {
        let (_sender, content) = content();
        assert_eq!(content.size_hint().exact(), None);
        assert!(!content.is_end_stream());
    }
}
