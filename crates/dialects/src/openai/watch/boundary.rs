//! Where events end within bytes that are not copied.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memrchr2};

/// The end of the last whole event in these bytes; 0 = there is none. Nothing ends before `from`.
pub(crate) fn last_end(bytes: &[u8], from: usize) -> usize {
    // Nearly always a chunk ends where an event does.
    if bytes.ends_with(b"\n\n") || bytes.ends_with(b"\r\n\r\n") {
        return bytes.len();
    }
    let mut end = bytes.len();
    while let Some(at) = memrchr2(b'\n', b'\r', &bytes[from.min(end)..end]) {
        end = from + at;
        let line = &bytes[..=end];
        if line.ends_with(b"\n\n") || line.ends_with(b"\n\r\n") || line.ends_with(b"\r\r") {
            return end + 1;
        }
    }
    0
}

/// The length of the first event in bytes that hold whole events only.
pub(super) fn after_event(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = memchr2(b'\n', b'\r', &bytes[at..]) {
        at += found;
        let end = after_line(bytes, at);
        let next = after_line(bytes, end);
        if next > end {
            return next;
        }
        at = end;
    }
    bytes.len()
}

/// Past the line's end that may stand here.
fn after_line(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at..) {
        Some([b'\r', b'\n', ..]) => at + 2,
        Some([b'\r' | b'\n', ..]) => at + 1,
        _ => at,
    }
}

/// What an event says: its `data` lines, joined. Without copying where there is one.
pub(super) fn data_of(event: &[u8]) -> Cow<'_, [u8]> {
    let mut data: Cow<'_, [u8]> = Cow::Borrowed(b"");
    let mut any = false;
    let mut rest = event.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(event);
    while !rest.is_empty() {
        let end = memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let line = &rest[..end];
        rest = &rest[after_line(rest, end)..];
        let (name, value) = match memchr(b':', line) {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &line[line.len()..]),
        };
        if name != b"data" {
            continue;
        }
        let value = value.strip_prefix(b" ").unwrap_or(value);
        if any {
            let joined = data.to_mut();
            joined.push(b'\n');
            joined.extend_from_slice(value);
        } else {
            data = Cow::Borrowed(value);
            any = true;
        }
    }
    data
}
