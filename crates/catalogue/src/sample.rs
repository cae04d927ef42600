//! Recorded and documented answers beside each provider: what the tests of a mapping run on, and what the simulator serves.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::files::Files;
use crate::model::Class;
use crate::model::ai::CATEGORY;
use crate::problem::Problem;

/// One sample and what must come out of it.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The provider's category.
    pub category: String,
    /// The provider.
    pub provider: String,
    /// The sample's name: `current`, `current.429-daily`.
    pub name: String,
    /// What to call its file in messages.
    pub file: String,
    /// What was recorded.
    pub recorded: Recorded,
    /// What must come out; none where nobody has looked yet.
    pub expected: Option<Expected>,
}

/// A sample as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// Where its shape comes from.
    pub source: String,
    /// The operation.
    pub operation: String,
    /// The time of the call.
    pub now: Option<jiff::Timestamp>,
    /// Parameters as filters see them.
    #[serde(default)]
    pub params: Map<String, Value>,
    /// The provider's own cursor, for pages after the first.
    #[serde(default)]
    pub cursor: Value,
    /// The answers, in the order of the requests.
    pub exchanges: Vec<RecordedAnswer>,
}

/// One recorded answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedAnswer {
    /// The status.
    pub status: u16,
    /// The headers.
    #[serde(default)]
    pub headers: Map<String, Value>,
    /// A JSON body.
    pub body: Option<Value>,
    /// Any other body.
    pub text: Option<String>,
}

impl RecordedAnswer {
    /// The body as bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        match (&self.text, &self.body) {
            (Some(text), _) => text.clone().into_bytes(),
            (None, Some(body)) => body.to_string().into_bytes(),
            (None, None) => Vec::new(),
        }
    }

    /// The headers as text.
    pub fn headers(&self) -> impl Iterator<Item = (&str, String)> {
        let text = |value: &Value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        };
        self.headers
            .iter()
            .map(move |(name, value)| (name.as_str(), text(value)))
    }
}

/// What must come out of a sample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// The outcome.
    pub class: Class,
    /// The requests that were made, secrets left out.
    #[serde(default)]
    pub requests: Vec<String>,
    /// When the provider may be asked again, where the answer says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<jiff::Timestamp>,
    /// The provider's next cursor.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub next: Value,
    /// The result.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub data: Value,
}

/// The name of the file that holds what must come out of a sample.
#[must_use]
pub fn expected_path(sample: &str) -> String {
    format!("{}.expected.json", sample.trim_end_matches(".json"))
}

/// All samples of the data that a catalogue describes.
pub fn samples(files: &Files) -> Result<Vec<Sample>, Vec<Problem>> {
    read(files, |category| category != CATEGORY)
}

/// All samples of providers of models: answers to a task (`operation`), and what they mean. Of what must come out only
/// the class and the time are looked at.
pub fn samples_of_models(files: &Files) -> Result<Vec<Sample>, Vec<Problem>> {
    read(files, |category| category == CATEGORY)
}

fn read(files: &Files, wanted: impl Fn(&str) -> bool) -> Result<Vec<Sample>, Vec<Problem>> {
    let mut samples = Vec::new();
    let mut problems = Vec::new();
    for (path, file) in files.iter() {
        let Some((category, provider, name)) = parts(path).filter(|parts| wanted(parts.0)) else {
            continue;
        };
        match sample(files, path, &file.text) {
            Ok((recorded, expected)) => samples.push(Sample {
                category: category.into(),
                provider: provider.into(),
                name: name.into(),
                file: file.name.clone(),
                recorded,
                expected,
            }),
            Err(error) => problems.push(Problem {
                file: file.name.clone(),
                line: Some(error.line()),
                message: error.to_string(),
            }),
        }
    }
    if problems.is_empty() {
        Ok(samples)
    } else {
        Err(problems)
    }
}

/// `weather/open-meteo/current.json` → category, provider, name.
fn parts(path: &str) -> Option<(&str, &str, &str)> {
    let (category, rest) = path.split_once('/')?;
    let (provider, file) = rest.split_once('/')?;
    let name = file
        .strip_suffix(".json")
        .filter(|name| !name.ends_with(".expected"))?;
    Some((category, provider, name))
}

fn sample(
    files: &Files,
    path: &str,
    text: &str,
) -> Result<(Recorded, Option<Expected>), serde_json::Error> {
    let recorded = serde_json::from_str(text)?;
    let expected = files
        .get(&expected_path(path))
        .map(|file| serde_json::from_str(&file.text))
        .transpose()?;
    Ok((recorded, expected))
}
