//! The members of a text that somebody has read before and found to be JSON: where they are can be seen without reading
//! it again. Of another text nothing is promised but that it does no harm.

use std::borrow::Cow;

use memchr::memchr2;

use super::{Member, unescaped};

/// The members of an object; none where the text is certainly none.
pub(super) fn members(body: &str) -> Option<Vec<Member<'_>>> {
    let mut scan = Scan {
        bytes: body.as_bytes(),
        at: 0,
    };
    let mut list = Vec::with_capacity(16);
    scan.blanks();
    scan.expect(b'{')?;
    scan.blanks();
    if scan.peek()? == b'}' {
        scan.at += 1;
    } else {
        loop {
            let begin = scan.at;
            scan.string()?;
            let name_at = begin..scan.at;
            scan.blanks();
            scan.expect(b':')?;
            scan.blanks();
            let begin = scan.at;
            scan.value()?;
            let name: Cow<'_, str> = unescaped(body.get(name_at.clone())?).ok()?;
            list.push(Member {
                name,
                name_at,
                value_at: begin..scan.at,
            });
            scan.blanks();
            if scan.peek()? == b'}' {
                scan.at += 1;
                break;
            }
            scan.expect(b',')?;
            scan.blanks();
        }
    }
    scan.blanks();
    (scan.at == body.len()).then_some(list)
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn blanks(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// Goes behind a string.
    fn string(&mut self) -> Option<()> {
        self.expect(b'"')?;
        loop {
            self.at += memchr2(b'"', b'\\', self.bytes.get(self.at..)?)?;
            if self.bytes[self.at] == b'"' {
                self.at += 1;
                return Some(());
            }
            self.at += 2;
        }
    }

    /// Goes behind a value.
    fn value(&mut self) -> Option<()> {
        match self.peek()? {
            b'"' => self.string(),
            b'{' | b'[' => self.nested(),
            _ => {
                let begin = self.at;
                while !matches!(
                    self.peek()?,
                    b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t'
                ) {
                    self.at += 1;
                }
                (self.at > begin).then_some(())
            }
        }
    }

    fn nested(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Some(());
            }
        }
    }
}
