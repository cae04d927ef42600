//! Server-sent events as they come: only counted, never read.

/// Counts the blank lines that end events, across pieces.
#[derive(Default)]
pub(crate) struct EventCount {
    ends_with_newline: bool,
}

impl EventCount {
    /// How many events end in this piece. A blank line after another one ends nothing in these streams, which have none.
    pub(crate) fn ended_in(&mut self, piece: &[u8]) -> u64 {
        let mut count = 0;
        let mut after_newline = self.ends_with_newline;
        for byte in piece {
            let newline = *byte == b'\n';
            count += u64::from(newline && after_newline);
            after_newline = newline;
        }
        self.ends_with_newline = after_newline;
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_ends_with_a_blank_line_wherever_pieces_are_cut() {
        let stream = b"data: 1\n\nevent: x\ndata: 2\n\ndata: 3";
        let mut count = EventCount::default();
        assert_eq!(count.ended_in(stream), 2);
        let mut count = EventCount::default();
        let one_by_one = stream.iter().map(|byte| count.ended_in(&[*byte]));
        assert_eq!(one_by_one.sum::<u64>(), 2);
    }
}
