//! A connection's stream: tells its activity, sends what is little in one piece, and closes without cutting its own
//! last words off.

use std::cell::RefCell;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use crate::activity::Activity;

/// A stream that tells its activity.
pub(crate) struct Watched<S> {
    stream: S,
    activity: Arc<Activity>,
    /// Set once nothing more is sent: until when to wait for the other side to close as well.
    linger: Option<Pin<Box<Sleep>>>,
}

/// A peer that is still sending when the connection is closed loses the answer to a reset, unless what it sends is
/// read for this long.
const LINGER: Duration = Duration::from_secs(1);
/// Up to this many bytes, the system takes one piece sooner than several, the copy included.
const MOST_GATHERED: usize = 4096;

impl<S> Watched<S> {
    pub(crate) fn new(stream: S, activity: Arc<Activity>) -> Self {
        Self {
            stream,
            activity,
            linger: None,
        }
    }

    fn written(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(1..)) = written {
            self.activity.has_written();
        }
        written
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.activity.has_read();
        }
        read
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        thread_local! {
            static GATHERED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
        }
        let bytes: usize = slices.iter().map(|slice| slice.len()).sum();
        let stream = Pin::new(&mut self.stream);
        let written = if bytes > MOST_GATHERED {
            stream.poll_write_vectored(context, slices)
        } else {
            GATHERED.with_borrow_mut(|gathered| {
                gathered.clear();
                for slice in slices {
                    gathered.extend_from_slice(slice);
                }
                stream.poll_write(context, gathered)
            })
        };
        self.written(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.linger.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
            self.linger = Some(Box::pin(tokio::time::sleep(LINGER)));
        }
        self.poll_discard(context)
    }
}

impl<S: AsyncRead + Unpin> Watched<S> {
    /// Reads and forgets until the other side closes, or until it has had its time.
    fn poll_discard(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut scratch = [MaybeUninit::uninit(); 4096];
        loop {
            let is_over = |sleep: &mut Pin<Box<Sleep>>| sleep.as_mut().poll(context).is_ready();
            if self.linger.as_mut().is_none_or(is_over) {
                return Poll::Ready(Ok(()));
            }
            let mut buffer = ReadBuf::uninit(&mut scratch);
            let read = ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}
