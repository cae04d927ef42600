//! `guichet quotas`: what is left where, until when, who says so, and how long it lasts at today's pace.

use guichet_catalogue::suggest::did_you_mean;
use guichet_engine::gauge::Source;
use guichet_engine::ledger::QuotaState;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::context::{self, Context};
use crate::failure::Verdict;
use crate::installation::{self, Installation};
use crate::output::{Cell, Paint, Table, Tone};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only those of this provider
    provider: Option<String>,
    /// Those too of which nothing was used yet
    #[arg(long)]
    all: bool,
}

#[derive(Serialize)]
struct Report {
    at: Timestamp,
    quotas: Vec<QuotaState>,
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> anyhow::Result<Verdict> {
    let config = context.config()?;
    let catalogue = context::catalogue(&config)?;
    if let Some(provider) = &arguments.provider
        && !catalogue.providers.contains_key(provider.as_str())
    {
        let ids = catalogue.providers.keys().map(|id| &**id);
        let hint = did_you_mean(provider, ids);
        anyhow::bail!("there is no provider `{provider}`{hint}");
    }
    let settings = &config.settings;
    let existing = Installation::open_existing(settings).await?;
    let (engine, _) = installation::engine_to_look_at(existing, settings, catalogue).await?;
    let mut quotas = engine.quotas();
    quotas.retain(|state| {
        let wanted = arguments.provider.as_deref();
        wanted.is_none_or(|provider| state.is_of(provider)) && (arguments.all || is_worth(state))
    });
    let report = Report {
        at: engine.now(),
        quotas,
    };
    context.output.show(&report, table)?;
    Ok(Verdict::Good)
}

/// Whether there is anything to tell that the catalogue does not.
fn is_worth(state: &QuotaState) -> bool {
    state.used > 0.0 || state.limit_source != Source::Catalogue
}

fn table(report: &Report, paint: Paint) -> String {
    if report.quotas.is_empty() {
        return "nothing was used of any quota; --all lists them\n".into();
    }
    let mut table = Table::new([
        "PROVIDER",
        "WHOSE",
        "WINDOW",
        "LEFT",
        "OF",
        "SAYS",
        "BEGINS ANEW",
        "EMPTY",
    ]);
    for state in &report.quotas {
        table.row([
            state.provider.to_string().into(),
            whose(state).into(),
            format!("{}/{}", state.dimension.as_str(), state.window).into(),
            left(state),
            number(state.limit).into(),
            says(state, report.at).into(),
            state
                .resets_at
                .map_or_else(|| "–".to_owned(), |at| until(at, report.at))
                .into(),
            empty(state, report.at),
        ]);
    }
    table.render(paint)
}

/// The credential's name, or what shares the window, and the model.
fn whose(state: &QuotaState) -> String {
    let credential = state.credential.as_ref().map(ToString::to_string);
    let shared = || state.group.clone().unwrap_or_else(|| "all".to_owned());
    let owner = credential.unwrap_or_else(shared);
    match &state.model {
        Some(model) => format!("{owner}, {model}"),
        None => owner,
    }
}

fn left(state: &QuotaState) -> Cell {
    let text = number(state.left);
    let part = state.left / state.limit.max(f64::MIN_POSITIVE);
    match part {
        part if part <= 0.0 => Cell::toned(text, Tone::Bad),
        part if part < 0.1 => Cell::toned(text, Tone::Careful),
        _ => text.into(),
    }
}

/// Who says how much the window holds, and how long ago.
fn says(state: &QuotaState, now: Timestamp) -> String {
    let source = state.limit_source.as_str();
    let told: Option<Timestamp> = state.limit_as_of.as_deref().and_then(|at| at.parse().ok());
    match (told, &state.limit_as_of) {
        (Some(at), _) => format!("{source}, {} ago", rough(now.duration_since(at))),
        (None, Some(day)) => format!("{source}, {day}"),
        (None, None) => source.to_owned(),
    }
}

fn empty(state: &QuotaState, now: Timestamp) -> Cell {
    match (state.outlook.state, state.outlook.at) {
        ("empty", _) => Cell::toned("now", Tone::Bad),
        (_, Some(at)) => Cell::toned(until(at, now), Tone::Careful),
        ("lasts", None) => Cell::toned("lasts", Tone::Good),
        _ => "unknown".into(),
    }
}

fn until(at: Timestamp, now: Timestamp) -> String {
    format!("in {}", rough(at.duration_since(now)))
}

/// A length of time to its largest unit or two: `3 d`, `5 h 10 min`, `40 s`.
fn rough(time: SignedDuration) -> String {
    let seconds = time.as_secs().max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600, seconds / 60);
    match () {
        () if days >= 2 => format!("{days} d"),
        () if hours >= 1 => format!("{hours} h {} min", minutes % 60),
        () if minutes >= 1 => format!("{minutes} min"),
        () => format!("{seconds} s"),
    }
}

/// Whole where it is large, exact where it is small.
fn number(units: f64) -> String {
    if units >= 10.0 || units.fract() < 0.005 {
        format!("{units:.0}")
    } else {
        format!("{units:.2}")
    }
}

#[cfg(test)]
mod tests {
    use guichet_catalogue::model::{Dimension, Scope};
    use guichet_engine::identity::CredentialId;
    use guichet_engine::ledger::OutlookState;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_795_343_460, 0);

    fn state(provider: &str, window: &str, limit: f64, used: f64) -> QuotaState {
        QuotaState {
            provider: provider.into(),
            shared_with: Vec::new(),
            credential: None,
            model: None,
            group: None,
            scope: Scope::Account,
            dimension: Dimension::Requests,
            window: window.into(),
            period_s: None,
            limit,
            limit_source: Source::Catalogue,
            limit_as_of: Some("2026-11-22".into()),
            used,
            used_source: Source::Counted,
            used_as_of: None,
            left: limit - used,
            resets_at: None,
            outlook: OutlookState {
                state: "unknown",
                at: None,
            },
        }
    }

    #[test]
    fn people_see_whose_it_is_what_is_left_who_says_so_and_how_long_it_lasts() {
        let later = |hours: i64| NOW.checked_add(SignedDuration::from_hours(hours)).ok();
        let quotas = vec![
            QuotaState {
                model: Some("gpt-oss-20b".into()),
                limit_source: Source::Header,
                limit_as_of: Some("2026-11-22T10:29:00Z".into()),
                outlook: OutlookState {
                    state: "empties",
                    at: later(3),
                },
                ..state("groq", "bucket-86400s", 1_000.0, 950.0)
            },
            QuotaState {
                group: Some("openrouter-free".into()),
                resets_at: later(13),
                outlook: OutlookState {
                    state: "empty",
                    at: None,
                },
                ..state("openrouter", "day", 50.0, 50.0)
            },
            QuotaState {
                credential: Some(CredentialId::new("mistral/own")),
                dimension: Dimension::Money,
                resets_at: later(200),
                outlook: OutlookState {
                    state: "lasts",
                    at: None,
                },
                ..state("mistral", "month", 4.0, 0.25)
            },
        ];
        let shown = table(&Report { at: NOW, quotas }, Paint::NONE);
        let lines: Vec<&str> = shown.lines().collect();
        let expected = [
            "PROVIDER    WHOSE             WINDOW                  LEFT  OF    SAYS                   BEGINS ANEW    EMPTY",
            "groq        all, gpt-oss-20b  requests/bucket-86400s  50    1000  header, 2 min ago      –              in 3 h 0 min",
            "openrouter  openrouter-free   requests/day            0     50    catalogue, 2026-11-22  in 13 h 0 min  now",
            "mistral     mistral/own       money/month             3.75  4     catalogue, 2026-11-22  in 8 d         lasts",
        ];
        assert_eq!(lines, expected);
        let none = Report {
            at: NOW,
            quotas: Vec::new(),
        };
        assert!(table(&none, Paint::NONE).contains("--all lists them"));
    }

    #[test]
    fn times_are_told_roughly() {
        for (seconds, told) in [
            (-5, "0 s"),
            (40, "40 s"),
            (125, "2 min"),
            (18_600, "5 h 10 min"),
            (300_000, "3 d"),
        ] {
            assert_eq!(rough(SignedDuration::from_secs(seconds)), told);
        }
    }

    #[test]
    fn numbers_are_told_as_they_are_counted() {
        for (units, told) in [(0.0, "0"), (0.25, "0.25"), (7.0, "7"), (99_999.6, "100000")] {
            assert_eq!(number(units), told);
        }
    }
}
