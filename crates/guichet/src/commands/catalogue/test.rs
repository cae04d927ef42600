//! `guichet catalogue test`: what comes out of the samples must be what stands beside them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use guichet_catalogue::files::Files;
use guichet_catalogue::model::{Catalogue, Class, Provider};
use guichet_catalogue::problem::Problems;
use guichet_catalogue::sample::{Expected, Sample, expected_path, samples};
use guichet_engine::replay::replay;
use serde::Serialize;

use super::difference;
use crate::context::Context;
use crate::failure::{Usage, Verdict};
use crate::open_catalogue;
use crate::output::{Paint, Tone};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A catalogue folder, of which only its own files are tested; or what to test, such as weather/open-meteo
    /// (default: the built-in catalogue and your `catalogue_dir`)
    what: Option<String>,
    /// Only files whose path begins so, such as weather/open-meteo
    #[arg(long, value_name = "PREFIX", default_value = "")]
    only: String,
    /// Write down what comes out as what is expected, in the folder; read it before you keep it
    #[arg(long)]
    update: bool,
}

/// What came of the test.
#[derive(Debug, Default, Serialize)]
struct Report {
    /// Samples that were replayed.
    samples: usize,
    /// Files that were written.
    updated: Vec<String>,
    /// Samples that came out otherwise, or could not be replayed.
    failed: Vec<Failed>,
    /// Operations and providers that lack a sample.
    missing: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Failed {
    sample: String,
    reasons: Vec<String>,
}

/// A catalogue and what of it is tested.
struct Subject {
    files: Files,
    catalogue: Catalogue,
    /// Only what the operator wrote.
    own: bool,
    only: String,
    /// Where to write what comes out; none = nowhere.
    update: Option<PathBuf>,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<Verdict> {
    let config = context.config()?;
    let subject = Subject::read(arguments, config.settings.catalogue_dir)?;
    let report = subject.test()?;
    if report.samples == 0 && report.missing.is_empty() {
        return Err(Usage(
            "nothing to test there: name a folder of categories, or what begins a path in it"
                .into(),
        )
        .into());
    }
    context.output.show(&report, human)?;
    let good = report.failed.is_empty() && report.missing.is_empty();
    Ok(Verdict::of(good))
}

impl Subject {
    fn read(arguments: &Arguments, configured: Option<PathBuf>) -> anyhow::Result<Self> {
        let named = arguments.what.as_ref().map(PathBuf::from);
        let named = named.filter(|path| path.is_dir());
        let prefix = arguments.what.as_ref().filter(|_| named.is_none());
        let own = named.is_some() || arguments.update;
        let folder = named.or(configured);
        if arguments.update && folder.is_none() {
            return Err(Usage("--update writes into a folder: name it".into()).into());
        }
        let files = open_catalogue::files(folder.as_deref())?;
        Ok(Self {
            catalogue: guichet_catalogue::load(&files, &open_catalogue::surroundings())?,
            files,
            own,
            only: prefix.unwrap_or(&arguments.only).clone(),
            update: folder.filter(|_| arguments.update),
        })
    }

    fn test(&self) -> anyhow::Result<Report> {
        let mut report = Report::default();
        let mut classes = BTreeSet::new();
        for sample in samples(&self.files).map_err(Problems)? {
            let path = path(&sample);
            if !self.is_tested(&path) {
                continue;
            }
            report.samples += 1;
            match replay(&self.catalogue, &sample) {
                Err(reason) => report.failed.push(Failed {
                    sample: path,
                    reasons: vec![reason],
                }),
                Ok(replayed) => {
                    classes.insert((
                        sample.provider.clone(),
                        sample.recorded.operation.clone(),
                        replayed.expected.class,
                    ));
                    let reasons = reasons(sample.expected.as_ref(), &replayed.expected)?;
                    let Some(folder) = self.update.as_ref().filter(|_| !reasons.is_empty()) else {
                        report.fail(path, reasons, replayed.detail);
                        continue;
                    };
                    write(&folder.join(expected_path(&path)), &replayed.expected)?;
                    report.updated.push(expected_path(&path));
                }
            }
        }
        report.missing = self.missing(&classes);
        Ok(report)
    }

    /// Each operation needs an answer that is good, each provider one that is not.
    fn missing(&self, seen: &BTreeSet<(String, String, Class)>) -> Vec<String> {
        let mut missing = Vec::new();
        let remote = self
            .catalogue
            .providers
            .values()
            // Samples of models are of their errors; each dialect has tests of its good answers.
            .filter(|provider| provider.http().is_some() && provider.models.is_none());
        for provider in remote.filter(|provider| self.is_tested(&file(provider))) {
            let id = provider.id.to_string();
            for operation in &provider.operations {
                let wanted = (id.clone(), operation.to_string(), Class::Ok);
                if !seen.contains(&wanted) {
                    missing.push(format!("{id} has no good sample of {operation}"));
                }
            }
            let erred = seen
                .iter()
                .any(|(seen, _, class)| *seen == id && *class != Class::Ok);
            if !erred {
                missing.push(format!("{id} has no sample of an error"));
            }
        }
        missing
    }

    fn is_tested(&self, path: &str) -> bool {
        let own = self.files.get(path).is_some_and(|file| file.own);
        path.starts_with(&self.only) && (own || !self.own)
    }
}

impl Report {
    fn fail(&mut self, sample: String, mut reasons: Vec<String>, detail: Option<String>) {
        if reasons.is_empty() {
            return;
        }
        reasons.extend(detail);
        self.failed.push(Failed { sample, reasons });
    }
}

fn path(sample: &Sample) -> String {
    format!(
        "{}/{}/{}.json",
        sample.category, sample.provider, sample.name
    )
}

fn file(provider: &Provider) -> String {
    format!("{}/{}.toml", provider.category, provider.id)
}

fn reasons(expected: Option<&Expected>, got: &Expected) -> serde_json::Result<Vec<String>> {
    let Some(expected) = expected else {
        return Ok(vec![
            "nothing says what must come out: run with --update".into(),
        ]);
    };
    let expected = serde_json::to_value(expected)?;
    Ok(difference::between(&expected, &serde_json::to_value(got)?))
}

fn write(path: &Path, expected: &Expected) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(expected)? + "\n";
    std::fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
}

fn human(report: &Report, paint: Paint) -> String {
    let mut text = String::new();
    for failed in &report.failed {
        text.push_str(&paint.paint(&failed.sample, Tone::Bad));
        text.push('\n');
        for reason in &failed.reasons {
            text.push_str(&format!("    {reason}\n"));
        }
    }
    for missing in &report.missing {
        text.push_str(&paint.paint(missing, Tone::Bad));
        text.push('\n');
    }
    for updated in &report.updated {
        text.push_str(&format!("wrote {updated}\n"));
    }
    text.push_str(&format!(
        "{} samples, {} failed, {} missing, {} written\n",
        report.samples,
        report.failed.len(),
        report.missing.len(),
        report.updated.len()
    ));
    text
}
