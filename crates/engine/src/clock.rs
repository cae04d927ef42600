//! The seam to time.

use jiff::Timestamp;

/// Tells the time. Two exist: the system's, and the tests' own. Waiting is tokio's business, whose time the tests
/// pause.
pub trait Clock: Send + Sync + 'static {
    /// The time of day.
    fn now(&self) -> Timestamp;
}

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
