//! Content blocks: the pieces of a message, read into [`Part`](crate::chat::Part) and written from it.

mod read;
mod write;

use serde_json::Value;

pub(super) use read::{read_block, read_content};
pub(super) use write::{Block, Content, Side, are_own, blocks_of};

/// Whether a block is one that only Anthropic's API has and understands: results of tools that it ran itself, and the
/// like. Blocks of other dialects' making are not sent there.
pub(super) fn is_own(block: &Value) -> bool {
    const OWN: [&str; 8] = [
        "container_upload",
        "document",
        "fallback",
        "mcp_tool_use",
        "mid_conv_system",
        "search_result",
        "server_tool_use",
        "tool_reference",
    ];
    match block.get("type").and_then(Value::as_str) {
        // OpenAI has a block of this name too, without a content.
        Some("compaction") => block.get("content").is_some(),
        Some(kind) => {
            OWN.contains(&kind) || (kind.ends_with("_tool_result") && kind != "tool_result")
        }
        None => false,
    }
}
