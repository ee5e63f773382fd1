//! [`TrackedBuf`]: an owned, growable buffer that knows how much of its memory is initialised.

use alloc::collections::TryReserveError;
use alloc::vec::Vec;
use core::fmt;
use core::mem::{ManuallyDrop, MaybeUninit};
use core::ops::{Deref, DerefMut};

use super::borrowed::Marks;
use super::cursor::BorrowedCursor;
use super::uninit::{assume_init, assume_init_mut};
use crate::coop::Budgets;

/// An owned, growable buffer of bytes that never forgets what of its memory is initialised.
///
/// A `Vec<u8>` knows its length and nothing about what lies behind it: whoever reads into its spare capacity by way of a slice
/// zeroes the same bytes at every call. This buffer keeps the mark. Reads, [`consume`](Self::consume), [`clear`](Self::clear) and
/// growth leave it where it is, so that **within one buffer no byte is zeroed twice**, however long it lives.
///
/// ```text
/// 0            start               filled                 init                capacity
/// |  consumed  |  filled           |  initialised, free   |  uninitialised    |
/// |<---------------- initialised ------------------------>|
///                                  |<------------- unfilled ----------------->|
/// ```
///
/// It is filled through a [cursor](Self::unfilled) by any reader of io-shim's traits (`owned::read_buf` makes room first), or by
/// [`extend_from_slice`](Self::extend_from_slice); what was filled is taken from the front by [`consume`](Self::consume). A cursor
/// writes to the buffer's own marks: after a panic in a reader, or a cursor that was leaked, nothing has to be carried back.
///
/// # Consumed space
///
/// Consuming moves a position. The space in front is used again when room is asked for that there is not behind the data: at
/// no cost once all data is consumed, and otherwise by moving the data to the front, if at least as much was consumed as
/// is left to move. Each byte consumed so pays for one byte moved at most. Where that does not do, the capacity is at least
/// doubled (and the data moved to the front). Either way the mark stays.
///
/// # Examples
///
/// ```
/// use io_shim::TrackedBuf;
///
/// let mut buf = TrackedBuf::with_capacity(16);
/// buf.extend_from_slice(b"hello");
/// buf.unfilled().ensure_init_to(3); // as a reader might that takes initialised memory only
/// assert_eq!((buf.len(), buf.init_len()), (5, 8));
///
/// buf.consume(2);
/// assert_eq!(buf, b"llo");
/// buf.clear();
/// assert_eq!((buf.len(), buf.init_len()), (0, 8)); // remembered
/// ```
pub struct TrackedBuf {
    // Invariants beside 1 to 3 of `Marks`, whose origin is `memory`:
    // 6. The length of `memory` is its capacity, so that growing it keeps all bytes as they are, uninitialised or not.
    // 7. `start <= filled`.
    memory: Vec<MaybeUninit<u8>>,
    marks: Marks,
    start: usize,
    /// What the asynchronous operations spend: each is a future of its own, and the buffer stays.
    pub(crate) budgets: Budgets,
}

impl TrackedBuf {
    /// An empty buffer. Nothing is allocated.
    #[inline]
    pub const fn new() -> Self {
        TrackedBuf { memory: Vec::new(), marks: Marks { filled: 0, init: 0 }, start: 0, budgets: Budgets::STANDARD }
    }

    /// An empty buffer with room for `capacity` bytes at least, none of them initialised.
    ///
    /// # Panics
    ///
    /// Panics if that is more than `isize::MAX` bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        let mut buf = TrackedBuf { memory: Vec::with_capacity(capacity), ..TrackedBuf::new() };
        buf.cover_capacity();
        buf
    }

    /// How many bytes are filled and not consumed.
    #[inline]
    pub fn len(&self) -> usize {
        self.marks.filled - self.start
    }

    /// Whether no bytes are filled and not consumed.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The data: what is filled and not consumed. The buffer [derefs](Deref) to it.
    #[inline]
    pub fn filled(&self) -> &[u8] {
        let filled = &self.memory[self.start..self.marks.filled];
        // SAFETY: bytes below `filled` are below `init` (invariant 1), so initialised (invariant 2).
        unsafe { assume_init(filled) }
    }

    /// The data, mutably.
    #[inline]
    pub fn filled_mut(&mut self) -> &mut [u8] {
        let filled = &mut self.memory[self.start..self.marks.filled];
        // SAFETY: bytes below `filled` are below `init` (invariant 1), so initialised (invariant 2).
        unsafe { assume_init_mut(filled) }
    }

    /// How many bytes of the memory are initialised, counted from its start: what was consumed is among them.
    ///
    /// It never falls for as long as the buffer lives.
    #[inline]
    pub fn init_len(&self) -> usize {
        self.marks.init
    }

    /// The length of the memory in bytes, the consumed front included.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.memory.len()
    }

    /// How many bytes fit behind the data, as it lies: the capacity of [`unfilled`](Self::unfilled).
    #[inline]
    pub fn spare_len(&self) -> usize {
        self.memory.len() - self.marks.filled
    }

    /// A cursor over the unfilled memory behind the data. What it fills becomes part of the data.
    ///
    /// Nothing is reserved: see [`unfilled_at_least`](Self::unfilled_at_least).
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::TrackedBuf;
    ///
    /// let mut buf = TrackedBuf::with_capacity(16);
    /// buf.unfilled().append(b"hello");
    /// assert_eq!(buf, b"hello");
    /// ```
    #[inline]
    pub fn unfilled(&mut self) -> BorrowedCursor<'_> {
        // SAFETY: `memory` is the whole origin of `marks`. What makes a buffer satisfies invariants 1 to 4, and `reserve`,
        // `reserve_exact`, `try_reserve`, `compact`, `consume`, `clear`, `truncate`, `BufMut` and the cursors keep them.
        unsafe { BorrowedCursor::over(&mut self.memory, &mut self.marks) }
    }

    /// A cursor over at least `n` unfilled bytes: [`reserve`](Self::reserve), then [`unfilled`](Self::unfilled).
    ///
    /// # Panics
    ///
    /// As [`reserve`](Self::reserve).
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::{ReadBuf, TrackedBuf};
    ///
    /// let mut source: &[u8] = b"hello";
    /// let mut buf = TrackedBuf::new();
    /// source.read_into(buf.unfilled_at_least(4096))?;
    /// assert_eq!(buf, b"hello");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn unfilled_at_least(&mut self, n: usize) -> BorrowedCursor<'_> {
        self.reserve(n);
        self.unfilled()
    }

    /// Makes room for `n` more bytes behind the data: in the consumed front, or by growing to twice the capacity at least.
    ///
    /// # Panics
    ///
    /// Panics if the capacity would be more than `isize::MAX` bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::TrackedBuf;
    ///
    /// let mut buf = TrackedBuf::new();
    /// buf.reserve(100);
    /// assert!(buf.spare_len() >= 100);
    /// ```
    #[inline]
    pub fn reserve(&mut self, n: usize) {
        if self.spare_len() < n && !self.reclaim(n) {
            let more = self.missing(n);
            self.compact();
            self.memory.reserve(more);
            self.cover_capacity();
        }
    }

    /// Makes room for `n` more bytes behind the data, and allocates no more than that takes.
    ///
    /// For a size that is known to be the last. Calls that each ask for a little make a copy each, where
    /// [`reserve`](Self::reserve) makes few.
    ///
    /// # Panics
    ///
    /// Panics if the capacity would be more than `isize::MAX` bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::TrackedBuf;
    ///
    /// let mut buf = TrackedBuf::new();
    /// buf.reserve_exact(100);
    /// assert_eq!(buf.capacity(), 100);
    /// ```
    pub fn reserve_exact(&mut self, n: usize) {
        if self.spare_len() >= n {
            return;
        }
        self.compact();
        if self.spare_len() < n {
            self.memory.reserve_exact(n - self.spare_len());
            self.cover_capacity();
        }
    }

    /// As [`reserve`](Self::reserve), but reports that there is no memory.
    ///
    /// # Errors
    ///
    /// If the capacity would be more than `isize::MAX` bytes, or the allocator fails. The data is as it was.
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::TrackedBuf;
    ///
    /// let mut buf = TrackedBuf::from(b"hello".to_vec());
    /// assert!(buf.try_reserve(usize::MAX).is_err());
    /// assert_eq!(buf, b"hello");
    /// ```
    pub fn try_reserve(&mut self, n: usize) -> Result<(), TryReserveError> {
        if self.spare_len() < n && !self.reclaim(n) {
            let more = self.missing(n);
            self.memory.try_reserve(more)?;
            self.cover_capacity();
            self.compact();
        }
        Ok(())
    }

    /// Takes the first `n` bytes of the data away.
    ///
    /// # Panics
    ///
    /// Panics if `n` is more than [`len`](Self::len).
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::TrackedBuf;
    ///
    /// let mut buf = TrackedBuf::from(b"hello, world".to_vec());
    /// buf.consume(7);
    /// assert_eq!(buf, b"world");
    /// ```
    #[inline]
    #[track_caller]
    pub fn consume(&mut self, n: usize) {
        assert!(n <= self.len(), "consumed more than is filled");
        self.start += n;
        if self.start == self.marks.filled {
            self.clear();
        }
    }

    /// Takes all data away. What is initialised stays so.
    #[inline]
    pub fn clear(&mut self) {
        self.start = 0;
        self.marks.filled = 0;
    }

    /// Keeps the first `len` bytes of the data. Does nothing where there are no more. What is initialised stays so.
    #[inline]
    pub fn truncate(&mut self, len: usize) {
        if len == 0 {
            self.clear();
        } else if len < self.len() {
            self.marks.filled = self.start + len;
        }
    }

    /// Copies `bytes` to the end of the data, after making room for them.
    ///
    /// # Panics
    ///
    /// As [`reserve`](Self::reserve).
    #[inline]
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.unfilled_at_least(bytes.len()).append(bytes);
    }

    /// The unfilled memory behind the data, whatever its state.
    ///
    /// # Safety
    ///
    /// Nothing uninitialised may be written to it.
    #[cfg(feature = "bytes")]
    #[inline]
    pub(super) unsafe fn spare_mut(&mut self) -> &mut [MaybeUninit<u8>] {
        &mut self.memory[self.marks.filled..]
    }

    /// The memory as a vector of all that was filled, consumed bytes included, and how many of them were consumed.
    #[inline]
    pub(super) fn into_parts(self) -> (Vec<u8>, usize) {
        let mut memory = ManuallyDrop::new(self.memory);
        let (pointer, capacity) = (memory.as_mut_ptr().cast::<u8>(), memory.capacity());
        // SAFETY: the allocation is a vector's, given up by it, of elements with the layout of `u8`, so that their alignment is the
        // allocation's own, as is the capacity; bytes below `filled` are below `init` (invariant 1), so initialised (invariant 2)
        // and within the capacity (invariant 3).
        (unsafe { Vec::from_raw_parts(pointer, self.marks.filled, capacity) }, self.start)
    }

    /// Makes room for `n` bytes behind the data by moving it to the front, where that is worth it.
    #[cold]
    fn reclaim(&mut self, n: usize) -> bool {
        let len = self.len();
        let reclaims = self.start >= len && self.capacity() - len >= n;
        if reclaims {
            self.compact();
        }
        reclaims
    }

    /// Moves the data to the front.
    fn compact(&mut self) {
        // What is written over is below `filled`, and what is left behind keeps its value: all of it is below `init`.
        self.memory.copy_within(self.start..self.marks.filled, 0);
        self.marks.filled -= self.start;
        self.start = 0;
    }

    /// How much the memory has to grow in order that `n` bytes fit behind the data, once that is moved: at least 1, so that
    /// it grows, and doubles, where the consumed front would do but is too small to pay for moving the data.
    fn missing(&self, n: usize) -> usize {
        // Where it overflows, so does the capacity.
        self.len().saturating_add(n).saturating_sub(self.capacity()).max(1)
    }

    /// Makes all that was allocated part of the memory.
    fn cover_capacity(&mut self) {
        let capacity = self.memory.capacity();
        // SAFETY: that much is allocated, and elements that may be uninitialised need no initialisation.
        unsafe { self.memory.set_len(capacity) }
    }
}

/// The bytes, none consumed. Nothing is copied, and nothing behind them counts as initialised.
impl Default for TrackedBuf {
    #[inline]
    fn default() -> Self {
        TrackedBuf::new()
    }
}

impl From<Vec<u8>> for TrackedBuf {
    fn from(vec: Vec<u8>) -> Self {
        let mut vec = ManuallyDrop::new(vec);
        let (pointer, filled, capacity) = (vec.as_mut_ptr().cast(), vec.len(), vec.capacity());
        // SAFETY: the allocation is a vector's, given up by it, of elements with the layout of `MaybeUninit<u8>`, so that their
        // alignment is the allocation's own, as is the capacity; they need no initialisation.
        let memory = unsafe { Vec::from_raw_parts(pointer, capacity, capacity) };
        TrackedBuf { memory, marks: Marks { filled, init: filled }, ..TrackedBuf::new() }
    }
}

/// A copy of `bytes`.
impl From<&[u8]> for TrackedBuf {
    fn from(bytes: &[u8]) -> Self {
        bytes.to_vec().into()
    }
}

/// The data, in the same allocation. If bytes were consumed and some are left, those are moved to the front of it;
/// otherwise nothing is copied.
impl From<TrackedBuf> for Vec<u8> {
    fn from(mut buf: TrackedBuf) -> Self {
        buf.compact();
        buf.into_parts().0
    }
}

/// The same data, in an allocation just as long. What of the original is consumed or spare is not copied.
impl Clone for TrackedBuf {
    fn clone(&self) -> Self {
        self.filled().into()
    }
}

impl Deref for TrackedBuf {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.filled()
    }
}

impl DerefMut for TrackedBuf {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        self.filled_mut()
    }
}

impl AsRef<[u8]> for TrackedBuf {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        self.filled()
    }
}

impl AsMut<[u8]> for TrackedBuf {
    #[inline]
    fn as_mut(&mut self) -> &mut [u8] {
        self.filled_mut()
    }
}

/// Compares the data.
impl PartialEq for TrackedBuf {
    fn eq(&self, other: &Self) -> bool {
        self.filled() == other.filled()
    }
}

impl Eq for TrackedBuf {}

macro_rules! compares {
    ($([$($generics:tt)*] $other:ty),*) => {$(
        /// Compares the data.
        impl<$($generics)*> PartialEq<$other> for TrackedBuf {
            fn eq(&self, other: &$other) -> bool {
                *self.filled() == other[..]
            }
        }
    )*};
}

compares!([] [u8], [] &[u8], [const N: usize] [u8; N], [const N: usize] &[u8; N], [] Vec<u8>);

/// The marks; of the bytes nothing.
impl fmt::Debug for TrackedBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrackedBuf")
            .field("start", &self.start)
            .field("filled", &self.marks.filled)
            .field("init", &self.marks.init)
            .field("capacity", &self.capacity())
            .finish()
    }
}
