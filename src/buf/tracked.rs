//! [`TrackedBuf`]: an owned, growable buffer that tracks how much of its memory is initialized.

use alloc::collections::TryReserveError;
use alloc::vec::Vec;
use core::fmt;
use core::mem::{ManuallyDrop, MaybeUninit};
use core::ops::{Deref, DerefMut};

use super::borrowed::Marks;
use super::cursor::BorrowedCursor;
use super::uninit::{assume_init, assume_init_mut};
use crate::coop::Budgets;

/// An owned, growable byte buffer that remembers how much of its memory is initialized.
///
/// A `Vec<u8>` does not know what lies behind its length. Reading into its spare capacity through a
/// slice zeroes the same bytes in every call. This buffer keeps the number of initialized bytes
/// across reads, [`consume`](Self::consume), [`clear`](Self::clear) and growth. So **within one
/// buffer no byte is zeroed twice**, however long it lives.
///
/// ```text
/// 0            start               filled                 init                capacity
/// |  consumed  |  filled           |  initialized, free   |  uninitialized    |
/// |<---------------- initialized ------------------------>|
///                                  |<------------- unfilled ----------------->|
/// ```
///
/// Any reader with io-shim's traits fills it through a [cursor](Self::unfilled); `owned::read_buf`
/// also makes room first. [`extend_from_slice`](Self::extend_from_slice) appends bytes, and
/// [`consume`](Self::consume) removes them from the front. Cursors write to the buffer's own
/// positions, so nothing is lost if a reader panics or a cursor is leaked.
///
/// # Consumed space
///
/// `consume` only moves a position. The consumed space is reused when there is not enough room
/// behind the data:
///
/// * If all data is consumed, this costs nothing.
/// * If moving the data to the front makes enough room, and at least as many bytes were consumed as
///   are left, the data is moved. So each consumed byte pays for moving at most one byte.
/// * Otherwise the data is moved to the front and the capacity is at least doubled.
///
/// The number of initialized bytes is kept in every case.
///
/// # Examples
///
/// ```
/// use io_shim::TrackedBuf;
///
/// let mut buf = TrackedBuf::with_capacity(16);
/// buf.extend_from_slice(b"hello");
/// buf.unfilled().ensure_init_to(3); // like a reader that only takes initialized memory
/// assert_eq!((buf.len(), buf.init_len()), (5, 8));
///
/// buf.consume(2);
/// assert_eq!(buf, b"llo");
/// buf.clear();
/// assert_eq!((buf.len(), buf.init_len()), (0, 8)); // still initialized
/// ```
pub struct TrackedBuf {
    // Invariants besides 1 to 3 of `Marks`, whose origin is `memory`:
    // 6. The length of `memory` is its capacity, so growing keeps all bytes, initialized or not.
    // 7. `start <= filled`.
    memory: Vec<MaybeUninit<u8>>,
    marks: Marks,
    start: usize,
    /// The budget of the asynchronous operations. It is kept here because each operation is a new
    /// future.
    pub(crate) budgets: Budgets,
}

impl TrackedBuf {
    /// Creates an empty buffer without allocating.
    #[inline]
    pub const fn new() -> Self {
        TrackedBuf { memory: Vec::new(), marks: Marks { filled: 0, init: 0 }, start: 0, budgets: Budgets::STANDARD }
    }

    /// Creates an empty buffer with room for at least `capacity` bytes, none of them initialized.
    ///
    /// # Panics
    ///
    /// Panics if `capacity` exceeds `isize::MAX` bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        let mut buf = TrackedBuf { memory: Vec::with_capacity(capacity), ..TrackedBuf::new() };
        buf.cover_capacity();
        buf
    }

    /// Returns how many bytes are filled and not consumed.
    #[inline]
    pub fn len(&self) -> usize {
        self.marks.filled - self.start
    }

    /// Returns `true` if all filled bytes are consumed.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the data: the bytes that are filled and not consumed. The buffer [derefs](Deref) to
    /// it.
    #[inline]
    pub fn filled(&self) -> &[u8] {
        let filled = &self.memory[self.start..self.marks.filled];
        // SAFETY: `filled <= init` (invariant 1); bytes below `init` are initialized (invariant 2).
        unsafe { assume_init(filled) }
    }

    /// Returns the data, mutably.
    #[inline]
    pub fn filled_mut(&mut self) -> &mut [u8] {
        let filled = &mut self.memory[self.start..self.marks.filled];
        // SAFETY: `filled <= init` (invariant 1); bytes below `init` are initialized (invariant 2).
        unsafe { assume_init_mut(filled) }
    }

    /// Returns how many bytes of the memory are initialized, from its start, including consumed
    /// ones.
    ///
    /// This number never decreases during the buffer's life.
    #[inline]
    pub fn init_len(&self) -> usize {
        self.marks.init
    }

    /// Returns the length of the memory in bytes, including the consumed part.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.memory.len()
    }

    /// Returns how many bytes fit behind the data without moving it: the capacity of
    /// [`unfilled`](Self::unfilled).
    #[inline]
    pub fn spare_len(&self) -> usize {
        self.memory.len() - self.marks.filled
    }

    /// Returns a cursor over the unfilled memory behind the data. Bytes that it fills become data.
    ///
    /// Reserves nothing: see [`unfilled_at_least`](Self::unfilled_at_least).
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
        // SAFETY: `memory` is the whole origin of `marks`. The constructors establish invariants 1
        // to 4, and `reserve`, `reserve_exact`, `try_reserve`, `compact`, `consume`, `clear`,
        // `truncate`, `BufMut` and the cursors uphold them.
        unsafe { BorrowedCursor::over(&mut self.memory, &mut self.marks) }
    }

    /// Reserves room for at least `n` bytes and returns a cursor over the unfilled memory.
    ///
    /// This is [`reserve`](Self::reserve), then [`unfilled`](Self::unfilled).
    ///
    /// # Panics
    ///
    /// Same as [`reserve`](Self::reserve).
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

    /// Reserves room for at least `n` more bytes behind the data.
    ///
    /// Reuses the consumed space if possible, and otherwise at least doubles the capacity.
    ///
    /// # Panics
    ///
    /// Panics if the new capacity exceeds `isize::MAX` bytes.
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

    /// Reserves room for `n` more bytes behind the data, without allocating more than necessary.
    ///
    /// Use it if the final size is known. For many small requests, [`reserve`](Self::reserve)
    /// copies less often.
    ///
    /// # Panics
    ///
    /// Panics if the new capacity exceeds `isize::MAX` bytes.
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

    /// Like [`reserve`](Self::reserve), but returns an error if the memory cannot be allocated.
    ///
    /// # Errors
    ///
    /// Returns an error if the new capacity exceeds `isize::MAX` bytes or the allocator fails. The
    /// data is then unchanged.
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

    /// Removes the first `n` bytes of the data.
    ///
    /// # Panics
    ///
    /// Panics if `n` is greater than [`len`](Self::len).
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

    /// Removes all data. Initialized bytes stay initialized.
    #[inline]
    pub fn clear(&mut self) {
        self.start = 0;
        self.marks.filled = 0;
    }

    /// Shortens the data to its first `len` bytes. Does nothing if the data is not longer.
    ///
    /// Initialized bytes stay initialized.
    #[inline]
    pub fn truncate(&mut self, len: usize) {
        if len == 0 {
            self.clear();
        } else if len < self.len() {
            self.marks.filled = self.start + len;
        }
    }

    /// Appends `bytes` to the data, after reserving room for them.
    ///
    /// # Panics
    ///
    /// Same as [`reserve`](Self::reserve).
    #[inline]
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.unfilled_at_least(bytes.len()).append(bytes);
    }

    /// Returns the unfilled memory behind the data, which may be uninitialized.
    ///
    /// # Safety
    ///
    /// The caller must not write uninitialized bytes to it.
    #[cfg(feature = "bytes")]
    #[inline]
    pub(super) unsafe fn spare_mut(&mut self) -> &mut [MaybeUninit<u8>] {
        &mut self.memory[self.marks.filled..]
    }

    /// Converts the memory to a vector of all filled bytes, including consumed ones. Also returns
    /// the number of consumed bytes.
    #[inline]
    pub(super) fn into_parts(self) -> (Vec<u8>, usize) {
        let mut memory = ManuallyDrop::new(self.memory);
        let (pointer, capacity) = (memory.as_mut_ptr().cast::<u8>(), memory.capacity());
        // SAFETY: the allocation comes from a vector that gives it up. Its elements have the layout
        // of `u8`, so the alignment and the capacity match. Bytes below `filled` are below `init`
        // (invariant 1), so initialized (invariant 2) and within the capacity (invariant 3).
        (unsafe { Vec::from_raw_parts(pointer, self.marks.filled, capacity) }, self.start)
    }

    /// Makes room for `n` bytes behind the data by moving it to the front, if that is worthwhile.
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
        // All bytes that are overwritten or left behind are below `init` and stay initialized.
        self.memory.copy_within(self.start..self.marks.filled, 0);
        self.marks.filled -= self.start;
        self.start = 0;
    }

    /// Returns how much the memory must grow for `n` bytes to fit behind the moved data.
    ///
    /// At least 1, so that the memory doubles if the consumed space would suffice but is too small
    /// to pay for moving the data.
    fn missing(&self, n: usize) -> usize {
        // If the sum saturates, reserving that much fails anyway.
        self.len().saturating_add(n).saturating_sub(self.capacity()).max(1)
    }

    /// Extends `memory` over its whole allocation.
    fn cover_capacity(&mut self) {
        let capacity = self.memory.capacity();
        // SAFETY: `capacity` elements are allocated, and `MaybeUninit` elements need no
        // initialization.
        unsafe { self.memory.set_len(capacity) }
    }
}

/// Creates an empty buffer without allocating.
impl Default for TrackedBuf {
    #[inline]
    fn default() -> Self {
        TrackedBuf::new()
    }
}

/// Converts the vector without copying. Its spare capacity counts as uninitialized.
impl From<Vec<u8>> for TrackedBuf {
    fn from(vec: Vec<u8>) -> Self {
        let mut vec = ManuallyDrop::new(vec);
        let (pointer, filled, capacity) = (vec.as_mut_ptr().cast(), vec.len(), vec.capacity());
        // SAFETY: the allocation comes from a vector that gives it up. `MaybeUninit<u8>` has the
        // layout of `u8`, so the alignment and the capacity match, and it needs no initialization.
        let memory = unsafe { Vec::from_raw_parts(pointer, capacity, capacity) };
        TrackedBuf { memory, marks: Marks { filled, init: filled }, ..TrackedBuf::new() }
    }
}

/// Copies `bytes` into a new buffer.
impl From<&[u8]> for TrackedBuf {
    fn from(bytes: &[u8]) -> Self {
        bytes.to_vec().into()
    }
}

/// Converts the data without reallocating. If bytes were consumed, the remaining data is moved to
/// the front; otherwise nothing is copied.
impl From<TrackedBuf> for Vec<u8> {
    fn from(mut buf: TrackedBuf) -> Self {
        buf.compact();
        buf.into_parts().0
    }
}

/// Copies the data to an allocation of exactly its length. Consumed and spare memory is not copied.
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

/// Prints the positions, and no data.
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
