//! [`ChunkMemory`]: memory to read into, from which what was read is split off as `Bytes`.

use bytes::{Bytes, BytesMut};

use super::borrowed::Marks;
use super::cursor::BorrowedCursor;
use super::spare::Place;
use super::spare::sealed::Grow as _;

/// A `BytesMut` that is read into and that chunks are split off, and what of its memory is initialised.
///
/// What a reader initialised beyond what it filled is initialised for the next chunk, too. When all of an allocation is
/// split off and nobody has the chunks any more, it is filled again from its start, and all of it is initialised then.
#[derive(Debug, Default)]
pub(crate) struct ChunkMemory {
    // Empty whenever a method returns. Its capacity is the origin of `marks`.
    bytes: BytesMut,
    marks: Marks,
    place: Place,
    /// The address of the first byte of the allocation, which is never dereferenced.
    base: usize,
}

impl ChunkMemory {
    /// Sees to it that there is memory to read into: `capacity` bytes when none are left. Whether that was so.
    #[inline]
    pub(crate) fn reserve(&mut self, capacity: usize) -> bool {
        let is_used_up = self.bytes.capacity() == 0;
        if is_used_up {
            self.renew(capacity);
        }
        is_used_up
    }

    /// The memory that there is and is not filled.
    #[inline]
    pub(crate) fn unfilled(&mut self) -> BorrowedCursor<'_> {
        // SAFETY: the spare capacity of `bytes`, which is empty, is the origin of `marks` and the same memory at every call
        // until `take` or `renew`, which see to the marks. These begin at zero, which satisfies invariants 1 to 4; cursors
        // keep them.
        unsafe { BorrowedCursor::over(self.place.check(self.bytes.spare_capacity()), &mut self.marks) }
    }

    /// How many bytes are filled and not split off.
    #[inline]
    pub(crate) fn filled(&self) -> usize {
        self.marks.filled
    }

    /// Splits off what is filled.
    #[inline]
    pub(crate) fn take(&mut self) -> Bytes {
        let n = self.marks.filled;
        // SAFETY: bytes below `filled` are below `init` (invariant 1), so initialised (invariant 2) and within the spare
        // capacity (invariant 3).
        unsafe { self.bytes.grow(n) };
        let chunk = self.bytes.split();
        // The origin begins `n` bytes later now.
        self.marks = Marks { filled: 0, init: self.marks.init - n };
        self.place = Place::default();
        chunk.freeze()
    }

    /// Takes the allocation from its start once more if all chunks of it are gone, or another one.
    fn renew(&mut self, capacity: usize) {
        let end = self.bytes.as_ptr().addr();
        let init = if self.bytes.try_reclaim(capacity) && self.bytes.as_ptr().addr() == self.base {
            // That method does not allocate, so that this is the allocation that `base` is the start of, and `end` where what
            // was split off ends. All of that was initialised, and nobody could de-initialise it: chunks have no spare
            // capacity while this handle exists.
            end.saturating_sub(self.base).min(self.bytes.capacity())
        } else {
            self.bytes = BytesMut::with_capacity(capacity);
            self.base = self.bytes.as_ptr().addr();
            0
        };
        self.marks = Marks { filled: 0, init };
        self.place = Place::default();
    }
}
