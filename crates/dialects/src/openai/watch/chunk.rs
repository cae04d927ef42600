//! As much of a chunk as must be known, read without a tree. A scalar of another type is no error: a provider's
//! oddity is the caller's to see.

use std::borrow::Cow;

use crate::{
    chat::Usage,
    error::Malformed,
    openai::{chat::Tokens, fields::whole},
    scan::{Scalar, Scan, Unfit, fault},
};

/// An event's data, or a whole answer.
#[derive(Debug, Default)]
pub(super) struct Chunk<'a> {
    pub(super) model: Option<Cow<'a, str>>,
    object: Option<Cow<'a, str>>,
    pub(super) choices: Option<Vec<Choice<'a>>>,
    usage: Option<TokensIn>,
    /// Groq's own.
    x_groq: Groq,
    has_error: bool,
}

#[derive(Debug, Default)]
struct Groq {
    usage: Option<TokensIn>,
    has_error: bool,
}

#[derive(Debug, Default)]
pub(super) struct Choice<'a> {
    index: Option<u64>,
    delta: Option<Said>,
    pub(super) message: Option<Said>,
    /// Of the completions that are no chat.
    has_text: bool,
    finish_reason: Option<Cow<'a, str>>,
    usage: Option<TokensIn>,
    has_error: bool,
}

/// A delta or a message: what of it says something.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Said {
    something: bool,
    calls: bool,
}

/// The counts of a usage, under all names that they have.
#[derive(Debug, Default)]
struct TokensIn {
    prompt_tokens: Option<u64>,
    input_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    output_tokens: Option<u64>,
    total_tokens: Option<u64>,
    prompt_cache_hit_tokens: Option<u64>,
    cached_tokens: Option<u64>,
    prompt_tokens_details: Details,
    completion_tokens_details: Details,
}

#[derive(Debug, Default)]
struct Details {
    cached: Option<u64>,
    cache_written: Option<u64>,
    audio: Option<u64>,
    reasoning: Option<u64>,
}

impl<'a> Chunk<'a> {
    pub(super) fn read(data: &'a [u8]) -> Result<Self, Malformed> {
        let wrong = |reason: String| Malformed::new("", format!("is no chat completion: {reason}"));
        let text = std::str::from_utf8(data).map_err(|error| wrong(error.to_string()))?;
        Self::scan(text).map_err(|Unfit| {
            let fault = fault(data);
            wrong(fault.unwrap_or_else(|| "a member is of another type".to_owned()))
        })
    }

    fn scan(text: &'a str) -> Result<Self, Unfit> {
        let mut scan = Scan::new(text);
        let mut chunk = None;
        if scan.next() == b'[' {
            // Gemini's OpenAI door wraps some bodies in an array of one.
            scan.list(|scan| match chunk.replace(Self::of(scan)?) {
                None => Ok(()),
                Some(_) => Err(Unfit),
            })?;
        } else {
            chunk = Some(Self::of(&mut scan)?);
        }
        scan.end()?;
        chunk.ok_or(Unfit)
    }

    fn of(scan: &mut Scan<'a>) -> Result<Self, Unfit> {
        let mut chunk = Self::default();
        scan.object(|scan, name| {
            match &*name.text()? {
                "model" => chunk.model = text(scan)?,
                "object" => chunk.object = text(scan)?,
                "choices" => chunk.choices = choices(scan)?,
                "usage" => chunk.usage = object(scan, TokensIn::member)?,
                "x_groq" => chunk.x_groq = object(scan, Groq::member)?.unwrap_or_default(),
                "error" => chunk.has_error = something(scan)?,
                _ => {}
            }
            Ok::<_, Unfit>(())
        })?;
        Ok(chunk)
    }

    /// Whether it is worth the time to look for an error in it.
    pub(super) fn may_be_error(&self) -> bool {
        let choices = self.choices.as_deref().unwrap_or_default();
        self.has_error
            || self.object.as_deref() == Some("error")
            || choices.iter().any(|choice| choice.has_error)
            || choices.is_empty() && self.usage.is_none()
            || self.x_groq.has_error
    }

    pub(super) fn is_semantic(&self) -> bool {
        self.choices.iter().flatten().any(Choice::says_something)
    }

    pub(super) fn has_calls(&self) -> bool {
        let said = self.choices.iter().flatten().flat_map(Choice::said);
        said.into_iter().any(|said| said.calls)
    }

    /// `choices: []` and a usage: OpenAI's last chunk for those who ask for it.
    pub(super) fn is_usage_only(&self) -> bool {
        self.choices.as_ref().is_none_or(Vec::is_empty) && self.usage.is_some()
    }

    pub(super) fn usage(&self) -> Option<Usage> {
        let in_choice = || {
            self.choices
                .iter()
                .flatten()
                .find_map(|choice| choice.usage.as_ref())
        };
        self.usage
            .as_ref()
            .or(self.x_groq.usage.as_ref())
            .or_else(in_choice)?
            .usage()
    }

    /// The places of the answers that end here, each with its word.
    pub(super) fn finishes(&self) -> impl Iterator<Item = (usize, &str)> {
        let choices = self.choices.iter().flatten().enumerate();
        choices.filter_map(|(place, choice)| {
            let word = choice.finish_reason.as_deref();
            let word = word.filter(|word| !word.is_empty())?;
            let index = choice.index.and_then(|index| usize::try_from(index).ok());
            Some((index.unwrap_or(place), word))
        })
    }
}

impl<'a> Choice<'a> {
    fn of(scan: &mut Scan<'a>) -> Result<Self, Unfit> {
        let mut choice = Self::default();
        scan.object(|scan, name| {
            match &*name.text()? {
                "index" => choice.index = count(scan)?,
                "delta" => choice.delta = object(scan, Said::member)?,
                "message" => choice.message = object(scan, Said::member)?,
                "text" => choice.has_text = something(scan)?,
                "finish_reason" => choice.finish_reason = text(scan)?,
                "usage" => choice.usage = object(scan, TokensIn::member)?,
                "error" => choice.has_error = something(scan)?,
                _ => {}
            }
            Ok::<_, Unfit>(())
        })?;
        Ok(choice)
    }

    fn said(&self) -> impl Iterator<Item = &Said> {
        self.delta.iter().chain(&self.message)
    }

    pub(super) fn says_something(&self) -> bool {
        self.has_text || self.said().any(|said| said.something)
    }
}

impl Said {
    fn member(&mut self, name: &str, scan: &mut Scan<'_>) -> Result<(), Unfit> {
        match name {
            "tool_calls" | "function_call" => self.calls |= something(scan)?,
            "content" | "reasoning_content" | "reasoning" | "reasoning_details" | "refusal"
            | "audio" | "images" => self.something |= something(scan)?,
            _ => {}
        }
        self.something |= self.calls;
        Ok(())
    }
}

impl Groq {
    fn member(&mut self, name: &str, scan: &mut Scan<'_>) -> Result<(), Unfit> {
        match name {
            "usage" => self.usage = object(scan, TokensIn::member)?,
            "error" => self.has_error = something(scan)?,
            _ => {}
        }
        Ok(())
    }
}

impl TokensIn {
    fn member(&mut self, name: &str, scan: &mut Scan<'_>) -> Result<(), Unfit> {
        let details = |scan: &mut Scan<'_>| Ok(object(scan, Details::member)?.unwrap_or_default());
        match name {
            "prompt_tokens" => self.prompt_tokens = count(scan)?,
            "input_tokens" => self.input_tokens = count(scan)?,
            "completion_tokens" => self.completion_tokens = count(scan)?,
            "output_tokens" => self.output_tokens = count(scan)?,
            "total_tokens" => self.total_tokens = count(scan)?,
            "prompt_cache_hit_tokens" => self.prompt_cache_hit_tokens = count(scan)?,
            "cached_tokens" => self.cached_tokens = count(scan)?,
            "prompt_tokens_details" => self.prompt_tokens_details = details(scan)?,
            "completion_tokens_details" => self.completion_tokens_details = details(scan)?,
            _ => {}
        }
        Ok(())
    }

    fn usage(&self) -> Option<Usage> {
        let (input, output) = (&self.prompt_tokens_details, &self.completion_tokens_details);
        Tokens {
            input: self.prompt_tokens.or(self.input_tokens),
            output: self.completion_tokens.or(self.output_tokens),
            total: self.total_tokens,
            cached: input
                .cached
                .or(self.prompt_cache_hit_tokens)
                .or(self.cached_tokens),
            cache_written: input.cache_written,
            reasoning: output.reasoning,
            input_audio: input.audio,
            output_audio: output.audio,
        }
        .usage()
    }
}

impl Details {
    fn member(&mut self, name: &str, scan: &mut Scan<'_>) -> Result<(), Unfit> {
        match name {
            "cached_tokens" => self.cached = count(scan)?,
            "cache_write_tokens" => self.cache_written = count(scan)?,
            "audio_tokens" => self.audio = count(scan)?,
            "reasoning_tokens" => self.reasoning = count(scan)?,
            _ => {}
        }
        Ok(())
    }
}

fn choices<'a>(scan: &mut Scan<'a>) -> Result<Option<Vec<Choice<'a>>>, Unfit> {
    if scan.next() == b'n' {
        return scan.value().map(|_| None);
    }
    let mut choices = Vec::new();
    scan.list(|scan| {
        choices.push(Choice::of(scan)?);
        Ok::<_, Unfit>(())
    })?;
    Ok(Some(choices))
}

/// An object of which `take` takes what it knows; none for null.
fn object<'a, T: Default>(
    scan: &mut Scan<'a>,
    take: impl Fn(&mut T, &str, &mut Scan<'a>) -> Result<(), Unfit>,
) -> Result<Option<T>, Unfit> {
    if scan.next() == b'n' {
        return scan.value().map(|_| None);
    }
    let mut object = T::default();
    scan.object(|scan, name| take(&mut object, &name.text()?, scan))?;
    Ok(Some(object))
}

/// Whether there is anything: not null, not empty, not false.
fn something(scan: &mut Scan<'_>) -> Result<bool, Unfit> {
    let raw = scan.value()?;
    Ok(match raw.as_bytes() {
        b"null" | b"false" | b"\"\"" => false,
        [b'[' | b'{', inside @ .., _] => !inside.trim_ascii().is_empty(),
        _ => true,
    })
}

/// A count, where it is one.
fn count(scan: &mut Scan<'_>) -> Result<Option<u64>, Unfit> {
    Ok(match scan.scalar()? {
        Scalar::Whole(count) => Some(count),
        Scalar::Number(count) => whole(&count.into()),
        _ => None,
    })
}

/// A text, where it is one.
fn text<'a>(scan: &mut Scan<'a>) -> Result<Option<Cow<'a, str>>, Unfit> {
    Ok(match scan.scalar()? {
        Scalar::Text(text) => Some(text),
        _ => None,
    })
}
