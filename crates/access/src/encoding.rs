//! Thirty-two bytes as text: hexadecimal or base64 (either alphabet, with or without padding).

use zeroize::Zeroizing;

type Key = Zeroizing<[u8; 32]>;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// 64 lower-case hexadecimal digits.
pub(crate) fn to_hex(key: &[u8; 32]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(64));
    for byte in key {
        text.push(char::from(HEX[usize::from(byte >> 4)]));
        text.push(char::from(HEX[usize::from(byte & 15)]));
    }
    text
}

/// Reads either spelling; none if it is not exactly 32 bytes.
pub(crate) fn parse_key(text: &str) -> Option<Key> {
    let text = text.trim();
    if text.len() == 64 {
        from_hex(text.as_bytes())
    } else {
        from_base64(text.as_bytes())
    }
}

fn from_hex(text: &[u8]) -> Option<Key> {
    let mut key = Key::default();
    for (byte, pair) in key.iter_mut().zip(text.chunks_exact(2)) {
        *byte = hex_digit(pair[0])? << 4 | hex_digit(pair[1])?;
    }
    Some(key)
}

fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

/// 32 bytes are 43 digits of six bits, the last two bits zero, and one `=` where padding is written.
fn from_base64(text: &[u8]) -> Option<Key> {
    let digits = text.strip_suffix(b"=").unwrap_or(text);
    if digits.len() != 43 {
        return None;
    }
    let mut key = Key::default();
    let (mut bits, mut width, mut filled) = (0_u32, 0, 0);
    for &digit in digits {
        bits = bits << 6 | u32::from(base64_digit(digit)?);
        width += 6;
        if width >= 8 {
            width -= 8;
            key[filled] = u8::try_from(bits >> width).ok()?;
            bits &= (1 << width) - 1;
            filled += 1;
        }
    }
    (bits == 0).then_some(key)
}

fn base64_digit(digit: u8) -> Option<u8> {
    match digit {
        b'A'..=b'Z' => Some(digit - b'A'),
        b'a'..=b'z' => Some(digit - b'a' + 26),
        b'0'..=b'9' => Some(digit - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf '\0\1…\37' | base64`.
    const COUNTING: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    fn counting() -> [u8; 32] {
        std::array::from_fn(|index| u8::try_from(index).unwrap())
    }

    #[test]
    fn both_spellings_give_the_same_bytes() {
        assert_eq!(*parse_key(COUNTING).unwrap(), counting());
        assert_eq!(
            *parse_key(COUNTING.trim_end_matches('=')).unwrap(),
            counting()
        );
        assert_eq!(*parse_key(&to_hex(&counting())).unwrap(), counting());
        assert_eq!(
            *parse_key(&format!(" {} \n", to_hex(&counting()).to_uppercase())).unwrap(),
            counting()
        );
        assert_eq!(
            *parse_key(&format!("{}8", "_".repeat(42))).unwrap(),
            [255; 32]
        );
    }

    #[test]
    fn anything_else_is_refused() {
        let hex = to_hex(&counting());
        for text in [
            "",
            "secret",
            &hex[1..],
            &hex.replace('0', "g"),
            &COUNTING[1..],
            &COUNTING.replace('8', "9"),
        ] {
            assert!(parse_key(text).is_none(), "{text}");
        }
    }
}
