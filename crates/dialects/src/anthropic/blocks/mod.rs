//! Content blocks: the pieces of a message, read into [`Part`](crate::chat::Part) and written from it.

mod read;
mod write;

pub(super) use read::{read_block, read_content};
pub(super) use write::{Block, Content, Side, are_own, blocks_of};

/// Whether a block of this type is one that only Anthropic's API has and understands: results of tools that it ran
/// itself, and the like. Blocks of other dialects' making are not sent there.
pub(super) fn is_own(kind: &str) -> bool {
    const OWN: [&str; 10] = [
        "compaction",
        "container_upload",
        "document",
        "fallback",
        "mcp_tool_use",
        "mid_conv_system",
        "search_result",
        "server_tool_use",
        "tool_reference",
        "tool_search_tool_search_result",
    ];
    OWN.contains(&kind) || (kind.ends_with("_tool_result") && kind != "tool_result")
}
