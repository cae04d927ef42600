//! Tool calls whose fragments arrive in turns, put one after the other: in Anthropic's stream a block is closed before
//! the next begins.

use std::collections::VecDeque;

/// A call that waits until the one before it is whole.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) call: usize,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) signature: Option<String>,
    pub(super) arguments: String,
}

/// The call whose block is open, and those behind it.
#[derive(Debug, Default)]
pub(super) struct Calls {
    open: Option<(usize, Balance)>,
    waiting: VecDeque<Waiting>,
}

impl Calls {
    /// Takes a call that begins; given back = its block may begin now.
    pub(super) fn begin(&mut self, call: Waiting) -> Option<Waiting> {
        let free = match &self.open {
            Some((_, balance)) => balance.is_whole() && self.waiting.is_empty(),
            None => true,
        };
        if free {
            return Some(call);
        }
        self.waiting.push_back(call);
        None
    }

    /// A call's block is open now.
    pub(super) fn opened(&mut self, call: &Waiting) {
        let mut balance = Balance::default();
        balance.feed(&call.arguments);
        self.open = Some((call.call, balance));
    }

    /// Takes a fragment; true = it belongs to the open block. Others are kept for the block that is theirs.
    pub(super) fn feed(&mut self, call: usize, fragment: &str) -> bool {
        if let Some((open, balance)) = &mut self.open
            && *open == call
        {
            balance.feed(fragment);
            return true;
        }
        if let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.call == call) {
            waiting.arguments.push_str(fragment);
        }
        false
    }

    /// The next call whose block may begin: the open one is whole.
    pub(super) fn next_ready(&mut self) -> Option<Waiting> {
        match &self.open {
            Some((_, balance)) if !balance.is_whole() => None,
            _ => self.waiting.pop_front(),
        }
    }

    /// The next call, whether or not the open one is whole: nothing more of it comes.
    pub(super) fn next_forced(&mut self) -> Option<Waiting> {
        self.waiting.pop_front()
    }

    /// The open block is closed.
    pub(super) fn closed(&mut self) {
        self.open = None;
    }
}

/// Tells when fragments of JSON have become a whole object.
#[derive(Debug, Default)]
struct Balance {
    depth: u32,
    begun: bool,
    in_text: bool,
    escaped: bool,
}

impl Balance {
    fn feed(&mut self, fragment: &str) {
        for byte in fragment.bytes() {
            if self.in_text {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_text = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_text = true,
                b'{' | b'[' => {
                    self.begun = true;
                    self.depth += 1;
                }
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
    }

    fn is_whole(&self) -> bool {
        self.begun && self.depth == 0 && !self.in_text
    }
}
