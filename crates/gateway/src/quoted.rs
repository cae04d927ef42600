//! Texts between quotes, as JSON writes them. Nearly all that are written per request need no escapes, which is seen
//! in a few instructions; the others are left to `serde_json`.

/// Appends a text and the quotes around it.
pub(crate) fn push(line: &mut String, text: &str) {
    if is_plain(text) {
        push_plain(line, text);
    } else {
        line.push_str(&serde_json::Value::from(text).to_string());
    }
}

/// Appends a text that is known to need no escapes, and the quotes around it.
pub(crate) fn push_plain(line: &mut String, text: &str) {
    line.push('"');
    line.push_str(text);
    line.push('"');
}

/// Appends a number.
pub(crate) fn push_number(line: &mut String, number: u64) {
    line.push_str(itoa::Buffer::new().format(number));
}

/// Whether a text stands in JSON as it is. All of it is looked at in any case: a loop without an exit has no branches.
fn is_plain(text: &str) -> bool {
    text.bytes()
        .fold(true, |all, byte| all & PLAIN[usize::from(byte)])
}

/// Which characters need no escape.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = b' ';
    while byte <= b'~' {
        plain[byte as usize] = byte != b'"' && byte != b'\\';
        byte += 1;
    }
    plain
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_read_again_as_it_was() {
        for text in [
            "",
            "met-no",
            "a\"b",
            "back\\slash",
            "line\nfeed",
            "été",
            "\u{7f}",
            "\0",
        ] {
            let mut line = String::new();
            push(&mut line, text);
            assert_eq!(
                serde_json::from_str::<String>(&line).unwrap(),
                text,
                "{line}"
            );
        }
    }
}
