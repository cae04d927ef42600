//! When requests are due.

use std::thread;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;

/// Hands out the moments at which requests are due; shared by all connections.
pub(crate) enum Schedule {
    /// Always now, until the end.
    ClosedLoop {
        /// When the last request may begin.
        end: Instant,
    },
    /// Moments that wait here when every connection is busy, so that they are sent late, not dropped.
    FixedRate {
        /// Moments that have come.
        due: Mutex<UnboundedReceiver<Instant>>,
    },
}

impl Schedule {
    pub(crate) fn closed_loop(end: Instant) -> Self {
        Self::ClosedLoop { end }
    }

    /// `rate` requests per second, evenly spaced.
    pub(crate) fn fixed_rate(rate: u32, begin: Instant, end: Instant) -> Self {
        let (sender, receiver) = unbounded_channel();
        let period = Duration::from_secs(1) / rate;
        thread::spawn(move || pace(&sender, period, begin, end));
        Self::FixedRate {
            due: Mutex::new(receiver),
        }
    }

    /// The moment at which the next request is or was due; `None` when there are no more.
    pub(crate) async fn next(&self) -> Option<Instant> {
        match self {
            Self::ClosedLoop { end } => Some(Instant::now()).filter(|now| now < end),
            Self::FixedRate { due } => due.lock().await.recv().await,
        }
    }

    /// How many requests were due and never taken.
    pub(crate) async fn left_over(&self) -> u64 {
        let mut count = 0;
        if let Self::FixedRate { due } = self {
            let mut due = due.lock().await;
            while due.try_recv().is_ok() {
                count += 1;
            }
        }
        count
    }
}

/// A thread of its own keeps the time: the runtime's timer is only good to a millisecond, which
/// is more than the latencies measured here.
fn pace(sender: &UnboundedSender<Instant>, period: Duration, begin: Instant, end: Instant) {
    let mut due = begin;
    while due < end {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if sender.send(due).is_err() {
            return;
        }
        due += period;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn moments_are_evenly_spaced_however_late_they_are_taken() {
        let begin = Instant::now();
        let schedule = Schedule::fixed_rate(1000, begin, begin + Duration::from_millis(5));
        tokio::time::sleep(Duration::from_millis(30)).await;
        for index in 0..4 {
            let due = schedule.next().await;
            assert_eq!(due, Some(begin + Duration::from_millis(index)));
        }
        assert_eq!(schedule.left_over().await, 1);
        assert_eq!(schedule.next().await, None);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_closed_loop_ends() {
        let begin = Instant::now();
        assert_eq!(Schedule::closed_loop(begin).next().await, None);
        let later = begin + Duration::from_mins(1);
        assert!(Schedule::closed_loop(later).next().await.is_some());
    }
}
