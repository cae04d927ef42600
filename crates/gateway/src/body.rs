//! Reading a request's body within its bounds of size and time.

use std::pin::pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::future::poll_fn;
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use http_body::Body;

use crate::codes::Code;
use crate::problem::Problem;

/// Reads a body to its end. One that is announced as too large is refused before a byte of it is read.
pub(crate) async fn read<B>(
    headers: &HeaderMap,
    body: B,
    most: usize,
    within: Duration,
) -> Result<Bytes, Problem>
where
    B: Body<Data = Bytes>,
{
    if announced(headers).is_some_and(|length| length > most as u64) {
        return Err(too_large(most));
    }
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let length = announced(headers);
    match tokio::time::timeout(within, collect(body, length, most)).await {
        Ok(read) => read,
        Err(_) => Err(Problem::new(
            Code::BodyTimeout,
            format!(
                "the body was not here after {} seconds",
                within.as_secs_f64()
            ),
        )),
    }
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// How much of an announced length is believed before it has come: memory that a client has not filled is not kept
/// ready for it beyond this.
const BELIEVED: usize = 2 << 20;

/// A body of one piece, as small ones are, is handed on without a copy; one of several is put together in memory of
/// its own length, where that was announced.
async fn collect<B: Body<Data = Bytes>>(
    body: B,
    length: Option<u64>,
    most: usize,
) -> Result<Bytes, Problem> {
    let mut body = pin!(body);
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    let length = length.and_then(|length| usize::try_from(length).ok());
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let frame = frame
            .map_err(|_| Problem::new(Code::BrokenBody, "the body could not be read to its end"))?;
        let Ok(piece) = frame.into_data() else {
            continue;
        };
        if first.len() + all.len() + piece.len() > most {
            return Err(too_large(most));
        }
        if first.is_empty() && all.is_empty() {
            first = piece;
        } else {
            make_room(&mut all, first.len() + piece.len(), length);
            all.extend_from_slice(&std::mem::take(&mut first));
            all.extend_from_slice(&piece);
        }
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

/// Room for more bytes, and at once for all that are announced, as far as that is believed.
fn make_room(all: &mut BytesMut, more: usize, length: Option<usize>) {
    let needed = all.len() + more;
    if let Some(length) = length.filter(|length| *length >= needed && all.capacity() < needed) {
        let believed = length.min(needed.max(all.len() * 4).max(BELIEVED));
        all.reserve(believed - all.len());
    }
}

fn too_large(most: usize) -> Problem {
    Problem::new(
        Code::BodyTooLarge,
        format!("a body may have at most {most} bytes"),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use http_body::Frame;

    use super::*;

    /// Pieces, then the end, or silence.
    struct Pieces(VecDeque<&'static [u8]>, bool);

    impl Body for Pieces {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            match self.0.pop_front() {
                Some(piece) => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(piece))))),
                None if self.1 => Poll::Ready(None),
                None => Poll::Pending,
            }
        }
    }

    async fn collected(pieces: &[&'static [u8]], ends: bool) -> Result<Bytes, Code> {
        let body = Pieces(pieces.iter().copied().collect(), ends);
        read(&HeaderMap::new(), body, 8, Duration::from_secs(5))
            .await
            .map_err(|problem| problem.code)
    }

    #[tokio::test]
    async fn pieces_become_one() {
        assert_eq!(collected(&[], true).await.unwrap(), "");
        assert_eq!(collected(&[b"one"], true).await.unwrap(), "one");
        assert_eq!(
            collected(&[b"ab", b"cd", b"efgh"], true).await.unwrap(),
            "abcdefgh"
        );
    }

    #[tokio::test]
    async fn a_body_over_the_bound_is_refused_however_it_comes() {
        assert_eq!(
            collected(&[b"abcd", b"efghi"], true).await,
            Err(Code::BodyTooLarge)
        );
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_LENGTH, 9.into());
        let refused = read(
            &headers,
            Pieces(VecDeque::new(), false),
            8,
            Duration::from_secs(5),
        )
        .await;
        assert_eq!(refused.unwrap_err().code, Code::BodyTooLarge);
    }

    #[test]
    fn what_is_announced_is_made_room_for_once_and_not_before_it_is_believed() {
        let mut all = BytesMut::new();
        make_room(&mut all, 8 << 10, Some(1_400_000));
        assert_eq!(all.capacity(), 1_400_000);
        let mut all = BytesMut::new();
        make_room(&mut all, 8 << 10, Some(32 << 20));
        assert_eq!(all.capacity(), BELIEVED);
        all.resize(BELIEVED, 0);
        make_room(&mut all, 8 << 10, Some(32 << 20));
        assert_eq!(all.capacity(), 4 * BELIEVED);
        let mut all = BytesMut::new();
        make_room(&mut all, 10, Some(4));
        assert_eq!(
            all.capacity(),
            0,
            "who sends more than announced gets no room for it"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stalls_is_given_up() {
        assert_eq!(collected(&[b"abc"], false).await, Err(Code::BodyTimeout));
    }
}
