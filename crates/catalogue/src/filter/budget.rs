//! What one run may spend. The fence asks before each step; once a bound is reached every further step fails, so that
//! a filter that catches errors ends too.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::Bound;

/// The bounds of one run.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Definitions entered, values piped or collected.
    pub steps: u64,
    /// Wall time.
    pub time: Duration,
    /// Bytes of native stack that nested evaluation may use.
    pub stack: usize,
    /// How deep a value may be nested.
    pub depth: usize,
    /// Bytes of all strings and arrays made, and of the result.
    pub size: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            steps: 5_000_000,
            time: Duration::from_millis(500),
            stack: 1 << 20,
            depth: 128,
            size: 64 << 20,
        }
    }
}

/// Looking at the clock costs more than a step, so it is done once in so many.
const STEPS_PER_LOOK: u64 = 256;

pub(super) struct Budget {
    limits: Limits,
    steps: Cell<u64>,
    size: Cell<usize>,
    exceeded: Cell<Option<Bound>>,
    stack_base: usize,
    started: Instant,
    pub(super) now: f64,
}

impl Budget {
    pub(super) fn start(limits: &Limits, now: f64) -> Self {
        Self {
            limits: limits.clone(),
            steps: Cell::new(0),
            size: Cell::new(0),
            exceeded: Cell::new(None),
            stack_base: stack_position(),
            started: Instant::now(),
            now,
        }
    }

    pub(super) fn exceeded(&self) -> Option<Bound> {
        self.exceeded.get()
    }

    /// One step: counted, and the clock and the stack looked at.
    pub(super) fn step(&self) -> Result<(), Bound> {
        let steps = self.steps.get() + 1;
        self.steps.set(steps);
        let bound = if self.stack_base.abs_diff(stack_position()) > self.limits.stack {
            Bound::Depth
        } else if steps > self.limits.steps {
            Bound::Steps
        } else if steps.is_multiple_of(STEPS_PER_LOOK) && self.started.elapsed() > self.limits.time
        {
            Bound::Time
        } else {
            return self.exceeded.get().map_or(Ok(()), Err);
        };
        Err(self.exceed(bound))
    }

    /// A value of so many bytes was made.
    pub(super) fn made(&self, bytes: usize) -> Result<(), Bound> {
        let size = self.size.get().saturating_add(bytes);
        self.size.set(size);
        if size > self.limits.size {
            Err(self.exceed(Bound::Size))
        } else {
            Ok(())
        }
    }

    /// Fails where a value is nested this deep.
    pub(super) fn nested(&self, depth: usize) -> Result<(), Bound> {
        if depth > self.limits.depth {
            Err(self.exceed(Bound::Depth))
        } else {
            Ok(())
        }
    }

    /// Whether a value of so many bytes could still be made.
    pub(super) fn affords(&self, bytes: usize) -> Result<(), Bound> {
        if self.size.get().saturating_add(bytes) > self.limits.size {
            Err(self.exceed(Bound::Size))
        } else {
            Ok(())
        }
    }

    fn exceed(&self, bound: Bound) -> Bound {
        let first = self.exceeded.get().unwrap_or(bound);
        self.exceeded.set(Some(first));
        first
    }
}

/// Where the native stack stands, as a number: the distance between two such tells how deep evaluation has gone.
#[inline(never)]
fn stack_position() -> usize {
    let here = 0_u8;
    std::ptr::from_ref(std::hint::black_box(&here)).addr()
}
