//! [`ChunkMemory`]: memory for reads whose results are split off as `Bytes`.

use bytes::{Bytes, BytesMut};

use super::borrowed::Marks;
use super::cursor::BorrowedCursor;
use super::spare::Place;
use super::spare::sealed::Grow as _;

/// A `BytesMut` to read into and split chunks off, with a record of what is initialized.
///
/// Bytes that a reader initializes but does not fill stay initialized for the next chunk. Once an
/// allocation is used up and all its chunks are dropped, it is reused from its start, and all of it
/// is then initialized.
#[derive(Debug, Default)]
pub(crate) struct ChunkMemory {
    // Empty between method calls. Its capacity is the origin of `marks`.
    bytes: BytesMut,
    marks: Marks,
    place: Place,
    /// The address of the start of the allocation. It is never dereferenced.
    base: usize,
}

impl ChunkMemory {
    /// Allocates `capacity` bytes if no memory is left, and returns whether it did.
    #[inline]
    pub(crate) fn reserve(&mut self, capacity: usize) -> bool {
        let is_used_up = self.bytes.capacity() == 0;
        if is_used_up {
            self.renew(capacity);
        }
        is_used_up
    }

    /// Returns a cursor over the unfilled memory.
    #[inline]
    pub(crate) fn unfilled(&mut self) -> BorrowedCursor<'_> {
        // SAFETY: the origin of `marks` is the spare capacity of `bytes`, which is empty. That
        // memory stays the same until `take` or `renew`, which update `marks`. The marks start at
        // 0, which satisfies invariants 1 to 4, and cursors uphold them.
        unsafe { BorrowedCursor::over(self.place.check(self.bytes.spare_capacity()), &mut self.marks) }
    }

    /// Returns the number of bytes that are filled and not yet split off.
    #[inline]
    pub(crate) fn filled(&self) -> usize {
        self.marks.filled
    }

    /// Splits off the filled bytes.
    #[inline]
    pub(crate) fn take(&mut self) -> Bytes {
        let n = self.marks.filled;
        // SAFETY: `filled <= init` (invariant 1); bytes below `init` are initialized (invariant 2)
        // and within the spare capacity (invariant 3).
        unsafe { self.bytes.grow(n) };
        let chunk = self.bytes.split();
        // The origin now starts `n` bytes later.
        self.marks = Marks { filled: 0, init: self.marks.init - n };
        self.place = Place::default();
        chunk.freeze()
    }

    /// Reuses the allocation from its start if all its chunks are dropped; allocates otherwise.
    fn renew(&mut self, capacity: usize) {
        let end = self.bytes.as_ptr().addr();
        let init = if self.bytes.try_reclaim(capacity) && self.bytes.as_ptr().addr() == self.base {
            // `try_reclaim` does not allocate, so this is the allocation that starts at `base`. All
            // up to `end` was split off, and so was initialized. Chunks have no spare capacity
            // while this handle exists, so no code could de-initialize it.
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
