//! [`Window`]: a prediction of how much the next read returns.

/// The smallest slice that a reader behind an uninitialised buffer is offered, in bytes.
pub(super) const FLOOR: usize = 2 * 1024;
/// Where the prediction starts, and the least that a full read raises it to.
const START: usize = 8 * 1024;
/// The most that is ever predicted.
const CEILING: usize = 1024 * 1024;
/// A full read may have been a small part of what there was: look this many times further.
const GROWTH: usize = 4;
/// How many reads that were not full it takes to believe that less will do.
const SHORT_READS: u8 = 4;

/// How much a slice-only reader is likely to return, learned from what it returned.
///
/// A read that fills its offer quadruples the window; the first one that then returns at least the old window, and less
/// than the new, says how much there really is. Otherwise every four reads that do not fill the window shrink it. Either
/// way it becomes 1 + 1/16 of what was read: enough for a steady reader never to look full, and so never to be doubted.
/// At its floor the window is not worth zeroing memory for, and the feed bounces.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    size: u32,
    /// The largest of the recent reads that were not full.
    largest: u32,
    short_reads: u8,
    /// Whether the last read was full.
    grown: bool,
}

impl Window {
    pub(super) const fn new() -> Self {
        Window { size: START as u32, largest: 0, short_reads: 0, grown: false }
    }

    /// The predicted size in bytes.
    #[inline]
    pub(super) fn size(&self) -> usize {
        self.size as usize
    }

    /// Whether reads are small enough to go through a bounce buffer.
    #[inline]
    pub(super) fn at_floor(&self) -> bool {
        self.size() == FLOOR
    }

    /// Learns from a read that returned `n` of `offered` bytes, neither of them 0.
    #[inline]
    pub(super) fn learn(&mut self, offered: usize, n: usize) {
        if n < offered {
            self.largest = self.largest.max(n.min(CEILING) as u32);
            self.short_reads += 1;
            let settled = self.grown && n >= self.size() / GROWTH;
            if settled || self.short_reads == SHORT_READS {
                let largest = self.largest as usize;
                self.set(if largest < FLOOR { FLOOR } else { largest + largest / 16 });
            }
        } else if offered >= self.size() {
            self.set((GROWTH * self.size()).max(START));
            self.grown = true;
        }
        // Otherwise the caller's buffer was the limit, and its being filled says nothing about the reader.
    }

    fn set(&mut self, size: usize) {
        *self = Window { size: size.min(CEILING) as u32, largest: 0, short_reads: 0, grown: false };
    }
}
