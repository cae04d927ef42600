//! Ids of tool calls: made where a provider gives none, mapped where they are too long.

use std::borrow::Cow;

use crate::calls::hash_from;

/// OpenAI refuses longer ids of calls.
const LONGEST: usize = 40;

/// The id as this dialect takes it. The same id always becomes the same one, so that a result finds its call.
pub(crate) fn legal(id: &str) -> Cow<'_, str> {
    if !id.is_empty() && id.len() <= LONGEST {
        return Cow::Borrowed(id);
    }
    Cow::Owned(made(&[id]))
}

/// An id for a call that has none: from what tells it apart (the answer's id, its place, its name), and from nothing
/// random, so that the same bytes give the same id.
pub(crate) fn made(of: &[&str]) -> String {
    // Two hashes that end each text with a byte of their own.
    let low = hash_from(0xcbf2_9ce4_8422_2325, 0xff, of.iter().copied());
    let high = hash_from(0x9ae1_6a3b_2f90_404f, 0xfe, of.iter().copied());
    format!("call_{low:016x}{:08x}", high & 0xffff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_id_becomes_the_same_short_one_in_call_and_result() {
        let long = "toolu_".repeat(20);
        assert_eq!(legal(&long), legal(&long));
        assert!(legal(&long).len() <= LONGEST);
        assert_eq!(legal("call_1"), "call_1");
        assert_ne!(legal(&long), legal(&format!("{long}x")));
    }

    #[test]
    fn made_ids_differ_by_each_of_their_parts() {
        assert_ne!(made(&["a", "bc"]), made(&["ab", "c"]));
        assert_eq!(made(&["a"]), made(&["a"]));
    }
}
