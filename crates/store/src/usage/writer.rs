//! Writes usage records off the path of calls: one writer, in batches. While the server of the database is away they
//! wait in a file.
//!
//! **Invariant:** a call never waits for it. A record that cannot be kept is counted, and the log says how many were.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use guichet_engine::ai::UsageRecord;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout};

use super::aside::Aside;
use super::rows;
use crate::{Database, StoreError};

/// Records that may wait: at a thousand calls a second, what the database may be busy for.
const WAITING: usize = 8_192;
/// Records of one write.
const BATCH: usize = 512;
/// How long the first record of a batch waits for others. It is also what `kill -9` takes with it.
const GATHERING: Duration = Duration::from_millis(500);
/// What passes before a write that failed is tried again.
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(500)];
/// How often is looked whether the server is back, while records wait for it.
const LOOK: Duration = Duration::from_secs(1);
/// How often the log tells of records that are lost.
const TELLING: Duration = Duration::from_mins(1);
/// Room for records that wait for a server, where nobody says how much.
pub const SPOOL: u64 = 64 << 20;

/// Takes records and has them written. Clones hand theirs to the same writer.
#[derive(Debug, Clone)]
pub struct UsageWriter {
    entries: mpsc::Sender<Entry>,
    /// Ends the writer's waiting for company.
    hurry: Arc<Notify>,
    lost: Arc<AtomicU64>,
    waiting: Arc<AtomicU64>,
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
        Self::holding(database, WAITING, None)
    }

    /// The same; while a server of the database is away, up to so many bytes of records wait in its folder, also over a
    /// restart. Where the file cannot be used, the log says so.
    pub async fn start_spooling(database: Database, most: u64) -> Self {
        let aside = match database.server_answers() {
            Some(_) => Aside::open(&database.path().with_file_name("usage-spool"), most).await,
            None => None,
        };
        Self::holding(database, WAITING, aside)
    }

    fn holding(database: Database, room: usize, aside: Option<Aside>) -> Self {
        let (entries, inbox) = mpsc::channel(room);
        let (hurry, lost) = (Arc::new(Notify::new()), Arc::new(AtomicU64::new(0)));
        let waiting = aside.as_ref().map_or_else(Arc::default, Aside::counter);
        let own = Writing {
            database,
            hurry: Arc::clone(&hurry),
            lost: Arc::clone(&lost),
            told: (0, None),
            aside,
            looked: None,
        };
        tokio::spawn(own.run(inbox));
        Self {
            entries,
            hurry,
            lost,
            waiting,
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

    /// How many records wait in a file for the server of the database.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Returns when everything before is written, waits in a file, or has been given up.
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
    /// Of the lost, how many the log has told of, and when.
    told: (u64, Option<Instant>),
    /// Where records wait for a server.
    aside: Option<Aside>,
    /// When it was last looked whether the server is back.
    looked: Option<Instant>,
}

impl Writing {
    async fn run(mut self, mut inbox: mpsc::Receiver<Entry>) {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let gathering = gather(&mut inbox, &self.hurry, &mut batch);
            let gathered = if self.aside.as_ref().is_some_and(Aside::has_some) {
                // What was gathered until then is in the batch.
                timeout(LOOK, gathering).await.unwrap_or(Some(None))
            } else {
                gathering.await
            };
            let Some(flushed) = gathered else {
                break;
            };
            self.write(&batch).await;
            batch.clear();
            self.tell_lost(false);
            if let Some(done) = flushed {
                // Who asked may have gone.
                let _gone = done.send(());
            }
        }
        self.write(&batch).await;
        self.tell_lost(true);
    }

    async fn write(&mut self, batch: &[UsageRecord]) {
        let Some(aside) = &mut self.aside else {
            return self.insist(batch).await;
        };
        let just_looked = self.looked.is_some_and(|looked| looked.elapsed() < LOOK);
        if aside.has_some() && just_looked {
            let lost = aside.put(rows(batch)).await;
            self.lost.fetch_add(lost, Ordering::Relaxed);
            return;
        }
        // In order: what waits is older.
        let lost = match aside.hand_over(&self.database).await {
            Ok(lost) if !aside.has_some() => {
                self.lost.fetch_add(lost, Ordering::Relaxed);
                match self.database.record_usage(batch).await {
                    Ok(()) => 0,
                    Err(StoreError::Away { .. }) => aside.put(rows(batch)).await,
                    Err(_) => return self.insist(batch).await,
                }
            }
            Ok(lost) | Err(lost) => lost + aside.put(rows(batch)).await,
        };
        self.looked = Some(Instant::now());
        self.lost.fetch_add(lost, Ordering::Relaxed);
    }

    async fn insist(&self, batch: &[UsageRecord]) {
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

    fn tell_lost(&mut self, at_once: bool) {
        let (told, when) = self.told;
        let lost = self.lost.load(Ordering::Relaxed);
        let is_time = at_once || when.is_none_or(|when| when.elapsed() >= TELLING);
        if lost > told && is_time {
            let (new, all) = (lost - told, lost);
            tracing::warn!(new, all, "usage records were lost");
            self.told = (lost, Some(Instant::now()));
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
        let writer = UsageWriter::holding(database.clone(), 3, None);
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
