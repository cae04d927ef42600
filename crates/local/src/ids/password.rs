//! Passwords from the system's random source.

use serde_json::{Map, Value, json};

use crate::params::{boolean_or, optional_integer};
use crate::{Context, Failure};

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &str = "0123456789";
/// Without quotes, backslash, backtick and space, which shells and forms mangle.
const SYMBOLS: &str = "!#$%&()*+,-./:;<=>?@[]^_{|}~";

const DEFAULT_LENGTH: u64 = 20;
const MIN_LENGTH: u64 = 8;
const MAX_LENGTH: u64 = 128;

/// `length` (8 to 128, default 20), `symbols` (default true) → `Password`.
///
/// Every password of that length that has all classes of characters is equally likely.
pub(super) fn password(params: &Map<String, Value>, _: &Context) -> Result<Value, Failure> {
    let length =
        optional_integer(params, "length", MIN_LENGTH..=MAX_LENGTH)?.unwrap_or(DEFAULT_LENGTH);
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let classes = classes(boolean_or(params, "symbols", true)?);
    let password = generate(length, classes).map_err(|error| {
        Failure::Unsupported(format!("the system's random source failed: {error}"))
    })?;
    Ok(json!({
        "password": password,
        "length": length,
        "entropy_bits": (entropy_bits(length, classes) * 10.0).floor() / 10.0,
    }))
}

fn classes(symbols: bool) -> &'static [&'static str] {
    if symbols {
        &[LOWER, UPPER, DIGITS, SYMBOLS]
    } else {
        &[LOWER, UPPER, DIGITS]
    }
}

/// Draws whole passwords until one has every class: placing one of each first would favour some passwords.
fn generate(length: usize, classes: &[&str]) -> Result<String, getrandom::Error> {
    let alphabet: Vec<u8> = classes.concat().into_bytes();
    loop {
        let candidate = draw(length, &alphabet)?;
        if classes
            .iter()
            .all(|class| candidate.contains(|character| class.contains(character)))
        {
            return Ok(candidate);
        }
    }
}

/// Characters that are equally likely: bytes beyond the last whole multiple of the alphabet are thrown away.
fn draw(length: usize, alphabet: &[u8]) -> Result<String, getrandom::Error> {
    let fair = 256 - 256 % alphabet.len();
    let mut password = String::with_capacity(length);
    let mut bytes = [0_u8; 64];
    loop {
        getrandom::fill(&mut bytes)?;
        for byte in bytes
            .iter()
            .map(|byte| usize::from(*byte))
            .filter(|byte| *byte < fair)
        {
            if password.len() == length {
                return Ok(password);
            }
            password.push(char::from(alphabet[byte % alphabet.len()]));
        }
    }
}

/// log2 of the number of passwords that `generate` may give, by inclusion and exclusion over the missing classes.
fn entropy_bits(length: usize, classes: &[&str]) -> f64 {
    let size = |class: &str| f64::from(u32::try_from(class.len()).unwrap_or(u32::MAX));
    let total: f64 = classes.iter().map(|class| size(class)).sum();
    let length = i32::try_from(length).unwrap_or(i32::MAX);
    let share: f64 = (0_u32..1 << classes.len())
        .map(|missing| {
            let absent = classes
                .iter()
                .enumerate()
                .filter(|(index, _)| missing >> index & 1 == 1);
            let absent: f64 = absent.map(|(_, class)| size(class)).sum();
            let sign = if missing.count_ones() % 2 == 0 {
                1.0
            } else {
                -1.0
            };
            sign * ((total - absent) / total).powi(length)
        })
        .sum();
    f64::from(length) * total.log2() + share.log2()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_class_is_present_and_nothing_else(length in 8_usize..=128, symbols: bool) {
            let classes = classes(symbols);
            let password = generate(length, classes).unwrap();
            prop_assert_eq!(password.chars().count(), length);
            for class in classes {
                prop_assert!(password.contains(|character| class.contains(character)), "{password} lacks {class}");
            }
            let alphabet = classes.concat();
            prop_assert!(password.chars().all(|character| alphabet.contains(character)));
        }
    }

    #[test]
    fn the_entropy_counts_exactly_the_possible_passwords() {
        // Two classes of one and two letters, length 3: 3³ − 2³ (no "a") − 1³ (no "b", "c") = 18.
        assert!((entropy_bits(3, &["a", "bc"]) - 18_f64.log2()).abs() < 1e-12);
        // One class: nothing is excluded.
        assert!((entropy_bits(8, &["ab"]) - 8.0).abs() < 1e-12);
    }

    /// χ² with 89 degrees of freedom exceeds 160 in fewer than one of 100 000 fair runs.
    #[test]
    fn all_characters_are_equally_likely() {
        let alphabet: Vec<u8> = classes(true).concat().into_bytes();
        let drawn = draw(90_000, &alphabet).unwrap();
        let expected = 90_000.0 / f64::from(u32::try_from(alphabet.len()).unwrap());
        let statistic: f64 = alphabet
            .iter()
            .map(|character| {
                let count = drawn.bytes().filter(|byte| byte == character).count();
                (f64::from(u32::try_from(count).unwrap()) - expected).powi(2) / expected
            })
            .sum();
        assert!(statistic < 160.0, "χ² = {statistic}");
    }

    #[test]
    fn two_passwords_differ() {
        assert_ne!(
            generate(20, classes(true)).unwrap(),
            generate(20, classes(true)).unwrap()
        );
    }
}
