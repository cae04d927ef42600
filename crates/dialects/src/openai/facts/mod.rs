//! The facts of a chat request, read in one pass over its bytes and without a tree: a picture of a megabyte is skipped,
//! not copied.
//!
//! Only what would mislead the choice of a provider is refused here; the rest is for the provider to judge.

mod messages;
#[cfg(test)]
mod tests;

use crate::{
    error::Malformed,
    facts::{Facts, FormatKind},
    openai::fields::whole,
    scan::{Scalar, Scan, Unfit, fault},
};

/// Reads the facts of a chat completion request.
pub fn read_facts(body: &[u8]) -> Result<Facts, Malformed> {
    let text = std::str::from_utf8(body)
        .map_err(|error| Malformed::new("", format!("the body is not UTF-8: {error}")))?;
    let mut scan = Scan::new(text);
    let read = Top::default().read(&mut scan);
    read.map_err(|wrong| match wrong {
        Wrong::Json => Malformed::new("", not_an_object(body)),
        Wrong::At(malformed) => malformed,
    })
}

/// What is wrong with a request.
enum Wrong {
    /// It is no JSON, or no object.
    Json,
    At(Malformed),
}

impl From<Unfit> for Wrong {
    fn from(_: Unfit) -> Self {
        Self::Json
    }
}

impl Wrong {
    fn at(path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::At(Malformed::new(path, reason))
    }
}

fn not_an_object(body: &[u8]) -> String {
    match fault(body) {
        Some(fault) => format!("the body is not valid JSON: {fault}"),
        None => "the body must be a JSON object".to_owned(),
    }
}

/// The members of a request.
#[derive(Default)]
struct Top {
    facts: Facts,
    older_most: Option<u64>,
    newer_most: Option<u64>,
}

impl Top {
    fn read(mut self, scan: &mut Scan<'_>) -> Result<Facts, Wrong> {
        scan.object(|scan, name| self.member(&name.text()?, scan))?;
        scan.end()?;
        if self.facts.messages == 0 {
            return Err(Wrong::at("messages", messages::NONE));
        }
        self.facts.max_tokens = self.newer_most.or(self.older_most);
        Ok(self.facts)
    }

    fn member(&mut self, name: &str, scan: &mut Scan<'_>) -> Result<(), Wrong> {
        let facts = &mut self.facts;
        match name {
            "max_tokens" => self.older_most = count(name, scan)?,
            "max_completion_tokens" => self.newer_most = count(name, scan)?,
            "model" => facts.model = typed(name, scan, "a string", text)?,
            "models" => facts.models = names(scan.value()?),
            "modalities" => {
                facts.speaks = names(scan.value()?).iter().any(|name| name == "audio");
            }
            "stream" => facts.stream = flag(name, scan)?.unwrap_or(false),
            "stream_options" => facts.stream_usage = usage_wanted(scan.value()?),
            "n" => facts.choices = count(name, scan)?.unwrap_or(0),
            "temperature" => {
                facts.temperature = typed(name, scan, "a number", |value| number(&value))?;
            }
            "seed" => {
                facts.seed = typed(name, scan, "a whole number", |value| integer(&value))?;
            }
            "logprobs" => facts.logprobs = flag(name, scan)?.unwrap_or(false),
            "parallel_tool_calls" => facts.parallel_tool_calls = flag(name, scan)?,
            "tools" | "functions" => tools(name, scan, facts)?,
            "tool_choice" => facts.tool_forced = forced(scan.value()?),
            "response_format" => format(scan.value()?, facts),
            "reasoning_effort" => {
                let word = typed(name, scan, "a string", text)?;
                facts.reasoning |= word.is_some_and(|word| word != "none");
            }
            "reasoning" => facts.reasoning |= thinks(scan.value()?),
            "messages" => messages::read(scan, facts)?,
            _ => {}
        }
        Ok(())
    }
}

/// A member of one type; null counts as none.
fn typed<'a, T>(
    name: &str,
    scan: &mut Scan<'a>,
    wanted: &str,
    convert: impl FnOnce(Scalar<'a>) -> Option<T>,
) -> Result<Option<T>, Wrong> {
    match scan.scalar()? {
        Scalar::Null => Ok(None),
        value => match convert(value) {
            Some(value) => Ok(Some(value)),
            None => Err(Wrong::at(name, format!("must be {wanted}"))),
        },
    }
}

fn flag(name: &str, scan: &mut Scan<'_>) -> Result<Option<bool>, Wrong> {
    typed(name, scan, "true or false", |value| match value {
        Scalar::Flag(flag) => Some(flag),
        _ => None,
    })
}

fn count(name: &str, scan: &mut Scan<'_>) -> Result<Option<u64>, Wrong> {
    typed(
        name,
        scan,
        "a whole number, 0 or more",
        |value| match value {
            Scalar::Whole(count) => Some(count),
            Scalar::Number(number) => whole(&number.into()),
            _ => None,
        },
    )
}

fn text(value: Scalar<'_>) -> Option<String> {
    match value {
        Scalar::Text(text) => Some(text.into_owned()),
        _ => None,
    }
}

fn integer(value: &Scalar<'_>) -> Option<i64> {
    match *value {
        Scalar::Whole(count) => i64::try_from(count).ok(),
        Scalar::Below(number) => Some(number),
        _ => None,
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a temperature of 2^53 is wrong anyway"
)]
fn number(value: &Scalar<'_>) -> Option<f64> {
    match *value {
        Scalar::Whole(count) => Some(count as f64),
        Scalar::Below(number) => Some(number as f64),
        Scalar::Number(number) => Some(number),
        _ => None,
    }
}

/// Tools are counted, and all their text with them.
fn tools(name: &str, scan: &mut Scan<'_>, facts: &mut Facts) -> Result<(), Wrong> {
    let raw = scan.value()?;
    if raw == "null" {
        return Ok(());
    }
    facts.text.add(raw);
    match crate::members::elements(raw) {
        Ok(tools) => {
            facts.tools += tools.len();
            Ok(())
        }
        Err(_) => Err(Wrong::at(name, "must be an array of tools")),
    }
}

/// The words of a list.
fn names(raw: &str) -> Vec<String> {
    serde_json::from_str(raw).unwrap_or_default()
}

/// `{"include_usage": true}`
fn usage_wanted(raw: &str) -> bool {
    member(raw, "include_usage") == Some("true")
}

/// A word, or an object that names a tool.
fn forced(raw: &str) -> bool {
    match raw {
        "\"required\"" | "\"any\"" => true,
        object if object.starts_with('{') => match member(object, "allowed_tools") {
            Some(allowed) => member(allowed, "mode") == Some("\"required\""),
            None => true,
        },
        _ => false,
    }
}

/// The form of the text; a schema is text that the model reads.
fn format(raw: &str, facts: &mut Facts) {
    facts.format = match member(raw, "type") {
        Some("\"json_object\"") => FormatKind::Json,
        Some("\"json_schema\"") => {
            facts.text.add(raw);
            FormatKind::Schema
        }
        _ => FormatKind::Free,
    };
}

/// OpenRouter's `reasoning`.
fn thinks(raw: &str) -> bool {
    let says = |name: &str| member(raw, name).filter(|value| *value != "null");
    if says("enabled") == Some("false")
        || says("effort") == Some("\"none\"")
        || says("max_tokens") == Some("0")
    {
        return false;
    }
    ["enabled", "effort", "max_tokens"]
        .iter()
        .any(|name| says(name).is_some())
}

fn member<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    crate::members::Members::of(object).ok()?.get(name)
}
