//! Ids of tool calls that Anthropic takes: letters, digits, `_` and `-` only.

use std::borrow::Cow;

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
    made.push_str(&format!("_{:016x}", fnv(id.as_bytes())));
    Cow::Owned(made)
}

/// FNV-1a, 64 bits: stable over versions and machines, unlike the standard library's.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_legal_id_is_left_alone_and_another_becomes_legal_and_stays_unique() {
        assert_eq!(legal("toolu_01A-b"), "toolu_01A-b");
        assert_eq!(legal("call|fc.1"), "call_fc_1_fec622b55a88b849");
        assert_ne!(legal("a.b"), legal("a:b"));
        assert_eq!(legal(""), "_cbf29ce484222325");
    }
}
