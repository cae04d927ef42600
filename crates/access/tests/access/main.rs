//! Keys, credentials and the vault over a real database file.

mod credentials;
mod first_start;
mod installation;
mod keys;
mod secrecy_of_output;
mod two_processes;
