//! `guichet catalogue add`: drafts a provider file from a curl command or an OpenAPI document.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use guichet_catalogue::draft::{Draft, Target, from_curl, from_openapi};
use guichet_catalogue::model::Catalogue;
use serde::Serialize;

use crate::config::Config;
use crate::context::{self, Context};
use crate::failure::{Usage, Verdict};
use crate::output::{Paint, Tone};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The category, of the catalogue or a new one
    #[arg(long)]
    category: String,
    /// The new provider's id
    #[arg(long)]
    provider: String,
    /// The operation that it answers
    #[arg(long)]
    operation: String,
    /// A file with a curl command; `-` reads it from stdin
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "openapi",
        required_unless_present = "openapi"
    )]
    curl: Option<PathBuf>,
    /// A file with an OpenAPI 3 document in JSON; `-` reads it from stdin
    #[arg(long, value_name = "FILE", requires = "from")]
    openapi: Option<PathBuf>,
    /// The document's operation: its operationId, or `GET /path`
    #[arg(long, value_name = "OPERATION", requires = "openapi")]
    from: Option<String>,
    /// A file with the answer that the curl command got: the result is mapped from it
    #[arg(long, value_name = "FILE", conflicts_with = "openapi")]
    answer: Option<PathBuf>,
    /// The catalogue folder to write into (default: your `catalogue_dir`)
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
}

/// What was written, and what is left to do.
#[derive(Serialize)]
struct Report {
    written: Vec<String>,
    notes: Vec<String>,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<Verdict> {
    let config = context.config()?;
    let folder = folder(arguments, &config)?;
    let catalogue = context::catalogue(&config)?;
    let draft = draft(arguments, &catalogue)?;
    let report = Report {
        written: write(&folder, &draft)?,
        notes: draft.notes,
    };
    context.output.show(&report, human)?;
    Ok(Verdict::Good)
}

fn folder(arguments: &Arguments, config: &Config) -> Result<PathBuf, Usage> {
    let given = arguments.to.as_ref();
    given
        .or(config.settings.catalogue_dir.as_ref())
        .cloned()
        .ok_or_else(|| {
            Usage("name the folder to write into with --to, or set catalogue_dir".into())
        })
}

fn draft(arguments: &Arguments, catalogue: &Catalogue) -> anyhow::Result<Draft> {
    let target = Target {
        category: arguments.category.clone(),
        provider: arguments.provider.clone(),
        operation: arguments.operation.clone(),
    };
    match (&arguments.curl, &arguments.openapi, &arguments.from) {
        (Some(curl), _, _) => {
            let answer = arguments.answer.as_deref().map(read).transpose()?;
            Ok(from_curl(
                &target,
                &read(curl)?,
                catalogue,
                answer.as_deref(),
            )?)
        }
        (None, Some(document), Some(from)) => {
            Ok(from_openapi(&target, &read(document)?, from, catalogue)?)
        }
        _ => Err(Usage("give --curl FILE, or --openapi FILE with --from".into()).into()),
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    if path == Path::new("-") {
        let mut text = String::new();
        io::stdin()
            .read_to_string(&mut text)
            .context("stdin holds no text")?;
        return Ok(text);
    }
    std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}

/// Writes the draft's files; one that is there already is somebody's work, and nothing is written then.
fn write(folder: &Path, draft: &Draft) -> anyhow::Result<Vec<String>> {
    let paths: Vec<PathBuf> = draft
        .files
        .iter()
        .map(|(path, _)| folder.join(path))
        .collect();
    if let Some(taken) = paths.iter().find(|path| path.exists()) {
        bail!("{} is there already; nothing was written", taken.display());
    }
    for (path, (_, text)) in paths.iter().zip(&draft.files) {
        create(path, text).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(paths
        .iter()
        .map(|path| path.display().to_string())
        .collect())
}

fn create(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().ok_or(ErrorKind::InvalidInput)?;
    std::fs::create_dir_all(folder)?;
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())
}

fn human(report: &Report, paint: Paint) -> String {
    let written = report
        .written
        .iter()
        .map(|path| format!("{} {path}\n", paint.paint("wrote", Tone::Good)));
    let notes = report.notes.iter().map(|note| format!("- {note}\n"));
    let written: String = written.collect();
    let notes: String = notes.collect();
    format!("{written}\nStill to do:\n{notes}")
}
