//! Ids of tool calls that Anthropic takes: letters, digits, `_` and `-` only.

use std::borrow::Cow;

use crate::calls::hash;

/// The id itself where Anthropic takes it; otherwise one made of it, always the same one, so that a call and its
/// result still belong together: what is not allowed becomes `_`, and a hash keeps `a.b` and `a:b` apart.
pub(super) fn legal(id: &str) -> Cow<'_, str> {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
    if !id.is_empty() && id.chars().all(allowed) {
        return Cow::Borrowed(id);
    }
    let mut made: String = id
        .chars()
        .take(40)
        .map(|character| if allowed(character) { character } else { '_' })
        .collect();
    made.push_str(&format!("_{:016x}", hash([id].into_iter())));
    Cow::Owned(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_legal_id_is_left_alone_and_another_becomes_legal_and_stays_unique() {
        assert_eq!(legal("toolu_01A-b"), "toolu_01A-b");
        assert_eq!(legal("call|fc.1"), "call_fc_1_7365b028d651dd42");
        assert_ne!(legal("a.b"), legal("a:b"));
        assert_eq!(legal(""), "_af64724c8602eb6e");
    }
}
