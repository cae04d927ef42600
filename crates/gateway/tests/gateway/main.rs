//! Stories of the doors: the real engine, the real keys, providers in memory.

mod bad_input;
mod client;
mod data;
mod doors;
mod keys;
mod limits;
mod proxy;
mod world;
