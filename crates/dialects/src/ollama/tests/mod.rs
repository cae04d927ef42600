//! What is written to Ollama and read from it, by the shapes of `docs/api.md` and `api/types.go` of
//! <https://github.com/ollama/ollama>.

mod answers;
mod garbage;
mod requests;
mod streams;
