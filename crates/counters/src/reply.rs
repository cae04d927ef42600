//! What the script answers. Pure.

use guichet_engine::ledger::{SharedLevel, Taking, Told, began};
use jiff::{SignedDuration, Timestamp};

/// An answer that is none: another program works on the same keys, or another version of this one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unreadable;

/// What was decided; none where it was too late for that. `ahead` is how much later it is at the server than here, in
/// microseconds.
pub(crate) fn read(
    reply: &[String],
    takings: &[Taking],
    now: Timestamp,
    ahead: i64,
) -> Result<Option<Told>, Unreadable> {
    let [verdict, _now, rest @ ..] = reply else {
        return Err(Unreadable);
    };
    if verdict == "late" {
        return Ok(None);
    }
    let (levels, left) = rest.as_chunks::<3>();
    if levels.len() != takings.len() || !left.is_empty() {
        return Err(Unreadable);
    }
    let levels = levels.iter().zip(takings).map(|(level, taking)| {
        let shift = if began(taking.window.quota(), now).is_some() {
            0
        } else {
            ahead
        };
        read_level(level, shift).ok_or(Unreadable)
    });
    let levels = levels.collect::<Result<Vec<SharedLevel>, Unreadable>>()?;
    match verdict.as_str() {
        "taken" => Ok(Some(Told::Taken(levels))),
        "refused" => Ok(Some(Told::Refused(levels))),
        _ => Err(Unreadable),
    }
}

fn read_level([opened, used, slots]: &[String; 3], shift: i64) -> Option<SharedLevel> {
    let slots = slots.split(';').filter(|slot| !slot.is_empty());
    let slot = |text: &str| {
        let (until, units) = text.split_once(':')?;
        Some((time(until, shift)?, units.parse().ok()?))
    };
    Some(SharedLevel {
        opened_at: time(opened, shift)?,
        used: used.parse().ok()?,
        slots: slots.map(slot).collect::<Option<_>>()?,
    })
}

fn time(text: &str, shift: i64) -> Option<Timestamp> {
    let time = Timestamp::from_microsecond(text.parse().ok()?).ok()?;
    time.checked_sub(SignedDuration::from_micros(shift)).ok()
}
