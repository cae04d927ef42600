//! Statements in the common dialect (`$1`, `ON CONFLICT … DO UPDATE`), for whichever engine is open.
//!
//! The engines differ in their drivers' types alone; what is here hides those from the modules that know the tables.

mod row;
mod statement;
mod transaction;
mod value;

pub(crate) use row::Row;
pub(crate) use statement::{Statement, sql, sql_of};
pub(crate) use transaction::Transaction;
pub(crate) use value::Value;
