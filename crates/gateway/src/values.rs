//! Values of headers, put together one after another in the same piece of memory.

use http::HeaderValue;

/// Writes values.
pub(crate) struct Values(Vec<u8>);

impl Values {
    /// With room for this many bytes; more are found when needed.
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.0.extend_from_slice(text.as_bytes());
        self
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
        self.0.extend_from_slice(&text);
        self
    }

    /// The value that was written since the last one; empty if it cannot stand in a header.
    pub(crate) fn end(&mut self) -> HeaderValue {
        let value = HeaderValue::from_bytes(&self.0);
        self.0.clear();
        value.unwrap_or(HeaderValue::from_static(""))
    }
}
