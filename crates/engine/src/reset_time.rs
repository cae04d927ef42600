//! When a provider says that it may be asked again: every form in use, in headers and in sentences.
//!
//! **Invariant:** what cannot be meant is not believed: nothing beyond a month, and nothing before now.

#[cfg(test)]
mod corpus;

use std::time::Duration;

use guichet_catalogue::model::ResetFormat;
use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};

/// Nobody means to be left alone for longer; a number beyond it is a mistaken unit.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 32);

/// How a text without further knowledge may be meant.
type Form = fn(&str, Timestamp) -> Option<Timestamp>;

/// All forms of a time, in the order in which they are tried; no text is two of them.
const FORMS: [Form; 4] = [number, duration_from_now, rfc_3339, http_date];

/// Headers that say only this, each with its form; the first that can be read holds.
const HEADERS: [(&str, Form); 4] = [
    ("retry-after-ms", milliseconds_from_now),
    ("x-ms-retry-after-ms", milliseconds_from_now),
    ("retry-after", any),
    ("x-rate-limit-retry-after-seconds", any),
];

/// Words before a time in a sentence, in lower case, and whether a number without a unit is one of seconds there.
const CUES: [(&str, bool); 12] = [
    ("retry in", false),
    ("try again in", false),
    ("again after", false),
    ("retry after", true),
    ("retry-after:", true),
    ("retry_after", true),
    ("reset after", false),
    ("reset in", false),
    ("resets in", false),
    ("available in", false),
    ("again at", false),
    ("resets at", false),
];

/// Units by their words, in nanoseconds.
const UNITS: [(&[&str], u64); 9] = [
    (&["ns"], 1),
    (&["us", "µs", "μs"], 1_000),
    (&["ms", "millisecond", "milliseconds"], 1_000_000),
    (&["s", "sec", "secs", "second", "seconds"], SECOND),
    (&["m", "min", "mins", "minute", "minutes"], 60 * SECOND),
    (&["h", "hr", "hrs", "hour", "hours"], 3_600 * SECOND),
    (&["d", "day", "days"], 86_400 * SECOND),
    (&["w", "week", "weeks"], 7 * 86_400 * SECOND),
    (&["month", "months"], 30 * 86_400 * SECOND),
];

const SECOND: u64 = 1_000_000_000;

/// The time that the headers give, if they give one that can be meant.
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    HEADERS.iter().find_map(|(name, form)| {
        let text = headers.get(*name)?.to_str().ok()?.trim();
        form(text, now).and_then(|at| believed(at, now))
    })
}

/// The time that a text gives, whatever its form.
pub(crate) fn written(text: &str, now: Timestamp) -> Option<Timestamp> {
    any(text.trim(), now).and_then(|at| believed(at, now))
}

/// The time that a text gives in a form that is known.
pub(crate) fn in_format(text: &str, format: ResetFormat, now: Timestamp) -> Option<Timestamp> {
    let form: Form = match format {
        ResetFormat::GoDuration => duration_from_now,
        ResetFormat::Seconds => seconds_from_now,
        ResetFormat::EpochSeconds => |text, _| epoch(text.parse().ok()?),
        ResetFormat::EpochMilliseconds => |text, _| epoch(text.parse::<f64>().ok()? / 1_000.0),
        ResetFormat::Rfc3339 => rfc_3339,
        ResetFormat::HttpDate => http_date,
    };
    form(text.trim(), now).and_then(|at| believed(at, now))
}

/// The latest time that a sentence gives: of several limits all must have room.
pub(crate) fn in_words(sentence: &str, now: Timestamp) -> Option<Timestamp> {
    let sentence = sentence.to_ascii_lowercase();
    let told = CUES.iter().flat_map(|(cue, bare)| {
        sentence
            .match_indices(cue)
            .filter_map(|(at, _)| after_cue(&sentence[at + cue.len()..], *bare, now))
    });
    told.filter_map(|at| believed(at, now)).max()
}

fn after_cue(rest: &str, bare: bool, now: Timestamp) -> Option<Timestamp> {
    let rest = rest.trim_start_matches([' ', ':', '"', '\'', '=', '~']);
    if let Some((wait, _)) = duration(rest) {
        return now.checked_add(wait).ok();
    }
    let word = rest.split([' ', ',', ';', '"', ')']).next()?;
    let word = word.trim_end_matches('.');
    rfc_3339(&word.to_ascii_uppercase(), now)
        .or_else(|| bare.then(|| seconds_from_now(word, now)).flatten())
}

fn believed(at: Timestamp, now: Timestamp) -> Option<Timestamp> {
    (at.duration_since(now) <= LONGEST).then(|| at.max(now))
}

fn any(text: &str, now: Timestamp) -> Option<Timestamp> {
    FORMS.iter().find_map(|form| form(text, now))
}

/// Seconds from now, seconds since 1970 or milliseconds since 1970: their magnitudes are far apart.
fn number(text: &str, now: Timestamp) -> Option<Timestamp> {
    const SINCE_1970: f64 = 1e9;
    const IN_MILLISECONDS: f64 = 1e12;
    let value = positive(text)?;
    if value >= IN_MILLISECONDS {
        epoch(value / 1_000.0)
    } else if value >= SINCE_1970 {
        epoch(value)
    } else {
        seconds_from_now(text, now)
    }
}

fn seconds_from_now(text: &str, now: Timestamp) -> Option<Timestamp> {
    let wait = Duration::try_from_secs_f64(positive(text.trim_end_matches('s'))?).ok()?;
    now.checked_add(wait).ok()
}

fn milliseconds_from_now(text: &str, now: Timestamp) -> Option<Timestamp> {
    let wait = Duration::try_from_secs_f64(positive(text)? / 1_000.0).ok()?;
    now.checked_add(wait).ok()
}

fn duration_from_now(text: &str, now: Timestamp) -> Option<Timestamp> {
    let (wait, rest) = duration(text)?;
    rest.is_empty()
        .then(|| now.checked_add(wait).ok())
        .flatten()
}

fn rfc_3339(text: &str, _: Timestamp) -> Option<Timestamp> {
    text.parse().ok()
}

fn http_date(text: &str, _: Timestamp) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(text)
        .ok()
        .map(|zoned| zoned.timestamp())
}

fn epoch(seconds: f64) -> Option<Timestamp> {
    let since = SignedDuration::try_from_secs_f64(seconds).ok()?;
    Timestamp::from_duration(since).ok()
}

fn positive(text: &str) -> Option<f64> {
    let begins = text.starts_with(|first: char| first.is_ascii_digit() || first == '.');
    text.parse()
        .ok()
        .filter(|value: &f64| begins && value.is_finite())
}

/// A duration at the beginning of a text, and what follows it: `1m26.4s`, `12ms`, `5 hours`, `1 hour and 30 minutes`.
fn duration(text: &str) -> Option<(Duration, &str)> {
    let (mut whole, mut rest) = part(text)?;
    loop {
        let next = rest.trim_start_matches([' ', ',']);
        let next = next.strip_prefix("and ").unwrap_or(next).trim_start();
        let Some((more, after)) = part(next) else {
            return Some((whole, rest));
        };
        whole = whole.checked_add(more)?;
        rest = after;
    }
}

/// A number with a unit.
fn part(text: &str) -> Option<(Duration, &str)> {
    let end = text
        .find(|character: char| !character.is_ascii_digit() && character != '.')
        .unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let rest = rest.trim_start_matches(' ');
    let end = rest
        .find(|character: char| !character.is_alphabetic())
        .unwrap_or(rest.len());
    let (word, rest) = rest.split_at(end);
    let (_, nanoseconds) = UNITS.iter().find(|(words, _)| words.contains(&word))?;
    let unit = Duration::from_nanos(*nanoseconds).as_secs_f64();
    let length = Duration::try_from_secs_f64(positive(number)? * unit).ok()?;
    Some((length, rest))
}
