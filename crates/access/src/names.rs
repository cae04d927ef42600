//! Names that people give to keys, projects and credentials.

use crate::AccessError;

const LONGEST: usize = 100;

/// The name without the space around it, if it has 1 to 100 characters and none that moves a terminal's cursor.
pub(crate) fn checked<'name>(
    what: &'static str,
    name: &'name str,
) -> Result<&'name str, AccessError> {
    let name = name.trim();
    if name.is_empty() {
        return Err(AccessError::Name {
            what,
            problem: "is empty: give 1 to 100 characters",
        });
    }
    if name.chars().count() > LONGEST {
        return Err(AccessError::Name {
            what,
            problem: "is too long: give 1 to 100 characters",
        });
    }
    if name.chars().any(char::is_control) {
        return Err(AccessError::Name {
            what,
            problem: "holds control characters: give plain text",
        });
    }
    Ok(name)
}

/// An id that people write in settings and commands.
pub(crate) fn checked_id<'id>(what: &'static str, id: &'id str) -> Result<&'id str, AccessError> {
    let problem = "is none: give small letters, digits and hyphens";
    is_plain(id)
        .then_some(id)
        .ok_or(AccessError::Name { what, problem })
}

fn is_plain(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=LONGEST).contains(&id.len()) && id.bytes().all(plain)
}

/// A provider's id as the catalogue spells it.
pub(crate) fn checked_provider(provider: &str) -> Result<&str, AccessError> {
    if is_plain(provider) {
        Ok(provider)
    } else {
        let problem = "is none: provider ids have small letters, digits and hyphens, as `guichet catalogue list` shows";
        Err(AccessError::Name {
            what: "provider's id",
            problem,
        })
    }
}
