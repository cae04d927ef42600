//! Who is woken when one of the parts of a task has something to say. Parts that are polled in turn wake each other all
//! the time: nobody needs to be woken for that. And what nobody woke needs not be polled again, however often its task
//! is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

/// The parts are being polled: what wakes now is seen by whoever polls.
const POLLING: u8 = 1;
/// Something woke since the last poll.
const WOKEN: u8 = 2;

/// Stands between some parts and the task that polls them.
pub struct Gate {
    shared: Arc<Shared>,
    /// The parts' way to the gate.
    waker: Waker,
    /// The task that polled last.
    last: Option<Waker>,
}

struct Shared {
    state: AtomicU8,
    task: AtomicWaker,
}

impl Gate {
    /// Before the first poll.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Polls the parts, unless nothing woke them since they last had nothing to say. `parts` polls all of them, so
    /// that each can wake the gate.
    pub fn poll<T>(
        &mut self,
        context: &mut Context<'_>,
        mut parts: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        /// Parts that go on waking each other without an end want others to have their turn.
        const TURNS: usize = 4;
        let is_woken = self.shared.state.load(Ordering::Acquire) & WOKEN != 0;
        let is_known = |last: &Waker| last.will_wake(context.waker());
        if !is_woken && self.last.as_ref().is_some_and(is_known) {
            // Nobody has taken the task's waker yet.
            return Poll::Pending;
        }
        self.shared.task.register(context.waker());
        match &mut self.last {
            Some(last) => last.clone_from(context.waker()),
            last => *last = Some(context.waker().clone()),
        }
        for _ in 0..TURNS {
            if self.shared.state.load(Ordering::Acquire) & WOKEN == 0 {
                return Poll::Pending;
            }
            self.shared.state.store(POLLING, Ordering::Release);
            let polled = parts(&mut Context::from_waker(&self.waker));
            if polled.is_ready() {
                // There may be more.
                self.shared.state.store(WOKEN, Ordering::Release);
                return polled;
            }
            self.shared.state.fetch_and(!POLLING, Ordering::AcqRel);
        }
        if self.shared.state.load(Ordering::Acquire) & WOKEN != 0 {
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }

    /// Forgets the task: the next one to poll is another.
    pub fn rest(&mut self) {
        self.last = None;
        self.shared.task.take();
        self.shared.state.store(WOKEN, Ordering::Release);
    }
}

impl Default for Gate {
    fn default() -> Self {
        let shared = Arc::new(Shared {
            state: AtomicU8::new(WOKEN),
            task: AtomicWaker::new(),
        });
        Self {
            waker: Waker::from(Arc::clone(&shared)),
            shared,
            last: None,
        }
    }
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Gate")
    }
}

impl Wake for Shared {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.state.fetch_or(WOKEN, Ordering::AcqRel) == 0 {
            self.task.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// A gate, a task that counts how often it is woken, and its waker.
    fn task() -> (Gate, Arc<Count>, Waker) {
        let count = Arc::<Count>::default();
        (Gate::new(), Arc::clone(&count), Waker::from(count))
    }

    #[test]
    fn what_nobody_woke_is_not_polled_again() {
        let (mut gate, woken, task) = task();
        let mut context = Context::from_waker(&task);
        let mut inner = None;
        let mut polls = 0;
        for _ in 0..3 {
            let polled: Poll<()> = gate.poll(&mut context, |parts| {
                inner = Some(parts.waker().clone());
                polls += 1;
                Poll::Pending
            });
            assert!(polled.is_pending());
        }
        assert_eq!(polls, 1);
        let inner = inner.unwrap();
        inner.wake_by_ref();
        inner.wake_by_ref();
        assert_eq!(woken.0.load(Ordering::SeqCst), 1, "once is enough");
        let polled = gate.poll(&mut context, |_| Poll::Ready(7));
        assert_eq!(polled, Poll::Ready(7));
    }

    #[test]
    fn parts_that_wake_each_other_wake_no_task() {
        let (mut gate, woken, task) = task();
        let mut context = Context::from_waker(&task);
        let mut left = 2;
        let polled: Poll<()> = gate.poll(&mut context, |parts| {
            if left > 0 {
                left -= 1;
                parts.waker().wake_by_ref();
            }
            Poll::Pending
        });
        assert!(polled.is_pending());
        assert_eq!((left, woken.0.load(Ordering::SeqCst)), (0, 0));
    }

    #[test]
    fn parts_that_wake_each_other_for_ever_let_others_have_their_turn() {
        let (mut gate, woken, task) = task();
        let polled: Poll<()> = gate.poll(&mut Context::from_waker(&task), |parts| {
            parts.waker().wake_by_ref();
            Poll::Pending
        });
        assert!(polled.is_pending());
        assert_eq!(woken.0.load(Ordering::SeqCst), 1);
    }
}
