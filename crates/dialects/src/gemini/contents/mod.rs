//! The conversation as Gemini takes it: turns of `user` and `model`, and the instructions apart.

mod outcome;
mod wire;

pub(super) use self::wire::Content;

use self::outcome::{is_words, outcome};
use self::wire::{
    FileData, FunctionCall, FunctionResponse, InlineData, Piece, WirePart, media_type,
};
use super::family::Family;
use super::part::OWN_SIGNATURE;
use crate::calls::{CallNames, Object};
use crate::chat::{Media, Message, Part, Request, Role};

/// Google's word for a call that another provider's model made: Gemini 3 refuses the first call of a turn without a
/// signature, and takes this instead of one. Source: <https://ai.google.dev/gemini-api/docs/thought-signatures>.
const FOREIGN_CALL: &str = "skip_thought_signature_validator";

/// What only Gemini's parts have; a piece with one of these is its own and goes back as it came.
const OWN_PIECES: [&str; 5] = [
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
    "videoMetadata",
];

/// The instructions, if any, and the turns. What cannot be said is added to `lost` under its place.
pub(super) fn write<'a>(
    request: &'a Request,
    family: Family,
    lost: &mut Vec<String>,
) -> (Option<Content<'a>>, Vec<Content<'a>>) {
    let mut writer = Writer {
        names: CallNames::of(&request.messages),
        family,
        turns: Vec::new(),
        lost,
        place: (0, 0),
    };
    let mut instructions = Vec::new();
    for (place, message) in request.messages.iter().enumerate() {
        writer.place.0 = place;
        if is_instruction(message) && writer.turns.is_empty() {
            instructions.extend(writer.parts(message).0);
        } else {
            writer.turn(message);
        }
    }
    let mut turns = writer.turns;
    for turn in &mut turns {
        if family.wants_signatures {
            sign_first_call(turn);
        }
    }
    if instructions.is_empty() {
        return (None, turns);
    }
    // Instructions alone are refused: then they are what the person says.
    let apart = !turns.is_empty();
    let content = Content {
        role: (!apart).then_some("user"),
        parts: instructions,
        results: false,
    };
    if apart {
        (Some(content), turns)
    } else {
        (None, vec![content])
    }
}

fn is_instruction(message: &Message) -> bool {
    matches!(message.role, Role::System | Role::Developer)
}

fn sign_first_call(turn: &mut Content<'_>) {
    let mut calls = turn.parts.iter_mut().filter_map(|piece| match piece {
        Piece::Part(part) if part.function_call.is_some() => Some(part),
        _ => None,
    });
    if let Some(call) = calls.next() {
        call.thought_signature.get_or_insert(FOREIGN_CALL);
    }
}

struct Writer<'a, 'l> {
    names: CallNames<'a>,
    family: Family,
    turns: Vec<Content<'a>>,
    lost: &'l mut Vec<String>,
    /// The message and the part of it that is being written.
    place: (usize, usize),
}

impl<'a> Writer<'a, '_> {
    /// Adds a message, to the turn before if that is of the same kind. A later instruction is a turn of the user:
    /// Gemini has no other place in the middle of a conversation.
    fn turn(&mut self, message: &'a Message) {
        let role = match message.role {
            Role::Assistant => "model",
            Role::System | Role::Developer | Role::User | Role::Tool => "user",
        };
        let (parts, results) = self.parts(message);
        for (parts, results) in [(results, true), (parts, false)] {
            if parts.is_empty() {
                continue;
            }
            match self.turns.last_mut() {
                Some(last) if last.role == Some(role) && last.results == results => {
                    last.parts.extend(parts);
                }
                _ => self.turns.push(Content {
                    role: Some(role),
                    parts,
                    results,
                }),
            }
        }
    }

    /// The parts of a message: what is said, and results of tools.
    fn parts(&mut self, message: &'a Message) -> (Vec<Piece<'a>>, Vec<Piece<'a>>) {
        let mut said = Vec::new();
        let mut results = Vec::new();
        for (place, part) in message.parts.iter().enumerate() {
            self.place.1 = place;
            match part {
                Part::ToolResult {
                    id,
                    name,
                    parts,
                    failed,
                    ..
                } => self.result(id, name.as_deref(), parts, *failed, &mut results),
                part => said.extend(self.piece(part)),
            }
        }
        (said, results)
    }

    /// A part that is not a result; none = it says nothing here.
    fn piece(&mut self, part: &'a Part) -> Option<Piece<'a>> {
        let part = match part {
            Part::Text {
                text, signature, ..
            } if !text.is_empty() || signature.is_some() => WirePart {
                text: Some(text),
                thought_signature: signature.as_deref(),
                ..WirePart::default()
            },
            Part::Refusal(text) if !text.is_empty() => WirePart {
                text: Some(text),
                ..WirePart::default()
            },
            Part::Thinking {
                text,
                signature,
                redacted: false,
            } => thoughts(text, signature.as_deref())?,
            Part::Image { media, detail, .. } => {
                if detail.as_deref().is_some_and(|detail| detail != "auto") {
                    self.lose("detail");
                }
                self.media(media, "image_url")?
            }
            Part::Audio { media } => self.media(media, "input_audio")?,
            Part::File { media, .. } => self.media(media, "file")?,
            Part::ToolCall {
                id,
                name,
                arguments,
                signature,
                ..
            } => WirePart {
                function_call: Some(FunctionCall {
                    id,
                    name,
                    args: Object::of(arguments),
                }),
                thought_signature: signature.as_deref(),
                ..WirePart::default()
            },
            Part::Other { value } => {
                let is_own = OWN_PIECES.iter().any(|own| value.get(own).is_some());
                if !is_own {
                    self.lose("");
                }
                return is_own.then_some(Piece::AsItCame(value));
            }
            // Hidden thoughts are another provider's; a result within a result there is not.
            Part::Text { .. }
            | Part::Refusal(_)
            | Part::Thinking { .. }
            | Part::ToolResult { .. } => return None,
        };
        Some(Piece::Part(Box::new(part)))
    }

    /// A picture, a sound or a document. Ids of files are Gemini's own only if they look like them.
    fn media(&mut self, media: &'a Media, field: &str) -> Option<WirePart<'a>> {
        let part = match media {
            Media::Inline { media_type, data } => WirePart {
                inline_data: Some(InlineData {
                    mime_type: media_type,
                    data,
                }),
                ..WirePart::default()
            },
            Media::Stored(id) if !id.contains("files/") && !id.starts_with("gs://") => {
                self.lose(field);
                return None;
            }
            Media::Url(address) | Media::Stored(address) => WirePart {
                file_data: Some(FileData {
                    mime_type: media_type(address),
                    file_uri: address,
                }),
                ..WirePart::default()
            },
        };
        Some(part)
    }

    /// A result. Pictures in it are within the result where the model takes them there, else they follow it.
    fn result(
        &mut self,
        id: &'a str,
        name: Option<&'a str>,
        parts: &'a [Part],
        failed: bool,
        into: &mut Vec<Piece<'a>>,
    ) {
        let mut within = Vec::new();
        let mut after = Vec::new();
        for part in parts.iter().filter(|part| !is_words(part)) {
            let Some(piece) = self.piece(part) else {
                continue;
            };
            let is_inline = matches!(&piece, Piece::Part(part) if part.inline_data.is_some());
            if is_inline && self.family.pictures_in_results {
                within.push(piece);
            } else {
                after.push(piece);
            }
        }
        into.push(Piece::Part(Box::new(WirePart {
            function_response: Some(FunctionResponse {
                id,
                name: self.names.name(name, id),
                response: outcome(parts, failed),
                parts: within,
            }),
            ..WirePart::default()
        })));
        into.append(&mut after);
    }

    fn lose(&mut self, field: &str) {
        let (message, part) = self.place;
        let dot = if field.is_empty() { "" } else { "." };
        self.lost
            .push(format!("messages[{message}].content[{part}]{dot}{field}"));
    }
}

/// Thoughts. A signature that is not Gemini's own would be refused; the thought goes without it.
fn thoughts<'a>(text: &'a str, signature: Option<&'a str>) -> Option<WirePart<'a>> {
    let signature = signature.and_then(|signature| signature.strip_prefix(OWN_SIGNATURE));
    (!text.is_empty() || signature.is_some()).then(|| WirePart {
        text: Some(text),
        thought: Some(true),
        thought_signature: signature,
        ..WirePart::default()
    })
}
