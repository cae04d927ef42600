//! A world for the engine without a network: every provider answers from its samples, under any fault of the
//! alphabet, in paused time. And a stage for single stories: a few providers that do exactly what they are told.

pub mod heard;
pub mod simulation;
pub mod small;
pub mod speakers;
pub mod stage;
pub mod store;
pub mod transport;
pub mod upstream;
pub mod world;
