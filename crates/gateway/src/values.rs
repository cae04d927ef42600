//! Values of headers, written one after another into one piece of memory.

use bytes::{BufMut, BytesMut};
use http::HeaderValue;

/// Writes values.
pub(crate) struct Values(BytesMut);

impl Values {
    /// With room for this many bytes; more are found when needed.
    pub(crate) fn new(bytes: usize) -> Self {
        Self(BytesMut::with_capacity(bytes))
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.0.put_slice(text.as_bytes());
        self
    }

    pub(crate) fn number(&mut self, number: u64) -> &mut Self {
        self.text(itoa::Buffer::new().format(number))
    }

    /// 32 digits.
    pub(crate) fn hexadecimal(&mut self, number: u128) -> &mut Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        for byte in number.to_be_bytes() {
            self.0.put_u8(DIGITS[usize::from(byte >> 4)]);
            self.0.put_u8(DIGITS[usize::from(byte & 15)]);
        }
        self
    }

    /// The value that was written since the last one; empty if it cannot stand in a header.
    pub(crate) fn end(&mut self) -> HeaderValue {
        HeaderValue::from_maybe_shared(self.0.split().freeze())
            .unwrap_or(HeaderValue::from_static(""))
    }
}
