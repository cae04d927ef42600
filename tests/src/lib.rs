//! A world for the engine without a network: every provider answers from its samples, under any fault of the
//! alphabet, in paused time.

pub mod store;
pub mod transport;
pub mod world;
