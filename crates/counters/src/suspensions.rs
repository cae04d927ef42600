//! Suspensions on their way to the others and from them: told and heard with the heartbeat.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};

use guichet_engine::store::SuspensionRecord;
use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::reply::Unreadable;

/// The latest of each candidate; none = it is not suspended any more.
pub(crate) type Latest = BTreeMap<String, Option<SuspensionRecord>>;

/// What waits to be told, and what was heard.
#[derive(Debug)]
pub(crate) struct Suspensions {
    out: Mutex<Latest>,
    heard: Mutex<Latest>,
    /// Wakes who listens.
    news: Notify,
    /// The last turn that was heard; below zero before the first.
    turn: AtomicI64,
}

impl Default for Suspensions {
    fn default() -> Self {
        Self {
            out: Mutex::default(),
            heard: Mutex::default(),
            news: Notify::new(),
            turn: AtomicI64::new(-1),
        }
    }
}

impl Suspensions {
    pub(crate) fn tell(&self, candidate: &str, suspension: Option<&SuspensionRecord>) {
        let mut out = self.out.lock();
        out.insert(candidate.to_owned(), suspension.cloned());
    }

    /// What is to be told now.
    pub(crate) fn take(&self) -> Latest {
        std::mem::take(&mut self.out.lock())
    }

    /// It could not be told: it is, unless something newer is.
    pub(crate) fn put_back(&self, latest: Latest) {
        let mut out = self.out.lock();
        for (candidate, suspension) in latest {
            out.entry(candidate).or_insert(suspension);
        }
    }

    pub(crate) fn turn(&self) -> i64 {
        self.turn.load(Ordering::Relaxed)
    }

    /// Takes over what the others have told up to a turn: candidates and suspensions in turn.
    pub(crate) fn hear(&self, turn: i64, told: &[String]) {
        self.turn.store(turn, Ordering::Relaxed);
        let (told, _) = told.as_chunks::<2>();
        if told.is_empty() {
            return;
        }
        let mut heard = self.heard.lock();
        for [candidate, text] in told {
            if let Ok(suspension) = read(candidate, text) {
                heard.insert(candidate.clone(), suspension);
            }
        }
        self.news.notify_one();
    }

    /// Returns when something was heard.
    pub(crate) async fn news(&self) -> Vec<(String, Option<SuspensionRecord>)> {
        loop {
            let heard = std::mem::take(&mut *self.heard.lock());
            if !heard.is_empty() {
                return heard.into_iter().collect();
            }
            self.news.notified().await;
        }
    }
}

/// As it stands in Redis: class, end in microseconds since 1970 or `-`, how often in a row; nothing where it is lifted.
pub(crate) fn written(suspension: Option<&SuspensionRecord>) -> String {
    suspension.map_or_else(String::new, |own| {
        let until = own.until.map(|until| until.as_microsecond().to_string());
        let until = until.as_deref().unwrap_or("-");
        format!("{} {until} {}", own.class, own.failures)
    })
}

/// The same the other way round.
fn read(candidate: &str, text: &str) -> Result<Option<SuspensionRecord>, Unreadable> {
    if text.is_empty() {
        return Ok(None);
    }
    suspended(candidate, text).map(Some).ok_or(Unreadable)
}

fn suspended(candidate: &str, text: &str) -> Option<SuspensionRecord> {
    let mut words = text.split(' ');
    let (class, until, failures) = (words.next()?, words.next()?, words.next()?);
    let until = match until {
        "-" => None,
        micros => Some(Timestamp::from_microsecond(micros.parse().ok()?).ok()?),
    };
    Some(SuspensionRecord {
        candidate: candidate.to_owned(),
        class: class.to_owned(),
        until,
        failures: failures.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suspension_is_read_as_it_was_written() {
        for until in [None, Some(Timestamp::constant(1_793_480_000, 5_000))] {
            let suspension = SuspensionRecord {
                candidate: "groq/1".into(),
                class: "auth".into(),
                until,
                failures: 3,
            };
            let text = written(Some(&suspension));
            assert_eq!(read("groq/1", &text), Ok(Some(suspension)));
        }
        assert_eq!(read("groq/1", &written(None)), Ok(None));
        assert_eq!(read("groq/1", "auth soon 1"), Err(Unreadable));
    }
}
