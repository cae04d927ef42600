//! One limit on what callers may ask of us: how people write it, and the window of the ledger that it is.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use guichet_catalogue::model::{CalendarUnit, Dimension, Quota, Scope, Window};
use guichet_catalogue::units;
use jiff::tz::TimeZone;

/// So much of something within a span: `60 requests per minute`, `$5 each month in Europe/Paris`, `4 at once`.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// US dollars where money is counted.
    amount: f64,
    counts: Dimension,
    span: Span,
}

#[derive(Debug, Clone, PartialEq)]
enum Span {
    /// Refills all the time (GCRA). At most `burst` of it is there at one moment; none = all.
    Per {
        period: Duration,
        burst: Option<f64>,
    },
    /// Starts afresh with the calendar.
    Each { unit: CalendarUnit, zone: TimeZone },
    /// Is there once.
    InAll,
    /// Counts what is under way.
    AtOnce,
}

/// A text that is no limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no limit ({reason}): write one such as `60 requests per minute`, `1000 requests each day`, \
     `200k tokens per minute`, `$5 each month in Europe/Paris`, `$20 in all` or `4 at once`"
)]
pub struct LimitError {
    text: String,
    reason: &'static str,
}

const COUNTED: [(Dimension, &str); 4] = [
    (Dimension::Requests, "requests"),
    (Dimension::Tokens, "tokens"),
    (Dimension::InputTokens, "input tokens"),
    (Dimension::OutputTokens, "output tokens"),
];
const PERIODS: [(Duration, &str); 4] = [
    (Duration::from_secs(1), "second"),
    (Duration::from_mins(1), "minute"),
    (Duration::from_hours(1), "hour"),
    (Duration::from_hours(24), "day"),
];
const UNITS: [(CalendarUnit, &str); 4] = [
    (CalendarUnit::Minute, "minute"),
    (CalendarUnit::Hour, "hour"),
    (CalendarUnit::Day, "day"),
    (CalendarUnit::Month, "month"),
];
/// Beyond this, fractions are lost.
const MOST: f64 = 1e12;

impl Limit {
    /// Names it among the limits of its holder: `requests-per-minute`, `money-each-month`, `at-once`. What is counted in
    /// the same span has the same name, however much of it is allowed.
    #[must_use]
    pub fn name(&self) -> String {
        let counts = self.counts.as_str().replace('_', "-");
        match &self.span {
            Span::Per { period, .. } => format!("{counts}-per-{}", shown_period(*period)),
            Span::Each { unit, .. } => format!("{counts}-each-{}", word(&UNITS, unit)),
            Span::InAll => format!("{counts}-in-all"),
            Span::AtOnce => "at-once".to_owned(),
        }
    }

    /// How much is allowed; of money US dollars.
    #[must_use]
    pub fn amount(&self) -> f64 {
        self.amount
    }

    /// What is counted.
    #[must_use]
    pub fn counts(&self) -> Dimension {
        self.counts
    }

    /// The length of its span, as one speaks of it; none where it has none.
    #[must_use]
    pub fn period(&self) -> Option<Duration> {
        match &self.span {
            Span::Per { period, .. } => Some(*period),
            Span::Each { .. } => self.quota().window.period(),
            Span::InAll | Span::AtOnce => None,
        }
    }

    /// Whether it counts calls, and not what they take.
    #[must_use]
    pub fn counts_calls(&self) -> bool {
        self.counts == Dimension::Requests
    }

    /// Whether it is a rate, which says how fast calls may come, and not how many.
    #[must_use]
    pub fn is_rate(&self) -> bool {
        matches!(self.span, Span::Per { .. })
    }

    /// The window that it is. What refills all the time and holds less than a period's worth is a smaller bucket that
    /// refills as fast.
    #[must_use]
    pub fn quota(&self) -> Quota {
        let (limit, window) = match &self.span {
            Span::Per { period, burst } => {
                let held = burst.unwrap_or(self.amount);
                (held, Window::Bucket(period.mul_f64(held / self.amount)))
            }
            Span::Each { unit, zone } => {
                let zone = zone.clone();
                (self.amount, Window::Calendar { unit: *unit, zone })
            }
            Span::InAll => (self.amount, Window::Credit(None)),
            Span::AtOnce => (self.amount, Window::Concurrency),
        };
        Quota {
            limit,
            window,
            scope: Scope::Key,
            group: None,
            dimension: self.counts,
            cost: None,
            each_model: false,
            models: Vec::new(),
            guessed: false,
            cap: false,
        }
    }
}

impl FromStr for Limit {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        read(text).map_err(|reason| LimitError {
            text: text.to_owned(),
            reason,
        })
    }
}

fn read(text: &str) -> Result<Limit, &'static str> {
    let (main, burst) = match text.split_once(',') {
        Some((main, burst)) => (main, Some(burst)),
        None => (text, None),
    };
    let words: Vec<&str> = main.split_whitespace().collect();
    let (first, rest) = words.split_first().ok_or("it is empty")?;
    let (amount, counts, span) = match (first.strip_prefix('$'), rest) {
        (Some(dollars), span) => (dollars_of(dollars)?, Dimension::Money, span),
        (None, ["at", "once"]) => (whole(first)?, Dimension::Requests, rest),
        (None, [kind @ ("input" | "output"), "token" | "tokens", span @ ..]) => {
            let counts = match *kind {
                "input" => Dimension::InputTokens,
                _ => Dimension::OutputTokens,
            };
            (whole(first)?, counts, span)
        }
        (None, ["token" | "tokens", span @ ..]) => (whole(first)?, Dimension::Tokens, span),
        (None, ["request" | "requests", span @ ..]) => (whole(first)?, Dimension::Requests, span),
        (None, _) => {
            return Err("requests, tokens, input tokens or output tokens are counted, or $");
        }
    };
    let mut span = read_span(span)?;
    match (&mut span, burst) {
        (_, None) => {}
        (Span::Per { burst, .. }, Some(text)) if counts != Dimension::Money => {
            *burst = Some(read_burst(text, amount)?);
        }
        _ => return Err("only requests and tokens `per` a time have `, … at a time`"),
    }
    Ok(Limit {
        amount,
        counts,
        span,
    })
}

fn read_span(words: &[&str]) -> Result<Span, &'static str> {
    match words {
        ["at", "once"] => Ok(Span::AtOnce),
        ["in", "all"] => Ok(Span::InAll),
        ["per", "month"] => Err("a month is a month of the calendar: `each month`"),
        ["per", period] => {
            let named = PERIODS.iter().find(|(_, name)| name == period);
            let period =
                named.map_or_else(|| units::duration(period).ok(), |(period, _)| Some(*period));
            let within = |period: &Duration| (PERIODS[0].0..=PERIODS[3].0).contains(period);
            let period = period.filter(within);
            let period = period
                .ok_or("after `per` comes second, minute, hour, day or a time such as 10s")?;
            Ok(Span::Per {
                period,
                burst: None,
            })
        }
        ["each", unit, zone @ ..] => {
            let unit = UNITS.iter().find(|(_, name)| name == unit);
            let (unit, _) = unit.ok_or("after `each` comes minute, hour, day or month")?;
            let zone = match zone {
                [] => TimeZone::UTC,
                ["in", zone] => {
                    TimeZone::get(zone).map_err(|_| "there is no such zone in the IANA database")?
                }
                _ => return Err("after the unit comes at most `in` and a zone"),
            };
            Ok(Span::Each { unit: *unit, zone })
        }
        _ => Err("a span is missing: `per …`, `each …`, `in all` or `at once`"),
    }
}

fn read_burst(text: &str, amount: f64) -> Result<f64, &'static str> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [number, "at", "a", "time"] = words.as_slice() else {
        return Err("after the comma comes a number and `at a time`");
    };
    let burst = whole(number)?;
    if burst > amount {
        return Err("at a time there is at most what there is in the whole span");
    }
    Ok(burst)
}

/// `1000`, `1_000`, `200k`, `3M`.
fn whole(text: &str) -> Result<f64, &'static str> {
    const WRONG: &str = "the number is no whole one from 1 to a million million";
    let (digits, times) = match text.as_bytes().last() {
        Some(b'k') => (&text[..text.len() - 1], 1e3),
        Some(b'M') => (&text[..text.len() - 1], 1e6),
        _ => (text, 1.0),
    };
    let number: u32 = digits.replace('_', "").parse().map_err(|_| WRONG)?;
    let amount = f64::from(number) * times;
    ((1.0..=MOST).contains(&amount))
        .then_some(amount)
        .ok_or(WRONG)
}

fn dollars_of(text: &str) -> Result<f64, &'static str> {
    const WRONG: &str = "the sum of money is none from $0.000001 to a million million";
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let amount: f64 = text.parse().map_err(|_| WRONG)?;
    (plain && (1e-6..=MOST).contains(&amount))
        .then_some(amount)
        .ok_or(WRONG)
}

impl fmt::Display for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.counts, &self.span) {
            (_, Span::AtOnce) => write!(formatter, "{}", self.amount)?,
            (Dimension::Money, _) => write!(formatter, "${}", self.amount)?,
            (counts, _) => {
                let what = word(&COUNTED, &counts);
                let singular = what.trim_end_matches('s');
                let what = if self.amount > 1.0 { what } else { singular };
                write!(formatter, "{} {what}", self.amount)?;
            }
        }
        match &self.span {
            Span::Per { period, burst } => {
                write!(formatter, " per {}", shown_period(*period))?;
                match burst {
                    Some(burst) => write!(formatter, ", {burst} at a time"),
                    None => Ok(()),
                }
            }
            Span::Each { unit, zone } => {
                write!(formatter, " each {}", word(&UNITS, unit))?;
                match zone.iana_name() {
                    Some(name) if *zone != TimeZone::UTC => write!(formatter, " in {name}"),
                    _ => Ok(()),
                }
            }
            Span::InAll => formatter.write_str(" in all"),
            Span::AtOnce => formatter.write_str(" at once"),
        }
    }
}

fn word<T: PartialEq>(words: &[(T, &'static str)], of: &T) -> &'static str {
    words
        .iter()
        .find(|(known, _)| known == of)
        .map_or("requests", |(_, word)| word)
}

/// `minute`, `10s`, `90m`.
fn shown_period(period: Duration) -> String {
    if let Some((_, name)) = PERIODS.iter().find(|(known, _)| *known == period) {
        return (*name).to_owned();
    }
    let seconds = period.as_secs();
    match (period.subsec_millis(), seconds % 3_600, seconds % 60) {
        (0, 0, _) => format!("{}h", seconds / 3_600),
        (0, _, 0) => format!("{}m", seconds / 60),
        (0, ..) => format!("{seconds}s"),
        _ => format!("{}ms", period.as_millis()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(text: &str) -> Limit {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn what_people_write_reads_back_as_they_wrote_it() {
        for text in [
            "60 requests per minute",
            "60 requests per minute, 10 at a time",
            "1 request per second",
            "5 requests per 10s",
            "1000 requests each day",
            "100 requests each month in Europe/Paris",
            "200000 tokens per minute",
            "1000000 input tokens each day",
            "1 output token per hour",
            "$5 each month",
            "$0.25 per hour",
            "$20 in all",
            "4 at once",
        ] {
            assert_eq!(limit(text).to_string(), text);
        }
        assert_eq!(
            limit("200k  tokens per 60s").to_string(),
            "200000 tokens per minute"
        );
        assert_eq!(
            limit("1_000 requests per 90m").to_string(),
            "1000 requests per 90m"
        );
    }

    #[test]
    fn what_is_counted_in_the_same_span_has_the_same_name() {
        for (name, texts) in [
            (
                "requests-per-minute",
                ["60 requests per minute", "9 requests per 1m, 3 at a time"],
            ),
            (
                "money-each-month",
                ["$5 each month", "$7 each month in Europe/Paris"],
            ),
            ("money-in-all", ["$5 in all", "$6 in all"]),
            (
                "input-tokens-per-10s",
                ["5 input tokens per 10s", "6 input tokens per 10s"],
            ),
            ("at-once", ["1 at once", "2 at once"]),
        ] {
            assert_eq!(texts.map(|text| limit(text).name()), [name, name]);
        }
    }

    #[test]
    fn less_at_a_time_is_a_smaller_bucket_that_refills_as_fast() {
        let quota = limit("60 requests per minute, 10 at a time").quota();
        assert_eq!(quota.window, Window::Bucket(Duration::from_secs(10)));
        assert!((quota.limit - 10.0).abs() < f64::EPSILON);
    }

    #[test]
    fn what_is_no_limit_says_why_and_what_would_be_one() {
        for (text, reason) in [
            ("", "it is empty"),
            ("60", "requests, tokens"),
            ("60 cats per minute", "requests, tokens"),
            ("0 requests per minute", "the number"),
            ("-1 requests per minute", "the number"),
            ("1.5 requests per minute", "the number"),
            ("60 requests", "a span is missing"),
            ("60 requests per month", "`each month`"),
            ("60 requests per fortnight", "after `per`"),
            ("60 requests per 0s", "after `per`"),
            ("60 requests each week", "after `each`"),
            ("60 requests each day in Atlantis", "no such zone"),
            (
                "60 requests each day, 3 at a time",
                "only requests and tokens",
            ),
            (
                "60 requests per minute, 61 at a time",
                "at a time there is at most",
            ),
            ("60 requests per minute, burst 3", "after the comma"),
            ("$0 each day", "the sum of money"),
            ("$nan each day", "the sum of money"),
            ("$1e3 each day", "the sum of money"),
        ] {
            let error = text.parse::<Limit>().unwrap_err().to_string();
            assert!(
                error.contains(reason) && error.contains("`$20 in all`"),
                "{text}: {error}"
            );
        }
    }
}
