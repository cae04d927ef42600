//! One instant on the clocks of two zones.
//!
//! A time without offset may be one that its zone's clocks skip, or one that they show twice. It is then read as
//! RFC 5545 says (the skipped one with the offset before the change, the double one as the first), and said to be so.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, Zoned};
use serde_json::{Map, Value, json};

use super::{moment, zone};
use crate::{Context, Failure, params};

/// `at`, read in the zone `from` unless it has an offset of its own, in the zone `to`.
pub(super) fn convert(parameters: &Map<String, Value>, _: &Context) -> Result<Value, Failure> {
    let at = params::required_text(parameters, "at")?;
    let from = zone::named(parameters, "from")?;
    let to = zone::named(parameters, "to")?.ok_or_else(|| params::invalid("to", "is missing"))?;
    let reading = read(at, from)?;
    let there = reading.instant.with_time_zone(to.clone());
    let mut value = json!({
        "from": moment::unified(&reading.instant),
        "to": moment::unified(&there),
        "difference_s": there.offset().seconds() - reading.instant.offset().seconds(),
        "ambiguity": reading.ambiguity.name(),
    });
    if let Some(note) = reading.ambiguity.note(at, &reading.instant) {
        value["note"] = json!(note);
    }
    if let Some(other) = reading.other {
        value["alternative"] = json!({
            "from": moment::unified(&other),
            "to": moment::unified(&other.with_time_zone(to)),
        });
    }
    Ok(value)
}

/// What `at` says.
struct Reading {
    instant: Zoned,
    ambiguity: Ambiguity,
    /// The other instant that it may mean.
    other: Option<Zoned>,
}

#[derive(Clone, Copy)]
enum Ambiguity {
    None,
    /// The clocks skipped it.
    Gap,
    /// The clocks showed it twice.
    Fold,
}

fn read(at: &str, from: Option<TimeZone>) -> Result<Reading, Failure> {
    // RFC 9557, as we write it ourselves: the zone in brackets tells more than the offset, which has no seconds.
    if let Some(instant) = zone::parse_zoned(at) {
        let instant = from.map_or(instant.clone(), |from| instant.with_time_zone(from));
        return Ok(Reading {
            instant,
            ambiguity: Ambiguity::None,
            other: None,
        });
    }
    if let Ok(instant) = at.parse::<Timestamp>() {
        let instant = instant.to_zoned(from.unwrap_or(TimeZone::UTC));
        return Ok(Reading {
            instant,
            ambiguity: Ambiguity::None,
            other: None,
        });
    }
    let local: DateTime = at.parse().map_err(|_| {
        let reason = "expected RFC 3339, such as 2026-03-29T02:30:00+01:00 or 2026-03-29T02:30:00";
        params::invalid("at", reason)
    })?;
    let from = from.ok_or_else(|| {
        let reason =
            "is missing: `at` has no offset, so the zone in which it is meant must be told";
        params::invalid("from", reason)
    })?;
    read_local(local, from).map_err(|_| params::invalid("at", "is beyond the years -9999 to 9999"))
}

fn read_local(local: DateTime, zone: TimeZone) -> Result<Reading, jiff::Error> {
    let candidates = zone.into_ambiguous_zoned(local);
    let ambiguity = match candidates.offset() {
        AmbiguousOffset::Unambiguous { .. } => Ambiguity::None,
        AmbiguousOffset::Gap { .. } => Ambiguity::Gap,
        AmbiguousOffset::Fold { .. } => Ambiguity::Fold,
    };
    let other = match ambiguity {
        Ambiguity::None => None,
        Ambiguity::Gap => Some(candidates.clone().earlier()?),
        Ambiguity::Fold => Some(candidates.clone().later()?),
    };
    Ok(Reading {
        instant: candidates.compatible()?,
        ambiguity,
        other,
    })
}

impl Ambiguity {
    fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gap => "gap",
            Self::Fold => "fold",
        }
    }

    fn note(self, at: &str, taken: &Zoned) -> Option<String> {
        let zone = taken.time_zone().iana_name().unwrap_or("this zone");
        let taken = taken.datetime();
        match self {
            Self::None => None,
            Self::Gap => Some(format!(
                "{at} does not exist in {zone}, where clocks were put forward over it; taken as {taken}"
            )),
            Self::Fold => Some(format!(
                "{at} exists twice in {zone}, where clocks were put back over it; taken as the first of the two"
            )),
        }
    }
}
