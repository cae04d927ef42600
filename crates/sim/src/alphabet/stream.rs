//! What each letter does to an answer that comes piece by piece: one script, which sockets and memory play alike.

use std::time::Duration;

use bytes::Bytes;
use guichet_engine::transport::{TransportError, UpstreamResponse};
use http::HeaderMap;

use super::whole::{DRIP, LATENCY, OVERSIZED, Scripted, faulted};
use super::{Fault, Wrong};
use crate::ai::Voice;
use crate::pacing::Pacing;

/// A right answer that comes piece by piece.
#[derive(Debug, Clone)]
pub struct Stream {
    /// How its provider speaks.
    pub voice: Voice,
    /// The headers of the answer.
    pub headers: HeaderMap,
    /// The pieces, in order.
    pub pieces: Vec<Piece>,
    /// How fast they come.
    pub pacing: Pacing,
}

/// A piece of a stream: whole events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What it is to the stream.
    pub part: Part,
    /// The bytes.
    pub bytes: Bytes,
}

/// What a piece is to its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Comments and empty first pieces.
    Opening,
    /// What the model says.
    Said,
    /// Why it ends, what it took, and the end mark.
    Closing,
}

/// What a connection does after its request was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// What comes, each after this time since the one before. The last is never [`Chunk::Bytes`].
    pub chunks: Vec<(Duration, Chunk)>,
}

/// A step of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chunk {
    /// Bytes of the body.
    Bytes(Bytes),
    /// The connection breaks.
    Reset,
    /// Nothing more, for as long as the caller waits.
    Stall,
    /// The body ends as it should.
    End,
}

/// What a transport meets that opens a stream.
#[derive(Debug, Clone)]
pub enum Streamed {
    /// An answer begins.
    Script(Script),
    /// It fails after this time.
    Fail {
        /// How long that takes.
        after: Duration,
        /// How it fails.
        error: TransportError,
    },
    /// Nothing happens until the caller's time is up; then it fails so.
    Hang {
        /// How it fails.
        error: TransportError,
    },
}

/// What a provider under this fault does with a request to which `good` is the right stream; `error_sample` is as for
/// [`faulted`].
#[must_use]
pub fn streamed(fault: Fault, good: &Stream, error_sample: Option<&UpstreamResponse>) -> Streamed {
    let script = match fault {
        Fault::Ok => good.steps(&good.pieces, Chunk::End),
        Fault::ResetAfter(said) => good.cut(said, None, Chunk::Reset),
        Fault::StallAfter(said) => good.cut(said, None, Chunk::Stall),
        Fault::ErrorEvent(said) => good.cut(said, Some(good.voice.error()), Chunk::End),
        Fault::EofWithoutFinish(said) => good.cut(said, None, Chunk::End),
        Fault::CommentsThenError => good.comments_then_error(),
        Fault::HeaderTimeout => {
            return Streamed::Hang {
                error: TransportError::Timeout,
            };
        }
        Fault::BodyStall => good.half(Chunk::Stall),
        Fault::ResetMidBody => good.half(Chunk::Reset),
        Fault::TruncatedJson => good.half(Chunk::End),
        Fault::SlowDrip => good.drip(),
        Fault::OversizedBody => good.flood(),
        Fault::ErrorBody if error_sample.is_none() => {
            good.cut(0, Some(good.voice.error()), Chunk::End)
        }
        Fault::WrongSchema(Wrong::Empty) => good.cut_all(),
        fault => return of_whole(fault, good, error_sample),
    };
    Streamed::Script(script)
}

/// What strikes before the first byte, or puts another answer in place of the stream.
fn of_whole(fault: Fault, good: &Stream, error_sample: Option<&UpstreamResponse>) -> Streamed {
    let placeholder = UpstreamResponse {
        status: 200,
        headers: good.headers.clone(),
        body: Bytes::new(),
    };
    match faulted(fault, &placeholder, error_sample) {
        Scripted::Answer { after, response } => Streamed::Script(Script::whole(response, after)),
        Scripted::Fail { after, error } => Streamed::Fail { after, error },
        Scripted::Hang { error } => Streamed::Hang { error },
    }
}

impl Script {
    /// An answer whose body comes at once.
    #[must_use]
    pub fn whole(response: UpstreamResponse, after: Duration) -> Self {
        let chunks = vec![
            (after, Chunk::Bytes(response.body)),
            (Duration::ZERO, Chunk::End),
        ];
        Self {
            status: response.status,
            headers: response.headers,
            chunks,
        }
    }

    /// All bytes of the body, together.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let bytes = self.chunks.iter().filter_map(|(_, chunk)| match chunk {
            Chunk::Bytes(bytes) => Some(&bytes[..]),
            Chunk::Reset | Chunk::Stall | Chunk::End => None,
        });
        bytes.flatten().copied().collect()
    }
}

impl Stream {
    /// The whole body.
    #[must_use]
    pub fn body(&self) -> Bytes {
        let bytes = self.pieces.iter().flat_map(|piece| &piece.bytes[..]);
        bytes.copied().collect::<Vec<u8>>().into()
    }

    fn script(&self, chunks: Vec<(Duration, Chunk)>) -> Script {
        Script {
            status: 200,
            headers: self.headers.clone(),
            chunks,
        }
    }

    /// These pieces at their pace, and an end.
    fn steps(&self, pieces: &[Piece], end: Chunk) -> Script {
        let mut begun = false;
        let mut chunks = Vec::with_capacity(pieces.len() + 1);
        for piece in pieces {
            let wait = match piece.part {
                Part::Said if begun => self.pacing.between,
                Part::Said => {
                    begun = true;
                    self.pacing.first
                }
                Part::Opening | Part::Closing => Duration::ZERO,
            };
            chunks.push((wait, Chunk::Bytes(piece.bytes.clone())));
        }
        chunks.push((Duration::ZERO, end));
        self.script(chunks)
    }

    /// The opening and the first `said` pieces of what is said, then perhaps something else, and an end.
    fn cut(&self, said: u16, then: Option<Bytes>, end: Chunk) -> Script {
        let mut left = said;
        let kept = self.pieces.iter().take_while(|piece| match piece.part {
            Part::Opening => true,
            Part::Said if left > 0 => {
                left -= 1;
                true
            }
            Part::Said | Part::Closing => false,
        });
        let mut pieces: Vec<Piece> = kept.cloned().collect();
        pieces.extend(then.map(|bytes| Piece {
            part: Part::Closing,
            bytes,
        }));
        let mut script = self.steps(&pieces, end);
        if let Some((wait, _)) = script.chunks.last_mut() {
            *wait = self.pacing.between;
        }
        script
    }

    fn cut_all(&self) -> Script {
        self.script(vec![(LATENCY, Chunk::End)])
    }

    fn comments_then_error(&self) -> Script {
        const COMMENTS: usize = 3;
        let mut chunks = vec![(LATENCY, Chunk::Bytes(self.voice.comment())); COMMENTS];
        chunks.push((LATENCY, Chunk::Bytes(self.voice.error())));
        chunks.push((Duration::ZERO, Chunk::End));
        self.script(chunks)
    }

    fn half(&self, end: Chunk) -> Script {
        let body = self.body();
        let half = body.slice(..body.len() / 2);
        self.script(vec![(LATENCY, Chunk::Bytes(half)), (Duration::ZERO, end)])
    }

    fn drip(&self) -> Script {
        let body = self.body();
        let bytes = (0..body.len()).map(|at| (DRIP, Chunk::Bytes(body.slice(at..=at))));
        self.script(bytes.chain([(Duration::ZERO, Chunk::End)]).collect())
    }

    /// One event without end.
    fn flood(&self) -> Script {
        const PIECE: usize = 64 << 10;
        let piece = Bytes::from(vec![b'0'; PIECE]);
        let start = (LATENCY, Chunk::Bytes(self.voice.event_start()));
        let more = std::iter::repeat_n((Duration::ZERO, Chunk::Bytes(piece)), OVERSIZED / PIECE);
        let end = (Duration::ZERO, Chunk::End);
        self.script([start].into_iter().chain(more).chain([end]).collect())
    }
}
