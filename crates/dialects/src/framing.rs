//! Where one event of a stream ends and the next begins: server-sent events, and JSON by lines.
//!
//! **Invariant:** what an event says is not looked at here.

#[cfg(test)]
mod tests;

use std::ops::Range;

use memchr::{memchr, memchr_iter, memchr2};

use crate::error::Malformed;

/// The most bytes that one event may have; a generated picture in base64 fits.
pub const LONGEST_FRAME: usize = 8 << 20;

/// How a stream is cut into events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// `text/event-stream`: lines of fields, an empty line ends the event.
    ServerSentEvents,
    /// One JSON text for each line (Ollama).
    JsonLines,
}

/// One event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Its name, where the stream gives one.
    pub event: Option<&'a str>,
    /// What it says: the `data` lines joined by line feeds, or the line.
    pub data: &'a [u8],
}

/// Cuts bytes into events as they arrive, wherever the network has split them.
#[derive(Debug)]
pub struct Frames {
    framing: Framing,
    buffer: Vec<u8>,
    /// Where the first line that has not been read begins.
    line: usize,
    /// How far the search for that line's end has come.
    searched: usize,
    /// Where the event begins that is being read.
    begin: usize,
    event: Option<Range<usize>>,
    data: Option<Range<usize>>,
    /// Used only for an event with several `data` lines.
    joined: Option<Vec<u8>>,
    started: bool,
    /// The line before ended with CR: an LF right after it belongs to it.
    after_cr: bool,
    comments: u64,
}

impl Frames {
    /// At the start of a body.
    #[must_use]
    pub fn new(framing: Framing) -> Self {
        Self {
            framing,
            buffer: Vec::new(),
            line: 0,
            searched: 0,
            begin: 0,
            event: None,
            data: None,
            joined: None,
            started: false,
            after_cr: false,
            comments: 0,
        }
    }

    /// Takes the next bytes of the body.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.begin > 0 {
            let begin = std::mem::take(&mut self.begin);
            self.buffer.drain(..begin);
            self.line -= begin;
            self.searched -= begin;
            for range in [&mut self.event, &mut self.data].into_iter().flatten() {
                *range = range.start - begin..range.end - begin;
            }
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole event; none = more bytes are needed.
    ///
    /// An event longer than [`LONGEST_FRAME`] is an error, and remains one.
    #[expect(
        clippy::should_implement_trait,
        reason = "a frame borrows from the decoder, which Iterator cannot say"
    )]
    pub fn next(&mut self) -> Result<Option<Frame<'_>>, Malformed> {
        if !self.skip_mark(false) {
            return Ok(None);
        }
        while let Some(line) = self.next_line() {
            if self.take_line(line) {
                return self.emit().map(Some);
            }
        }
        if self.buffer.len() - self.begin > LONGEST_FRAME {
            return Err(too_long());
        }
        Ok(None)
    }

    /// What is left once the body has ended and [`Self::next`] gives no more: providers leave out the last line's end.
    /// An event that was cut off in its middle comes too; its JSON tells.
    pub fn last(&mut self) -> Result<Option<Frame<'_>>, Malformed> {
        self.skip_mark(true);
        if self.line < self.buffer.len() {
            let rest = self.line..self.buffer.len();
            self.line = self.buffer.len();
            self.searched = self.line;
            if self.take_line(rest) {
                return self.emit().map(Some);
            }
        }
        if self.data.is_some() {
            return self.emit().map(Some);
        }
        Ok(None)
    }

    /// Whether bytes of an unfinished event wait for the rest of it.
    #[must_use]
    pub fn pending(&self) -> bool {
        self.begin < self.buffer.len()
    }

    /// How many comments (`: keep-alive`), events without data and empty lines of JSON have passed.
    #[must_use]
    pub fn comments(&self) -> u64 {
        self.comments
    }

    /// Skips a byte order mark at the start of the body; false = it is not known yet whether there is one.
    fn skip_mark(&mut self, ended: bool) -> bool {
        const MARK: &[u8] = b"\xEF\xBB\xBF";
        if self.started {
            return true;
        }
        if self.buffer.starts_with(MARK) {
            self.begin = MARK.len();
            self.line = MARK.len();
            self.searched = MARK.len();
        } else if !ended && MARK.starts_with(&self.buffer) {
            return false;
        }
        self.started = true;
        true
    }

    /// The next whole line, without its end.
    fn next_line(&mut self) -> Option<Range<usize>> {
        if self.after_cr {
            let next = *self.buffer.get(self.line)?;
            self.after_cr = false;
            if next == b'\n' {
                if self.begin == self.line {
                    self.begin += 1;
                }
                self.line += 1;
                self.searched = self.line;
            }
        }
        let rest = &self.buffer[self.searched..];
        let found = match self.framing {
            Framing::ServerSentEvents => memchr2(b'\n', b'\r', rest),
            Framing::JsonLines => memchr(b'\n', rest),
        };
        let Some(found) = found else {
            self.searched = self.buffer.len();
            return None;
        };
        let end = self.searched + found;
        let line = self.line..end;
        self.after_cr = self.buffer[end] == b'\r';
        self.line = end + 1;
        self.searched = self.line;
        Some(line)
    }

    /// Takes a line into the event; true = the event is whole.
    fn take_line(&mut self, line: Range<usize>) -> bool {
        match self.framing {
            Framing::ServerSentEvents => self.take_field(line),
            Framing::JsonLines => {
                if self.buffer[line.clone()].trim_ascii().is_empty() {
                    self.comments += 1;
                    self.begin = self.line;
                    return false;
                }
                self.data = Some(line);
                true
            }
        }
    }

    fn take_field(&mut self, line: Range<usize>) -> bool {
        if line.is_empty() {
            if self.data.is_some() {
                return true;
            }
            if self.event.take().is_some() {
                self.comments += 1;
            }
            self.begin = self.line;
            return false;
        }
        let text = &self.buffer[line.clone()];
        let colon = memchr(b':', text);
        let (name, mut value) = match colon {
            Some(at) => (&text[..at], line.start + at + 1..line.end),
            None => (text, line.end..line.end),
        };
        if self.buffer[value.clone()].first() == Some(&b' ') {
            value.start += 1;
        }
        match name {
            b"" => self.comments += 1,
            b"event" => self.event = Some(value),
            b"data" => self.add_data(value),
            _ => {}
        }
        // Comments between two events must not pile up.
        if self.data.is_none() && self.event.is_none() {
            self.begin = self.line;
        }
        false
    }

    fn add_data(&mut self, value: Range<usize>) {
        let Some(first) = &self.data else {
            self.data = Some(value);
            return;
        };
        let joined = self
            .joined
            .get_or_insert_with(|| self.buffer[first.clone()].to_vec());
        joined.push(b'\n');
        joined.extend_from_slice(&self.buffer[value]);
    }

    /// Gives the event away and begins the next.
    fn emit(&mut self) -> Result<Frame<'_>, Malformed> {
        if self.line - self.begin > LONGEST_FRAME {
            return Err(too_long());
        }
        self.begin = self.line;
        let event = self.event.take();
        let data = self.data.take().unwrap_or(0..0);
        // The joined lines stay in the buffer's place until the next event, so that the frame can borrow them.
        let data = match self.joined.take() {
            Some(joined) => {
                let at = data.start..data.start + joined.len();
                self.buffer[at.clone()].copy_from_slice(&joined);
                at
            }
            None => data,
        };
        Ok(Frame {
            event: event
                .and_then(|range| std::str::from_utf8(&self.buffer[range]).ok())
                .filter(|name| !name.is_empty()),
            data: &self.buffer[data],
        })
    }
}

fn too_long() -> Malformed {
    Malformed::new(
        "",
        format!("an event of the stream is longer than {LONGEST_FRAME} bytes"),
    )
}

/// Appends one server-sent event. Line feeds in `data` become several `data` lines.
pub fn write_frame(out: &mut Vec<u8>, event: Option<&str>, data: &[u8]) {
    if let Some(event) = event {
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(event.as_bytes());
        out.push(b'\n');
    }
    let mut begin = 0;
    for end in memchr_iter(b'\n', data).chain([data.len()]) {
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(&data[begin..end]);
        out.push(b'\n');
        begin = end + 1;
    }
    out.push(b'\n');
}
