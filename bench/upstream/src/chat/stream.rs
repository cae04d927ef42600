//! How the events of a stream come: together, one by one, or never to their end.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame};
use serde_json::Value;
use tokio::time::{Instant, Sleep};

/// Between two events of a stream that comes word by word.
const GAP: Duration = Duration::from_millis(10);
/// Between two events of a stream that is held open.
const LONG_GAP: Duration = Duration::from_secs(1);
/// Events that come at once in every stream: the role alone is no answer yet, and who waits for a word before saying
/// anything would be measured by the gap.
const BEGINNING: usize = 2;

/// How events come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Pace {
    /// All are ready at once.
    Together,
    /// The beginning at once, then 10 ms apart.
    Steady,
    /// The beginning at once, then one a second.
    Held,
}

impl Pace {
    /// How long to wait before the event with this number.
    fn before(self, number: usize) -> Duration {
        match self {
            Self::Steady if number >= BEGINNING => GAP,
            Self::Held if number >= BEGINNING => LONG_GAP,
            _ => Duration::ZERO,
        }
    }
}

/// A streamed answer: one frame per event.
pub(crate) struct Events {
    all: Arc<[Bytes]>,
    sent: usize,
    pace: Pace,
    /// Until the next event is due; none where events do not wait.
    waiting: Option<Pin<Box<Sleep>>>,
    due: Instant,
}

impl Events {
    pub(crate) fn new(all: Arc<[Bytes]>, pace: Pace) -> Self {
        Self {
            all,
            sent: 0,
            pace,
            waiting: (pace != Pace::Together).then(|| Box::pin(tokio::time::sleep(Duration::ZERO))),
            due: Instant::now(),
        }
    }
}

impl Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(waiting) = &mut self.waiting {
            ready!(waiting.as_mut().poll(context));
        }
        let next = self.all.get(self.sent).cloned();
        self.sent += 1;
        let wait = self.pace.before(self.sent);
        // Counted from when this one was due: a late timer does not stretch the stream.
        self.due += wait;
        let due = self.due;
        if let Some(waiting) = self.waiting.as_mut().filter(|_| !wait.is_zero()) {
            waiting.as_mut().reset(due);
        }
        Poll::Ready(next.map(|event| Ok(Frame::data(event))))
    }
}

/// An event that has only data.
pub(super) fn data(value: &Value) -> Bytes {
    format!("data: {value}\n\n").into()
}

/// An event with a name.
pub(super) fn named(name: &str, value: &Value) -> Bytes {
    format!("event: {name}\ndata: {value}\n\n").into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn a_steady_stream_takes_its_gaps_and_a_burst_takes_none() {
        let events: Arc<[Bytes]> = vec![Bytes::from_static(b"x"); 5].into();
        for (pace, expected) in [(Pace::Together, 0), (Pace::Steady, 40), (Pace::Held, 4000)] {
            let begin = Instant::now();
            let body = Events::new(Arc::clone(&events), pace).collect().await;
            assert_eq!(body.unwrap().to_bytes().len(), 5);
            let took = begin.elapsed().as_millis();
            assert!(
                (expected..expected + 10).contains(&took),
                "{pace:?}: {took} ms"
            );
        }
    }
}
