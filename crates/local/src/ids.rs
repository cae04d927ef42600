//! Identifiers and passwords: answers that must differ each time.

mod password;
mod uuids;

use crate::Function;

pub(crate) const FUNCTIONS: &[(&str, Function)] = &[
    ("ids.uuid", uuids::uuid as Function),
    ("ids.password", password::password as Function),
];
