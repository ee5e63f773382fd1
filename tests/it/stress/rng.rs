//! Choices that follow from a seed.

use std::num::NonZeroUsize;

use io_shim::Offer;

use super::MOST;

pub fn mix(x: u64) -> u64 {
    let x = x.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64, index: u64) -> Self {
        Rng(mix(seed) ^ mix(!index))
    }

    pub fn fork(&mut self) -> Self {
        Rng(mix(self.next()))
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(1);
        mix(self.0)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// Returns a number below `most`, of any magnitude.
    pub fn size(&mut self, most: usize) -> usize {
        let magnitude = self.below(most.ilog2() as usize + 1);
        self.below(1 << magnitude)
    }

    /// Returns the length of a message, which may be 0.
    pub fn message(&mut self, longest: usize) -> usize {
        match self.below(16) {
            0 => 0,
            1..8 => self.size(longest),
            _ => self.below(longest),
        }
    }

    pub fn offer(&mut self) -> Offer {
        match self.below(4) {
            0 => Offer::Bounce(NonZeroUsize::new(1 + self.size(MOST)).unwrap()),
            1 => Offer::Whole,
            _ => Offer::Predicted,
        }
    }
}
