//! JSON gone through once from left to right, without a tree: whoever looks for something is shown each member and
//! element as it goes by, and takes it or lets it pass. A picture of a megabyte is passed over as fast as memory is read.
//!
//! **Invariant:** what has been gone through to its end is JSON, also where nobody looked.

use std::borrow::Cow;

use memchr::memchr2;
use serde::de::IgnoredAny;

/// A text on the way from its beginning to its end.
pub(crate) struct Scan<'a> {
    text: &'a str,
    at: usize,
}

/// The text is no JSON here, or nothing of the type that was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unfit;

/// A scalar; of lists and objects only that they are.
#[derive(Debug, PartialEq)]
pub(crate) enum Scalar<'a> {
    Null,
    Flag(bool),
    Whole(u64),
    Below(i64),
    Number(f64),
    Text(Cow<'a, str>),
    List,
    Object,
}

/// A name, where it stands, quotes included.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Name<'a> {
    pub(crate) quoted: &'a str,
    pub(crate) at: usize,
    is_plain: bool,
}

/// How deep lists and objects may be within each other, as elsewhere in this crate.
const DEEPEST: u32 = 128;

impl<'a> Scan<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The first byte of the value that comes next; 0 at the end.
    #[inline]
    pub(crate) fn next(&mut self) -> u8 {
        self.blanks();
        self.peek()
    }

    /// Where it stands: after [`Self::next`], where the next value begins.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Goes through an object. What `member` does not take is passed over.
    pub(crate) fn object<E: From<Unfit>>(
        &mut self,
        mut member: impl FnMut(&mut Self, Name<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.all(b'{', b'}', |scan| {
            let at = scan.at;
            let is_plain = scan.string()?;
            let quoted = &scan.text[at..scan.at];
            let name = Name {
                quoted,
                at,
                is_plain,
            };
            scan.blanks();
            scan.expect(b':')?;
            scan.blanks();
            let begin = scan.at;
            member(scan, name)?;
            if scan.at == begin {
                scan.value()?;
            }
            Ok(())
        })
    }

    /// Goes through a list. What `element` does not take is passed over.
    pub(crate) fn list<E: From<Unfit>>(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        self.all(b'[', b']', |scan| {
            let begin = scan.at;
            element(scan)?;
            if scan.at == begin {
                scan.value()?;
            }
            Ok(())
        })
    }

    fn all<E: From<Unfit>>(
        &mut self,
        open: u8,
        close: u8,
        mut one: impl FnMut(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        self.blanks();
        self.expect(open)?;
        self.blanks();
        if self.peek() == close {
            self.at += 1;
            return Ok(());
        }
        loop {
            one(self)?;
            self.blanks();
            match self.peek() {
                b',' => self.at += 1,
                byte if byte == close => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(Unfit.into()),
            }
            self.blanks();
        }
    }

    /// Passes over a value; returns its text.
    pub(crate) fn value(&mut self) -> Result<&'a str, Unfit> {
        self.blanks();
        let begin = self.at;
        match self.peek() {
            b'{' | b'[' => self.nested()?,
            b'"' => _ = self.string()?,
            _ => self.bare()?,
        }
        Ok(&self.text[begin..self.at])
    }

    /// Takes a scalar, and passes over what is none.
    pub(crate) fn scalar(&mut self) -> Result<Scalar<'a>, Unfit> {
        if self.next() == b'"' {
            let begin = self.at;
            let is_plain = self.string()?;
            let text = unquoted(&self.text[begin..self.at], is_plain)?;
            return Ok(Scalar::Text(text));
        }
        let raw = self.value()?;
        Ok(match raw.as_bytes()[0] {
            b'{' => Scalar::Object,
            b'[' => Scalar::List,
            b'n' => Scalar::Null,
            b't' => Scalar::Flag(true),
            b'f' => Scalar::Flag(false),
            _ => number(raw)?,
        })
    }

    /// There is nothing more but blanks.
    pub(crate) fn end(&mut self) -> Result<(), Unfit> {
        self.blanks();
        (self.at == self.text.len()).then_some(()).ok_or(Unfit)
    }

    #[inline]
    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    /// 0 at the end, which is no byte of JSON.
    #[inline]
    fn peek(&self) -> u8 {
        self.bytes().get(self.at).copied().unwrap_or(0)
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Result<(), Unfit> {
        if self.peek() != byte {
            return Err(Unfit);
        }
        self.at += 1;
        Ok(())
    }

    #[inline]
    fn blanks(&mut self) {
        while matches!(self.peek(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
    }

    /// Passes over a string; says whether it is without escapes.
    fn string(&mut self) -> Result<bool, Unfit> {
        self.expect(b'"')?;
        let mut is_plain = true;
        loop {
            self.at += plain(&self.bytes()[self.at..]);
            match self.peek() {
                b'"' => {
                    self.at += 1;
                    return Ok(is_plain);
                }
                b'\\' => self.escape()?,
                _ => return Err(Unfit),
            }
            is_plain = false;
        }
    }

    fn escape(&mut self) -> Result<(), Unfit> {
        let rest = &self.bytes()[self.at + 1..];
        let length = match rest {
            [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => 1,
            [b'u', a, b, c, d, ..] if [a, b, c, d].iter().all(|hex| hex.is_ascii_hexdigit()) => 5,
            _ => return Err(Unfit),
        };
        self.at += 1 + length;
        Ok(())
    }

    /// Passes over `null`, `true`, `false` or a number.
    fn bare(&mut self) -> Result<(), Unfit> {
        let rest = &self.bytes()[self.at..];
        let length = match rest {
            [b'n', b'u', b'l', b'l', ..] | [b't', b'r', b'u', b'e', ..] => 4,
            [b'f', b'a', b'l', b's', b'e', ..] => 5,
            _ => number_length(rest).ok_or(Unfit)?,
        };
        self.at += length;
        Ok(())
    }

    /// Passes over a list or an object, however much is in it.
    fn nested(&mut self) -> Result<(), Unfit> {
        // A bit for each level, the innermost last: whether it is an object.
        let (mut objects, mut depth) = (0_u128, 0);
        loop {
            // Here a value begins.
            match self.peek() {
                open @ (b'{' | b'[') => {
                    if depth == DEEPEST {
                        return Err(Unfit);
                    }
                    depth += 1;
                    objects = objects << 1 | u128::from(open == b'{');
                    self.at += 1;
                    self.blanks();
                    if self.peek() != closing(objects) {
                        self.name(objects)?;
                        continue;
                    }
                }
                b'"' => _ = self.string()?,
                _ => self.bare()?,
            }
            // Here one has ended, or a level that is empty is about to.
            loop {
                self.blanks();
                let byte = self.peek();
                if byte == b',' {
                    self.at += 1;
                    self.blanks();
                    self.name(objects)?;
                    break;
                }
                if byte != closing(objects) {
                    return Err(Unfit);
                }
                self.at += 1;
                depth -= 1;
                objects >>= 1;
                if depth == 0 {
                    return Ok(());
                }
            }
        }
    }

    /// Passes over a name and its colon, within an object.
    fn name(&mut self, objects: u128) -> Result<(), Unfit> {
        if objects & 1 == 1 {
            self.string()?;
            self.blanks();
            self.expect(b':')?;
            self.blanks();
        }
        Ok(())
    }
}

impl<'a> Name<'a> {
    /// Without quotes and escapes.
    pub(crate) fn text(&self) -> Result<Cow<'a, str>, Unfit> {
        unquoted(self.quoted, self.is_plain)
    }
}

/// What closes the innermost level.
fn closing(objects: u128) -> u8 {
    if objects & 1 == 1 { b'}' } else { b']' }
}

/// How many bytes go by before a quote, an escape or what may stand in no string.
pub(crate) fn plain(bytes: &[u8]) -> usize {
    /// Most names and words are shorter: looking at a few bytes at a time finds their end soonest.
    const SHORT: usize = 16;
    const WORD: usize = size_of::<u64>();
    let (words, _) = bytes.as_chunks::<WORD>();
    for (place, word) in words.iter().take(SHORT / WORD).enumerate() {
        let odd = odd_bytes(u64::from_le_bytes(*word));
        if odd != 0 {
            return place * WORD + odd.trailing_zeros() as usize / WORD;
        }
    }
    let seen = words.len().min(SHORT / WORD) * WORD;
    let rest = &bytes[seen..];
    let end = memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
    let least = rest[..end].iter().copied().fold(u8::MAX, u8::min);
    let odd = (least < b' ').then(|| rest.iter().position(|byte| *byte < b' '));
    seen + odd.flatten().unwrap_or(end)
}

/// The highest bit of the first byte that is a quote, an escape or what may stand in no string; bits of later bytes mean
/// nothing. (Anderson, "Bit Twiddling Hacks": determine if a word has a byte less than n.)
fn odd_bytes(word: u64) -> u64 {
    const EACH: u64 = u64::MAX / 255;
    let below = |word: u64, bound: u8| word.wrapping_sub(EACH * u64::from(bound)) & !word;
    let is = |byte: u8| below(word ^ (EACH * u64::from(byte)), 1);
    (below(word, b' ') | is(b'"') | is(b'\\')) & (EACH << 7)
}

/// How long the number is that comes first.
fn number_length(bytes: &[u8]) -> Option<usize> {
    let digits = |from: usize| {
        let rest = bytes.get(from..).unwrap_or_default();
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        (count > 0).then_some(from + count)
    };
    let begin = usize::from(bytes.first() == Some(&b'-'));
    let mut end = digits(begin)?;
    if bytes[begin] == b'0' && end > begin + 1 {
        return None;
    }
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1)?;
    }
    if let Some(b'e' | b'E') = bytes.get(end) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        end = digits(end + 1 + sign)?;
    }
    Some(end)
}

/// The number that this text is.
fn number(text: &str) -> Result<Scalar<'static>, Unfit> {
    if let Ok(whole) = text.parse() {
        return Ok(Scalar::Whole(whole));
    }
    if let Ok(below) = text.parse() {
        return Ok(Scalar::Below(below));
    }
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    number.map(Scalar::Number).ok_or(Unfit)
}

/// The text of a string that may have escapes.
fn unquoted(quoted: &str, is_plain: bool) -> Result<Cow<'_, str>, Unfit> {
    if is_plain {
        return Ok(Cow::Borrowed(&quoted[1..quoted.len() - 1]));
    }
    let read = serde_json::from_str::<String>(quoted);
    read.map(Cow::Owned).map_err(|_| Unfit)
}

/// What is wrong with a text that was gone through in vain, with line and column; none where it is JSON, but not what
/// was looked for.
pub(crate) fn fault(text: &[u8]) -> Option<String> {
    let read = serde_json::from_slice::<IgnoredAny>(text);
    read.err().map(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn passes(text: &str) -> bool {
        let mut scan = Scan::new(text);
        scan.value().is_ok_and(|_| scan.end().is_ok())
    }

    fn scalar(text: &str) -> Scalar<'_> {
        Scan::new(text).scalar().unwrap()
    }

    #[test]
    fn only_json_passes() {
        let long = "x".repeat(100);
        for text in [
            "{}",
            " [ ] ",
            "[[],{},[{}]]",
            "{\"a\":[1,{\"b\":null}],\"c\":\"\\u00e9\\n\\\"\"}",
            "-0.5e+10",
            "\"é漢\"",
            &format!("[\"{long}\"]"),
            &format!("{}{}", "[".repeat(128), "]".repeat(128)),
        ] {
            assert!(passes(text), "{text}");
        }
        for text in [
            "",
            "{",
            "}",
            "{]",
            "[1,]",
            "{\"a\":1,}",
            "{\"a\"}",
            "{a:1}",
            "[1 2]",
            "[}",
            "01",
            "1.",
            "-",
            "1e",
            "+1",
            "nul",
            "nulls",
            "\"\\x\"",
            "\"\\u12\"",
            "\"a\nb\"",
            "\"a",
            "{} {}",
            &format!("[\"{long}\u{1}\"]"),
            &format!("{}{}", "[".repeat(129), "]".repeat(129)),
        ] {
            assert!(!passes(text), "{text}");
        }
    }

    #[test]
    fn scalars_are_what_they_say() {
        assert_eq!(scalar(" null"), Scalar::Null);
        assert_eq!(scalar("true"), Scalar::Flag(true));
        assert_eq!(scalar("18446744073709551615"), Scalar::Whole(u64::MAX));
        assert_eq!(scalar("-7"), Scalar::Below(-7));
        assert_eq!(scalar("1e2"), Scalar::Number(100.0));
        assert_eq!(scalar("\"a\\u0062\""), Scalar::Text("ab".into()));
        assert_eq!(scalar("[1]"), Scalar::List);
        assert_eq!(scalar("{}"), Scalar::Object);
        assert_eq!(Scan::new("1e999").scalar(), Err(Unfit));
    }

    #[test]
    fn who_takes_nothing_is_shown_everything() {
        let mut seen = Vec::new();
        let mut scan = Scan::new(" {\"a\" : [1, 2] ,\"b\":{\"c\":3}, \"d\":4}");
        let all = scan.object(|scan, name| {
            seen.push((name.text()?.into_owned(), scan.at()));
            if &*name.text()? == "b" {
                scan.object(|_, name| {
                    seen.push((name.text()?.into_owned(), name.at));
                    Ok::<_, Unfit>(())
                })?;
            }
            Ok::<_, Unfit>(())
        });
        assert_eq!(all.and_then(|()| scan.end()), Ok(()));
        let names: Vec<&str> = seen.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c", "d"]);
        assert_eq!(seen[0].1, 8);
    }

    proptest! {
        #[test]
        fn what_passes_is_what_serde_takes_for_json(text in "[ \\[\\]{}:,\"\\\\u0-9a-eEntrlsf.+-]{0,24}") {
            prop_assert_eq!(passes(&text), fault(text.as_bytes()).is_none(), "{}", text);
        }

        #[test]
        fn strings_of_any_length_end_where_they_end(before in 0_usize..80, odd in "[\"\\\\\u{1f}\u{7f}é]", after in 0_usize..40) {
            let text = format!("\"{}{odd}{}\"", "x".repeat(before), "y".repeat(after));
            prop_assert_eq!(passes(&text), fault(text.as_bytes()).is_none(), "{}", text);
        }
    }
}
