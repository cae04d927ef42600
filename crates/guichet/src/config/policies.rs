//! In which order providers are asked, by operation: `[policy.operations]`.

use guichet_engine::policy::Policy;

const PREFIX: &str = "policy.operations.";

/// The operation that a key is about: `weather/current` of `policy.operations.weather/current`.
pub(super) fn operation(key: &str) -> Option<&str> {
    let id = key.strip_prefix(PREFIX)?;
    let (category, name) = id.split_once('/')?;
    (!category.is_empty() && !name.is_empty()).then_some(id)
}

/// A policy as it is written.
pub(super) fn policy(text: &str) -> Result<Policy, String> {
    text.parse()
        .map_err(|unknown| format!("`{text}` is none: {unknown}"))
}

/// A share among those that are drawn.
pub(super) fn weight(text: &str) -> Result<f64, String> {
    const MOST: f64 = 1_000_000.0;
    let weight = text
        .parse()
        .ok()
        .filter(|weight| (0.0..=MOST).contains(weight));
    weight.ok_or_else(|| format!("`{text}` is not a number from 0 to {MOST}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_a_category_and_an_operation() {
        assert_eq!(operation("policy.operations.ai/chat"), Some("ai/chat"));
        for wrong in [
            "policy.operations.chat",
            "policy.operations./",
            "policy.default",
        ] {
            assert_eq!(operation(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_wrong_value_is_told_with_the_right_ones() {
        assert_eq!(policy("fastest"), Ok(Policy::Fastest));
        assert!(policy("best").unwrap_err().contains("harvest, order"));
        assert_eq!(weight("2.5"), Ok(2.5));
        for wrong in ["-1", "NaN", "heavy"] {
            assert!(weight(wrong).unwrap_err().contains("from 0 to"), "{wrong}");
        }
    }
}
