//! Writes usage records off the path of calls: one writer, in batches.
//!
//! **Invariant:** a call never waits for it. A record that cannot be kept is counted, and the log says how many were.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use guichet_engine::ai::UsageRecord;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{sleep, timeout};

use crate::{Database, StoreError};

/// Records that may wait: at a thousand calls a second, what the database may be busy for.
const WAITING: usize = 8_192;
/// Records of one write.
const BATCH: usize = 512;
/// How long the first record of a batch waits for others. It is also what `kill -9` takes with it.
const GATHERING: Duration = Duration::from_millis(500);
/// What passes before a write that failed is tried again.
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(500)];

/// Takes records and has them written. Clones hand theirs to the same writer.
#[derive(Debug, Clone)]
pub struct UsageWriter {
    entries: mpsc::Sender<Entry>,
    /// Ends the writer's waiting for company.
    hurry: Arc<Notify>,
    lost: Arc<AtomicU64>,
}

#[derive(Debug)]
enum Entry {
    Record(Box<UsageRecord>),
    Flush(oneshot::Sender<()>),
}

impl UsageWriter {
    /// Starts the writer. It ends with the last clone, after everything before is written.
    #[must_use]
    pub fn start(database: Database) -> Self {
        Self::holding(database, WAITING)
    }

    fn holding(database: Database, waiting: usize) -> Self {
        let (entries, inbox) = mpsc::channel(waiting);
        let (hurry, lost) = (Arc::new(Notify::new()), Arc::new(AtomicU64::new(0)));
        let own = Writing {
            database,
            hurry: Arc::clone(&hurry),
            lost: Arc::clone(&lost),
            told: 0,
        };
        tokio::spawn(own.run(inbox));
        Self {
            entries,
            hurry,
            lost,
        }
    }

    /// Has a record written some time. It returns at once; where there is no room, the record is counted as lost.
    pub fn record(&self, record: &UsageRecord) {
        let entry = Entry::Record(Box::new(record.clone()));
        if self.entries.try_send(entry).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        if self.entries.capacity() <= self.entries.max_capacity() / 2 {
            self.hurry.notify_one();
        }
    }

    /// Returns when everything before is written, or has been given up.
    pub async fn flush(&self) {
        let (done, written) = oneshot::channel();
        if self.entries.send(Entry::Flush(done)).await.is_ok() {
            self.hurry.notify_one();
            // A writer that has ended has nothing left to write.
            let _ended = written.await;
        }
    }

    /// How many records were not written since the start, because there was no room or the database failed.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

/// The writer's own side.
struct Writing {
    database: Database,
    hurry: Arc<Notify>,
    lost: Arc<AtomicU64>,
    /// Of the lost, how many the log has told of.
    told: u64,
}

impl Writing {
    async fn run(mut self, mut inbox: mpsc::Receiver<Entry>) {
        let mut batch = Vec::with_capacity(BATCH);
        while let Some(flushed) = gather(&mut inbox, &self.hurry, &mut batch).await {
            self.write(&batch).await;
            batch.clear();
            self.tell_lost();
            if let Some(done) = flushed {
                // Who asked may have gone.
                let _gone = done.send(());
            }
        }
        self.write(&batch).await;
        self.tell_lost();
    }

    async fn write(&self, batch: &[UsageRecord]) {
        let mut pauses = PAUSES.iter();
        while let Err(error) = self.database.record_usage(batch).await {
            let Some(pause) = pauses.next() else {
                return self.give_up(batch.len(), &error);
            };
            sleep(*pause).await;
        }
    }

    fn give_up(&self, records: usize, error: &StoreError) {
        self.lost.fetch_add(records as u64, Ordering::Relaxed);
        tracing::error!(%error, records, "usage could not be written");
    }

    fn tell_lost(&mut self) {
        let lost = self.lost.load(Ordering::Relaxed);
        if lost > self.told {
            let (new, all) = (lost - self.told, lost);
            tracing::warn!(new, all, "usage records were lost");
            self.told = lost;
        }
    }
}

/// Fills a batch: with what has come when its first record has waited long enough, or somebody waits for the end, who
/// is returned. None when nobody is left who could hand in a record.
///
/// Nobody listens meanwhile: whoever hands in a record has nobody to wake.
async fn gather(
    inbox: &mut mpsc::Receiver<Entry>,
    hurry: &Notify,
    batch: &mut Vec<UsageRecord>,
) -> Option<Option<oneshot::Sender<()>>> {
    match inbox.recv().await? {
        Entry::Record(record) => batch.push(*record),
        Entry::Flush(done) => return Some(Some(done)),
    }
    if inbox.len() < BATCH {
        let _in_time = timeout(GATHERING, hurry.notified()).await;
    }
    while batch.len() < BATCH {
        match inbox.try_recv() {
            Ok(Entry::Record(record)) => batch.push(*record),
            Ok(Entry::Flush(done)) => return Some(Some(done)),
            Err(TryRecvError::Empty) => break,
            Err(TryRecvError::Disconnected) => return None,
        }
    }
    Some(None)
}

#[cfg(test)]
mod tests {
    use guichet_engine::identity::{KeyId, OrganizationId, ProjectId};
    use jiff::Timestamp;

    use super::*;
    use crate::UsageGroup;

    fn record() -> UsageRecord {
        UsageRecord {
            at: Timestamp::UNIX_EPOCH,
            request_id: "r".into(),
            organization: OrganizationId::new("o"),
            project: ProjectId::new("p"),
            key: KeyId::new("k"),
            task: guichet_catalogue::model::ai::Task::Chat,
            provider: None,
            model: None,
            outcome: guichet_engine::outcome::Class::Upstream,
            served: None,
            usage: guichet_dialects::chat::Usage::default(),
            counted: false,
            cost: None,
            first_token: None,
            took: Duration::ZERO,
            stream: false,
            attempts: 0,
        }
    }

    #[tokio::test]
    async fn what_finds_no_room_is_counted_and_what_does_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("guichet.db"))
            .await
            .unwrap();
        let writer = UsageWriter::holding(database.clone(), 3);
        // The writer has not had its turn yet: this thread has not paused.
        for _ in 0..5 {
            writer.record(&record());
        }
        assert_eq!(writer.lost(), 2);
        writer.flush().await;
        let totals = database
            .usage_totals(UsageGroup::Project, None)
            .await
            .unwrap();
        assert_eq!((totals.len(), totals[0].calls), (1, 3));
    }

    #[tokio::test]
    async fn a_database_that_fails_holds_up_nobody_and_its_records_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("guichet.db"))
            .await
            .unwrap();
        let writer = UsageWriter::start(database.clone());
        database.close().await;
        writer.record(&record());
        writer.flush().await;
        assert_eq!(writer.lost(), 1);
    }

    #[tokio::test]
    async fn a_record_is_written_soon_without_being_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("guichet.db"))
            .await
            .unwrap();
        let writer = UsageWriter::start(database.clone());
        writer.record(&record());
        let written = async {
            while database
                .usage_totals(UsageGroup::Key, None)
                .await
                .unwrap()
                .is_empty()
            {
                sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), written)
            .await
            .unwrap();
    }
}
