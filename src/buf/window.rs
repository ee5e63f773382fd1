//! [`Window`]: predicts how much the next read returns.

/// The minimum size of a slice offered from an uninitialized buffer, in bytes.
pub(super) const FLOOR: usize = 2 * 1024;
/// The initial prediction, and the minimum after a full read.
const START: usize = 8 * 1024;
/// The maximum prediction.
const CEILING: usize = 1024 * 1024;
/// The growth after a full read, which may have been a small part of the available data.
const GROWTH: usize = 4;
/// The number of short reads after which the prediction shrinks.
const SHORT_READS: u8 = 4;

/// A prediction of the size of the next read, learned from earlier reads.
///
/// * A full read quadruples the window. The first short read after it that returns at least the old
///   window then sets the window.
/// * Otherwise, four reads that do not fill the window set it from the largest of them.
///
/// The window is set to 1 + 1/16 of that size. The extra 1/16 keeps a steady reader from filling
/// the slice, which would trigger growth. At its minimum the window is not worth zeroing memory
/// for, and the feed uses a bounce buffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    size: u32,
    /// The largest of the recent reads that were not full.
    largest: u32,
    short_reads: u8,
    /// Whether a full read caused the last change of the window.
    grown: bool,
}

impl Window {
    pub(super) const fn new() -> Self {
        Window { size: START as u32, largest: 0, short_reads: 0, grown: false }
    }

    /// Returns the predicted size in bytes.
    #[inline]
    pub(super) const fn size(&self) -> usize {
        self.size as usize
    }

    /// Returns `true` if reads are small enough for a bounce buffer.
    #[inline]
    pub(super) fn at_floor(&self) -> bool {
        self.size() == FLOOR
    }

    /// Learns from a read that returned `n` of `offered` bytes, both non-zero.
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
        // Otherwise the caller's buffer was the limit, and a full read says nothing about the
        // reader.
    }

    fn set(&mut self, size: usize) {
        *self = Window { size: size.min(CEILING) as u32, largest: 0, short_reads: 0, grown: false };
    }
}
