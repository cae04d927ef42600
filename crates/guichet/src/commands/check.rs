//! `guichet check`: everything that can be said about an installation without asking anybody. It makes nothing.

use std::sync::Arc;

use guichet_catalogue::model::{Catalogue, Operation};
use guichet_catalogue::problem::Problems;
use guichet_counters::RedisUrl;
use guichet_engine::answer::SkipReason;
use guichet_engine::identity::CredentialId;
use guichet_engine::ledger::Shared;
use guichet_engine::{CandidateState, Engine};
use guichet_store::DatabaseUrl;
use jiff::Timestamp;
use serde::Serialize;

use crate::config::{Config, Line};
use crate::context::{self, Context};
use crate::failure::Verdict;
use crate::installation::{self, Installation};
use crate::label::{self, Label};
use crate::output::{Paint, Table, Tone};
use crate::remedy;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Fail when the answer to an operation is not guaranteed
    #[arg(long)]
    strict: bool,
}

/// What was found.
#[derive(Serialize)]
struct Report {
    version: &'static str,
    configuration: Vec<Line>,
    master_key: &'static str,
    /// What the installation keeps its state in.
    state: Vec<Reached>,
    /// Keys in the environment that cannot be used.
    refused_keys: Vec<String>,
    operations: Vec<Checked>,
    /// What is promised to whoever leaves the choice of a model to us, by task.
    models: Vec<Label>,
}

/// One place of the state, and whether it answers.
#[derive(Serialize)]
struct Reached {
    name: &'static str,
    place: String,
    reachable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

/// One operation.
#[derive(Serialize)]
struct Checked {
    #[serde(flatten)]
    label: Label,
    candidates: Vec<Candidate>,
}

/// One candidate of an operation.
#[derive(Serialize)]
struct Candidate {
    provider: Arc<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<CredentialId>,
    usable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<SkipReason>,
    /// When it may be asked again, where only time mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_at: Option<Timestamp>,
    /// What would bring it into use.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> anyhow::Result<Verdict> {
    let config = context.config()?;
    let catalogue = match context::catalogue(&config) {
        Ok(catalogue) => catalogue,
        Err(problems) => return show_problems(context, &config, &problems),
    };
    let settings = &config.settings;
    let (existing, database) = match (
        Installation::open_existing(settings).await,
        &settings.database_url,
    ) {
        (Ok(existing), url) => (
            existing,
            url.as_ref().map(|url| Reached::database(url, None)),
        ),
        // The rest can be checked without it.
        (Err(error), Some(url)) => (None, Some(Reached::database(url, Some(&error)))),
        (Err(error), None) => return Err(error),
    };
    let redis = match &settings.redis_url {
        Some(url) => Some(Reached::redis(url).await?),
        None => None,
    };
    let (engine, refused_keys) =
        installation::engine_to_look_at(existing, settings, catalogue).await?;
    let report = Report {
        version: env!("CARGO_PKG_VERSION"),
        configuration: config.lines(),
        master_key: master_key(),
        state: database.into_iter().chain(redis).collect(),
        refused_keys,
        operations: operations(&engine, &config),
        models: label::of_models(&engine),
    };
    let operations = report.operations.iter().map(|one| &one.label);
    let guaranteed = operations.chain(&report.models).all(Label::will_do);
    let reached = report.state.iter().all(|one| one.reachable);
    let good = reached && report.refused_keys.is_empty() && (guaranteed || !arguments.strict);
    context.output.show(&report, human)?;
    Ok(Verdict::of(good))
}

impl Reached {
    fn database(database: &DatabaseUrl, problem: Option<&anyhow::Error>) -> Self {
        Self {
            name: "database",
            place: database.to_string(),
            reachable: problem.is_none(),
            problem: problem.map(|error| format!("{error:#}")),
        }
    }

    async fn redis(url: &RedisUrl) -> anyhow::Result<Self> {
        let reachable = installation::counters(url).await?.is_there();
        Ok(Self {
            name: "redis",
            place: url.to_string(),
            reachable,
            problem: (!reachable).then(|| {
                format!("Redis at {url} cannot be reached; is it running, and are name and password right?")
            }),
        })
    }
}

fn operations(engine: &Engine, config: &Config) -> Vec<Checked> {
    let catalogue = engine.catalogue();
    let checked = |operation: &Arc<Operation>| Checked {
        label: Label::of(operation.id.to_string(), engine.promise(operation)),
        candidates: engine
            .candidates(operation)
            .into_iter()
            .map(|state| candidate(state, &catalogue, config))
            .collect(),
    };
    catalogue.operations().map(checked).collect()
}

fn candidate(state: CandidateState, catalogue: &Catalogue, config: &Config) -> Candidate {
    let reason = state.state.as_ref().map(|skipped| skipped.reason);
    let provider = catalogue.providers.get(&state.provider);
    let remedy = reason
        .zip(provider)
        .and_then(|(reason, provider)| remedy::to_use(provider, reason, config));
    Candidate {
        provider: state.provider,
        credential: state.credential,
        usable: reason.is_none(),
        reason,
        retry_at: state.state.and_then(|skipped| skipped.retry_at),
        remedy,
    }
}

fn master_key() -> &'static str {
    match std::env::var_os("GUICHET_MASTER_KEY") {
        Some(value) if !value.is_empty() => "given in GUICHET_MASTER_KEY (not shown)",
        _ => "kept in the data folder",
    }
}

fn show_problems(
    context: &Context,
    config: &Config,
    problems: &Problems,
) -> anyhow::Result<Verdict> {
    let texts: Vec<String> = problems.0.iter().map(ToString::to_string).collect();
    let report = serde_json::json!({
        "version": env!("CARGO_PKG_VERSION"),
        "configuration": config.lines(),
        "problems": texts,
    });
    context.output.show(&report, |_, paint| {
        let painted = texts.iter().map(|text| paint.paint(text, Tone::Bad) + "\n");
        painted.collect()
    })?;
    Ok(Verdict::Problem)
}

fn human(report: &Report, paint: Paint) -> String {
    let mut settings = Table::new(["SETTING", "VALUE", "FROM"]);
    for line in &report.configuration {
        let value = if line.value.is_empty() {
            "–"
        } else {
            &line.value
        };
        settings.row([
            line.key.as_str().into(),
            value.into(),
            line.origin.as_str().into(),
        ]);
    }
    settings.row(["master key".into(), report.master_key.into(), "".into()]);
    let mut unreachable = String::new();
    for one in &report.state {
        if let Some(problem) = &one.problem {
            unreachable += &(paint.paint(problem, Tone::Bad) + "\n");
        } else {
            settings.row([one.name.into(), "reachable".into(), "".into()]);
        }
    }
    let mut operations = Table::new(["OPERATION", "GUARANTEE", "ANSWERED BY"]);
    for one in &report.operations {
        operations.row([
            one.label.operation.as_str().into(),
            one.label.cell(),
            usable(one).into(),
        ]);
    }
    for label in &report.models {
        let operation = label.operation.as_str().into();
        operations.row([operation, label.cell(), "".into()]);
    }
    let labels: Vec<Label> = report
        .operations
        .iter()
        .map(|one| &one.label)
        .chain(&report.models)
        .cloned()
        .collect();
    let unsure = label::unsure(&labels).map(|table| table.render(paint) + "\n");
    let refused = report
        .refused_keys
        .iter()
        .map(|text| paint.paint(text, Tone::Bad) + "\n");
    format!(
        "{}\n{unreachable}{}\n{}{}{}",
        settings.render(paint),
        operations.render(paint),
        unsure.unwrap_or_default(),
        unused(report).render(paint),
        refused.collect::<String>()
    )
}

fn usable(one: &Checked) -> String {
    let mut names: Vec<&str> = one
        .candidates
        .iter()
        .filter(|candidate| candidate.usable)
        .map(|candidate| &*candidate.provider)
        .collect();
    names.dedup();
    names.join(", ")
}

/// Each provider that is not used, once, with what would change that.
fn unused(report: &Report) -> Table {
    let mut table = Table::new(["NOT USED", "WHY", "TO CHANGE THAT"]);
    let mut seen = std::collections::BTreeSet::new();
    let candidates = report.operations.iter().flat_map(|one| &one.candidates);
    for candidate in candidates {
        let Some(reason) = candidate.reason else {
            continue;
        };
        if seen.insert(&candidate.provider) {
            table.row([
                (&*candidate.provider).into(),
                remedy::why(reason).into(),
                way_out(candidate).into(),
            ]);
        }
    }
    table
}

fn way_out(candidate: &Candidate) -> String {
    match (&candidate.remedy, candidate.retry_at) {
        (Some(remedy), _) => remedy.clone(),
        (None, Some(at)) => format!("wait until {at:.0}"),
        (None, None) => "wait".into(),
    }
}
