//! Chance that can be repeated: everything that happens in a run is drawn from its seed, and from nothing else.

use std::time::Duration;

/// A stream of numbers that depends on its seed alone.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The numbers of this seed; `salt` tells streams of one seed apart.
    #[must_use]
    pub fn new(seed: u64, salt: u64) -> Self {
        let mut dice = Self(seed ^ salt.wrapping_mul(0xa076_1d64_78bd_642f));
        dice.roll();
        dice
    }

    /// The next number (`SplitMix64`).
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below this one, which is not zero.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound
    }

    /// True this many times in a hundred.
    pub fn percent(&mut self, of_a_hundred: u64) -> bool {
        self.below(100) < of_a_hundred
    }

    /// One of these.
    ///
    /// # Panics
    /// When there is none.
    pub fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        let index = self.below(all.len() as u64);
        all[usize::try_from(index).unwrap_or(0)]
    }

    /// A time within these bounds, in milliseconds; short ones as likely as long ones ten times longer.
    pub fn time(&mut self, least: u64, most: u64) -> Duration {
        let mut bound = least.max(1) * 10;
        while bound < most && self.percent(50) {
            bound *= 10;
        }
        let bound = bound.min(most).max(least + 1);
        Duration::from_millis(least + self.below(bound - least))
    }
}
