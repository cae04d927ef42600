//! Many short strings in one: a text and where its lines start, instead of an allocation for each.

use miniz_oxide::inflate::decompress_to_vec_with_limit;

/// The bundled texts are a few megabytes; more would be a broken file.
const MAX_TEXT: usize = 16 << 20;

/// A text that can be read by line number.
#[derive(Debug)]
pub(super) struct Lines {
    text: Box<str>,
    /// Where each line starts, and one past the end's line break.
    starts: Box<[u32]>,
}

impl Lines {
    pub(super) fn new(text: &str) -> Self {
        let mut starts = vec![0];
        let mut end = 0;
        for line in text.split('\n') {
            end += line.len() + 1;
            starts.push(offset(end));
        }
        Self {
            text: text.into(),
            starts: starts.into(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// The line of this number, from 0.
    ///
    /// # Panics
    /// When there is no such line.
    pub(super) fn get(&self, line: usize) -> &str {
        &self.text[self.starts[line] as usize..self.starts[line + 1] as usize - 1]
    }

    /// The number of the first line for which this does not hold; where it holds, it must hold for all before.
    pub(super) fn partition_point(&self, mut holds: impl FnMut(&str) -> bool) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if holds(self.get(middle)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

#[expect(clippy::expect_used, reason = "texts are at most MAX_TEXT long")]
fn offset(length: usize) -> u32 {
    u32::try_from(length).expect("a bundled text shorter than 4 GiB")
}

/// The text of a bundled file.
#[expect(
    clippy::expect_used,
    reason = "the files are part of the program and the tests read them"
)]
pub(super) fn inflate(packed: &[u8]) -> String {
    let bytes =
        decompress_to_vec_with_limit(packed, MAX_TEXT).expect("a bundled file that inflates");
    String::from_utf8(bytes).expect("a bundled file in UTF-8")
}

#[cfg(test)]
mod tests {
    use super::Lines;

    #[test]
    fn lines_are_found_by_number_and_by_order() {
        let lines = Lines::new("athens\nbern\n\nčair");
        assert_eq!(lines.len(), 4);
        assert_eq!(
            (lines.get(0), lines.get(1), lines.get(2), lines.get(3)),
            ("athens", "bern", "", "čair")
        );

        let sorted = Lines::new("a\nb\nd");
        assert_eq!(sorted.partition_point(|line| line < "a"), 0);
        assert_eq!(sorted.partition_point(|line| line < "c"), 2);
        assert_eq!(sorted.partition_point(|line| line < "z"), 3);
    }
}
