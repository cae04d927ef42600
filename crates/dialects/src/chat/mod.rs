//! The common form of a conversation: what every dialect's chat can be read into and written from.
//!
//! It is lossless for what two dialects share. What only one dialect has rides along in `extra`, under that dialect's
//! name for it, and is written again by the same dialect only.

mod answer;
mod event;
mod request;
mod schema;

pub use answer::{Answer, Choice, Finish, Usage};
pub use event::Event;
pub use request::{
    Effort, Format, Media, Message, Part, Reasoning, Request, Role, Sampling, Tool, ToolChoice,
};
pub use schema::Schema;

use serde_json::{Map, Value};

/// Members that only one dialect knows, under its names for them.
pub type Extra = Map<String, Value>;
