//! Names that people give to keys and credentials.

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

/// A provider's id as the catalogue spells it.
pub(crate) fn checked_provider(provider: &str) -> Result<&str, AccessError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=LONGEST).contains(&provider.len()) && provider.bytes().all(plain) {
        Ok(provider)
    } else {
        let problem = "is none: provider ids have small letters, digits and hyphens, as `guichet catalogue list` shows";
        Err(AccessError::Name {
            what: "provider's id",
            problem,
        })
    }
}
