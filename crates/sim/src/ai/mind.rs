//! The model: what it answers follows from the request alone, so that a test can say beforehand what will come.
//!
//! It says what it was told (`You said: …`) and what it was shown. Lines of the last user's text may ask for more:
//! `call the tool NAME with {…}` for each call, `write N words`, `be filtered`.

use guichet_catalogue::model::ai::Abilities;
use guichet_dialects::chat::{
    Answer, Choice, Effort, Finish, Format, Message, Part, Request, Role, Schema, ToolChoice, Usage,
};
use serde_json::{Value, json};

use super::schema;
use super::voice::Accent;

/// What an answer depends on besides the request.
pub(crate) struct Surroundings {
    /// The model's id, as the answer names it.
    pub(crate) model: String,
    /// What it understands.
    pub(crate) abilities: Abilities,
    /// The answer's id.
    pub(crate) id: String,
    /// Seconds since 1970.
    pub(crate) created: i64,
    /// How its provider differs from the others.
    pub(crate) accent: &'static Accent,
}

/// The answer to a request.
pub(crate) fn answer(request: &Request, around: &Surroundings) -> Answer {
    let count = request.sampling.choices.unwrap_or(1).clamp(1, 16);
    let count = usize::try_from(count).unwrap_or(1);
    let choices: Vec<Choice> = (0..count)
        .map(|index| choice(request, around, index))
        .collect();
    let written: u64 = choices.iter().map(|choice| tokens_of(&choice.parts)).sum();
    let thought: u64 = choices
        .iter()
        .map(|choice| thoughts_of(&choice.parts))
        .sum();
    Answer {
        id: around.id.clone(),
        model: around.model.clone(),
        created: Some(around.created),
        usage: Some(Usage {
            input: input_tokens(request),
            output: written,
            reasoning: (thought > 0).then_some(thought),
            ..Usage::default()
        }),
        choices,
        extra: serde_json::Map::new(),
    }
}

/// What a request takes: one for each word of every text, one for each picture, sound and document.
pub(crate) fn input_tokens(request: &Request) -> u64 {
    let said: u64 = request
        .messages
        .iter()
        .map(|one| tokens_of(&one.parts))
        .sum();
    let offered = request
        .tools
        .iter()
        .map(|tool| words(tool.description.as_deref().unwrap_or_default()) + words(&tool.name));
    (said + offered.sum::<u64>()).max(1)
}

/// Words, as the model counts its tokens.
pub(crate) fn words(text: &str) -> u64 {
    text.split_whitespace().count() as u64
}

fn tokens_of(parts: &[Part]) -> u64 {
    parts.iter().map(tokens).sum()
}

fn tokens(part: &Part) -> u64 {
    match part {
        Part::Text { text, .. } | Part::Thinking { text, .. } | Part::Refusal(text) => words(text),
        Part::ToolCall {
            name, arguments, ..
        } => words(name) + words(arguments),
        Part::ToolResult { parts, .. } => tokens_of(parts),
        Part::Image { .. } | Part::Audio { .. } | Part::File { .. } | Part::Other { .. } => 1,
    }
}

fn thoughts_of(parts: &[Part]) -> u64 {
    let thoughts = parts
        .iter()
        .filter(|part| matches!(part, Part::Thinking { .. }));
    thoughts.map(tokens).sum()
}

fn choice(request: &Request, around: &Surroundings, index: usize) -> Choice {
    let told = Told::by(request);
    let mut parts = Vec::new();
    if around.abilities.reasoning && is_to_think(request) {
        parts.push(thought(&told));
    }
    let calls = calls(request, around, &told, index);
    let (mut finish, mut stop_sequence) = (Finish::Stop, None);
    if told.is_filtered() {
        finish = Finish::ContentFilter;
    } else if calls.is_empty() {
        let (text, stopped_by) = stopped(text(request, &told, index), &request.sampling.stop);
        parts.push(Part::text(text));
        stop_sequence = stopped_by;
    } else {
        parts.extend(calls);
        finish = Finish::ToolCalls;
    }
    let most = request.sampling.max_tokens.or(around.accent.default_output);
    if most.is_some_and(|most| shorten(&mut parts, most)) {
        (finish, stop_sequence) = (Finish::Length, None);
    }
    let told = request.sampling.logprobs == Some(true) && around.abilities.logprobs;
    Choice {
        index,
        logprobs: told.then(|| likelihoods(&parts)),
        parts,
        finish,
        stop_sequence,
    }
}

/// What the model was last told.
struct Told {
    text: String,
    images: usize,
    sounds: usize,
    files: usize,
    /// Results of tools came after it.
    results: Vec<String>,
}

impl Told {
    fn by(request: &Request) -> Self {
        let person =
            |message: &&Message| message.role == Role::User && !message.parts.iter().all(is_result);
        let last = request
            .messages
            .iter()
            .rposition(|message| person(&message));
        let parts = last.map_or(&[][..], |at| &request.messages[at].parts);
        let after = &request.messages[last.map_or(0, |at| at + 1)..];
        let count = |fits: fn(&Part) -> bool| parts.iter().filter(|part| fits(part)).count();
        Self {
            text: text_of(parts),
            images: count(|part| matches!(part, Part::Image { .. })),
            sounds: count(|part| matches!(part, Part::Audio { .. })),
            files: count(|part| matches!(part, Part::File { .. })),
            results: parts
                .iter()
                .chain(after.iter().flat_map(|message| &message.parts))
                .filter_map(result_text)
                .collect(),
        }
    }

    fn is_filtered(&self) -> bool {
        self.text.lines().any(|line| line.trim() == "be filtered")
    }

    /// Calls that it asks for, by name and arguments.
    fn calls(&self) -> impl Iterator<Item = (&str, &str)> {
        self.text.lines().filter_map(|line| {
            let asked = line.trim().strip_prefix("call the tool ")?;
            Some(asked.split_once(" with ").unwrap_or((asked, "{}")))
        })
    }

    fn words_to_write(&self) -> Option<usize> {
        self.text.lines().find_map(|line| {
            let count = line.trim().strip_prefix("write ")?.strip_suffix(" words")?;
            count.parse().ok().filter(|count| *count <= 1_000_000)
        })
    }
}

fn is_result(part: &Part) -> bool {
    matches!(part, Part::ToolResult { .. })
}

fn result_text(part: &Part) -> Option<String> {
    match part {
        Part::ToolResult { parts, .. } => Some(text_of(parts)),
        _ => None,
    }
}

fn text_of(parts: &[Part]) -> String {
    let texts = parts.iter().filter_map(|part| match part {
        Part::Text { text, .. } => Some(&**text),
        _ => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}

fn is_to_think(request: &Request) -> bool {
    request.reasoning.as_ref().is_some_and(|asked| {
        let much = asked.budget_tokens.map(|tokens| tokens != 0);
        let word = asked.effort.as_ref().map(|effort| *effort != Effort::None);
        much.or(word).or(asked.show).unwrap_or(false)
    })
}

fn thought(told: &Told) -> Part {
    let count = words(&told.text);
    Part::Thinking {
        text: format!("The person said {count} words, so I say them again."),
        signature: None,
        redacted: false,
    }
}

fn text(request: &Request, told: &Told, index: usize) -> String {
    match &request.format {
        Some(Format::Schema { schema, .. }) => {
            return schema::instance(&schema.value(), &told.text).to_string();
        }
        Some(Format::Json) => return json!({ "said": told.text }).to_string(),
        Some(Format::Text) | None => {}
    }
    if let Some(count) = told.words_to_write() {
        let words: Vec<String> = (1..=count).map(|place| format!("word{place}")).collect();
        return words.join(" ");
    }
    let mut text = if told.results.is_empty() {
        format!("You said: {}", told.text)
    } else {
        format!("The tools said: {}", told.results.join(", "))
    };
    for (count, verb, noun) in [
        (told.images, "see", "image"),
        (told.sounds, "hear", "sound"),
        (told.files, "read", "file"),
    ] {
        if count > 0 {
            let plural = if count == 1 { "" } else { "s" };
            text.push_str(&format!(" I {verb} {count} {noun}{plural}."));
        }
    }
    if index > 0 {
        text.push_str(&format!(" (answer {})", index + 1));
    }
    text
}

/// The calls of this turn. After results of tools it calls none, unless it must.
fn calls(request: &Request, around: &Surroundings, told: &Told, index: usize) -> Vec<Part> {
    let choice = request.tool_choice.as_ref();
    if choice == Some(&ToolChoice::None) || !around.abilities.tools {
        return Vec::new();
    }
    let offered = |name: &str| {
        let allowed = match choice {
            Some(ToolChoice::Named(only)) => only == name,
            Some(ToolChoice::Allowed { names, .. }) => names.iter().any(|one| one == name),
            _ => true,
        };
        allowed && request.tools.iter().any(|tool| tool.name == name)
    };
    let mut wanted: Vec<(String, String)> = told
        .calls()
        .filter(|(name, arguments)| offered(name) && is_object(arguments))
        .map(|(name, arguments)| (name.to_owned(), arguments.trim().to_owned()))
        .collect();
    if !told.results.is_empty() {
        wanted.clear();
    }
    if wanted.is_empty() {
        wanted.extend(forced(request, told, &offered));
    }
    let one = request.parallel_tool_calls == Some(false)
        || !around.abilities.parallel_tools
        || around.accent.single_call;
    if one {
        wanted.truncate(1);
    }
    let part = |(place, (name, arguments))| Part::ToolCall {
        id: format!("call_{}_{index}_{place}", around.id),
        name,
        arguments,
        signature: None,
        cache: None,
    };
    wanted.into_iter().enumerate().map(part).collect()
}

fn is_object(arguments: &str) -> bool {
    serde_json::from_str::<Value>(arguments).is_ok_and(|value| value.is_object())
}

/// The call that is made because one must be.
fn forced(
    request: &Request,
    told: &Told,
    offered: &impl Fn(&str) -> bool,
) -> Option<(String, String)> {
    let must = match request.tool_choice.as_ref()? {
        ToolChoice::Named(_) => true,
        ToolChoice::Required => told.results.is_empty(),
        ToolChoice::Allowed { required, .. } => *required && told.results.is_empty(),
        ToolChoice::Auto | ToolChoice::None => false,
    };
    let mut tools = request.tools.iter().filter(|_| must);
    let tool = tools.find(|tool| offered(&tool.name))?;
    let schema = tool.parameters.as_ref().map(Schema::value);
    let schema = schema.filter(Value::is_object);
    let arguments =
        schema.map_or_else(|| json!({}), |schema| schema::instance(&schema, &told.text));
    Some((tool.name.clone(), arguments.to_string()))
}

/// The text up to the first text that ends it, and that one.
fn stopped(mut text: String, stops: &[String]) -> (String, Option<String>) {
    let found = stops
        .iter()
        .filter(|stop| !stop.is_empty())
        .filter_map(|stop| Some((text.find(stop.as_str())?, stop)))
        .min_by_key(|(at, _)| *at);
    let Some((at, stop)) = found else {
        return (text, None);
    };
    text.truncate(at);
    (text, Some(stop.clone()))
}

/// Keeps so many words; whether that was too few.
fn shorten(parts: &mut Vec<Part>, most: u64) -> bool {
    let mut left = most;
    for at in 0..parts.len() {
        let length = tokens(&parts[at]);
        if length <= left {
            left -= length;
            continue;
        }
        let is_kept = match &mut parts[at] {
            Part::Text { text, .. } | Part::Thinking { text, .. } => {
                let keep = usize::try_from(left).unwrap_or(usize::MAX);
                let words: Vec<&str> = text.split_whitespace().take(keep).collect();
                *text = words.join(" ");
                keep > 0
            }
            // Half a call is none.
            _ => false,
        };
        parts.truncate(at + usize::from(is_kept));
        return true;
    }
    false
}

fn likelihoods(parts: &[Part]) -> Value {
    let text = text_of(parts);
    let tokens: Vec<Value> = pieces(&text, None)
        .map(|token| {
            json!({"token": token, "logprob": -0.1, "bytes": token.as_bytes(), "top_logprobs": []})
        })
        .collect();
    json!({ "content": tokens, "refusal": null })
}

/// A text in pieces: a word each with the space before it, or `most` pieces of several words.
pub(crate) fn pieces(text: &str, most: Option<usize>) -> impl Iterator<Item = &str> {
    let starts: Vec<usize> = text
        .char_indices()
        .zip(text.chars().skip(1).map(Some).chain([None]))
        .filter(|((_, here), next)| {
            here.is_whitespace() && next.is_some_and(|next| !next.is_whitespace())
        })
        .map(|((at, _), _)| at)
        .filter(|at| *at > 0)
        .collect();
    let each = most.map_or(1, |most| (starts.len() + 1).div_ceil(most.max(1)));
    let cuts: Vec<usize> = starts.into_iter().skip(each - 1).step_by(each).collect();
    let begins = [0].into_iter().chain(cuts.clone());
    let ends = cuts.into_iter().chain([text.len()]);
    begins
        .zip(ends)
        .map(|(begin, end)| &text[begin..end])
        .filter(|piece| !piece.is_empty())
}
