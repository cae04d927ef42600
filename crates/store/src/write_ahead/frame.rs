//! What stands in a write-ahead file, as bytes: a head, then frames, each of which is written at once and holds or does
//! not hold as a whole. Pure.
//!
//! A frame is its length and a checksum (4 bytes each, little endian), then entries: names of windows before their
//! first use, and levels, which are absolute. Reading twice gives the same, and what stands later holds.

use std::collections::{BTreeMap, HashMap};

use guichet_engine::store::{Level, WindowName};
use jiff::Timestamp;

/// How a file begins. Another version writes another head.
pub(super) const HEAD: &[u8; 16] = b"guichet ahead 1\n";

const FRAME_HEAD: usize = 8;
/// No frame is longer: a number of windows that no catalogue has.
const LONGEST: usize = 64 << 20;
const NAME: u8 = 1;
const LEVEL: u8 = 2;

/// Levels by budget and window.
pub(super) type Levels = BTreeMap<(String, String), (Timestamp, f64)>;

/// Puts levels into `frame`, in place of what was there. `is_named` says whose name the file holds already.
pub(super) fn write(levels: &[Level], is_named: impl Fn(u32) -> bool, frame: &mut Vec<u8>) {
    frame.clear();
    frame.extend_from_slice(&[0; FRAME_HEAD]);
    for level in levels {
        let name = &*level.window;
        if !is_named(name.number) {
            frame.push(NAME);
            frame.extend_from_slice(&name.number.to_le_bytes());
            text(&name.budget, frame);
            text(&name.window, frame);
        }
        frame.push(LEVEL);
        frame.extend_from_slice(&name.number.to_le_bytes());
        frame.extend_from_slice(&level.opened_at.as_second().to_le_bytes());
        frame.extend_from_slice(&level.opened_at.subsec_nanosecond().to_le_bytes());
        frame.extend_from_slice(&level.used.to_le_bytes());
    }
    let length = u32::try_from(frame.len() - FRAME_HEAD).unwrap_or(u32::MAX);
    frame[..4].copy_from_slice(&length.to_le_bytes());
    let sum = checksum(length, &frame[FRAME_HEAD..]);
    frame[4..FRAME_HEAD].copy_from_slice(&sum.to_le_bytes());
}

fn text(text: &str, frame: &mut Vec<u8>) {
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    frame.extend_from_slice(&length.to_le_bytes());
    frame.extend_from_slice(text.as_bytes());
}

fn checksum(length: u32, entries: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(&length.to_le_bytes());
    sum.update(entries);
    sum.finalize()
}

/// How a file ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// With a frame.
    Whole,
    /// Within a frame or the head: its writer died. Nobody relied on what was being written.
    Torn,
    /// From this byte on it holds what was never written so.
    Damaged(usize),
    /// It is no file of ours, or one of another version.
    Foreign,
}

/// What a file holds, as far as it is sound.
pub(super) fn read(bytes: &[u8]) -> (Levels, End) {
    let mut levels = Levels::new();
    let Some(mut rest) = bytes.strip_prefix(HEAD) else {
        let begun = HEAD.starts_with(bytes);
        return (levels, if begun { End::Torn } else { End::Foreign });
    };
    let mut names = HashMap::new();
    while !rest.is_empty() {
        let damaged = End::Damaged(bytes.len() - rest.len());
        let Some((head, after)) = rest.split_first_chunk::<FRAME_HEAD>() else {
            return (levels, End::Torn);
        };
        let [a, b, c, d, sum @ ..] = *head;
        let length = u32::from_le_bytes([a, b, c, d]);
        let Some(entries) = after.get(..length as usize) else {
            let end = if length as usize > LONGEST {
                damaged
            } else {
                End::Torn
            };
            return (levels, end);
        };
        let sound = checksum(length, entries) == u32::from_le_bytes(sum);
        if !sound || take(entries, &mut names, &mut levels).is_none() {
            return (levels, damaged);
        }
        rest = &after[entries.len()..];
    }
    (levels, End::Whole)
}

/// Takes over the entries of a frame; none where they are not as they are written.
fn take(
    entries: &[u8],
    names: &mut HashMap<u32, (String, String)>,
    levels: &mut Levels,
) -> Option<()> {
    let mut reader = Reader(entries);
    while let Some(kind) = reader.bytes::<1>() {
        let number = u32::from_le_bytes(reader.bytes()?);
        match kind {
            [NAME] => {
                let name = (reader.text()?, reader.text()?);
                names.insert(number, name);
            }
            [LEVEL] => {
                let second = i64::from_le_bytes(reader.bytes()?);
                let nanosecond = i32::from_le_bytes(reader.bytes()?);
                let used = f64::from_le_bytes(reader.bytes()?);
                let opened_at = Timestamp::new(second, nanosecond).ok()?;
                levels.insert(names.get(&number)?.clone(), (opened_at, used));
            }
            _ => return None,
        }
    }
    Some(())
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*bytes)
    }

    fn text(&mut self) -> Option<String> {
        let length = u32::from_le_bytes(self.bytes()?);
        let (text, rest) = self.0.split_at_checked(length as usize)?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).ok()
    }
}

/// A level's place in [`Levels`].
pub(super) fn key(name: &WindowName) -> (String, String) {
    (name.budget.to_string(), name.window.to_string())
}
