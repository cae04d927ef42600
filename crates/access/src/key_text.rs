//! What a caller's key looks like: `gch_<id>_<secret><crc>`, 55 characters.
//!
//! The checksum is no security: it lets a typo, and a leak scanner's find, be judged without the database.

use std::fmt;
use std::ops::Range;

use secrecy::SecretString;

use crate::{AccessError, random};

const PREFIX: &str = "gch_";
/// No `i`, `l`, `o`, `u`: ids are read aloud and typed.
const ID_ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const ID: Range<usize> = 4..16;
const SEPARATOR: usize = 16;
/// 32 × log2(62) = 190 bits.
const SECRET: Range<usize> = 17..49;
/// 62⁶ > 2³².
const CHECKSUM: Range<usize> = 49..55;

/// A key whose form and checksum are right; whether it opens anything is another question.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyText<'text> {
    id: &'text str,
    secret: &'text str,
}

/// Why a text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyTextError {
    /// It does not begin as ours do.
    #[error("a Guichet key begins with `gch_`")]
    Prefix,
    /// Characters are missing or too many.
    #[error(
        "a Guichet key has 55 characters, this one has {found}: it was cut or something was added"
    )]
    Length {
        /// How many there are.
        found: usize,
    },
    /// A character that no key has at this place.
    #[error("character {position} cannot be in a Guichet key: check for a typing error")]
    Character {
        /// Counted from one.
        position: usize,
    },
    /// The checksum does not fit.
    #[error("the key's checksum does not fit: check for a typing error")]
    Checksum,
}

impl<'text> KeyText<'text> {
    /// Judges a text without looking anything up.
    pub fn parse(text: &'text str) -> Result<Self, KeyTextError> {
        if !is_well_formed(text.as_bytes()) {
            return Err(fault(text));
        }
        let (body, given) = text.split_at(CHECKSUM.start);
        if given.as_bytes() != checksum(body) {
            return Err(KeyTextError::Checksum);
        }
        Ok(Self {
            id: &text[ID],
            secret: &text[SECRET],
        })
    }

    /// The public part, by which the key is found.
    #[must_use]
    pub fn id(&self) -> &'text str {
        self.id
    }

    pub(crate) fn secret(&self) -> &'text str {
        self.secret
    }

    /// A new random key, as text.
    pub(crate) fn generate() -> Result<SecretString, AccessError> {
        // The exact capacity: growing would leave copies of the secret behind.
        let mut text = String::with_capacity(CHECKSUM.end);
        text.push_str(PREFIX);
        random::push_text(&mut text, ID_ALPHABET, ID.len())?;
        text.push('_');
        random::push_text(&mut text, BASE62, SECRET.len())?;
        let digits = checksum(&text);
        text.extend(digits.map(char::from));
        Ok(SecretString::from(text))
    }
}

impl fmt::Debug for KeyText<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("KeyText")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Every request passes here, so that it looks at bytes and at each of them once.
fn is_well_formed(text: &[u8]) -> bool {
    text.len() == CHECKSUM.end
        && text.starts_with(PREFIX.as_bytes())
        && text[ID].iter().copied().all(is_of_id)
        && text[SEPARATOR] == b'_'
        && text[SECRET.start..].iter().all(u8::is_ascii_alphanumeric)
}

fn is_of_id(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'z') && !matches!(byte, b'i' | b'l' | b'o' | b'u')
}

/// What is wrong with a text that is not well formed, in characters as a reader counts them.
fn fault(text: &str) -> KeyTextError {
    if !text.starts_with(PREFIX) {
        return KeyTextError::Prefix;
    }
    let found = text.chars().count();
    let fits = |(index, character): (usize, char)| {
        let byte = u8::try_from(character).unwrap_or_default();
        match index {
            _ if index < ID.start => true,
            SEPARATOR => byte == b'_',
            _ if ID.contains(&index) => is_of_id(byte),
            _ => byte.is_ascii_alphanumeric(),
        }
    };
    match text.chars().enumerate().position(|place| !fits(place)) {
        Some(index) if found == CHECKSUM.end => KeyTextError::Character {
            position: index + 1,
        },
        _ => KeyTextError::Length { found },
    }
}

/// CRC-32 (IEEE) of everything before, in six base62 digits. It finds every change within 32 bits of each other.
fn checksum(body: &str) -> [u8; 6] {
    let mut rest = crc32fast::hash(body.as_bytes()) as usize;
    let mut digits = [0; 6];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[rest % BASE62.len()];
        rest /= BASE62.len();
    }
    digits
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    use super::*;

    const SAMPLE_BODY: &str = "gch_0123456789ab_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef";

    fn sample() -> String {
        let mut text = SAMPLE_BODY.to_owned();
        text.extend(checksum(SAMPLE_BODY).map(char::from));
        text
    }

    fn any_key() -> impl Strategy<Value = String> {
        "gch_[0-9a-hjkmnp-tv-z]{12}_[0-9A-Za-z]{32}".prop_map(|mut text| {
            let digits = checksum(&text);
            text.extend(digits.map(char::from));
            text
        })
    }

    #[test]
    fn a_generated_key_parses_and_none_repeats() {
        let texts: Vec<_> = (0..500).map(|_| KeyText::generate().unwrap()).collect();
        for text in &texts {
            assert_eq!(
                KeyText::parse(text.expose_secret()).map(|key| key.secret.len()),
                Ok(32)
            );
        }
        let distinct: HashSet<_> = texts.iter().map(ExposeSecret::expose_secret).collect();
        assert_eq!(distinct.len(), texts.len());
    }

    #[test]
    fn each_fault_has_its_name() {
        let key = sample();
        assert_eq!(KeyText::parse("sk-abc"), Err(KeyTextError::Prefix));
        assert_eq!(KeyText::parse(""), Err(KeyTextError::Prefix));
        assert_eq!(
            KeyText::parse(&key[..54]),
            Err(KeyTextError::Length { found: 54 })
        );
        assert_eq!(
            KeyText::parse(&format!("{key} ")),
            Err(KeyTextError::Length { found: 56 })
        );
        assert_eq!(
            KeyText::parse(&key.replace('0', "u")),
            Err(KeyTextError::Character { position: 5 })
        );
        assert_eq!(
            KeyText::parse(&key.replace('Z', "é")),
            Err(KeyTextError::Character { position: 43 })
        );
        assert_eq!(
            KeyText::parse(&key.replace('Z', "Y")),
            Err(KeyTextError::Checksum)
        );
    }

    #[test]
    fn debug_shows_the_id_alone() {
        let key = sample();
        let shown = format!("{:?}", KeyText::parse(&key).unwrap());
        assert!(shown.contains("0123456789ab"));
        assert!(!shown.contains("ABCDEF"));
    }

    proptest! {
        #[test]
        fn any_well_formed_key_parses(text in any_key()) {
            let key = KeyText::parse(&text).unwrap();
            prop_assert_eq!(key.id(), &text[4..16]);
            prop_assert_eq!(key.secret(), &text[17..49]);
        }

        #[test]
        fn any_single_change_is_detected(text in any_key(), at in 0..55_usize, new in any::<char>()) {
            let changed: String =
                text.chars().enumerate().map(|(index, old)| if index == at { new } else { old }).collect();
            prop_assume!(changed != text);
            prop_assert!(KeyText::parse(&changed).is_err());
        }

        #[test]
        fn any_single_alphanumeric_change_is_detected(text in any_key(), at in 4..55_usize, new in "[0-9A-Za-z]") {
            let mut changed = text.clone();
            changed.replace_range(at..=at, &new);
            prop_assume!(changed != text);
            prop_assert!(KeyText::parse(&changed).is_err());
        }

        #[test]
        fn two_neighbours_exchanged_are_detected(text in any_key(), at in 0..54_usize) {
            let mut bytes = text.clone().into_bytes();
            bytes.swap(at, at + 1);
            let changed = String::from_utf8(bytes).unwrap();
            prop_assume!(changed != text);
            prop_assert!(KeyText::parse(&changed).is_err());
        }

        #[test]
        fn nothing_makes_it_panic(text in "\\PC{0,80}") {
            let _ = KeyText::parse(&text);
            let _ = KeyText::parse(&format!("gch_{text}"));
        }
    }
}
