//! What of Cohere's own dialect has no like behind its OpenAI door: vectors with a purpose, and ranks.
//!
//! Conversations with Cohere go by its OpenAI door.

pub mod embeddings;
pub mod rerank;
