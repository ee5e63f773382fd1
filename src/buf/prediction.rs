//! [`Prediction`]: how much of an uninitialized buffer to offer, and whether to zero it or to copy.

use super::window::{FLOOR, Window};

/// The size of the bounce buffer while sizes jump, and the most that is zeroed ahead, in bytes.
const JUMP: usize = 64 * 1024;
/// Sizes jump if `waste` reaches this number.
const JUMPY: usize = 256 * 1024;
/// `waste` grows to at most this number, so that sizes can settle soon.
const MOST_WASTE: usize = 320 * 1024;
/// The `waste` that is assumed when a large read follows small ones.
const BURST: u32 = 256 * 1024;
/// Zeroing ahead may waste one byte for each `CREDIT` bytes that were returned.
const CREDIT: usize = 4;

/// What is done with uninitialized memory, as long as reads and their caller stay as they are.
#[derive(Clone, Copy)]
pub(super) enum Usual {
    /// Reads go through the bounce buffer.
    Copy,
    /// Memory is zeroed in place.
    Zero,
    /// Each read is decided upon.
    Neither,
}

/// What earlier reads have shown of the reader and of its caller.
///
/// **The reader.** [`Window`] predicts the size of the next read. If sizes jump, no prediction is
/// good: most bytes that are zeroed are wasted, because they are not filled. Then reads go through
/// a bounce buffer of 64 KiB, until the window would waste little again.
///
/// **The caller.** A caller *remembers* if it comes back with the same buffer and still knows which
/// bytes are initialized, as tokio's `read_to_end` does. For such a caller more is zeroed at once,
/// and nothing is copied. Its next buffer may be a new one, so zeroing ahead needs credit: a
/// quarter of the bytes returned since the last new buffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prediction {
    window: Window,
    /// How many more bytes were wasted than half of those that were returned.
    waste: u32,
    jumps: bool,
    remembers: bool,
    /// Whether the caller has come back with its buffer since the last new one.
    came_back: bool,
}

impl Prediction {
    pub(super) const fn new() -> Self {
        Prediction { window: Window::new(), waste: 0, jumps: false, remembers: false, came_back: false }
    }

    /// Returns how many bytes the next read should offer.
    #[inline]
    pub(super) const fn size(&self) -> usize {
        if self.jumps { JUMP } else { self.window.size() }
    }

    /// Returns `true` if the next read should go through a bounce buffer of [`size`](Self::size).
    #[inline]
    pub(super) fn bounces(&self) -> bool {
        self.jumps || self.window.at_floor()
    }

    /// Returns what the next reads do, if the caller passes new buffers.
    #[inline]
    pub(super) fn usual(&self) -> Usual {
        match (self.remembers || self.jumps, self.window.at_floor()) {
            (false, false) => Usual::Zero,
            (false, true) if self.waste == 0 => Usual::Copy,
            _ => Usual::Neither,
        }
    }

    /// Returns how many bytes to zero ahead instead of offering `wanted` bytes, if the caller has
    /// got `returned` bytes since its last new buffer. Returns 0 if the caller does not remember or
    /// it is not worth it.
    #[inline]
    pub(super) fn ahead(&self, wanted: usize, returned: usize) -> usize {
        let ahead = (returned / CREDIT).min(JUMP);
        if self.remembers && ahead >= 2 * wanted { ahead } else { 0 }
    }

    /// Learns whether the caller has come back with its buffer, or with a new one. If it comes with
    /// a new one twice in a row, it does not remember.
    #[inline]
    pub(super) fn caller_came(&mut self, back: bool) {
        self.remembers = back || self.came_back;
        self.came_back = back;
    }

    /// Learns from a read that returned `n` of `offered` bytes, both non-zero, into a buffer of
    /// `capacity` bytes. Returns `true` if sizes have settled.
    #[inline]
    pub(super) fn learn(&mut self, offered: usize, capacity: usize, n: usize) -> bool {
        let predicted = self.window.size().min(capacity);
        let was_at_floor = self.window.at_floor();
        // More may have been available.
        let full_bounce = self.jumps && n == offered;
        if !self.jumps {
            self.window.learn(offered, n);
        } else {
            // Without the bounce buffer, the read would have been offered the window.
            self.window.learn(predicted, if full_bounce { predicted } else { n.min(predicted) });
        }
        // For a small buffer of the caller, the bounce buffer would not pay.
        let may_jump = !self.remembers && capacity >= JUMP / 2;
        let wasted = if may_jump && !was_at_floor && !full_bounce { predicted.saturating_sub(n) } else { 0 };
        let burst = may_jump && was_at_floor && n >= FLOOR;
        (2 * wasted > n || self.waste > 0 || burst) && self.judge(wasted, burst, n)
    }

    /// Decides whether sizes jump.
    #[cold]
    fn judge(&mut self, wasted: usize, burst: bool, n: usize) -> bool {
        let jumped = self.jumps;
        if burst && !jumped {
            self.waste = self.waste.max(BURST);
            self.jumps = true;
        } else {
            let waste = (self.waste as usize + wasted).saturating_sub(n.max(FLOOR) / 2).min(MOST_WASTE);
            self.waste = waste as u32;
            self.jumps = waste >= JUMPY || jumped && waste > 0;
        }
        jumped && !self.jumps
    }
}
