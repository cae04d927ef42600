//! `guichet usage`: what calls to models took.

use guichet_store::{UsageGroup, UsageTotal};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::context::Context;
use crate::failure::Verdict;
use crate::installation::Installation;
use crate::output::{Cell, Paint, Table, Tone};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What calls are summed by
    #[arg(long, value_enum, default_value = "provider")]
    by: By,
    /// Only calls from this day on, such as 2026-11-01 (UTC), or from this time on
    #[arg(long, value_name = "DATE", value_parser = since)]
    since: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum By {
    Provider,
    Model,
    Project,
    Key,
    Day,
}

impl By {
    fn group(self) -> UsageGroup {
        match self {
            Self::Provider => UsageGroup::Provider,
            Self::Model => UsageGroup::Model,
            Self::Project => UsageGroup::Project,
            Self::Key => UsageGroup::Key,
            Self::Day => UsageGroup::Day,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Provider => "PROVIDER",
            Self::Model => "MODEL",
            Self::Project => "PROJECT",
            Self::Key => "KEY",
            Self::Day => "DAY",
        }
    }
}

#[derive(Serialize)]
struct Report {
    by: By,
    since: Option<Timestamp>,
    totals: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    /// Null = calls that nobody answered.
    name: Option<String>,
    calls: i64,
    failed: i64,
    input_tokens: i64,
    cached_tokens: i64,
    output_tokens: i64,
    reasoning_tokens: i64,
    /// Calls whose tokens are estimated.
    estimated: i64,
    cost_usd: f64,
    /// Answered calls whose price is not known: the cost is without them.
    unpriced: i64,
    first_token_ms: Option<i64>,
    took_ms: i64,
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> anyhow::Result<Verdict> {
    let config = context.config()?;
    let Arguments { by, since } = arguments;
    let totals = match Installation::database(&config.settings).await? {
        Some(database) => database.usage_totals(by.group(), since).await?,
        None => Vec::new(),
    };
    let report = Report {
        by,
        since,
        totals: totals.into_iter().map(Line::from).collect(),
    };
    context.output.show(&report, table)?;
    Ok(Verdict::Good)
}

impl From<UsageTotal> for Line {
    #[expect(
        clippy::cast_precision_loss,
        reason = "nobody spends nine billion dollars"
    )]
    fn from(total: UsageTotal) -> Self {
        Self {
            name: total.name,
            calls: total.calls,
            failed: total.failed,
            input_tokens: total.input_tokens,
            cached_tokens: total.cached_tokens,
            output_tokens: total.output_tokens,
            reasoning_tokens: total.reasoning_tokens,
            estimated: total.estimated,
            cost_usd: total.cost_micros as f64 / 1e6,
            unpriced: total.unpriced,
            first_token_ms: total.first_token_ms,
            took_ms: total.took_ms,
        }
    }
}

fn table(report: &Report, paint: Paint) -> String {
    if report.totals.is_empty() {
        return "no model was asked\n".into();
    }
    let mut table = Table::new([
        report.by.title(),
        "CALLS",
        "FAILED",
        "INPUT",
        "CACHED",
        "OUTPUT",
        "COST",
        "FIRST TOKEN",
        "ALL",
    ]);
    for line in &report.totals {
        table.row([
            line.name.as_deref().unwrap_or("nobody").into(),
            line.calls.to_string().into(),
            failed(line.failed),
            line.input_tokens.to_string().into(),
            line.cached_tokens.to_string().into(),
            line.output_tokens.to_string().into(),
            cost(line).into(),
            line.first_token_ms
                .map_or_else(|| "–".to_owned(), |time| format!("{time} ms"))
                .into(),
            format!("{} ms", line.took_ms).into(),
        ]);
    }
    table.render(paint)
}

fn failed(number: i64) -> Cell {
    match number {
        0 => "0".into(),
        some => Cell::toned(some.to_string(), Tone::Careful),
    }
}

/// `$0.0123 + ?` where the price of some is not known.
fn cost(line: &Line) -> String {
    let known = format!("${:.4}", line.cost_usd);
    match line.unpriced {
        0 => known,
        some if some == line.calls => "?".into(),
        _ => format!("{known} + ?"),
    }
}

fn since(text: &str) -> Result<Timestamp, String> {
    let midnight = text
        .parse::<Date>()
        .and_then(|date| date.to_zoned(TimeZone::UTC))
        .map(|midnight| midnight.timestamp());
    // A time is tried first: a date may be cut out of one.
    text.parse::<Timestamp>().or(midnight).map_err(|_| {
        "write a day such as 2026-11-01, or a time such as 2026-11-01T08:00:00Z".into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_and_a_time_is_taken_as_it_is() {
        assert_eq!(
            since("2026-11-01").unwrap().to_string(),
            "2026-11-01T00:00:00Z"
        );
        let time = since("2026-11-01T08:30:00+02:00").unwrap();
        assert_eq!(time.to_string(), "2026-11-01T06:30:00Z");
        assert!(since("yesterday").is_err());
    }

    #[test]
    fn a_cost_says_when_it_is_not_all() {
        let line = |cost_micros, unpriced| {
            Line::from(UsageTotal {
                name: None,
                calls: 2,
                failed: 0,
                input_tokens: 0,
                cached_tokens: 0,
                output_tokens: 0,
                reasoning_tokens: 0,
                cost_micros,
                unpriced,
                estimated: 0,
                first_token_ms: None,
                took_ms: 0,
            })
        };
        let costs = [line(1_500_000, 0), line(100, 1), line(0, 2)];
        assert_eq!(
            costs.map(|line| cost(&line)),
            ["$1.5000", "$0.0001 + ?", "?"]
        );
    }
}
