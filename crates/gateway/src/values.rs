//! Values of headers, put together one after another in the same piece of memory.

use http::HeaderValue;

/// Writes values. Nearly all are short, and need no memory of their own while they are written.
pub(crate) struct Values {
    near: [u8; NEAR],
    /// How much of it is written.
    written: usize,
    /// All of a value that is longer.
    far: Vec<u8>,
}

const NEAR: usize = 128;

impl Default for Values {
    fn default() -> Self {
        Self {
            near: [0; NEAR],
            written: 0,
            far: Vec::new(),
        }
    }
}

impl Values {
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.push(text.as_bytes());
        self
    }

    fn push(&mut self, bytes: &[u8]) {
        let end = self.written + bytes.len();
        if self.far.is_empty()
            && let Some(room) = self.near.get_mut(self.written..end)
        {
            room.copy_from_slice(bytes);
            self.written = end;
            return;
        }
        self.far.extend_from_slice(&self.near[..self.written]);
        self.far.extend_from_slice(bytes);
        self.written = 0;
    }

    pub(crate) fn number(&mut self, number: u64) -> &mut Self {
        self.text(itoa::Buffer::new().format(number))
    }

    /// 32 digits.
    pub(crate) fn hexadecimal(&mut self, number: u128) -> &mut Self {
        let digit = |half: u8| b'0' + half + u8::from(half > 9) * (b'a' - b'9' - 1);
        let mut text = [0; 32];
        for (pair, byte) in text.chunks_exact_mut(2).zip(number.to_be_bytes()) {
            pair[0] = digit(byte >> 4);
            pair[1] = digit(byte & 15);
        }
        self.push(&text);
        self
    }

    /// The value that was written since the last one; empty if it cannot stand in a header.
    pub(crate) fn end(&mut self) -> HeaderValue {
        let value = if self.far.is_empty() {
            HeaderValue::from_bytes(&self.near[..self.written])
        } else {
            HeaderValue::from_bytes(&self.far)
        };
        self.far.clear();
        self.written = 0;
        value.unwrap_or(HeaderValue::from_static(""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_any_length_follow_each_other() {
        let mut values = Values::default();
        let long = "x".repeat(NEAR);
        assert_eq!(values.text("a").number(7).end(), "a7");
        assert_eq!(values.text(&long).end(), long);
        let longer = values.text("a").text(&long).number(1).end();
        assert_eq!(longer, format!("a{long}1"));
        assert_eq!(values.text("b").end(), "b");
        assert_eq!(values.end(), "");
    }
}
