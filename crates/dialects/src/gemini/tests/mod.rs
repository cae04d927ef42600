//! What is written to Gemini and read from it, by the shapes of its documentation.

mod answers;
mod garbage;
mod journeys;
mod requests;
mod streams;
