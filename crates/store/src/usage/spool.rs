//! Rows of usage that wait on disk while the server of the database is away: one file, bounded, read in the order in
//! which it was written.
//!
//! A line is a row, as JSON; the head says from where on rows wait. A process that dies loses none of them. One that
//! dies after the server has taken a batch and before the head says so writes that batch twice. Blocking, and quick.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde_json::Value as Json;

use crate::sql::Value;

/// The file is as long as this where nothing waits.
const HEAD: u64 = 33;
const MAGIC: &str = "guichet usage 1 ";
/// What is read at once.
const PIECE: u64 = 256 << 10;

/// The file. It is locked as long as it is open: each process has its own folder.
#[derive(Debug)]
pub(super) struct Spool {
    file: File,
    /// How long the file may become.
    most: u64,
    /// From where on rows wait.
    read: u64,
    end: u64,
    /// How many wait.
    rows: u64,
}

/// Rows that wait, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pub(super) rows: Vec<Vec<Value>>,
    /// Lines that are none; nobody can write them down any more.
    pub(super) damaged: u64,
    /// Where the next one begins.
    until: u64,
}

impl Spool {
    /// Opens the file, and makes it where there is none.
    pub(super) fn open(path: &Path, most: u64) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        file.try_lock()?;
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        let Some(read) = head(&text) else {
            if !text.is_empty() {
                // Not ours, or of another version.
                fs::rename(path, path.with_extension("damaged"))?;
                return Self::open(path, most);
            }
            let mut spool = Self {
                file,
                most,
                read: HEAD,
                end: HEAD,
                rows: 0,
            };
            spool.clear()?;
            return Ok(spool);
        };
        // A line that was cut off was never promised.
        let whole = text.iter().rposition(|byte| *byte == b'\n');
        let end = whole.map_or(HEAD, |place| place as u64 + 1);
        file.set_len(end)?;
        let waiting = text.iter().take(index(end)).skip(index(read));
        Ok(Self {
            rows: waiting.filter(|byte| **byte == b'\n').count() as u64,
            file,
            most,
            read: read.min(end),
            end,
        })
    }

    /// How many rows wait.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Adds rows; says how many of them found room.
    pub(super) fn append(&mut self, rows: &[Vec<Value>]) -> io::Result<usize> {
        let mut text = Vec::new();
        let mut fitting = 0;
        for row in rows {
            let before = text.len();
            serde_json::to_writer(&mut text, &line(row))?;
            text.push(b'\n');
            if self.end + text.len() as u64 > self.most {
                text.truncate(before);
                break;
            }
            fitting += 1;
        }
        self.file.seek(SeekFrom::Start(self.end))?;
        if let Err(error) = self.file.write_all(&text) {
            self.file.set_len(self.end)?;
            return Err(error);
        }
        self.end += text.len() as u64;
        self.rows += fitting as u64;
        Ok(fitting)
    }

    /// The oldest rows, at most so many.
    pub(super) fn oldest(&mut self, most: usize) -> io::Result<Waiting> {
        self.file.seek(SeekFrom::Start(self.read))?;
        let mut text = Vec::new();
        let piece = (self.end - self.read).min(PIECE);
        (&self.file).take(piece).read_to_end(&mut text)?;
        let mut waiting = Waiting {
            until: self.read,
            ..Waiting::default()
        };
        for line in text.split_inclusive(|byte| *byte == b'\n').take(most) {
            if line.last() != Some(&b'\n') {
                break;
            }
            waiting.until += line.len() as u64;
            match row(line) {
                Some(row) => waiting.rows.push(row),
                None => waiting.damaged += 1,
            }
        }
        Ok(waiting)
    }

    /// These rows do not wait any more.
    pub(super) fn forget(&mut self, waiting: &Waiting) -> io::Result<()> {
        self.read = waiting.until;
        let gone = waiting.rows.len() as u64 + waiting.damaged;
        self.rows = self.rows.saturating_sub(gone);
        if self.read >= self.end {
            return self.clear();
        }
        self.write_head()
    }

    fn clear(&mut self) -> io::Result<()> {
        (self.read, self.end, self.rows) = (HEAD, HEAD, 0);
        // In this order: a file without rows whose head is old has none either.
        self.file.set_len(HEAD)?;
        self.write_head()
    }

    fn write_head(&mut self) -> io::Result<()> {
        self.file.rewind()?;
        writeln!(self.file, "{MAGIC}{:016}", self.read)
    }
}

fn head(text: &[u8]) -> Option<u64> {
    let head = std::str::from_utf8(text.get(..index(HEAD))?).ok()?;
    let read: u64 = head.trim_end().strip_prefix(MAGIC)?.parse().ok()?;
    (read >= HEAD).then_some(read)
}

fn index(place: u64) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}

fn line(row: &[Value]) -> Json {
    let values = row.iter().map(|value| match value {
        Value::Integer(number) => Json::from(*number),
        Value::Text(text) => Json::from(text.as_deref()),
        // No column of usage is one of these.
        Value::Real(_) | Value::Bytes(_) => Json::Null,
    });
    values.collect()
}

/// A row as it was handed in: of what is missing, the column tells the type.
fn row(line: &[u8]) -> Option<Vec<Value>> {
    let values: Vec<Json> = serde_json::from_slice(line).ok()?;
    let columns = super::COLUMN_TYPES;
    if values.len() != columns.len() {
        return None;
    }
    let typed = values
        .into_iter()
        .zip(columns)
        .map(|(value, is_text)| match value {
            Json::Null if is_text => Some(Value::Text(None)),
            Json::Null => Some(Value::Integer(None)),
            Json::String(text) if is_text => Some(text.into()),
            Json::Number(number) if !is_text => number.as_i64().map(Value::from),
            _ => None,
        });
    typed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(begin: i64, number: i64) -> Vec<Vec<Value>> {
        let values = |at: i64| {
            let columns = super::super::COLUMN_TYPES.into_iter();
            let value = |is_text: bool| match is_text {
                true if at % 2 == 0 => Value::Text(None),
                true => Value::from(format!("row {at}\n\"é\"")),
                false => Value::from(at),
            };
            columns.map(value).collect()
        };
        (begin..begin + number).map(values).collect()
    }

    #[test]
    fn rows_come_back_in_order_and_over_restarts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usage");
        let mut spool = Spool::open(&path, 1 << 20).unwrap();
        assert_eq!(spool.append(&rows(0, 30)).unwrap(), 30);
        let first = spool.oldest(10).unwrap();
        assert_eq!(first.rows, rows(0, 10));
        spool.forget(&first).unwrap();
        drop(spool);
        let mut spool = Spool::open(&path, 1 << 20).unwrap();
        assert_eq!(spool.rows(), 20);
        assert_eq!(spool.append(&rows(30, 5)).unwrap(), 5);
        let rest = spool.oldest(100).unwrap();
        assert_eq!((rest.rows.clone(), rest.damaged), (rows(10, 25), 0));
        spool.forget(&rest).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), HEAD);
    }

    #[test]
    fn a_full_spool_takes_what_fits_and_has_room_again_when_it_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usage");
        let mut spool = Spool::open(&path, 4_096).unwrap();
        let fitted = spool.append(&rows(0, 1_000)).unwrap();
        assert!(0 < fitted && fitted < 1_000, "{fitted}");
        assert!(fs::metadata(&path).unwrap().len() <= 4_096);
        assert!(
            spool.append(&rows(0, 1_000)).unwrap() <= 1,
            "there is hardly room for a small one"
        );
        let all = spool.oldest(1_000).unwrap();
        assert!(all.rows.len() >= fitted);
        spool.forget(&all).unwrap();
        assert!(spool.append(&rows(0, 1)).unwrap() == 1);
    }

    #[test]
    fn a_line_that_was_cut_off_is_none_and_one_that_is_damaged_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usage");
        let mut spool = Spool::open(&path, 1 << 20).unwrap();
        spool.append(&rows(0, 2)).unwrap();
        drop(spool);
        let mut text = fs::read_to_string(&path).unwrap();
        text.push_str("[\"nonsense\"]\n[1,\"cut");
        fs::write(&path, text).unwrap();
        let mut spool = Spool::open(&path, 1 << 20).unwrap();
        let waiting = spool.oldest(10).unwrap();
        assert_eq!((waiting.rows, waiting.damaged), (rows(0, 2), 1));
    }

    #[test]
    fn what_is_no_spool_is_put_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usage");
        fs::write(&path, "something else\n").unwrap();
        let spool = Spool::open(&path, 1 << 20).unwrap();
        assert_eq!(spool.rows(), 0);
        assert!(path.with_extension("damaged").exists());
    }
}
