//! Where log lines go: into a buffer that one thread writes to stderr, many lines at a time. A reader that does not
//! read holds up nobody; what did not fit is counted, and the count is written in its place.

use std::io::{self, Write};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// How long a line may wait for company.
const GATHERING: Duration = Duration::from_millis(20);
/// Bytes that may wait for a slow reader.
const MOST: usize = 8 << 20;
/// Bytes of memory that are kept for the next lines.
const KEPT: usize = 1 << 20;

static SINK: OnceLock<Sink> = OnceLock::new();

#[derive(Default)]
struct Sink {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    /// The lines being written. Held while writing, so that lines stay in order; empty in between, when it is the memory
    /// for those that wait next.
    writing: Mutex<Vec<u8>>,
}

#[derive(Default)]
struct Waiting {
    lines: Vec<u8>,
    dropped: u64,
}

/// Writes whole lines into the buffer.
#[derive(Clone, Copy)]
pub(super) struct Lines;

/// Starts the thread that writes.
pub(super) fn start() -> io::Result<Lines> {
    let sink = SINK.get_or_init(Sink::default);
    std::thread::Builder::new()
        .name("log".into())
        .spawn(|| sink.run())?;
    Ok(Lines)
}

/// Writes what waits, now.
pub(crate) fn flush() {
    if let Some(sink) = SINK.get() {
        sink.write();
    }
}

impl Sink {
    fn run(&self) {
        loop {
            let waiting = lock(&self.waiting);
            let nothing = |waiting: &mut Waiting| waiting.lines.is_empty() && waiting.dropped == 0;
            drop(
                self.arrived
                    .wait_while(waiting, nothing)
                    .unwrap_or_else(PoisonError::into_inner),
            );
            std::thread::sleep(GATHERING);
            self.write();
        }
    }

    fn write(&self) {
        let mut lines = lock(&self.writing);
        let dropped = {
            let mut waiting = lock(&self.waiting);
            std::mem::swap(&mut *lines, &mut waiting.lines);
            std::mem::take(&mut waiting.dropped)
        };
        let mut stderr = io::stderr().lock();
        // Nobody is left to be told when stderr is closed.
        let _closed = stderr.write_all(&lines);
        if dropped > 0 {
            let _closed = writeln!(
                stderr,
                "{dropped} log lines were dropped: nobody read them in time"
            );
        }
        lines.clear();
        lines.shrink_to(KEPT);
    }
}

/// Takes a whole line.
pub(super) fn take(line: &[u8]) {
    let Some(sink) = SINK.get() else {
        return;
    };
    let mut waiting = lock(&sink.waiting);
    let first = waiting.lines.is_empty() && waiting.dropped == 0;
    if waiting.lines.len() + line.len() > MOST {
        waiting.dropped += 1;
    } else {
        waiting.lines.extend_from_slice(line);
    }
    drop(waiting);
    if first {
        sink.arrived.notify_one();
    }
}

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        take(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A thread that panicked while it held the lock left whole lines behind.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
