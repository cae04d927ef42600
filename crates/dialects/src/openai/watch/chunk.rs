//! As much of a chunk as must be known, read without a tree. A scalar of another type is no error: a provider's
//! oddity is the caller's to see.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use crate::{chat::Usage, error::Malformed, openai::chat::Tokens};

/// An event's data, or a whole answer.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Chunk<'a> {
    #[serde(borrow, default)]
    pub(super) model: Text<'a>,
    #[serde(borrow, default)]
    object: Text<'a>,
    #[serde(borrow)]
    pub(super) choices: Option<Vec<Choice<'a>>>,
    #[serde(default)]
    usage: Option<TokensIn>,
    x_groq: Option<Groq>,
    #[serde(default)]
    error: Something,
}

#[derive(Debug, Deserialize)]
struct Groq {
    #[serde(default)]
    usage: Option<TokensIn>,
    #[serde(default)]
    error: Something,
}

#[derive(Debug, Deserialize)]
pub(super) struct Choice<'a> {
    #[serde(default)]
    index: Count,
    delta: Option<Said>,
    pub(super) message: Option<Said>,
    /// Of the completions that are no chat.
    #[serde(default)]
    text: Option<Something>,
    #[serde(borrow, default)]
    finish_reason: Text<'a>,
    #[serde(default)]
    usage: Option<TokensIn>,
    #[serde(default)]
    error: Something,
}

/// A delta or a message: which of its members say something.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    content: Something,
    reasoning_content: Something,
    reasoning: Something,
    reasoning_details: Something,
    refusal: Something,
    tool_calls: Something,
    function_call: Something,
    audio: Something,
    images: Something,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TokensIn {
    prompt_tokens: Count,
    input_tokens: Count,
    completion_tokens: Count,
    output_tokens: Count,
    total_tokens: Count,
    prompt_cache_hit_tokens: Count,
    cached_tokens: Count,
    prompt_tokens_details: Option<Details>,
    completion_tokens_details: Option<Details>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Details {
    #[serde(rename = "cached_tokens")]
    cached: Count,
    #[serde(rename = "cache_write_tokens")]
    cache_written: Count,
    #[serde(rename = "audio_tokens")]
    audio: Count,
    #[serde(rename = "reasoning_tokens")]
    reasoning: Count,
}

impl<'a> Chunk<'a> {
    pub(super) fn read(data: &'a [u8]) -> Result<Self, Malformed> {
        // Gemini's OpenAI door wraps some bodies in an array of one.
        let read = if data.first() == Some(&b'[') {
            serde_json::from_slice::<[Chunk<'a>; 1]>(data).map(|[chunk]| chunk)
        } else {
            serde_json::from_slice(data)
        };
        read.map_err(|error| Malformed::new("", format!("is no chat completion: {error}")))
    }

    /// Whether it is worth the time to look for an error in it.
    pub(super) fn may_be_error(&self) -> bool {
        let choices = self.choices.as_deref().unwrap_or_default();
        self.error.0
            || self.object.is("error")
            || choices.iter().any(|choice| choice.error.0)
            || choices.is_empty() && self.usage.is_none()
            || self.x_groq.as_ref().is_some_and(|groq| groq.error.0)
    }

    pub(super) fn is_semantic(&self) -> bool {
        self.choices.iter().flatten().any(Choice::says_something)
    }

    pub(super) fn has_calls(&self) -> bool {
        let said = self.choices.iter().flatten().flat_map(Choice::said);
        said.into_iter()
            .any(|said| said.tool_calls.0 || said.function_call.0)
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
            .or_else(|| self.x_groq.as_ref()?.usage.as_ref())
            .or_else(in_choice)?
            .usage()
    }

    /// The places of the answers that end here, each with its word.
    pub(super) fn finishes(&self) -> impl Iterator<Item = (usize, &str)> {
        let choices = self.choices.iter().flatten().enumerate();
        choices.filter_map(|(place, choice)| {
            let word = choice
                .finish_reason
                .0
                .as_deref()
                .filter(|word| !word.is_empty())?;
            let index = choice.index.0.and_then(|index| usize::try_from(index).ok());
            Some((index.unwrap_or(place), word))
        })
    }
}

impl Choice<'_> {
    fn said(&self) -> impl Iterator<Item = &Said> {
        self.delta.iter().chain(&self.message)
    }

    pub(super) fn says_something(&self) -> bool {
        self.text.as_ref().is_some_and(|text| text.0) || self.said().any(Said::something)
    }
}

impl Said {
    fn something(&self) -> bool {
        [
            &self.content,
            &self.reasoning_content,
            &self.reasoning,
            &self.reasoning_details,
            &self.refusal,
            &self.tool_calls,
            &self.function_call,
            &self.audio,
            &self.images,
        ]
        .iter()
        .any(|member| member.0)
    }
}

impl TokensIn {
    fn usage(&self) -> Option<Usage> {
        let input = self.prompt_tokens_details.as_ref();
        let output = self.completion_tokens_details.as_ref();
        Tokens {
            input: self.prompt_tokens.0.or(self.input_tokens.0),
            output: self.completion_tokens.0.or(self.output_tokens.0),
            total: self.total_tokens.0,
            cached: input
                .and_then(|details| details.cached.0)
                .or(self.prompt_cache_hit_tokens.0)
                .or(self.cached_tokens.0),
            cache_written: input.and_then(|details| details.cache_written.0),
            reasoning: output.and_then(|details| details.reasoning.0),
            input_audio: input.and_then(|details| details.audio.0),
            output_audio: output.and_then(|details| details.audio.0),
        }
        .usage()
    }
}

/// Whether there is anything: not null, not empty, not false.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Something(pub(super) bool);

/// A count, where it is one.
#[derive(Debug, Default, Clone, Copy)]
struct Count(Option<u64>);

/// A text, where it is one.
#[derive(Debug, Default)]
pub(super) struct Text<'a>(pub(super) Option<Cow<'a, str>>);

impl Text<'_> {
    fn is(&self, word: &str) -> bool {
        self.0.as_deref() == Some(word)
    }
}

/// A visitor for any value, of which each type keeps what it wants.
macro_rules! any_value {
    ($name:ident<$life:lifetime>, $type:ty, impl[$($generics:tt)*] $held:ty, { $($own:item)* }) => {
        impl<$($generics)*> Deserialize<$life> for $held {
            fn deserialize<D: Deserializer<$life>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any($name)
            }
        }

        struct $name;

        impl<$life> Visitor<$life> for $name {
            type Value = $type;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON value")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Self::Value::default())
            }

            $($own)*
        }
    };
}

any_value!(AnySomething<'de>, Something, impl['de] Something, {
    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Something(value))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Something(true))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Something(true))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Something(true))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Something(!text.is_empty()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        let mut any = false;
        while array.next_element::<IgnoredAny>()?.is_some() {
            any = true;
        }
        Ok(Something(any))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut any = false;
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
            any = true;
        }
        Ok(Something(any))
    }
});

any_value!(AnyCount<'de>, Count, impl['de] Count, {
    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Count(None))
    }

    fn visit_u64<E>(self, count: u64) -> Result<Self::Value, E> {
        Ok(Count(Some(count)))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Count(None))
    }

    fn visit_f64<E>(self, count: f64) -> Result<Self::Value, E> {
        Ok(Count(crate::openai::fields::whole(&count.into())))
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Count(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        while array.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Count(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Count(None))
    }
});

any_value!(AnyText<'de>, Text<'de>, impl['de: 'a, 'a] Text<'a>, {
    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Text(None))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Text(None))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Text(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Text(None))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Text(Some(Cow::Borrowed(text))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Text(Some(Cow::Owned(text.to_owned()))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        while array.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Text(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Text(None))
    }
});
