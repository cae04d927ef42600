//! Random bytes and text, from the operating system.

use zeroize::Zeroizing;

use crate::AccessError;

/// 32 random bytes: a key, a pepper.
pub(crate) fn key_bytes() -> Result<Zeroizing<[u8; 32]>, AccessError> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut())?;
    Ok(bytes)
}

/// Appends random characters of an alphabet of at most 256, each as likely as the others.
pub(crate) fn push_text(
    text: &mut String,
    alphabet: &[u8],
    length: usize,
) -> Result<(), AccessError> {
    // Bytes beyond the last whole multiple of the alphabet would favour its beginning.
    let fair = 256 - 256 % alphabet.len();
    let mut missing = length;
    let mut bytes = Zeroizing::new([0_u8; 64]);
    while missing > 0 {
        getrandom::fill(bytes.as_mut())?;
        for byte in bytes
            .iter()
            .map(|&byte| usize::from(byte))
            .filter(|&byte| byte < fair)
            .take(missing)
        {
            text.push(char::from(alphabet[byte % alphabet.len()]));
            missing -= 1;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_the_length_asked_for_and_uses_the_whole_alphabet() {
        let mut text = String::new();
        push_text(&mut text, b"abcdefghij", 5_000).unwrap();
        assert_eq!(text.len(), 5_000);
        for letter in 'a'..='j' {
            let count = text.matches(letter).count();
            assert!((350..650).contains(&count), "{letter}: {count}");
        }
    }
}
