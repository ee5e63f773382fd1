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

/// An owned, growable byte buffer that tracks how much of its memory is initialized.
///
/// A `Vec<u8>` does not record which part of its spare capacity is initialized. Reading into that
/// capacity as a slice zeroes the same bytes at every call. `TrackedBuf` records it: reads,
/// [`consume`](Self::consume), [`clear`](Self::clear) and growth keep the initialized length.
/// **No byte of a buffer is zeroed twice.**
///
/// ```text
/// 0            start               filled                 init                capacity
/// |  consumed  |  filled           |  initialized, free   |  uninitialized    |
/// |<---------------- initialized ------------------------>|
///                                  |<------------- unfilled ----------------->|
/// ```
///
/// Append data through a [cursor](Self::unfilled), with `owned::read_buf`, or with
/// [`extend_from_slice`](Self::extend_from_slice). Remove data from the front with
/// [`consume`](Self::consume). A cursor updates the buffer's own lengths directly, so they are
/// right even after a reader panics or a cursor is leaked.
///
/// # Consumed space
///
/// `consume` only moves the start of the data. The space before it is reused when the space after
/// the data is too small:
///
/// * If all data was consumed, reuse is free.
/// * If at least as many bytes were consumed as are left, the data moves to the front. So at most
///   one byte is moved for each consumed byte.
/// * Otherwise the capacity at least doubles, and the data moves to the front.
///
/// The initialized length stays the same in each case.
///
/// # Examples
///
/// ```
/// use io_shim::TrackedBuf;
///
/// let mut buf = TrackedBuf::with_capacity(16);
/// buf.extend_from_slice(b"hello");
/// buf.unfilled().ensure_init_to(3); // what a reader that takes a slice needs
/// assert_eq!((buf.len(), buf.init_len()), (5, 8));
///
/// buf.consume(2);
/// assert_eq!(buf, b"llo");
/// buf.clear();
/// assert_eq!((buf.len(), buf.init_len()), (0, 8)); // remembered
/// ```
pub struct TrackedBuf {
    // Invariants in addition to 1 to 3 of `Marks`, whose origin is `memory`:
    // 6. The length of `memory` is its capacity, so growing it preserves all bytes, even
    //    uninitialized ones.
    // 7. `start <= filled`.
    memory: Vec<MaybeUninit<u8>>,
    marks: Marks,
    start: usize,
    /// The budget of the asynchronous functions. It is here because it outlives their futures.
    pub(crate) budgets: Budgets,
}

impl TrackedBuf {
    /// Creates an empty buffer without allocating.
    pub const fn new() -> Self {
        TrackedBuf { memory: Vec::new(), marks: Marks { filled: 0, init: 0 }, start: 0, budgets: Budgets::STANDARD }
    }

    /// Creates an empty buffer with a capacity of at least `capacity` bytes, none initialized.
    ///
    /// # Panics
    ///
    /// Panics if the capacity would exceed `isize::MAX` bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        Vec::with_capacity(capacity).into()
    }

    /// Returns the length of the data: the bytes that are filled and not consumed.
    #[inline]
    pub fn len(&self) -> usize {
        self.marks.filled - self.start
    }

    /// Returns `true` if the buffer holds no data.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the data: the bytes that are filled and not consumed.
    ///
    /// The buffer also [dereferences](Deref) to it.
    #[inline]
    pub fn filled(&self) -> &[u8] {
        let filled = &self.memory[self.start..self.marks.filled];
        // SAFETY: bytes below `filled` are below `init` (invariant 1): initialized (invariant 2).
        unsafe { assume_init(filled) }
    }

    /// Returns the data as a mutable slice.
    #[inline]
    pub fn filled_mut(&mut self) -> &mut [u8] {
        let filled = &mut self.memory[self.start..self.marks.filled];
        // SAFETY: bytes below `filled` are below `init` (invariant 1): initialized (invariant 2).
        unsafe { assume_init_mut(filled) }
    }

    /// Returns how many bytes of the memory are initialized, including consumed bytes.
    ///
    /// This number never decreases.
    #[inline]
    pub fn init_len(&self) -> usize {
        self.marks.init
    }

    /// Returns the length of the memory in bytes, including consumed bytes.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.memory.len()
    }

    /// Returns how many bytes fit after the data without moving it.
    ///
    /// This is the capacity of the [`unfilled`](Self::unfilled) cursor.
    pub fn spare_len(&self) -> usize {
        self.memory.len() - self.marks.filled
    }

    /// Returns a cursor over the unfilled memory after the data.
    ///
    /// Bytes written through the cursor become part of the data. To reserve space first, use
    /// [`unfilled_at_least`](Self::unfilled_at_least).
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
        self.unfilled_and_budgets().0
    }

    /// Returns the same cursor as [`unfilled`](Self::unfilled), and the budgets.
    #[inline]
    pub(crate) fn unfilled_and_budgets(&mut self) -> (BorrowedCursor<'_>, &mut Budgets) {
        // SAFETY: `memory` is the whole origin of `marks`. All constructors establish invariants
        // 1 to 4, and `reserve`, `reserve_exact`, `try_reserve`, `compact`, `consume`, `clear`,
        // `truncate`, `BufMut` and the cursors maintain them.
        let cursor = unsafe { BorrowedCursor::over(&mut self.memory, &mut self.marks) };
        (cursor, &mut self.budgets)
    }

    /// Returns a cursor over at least `n` unfilled bytes.
    ///
    /// Calls [`reserve`](Self::reserve), then [`unfilled`](Self::unfilled).
    ///
    /// # Panics
    ///
    /// Panics if the capacity would exceed `isize::MAX` bytes.
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

    /// Reserves space for at least `n` more bytes after the data.
    ///
    /// Reuses consumed space, or grows to at least twice the capacity.
    ///
    /// # Panics
    ///
    /// Panics if the capacity would exceed `isize::MAX` bytes.
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
        if self.spare_len() < n {
            let more = self.missing(n);
            self.compact();
            self.memory.reserve(more);
            self.cover_capacity();
        }
    }

    /// Reserves space for `n` more bytes after the data, and allocates no more than needed.
    ///
    /// Use it if the final size is known. Prefer [`reserve`](Self::reserve) for repeated small
    /// requests: `reserve_exact` may copy the data at each one.
    ///
    /// # Panics
    ///
    /// Panics if the capacity would exceed `isize::MAX` bytes.
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
        if self.spare_len() < n {
            self.compact();
            self.memory.reserve_exact(n.saturating_sub(self.spare_len()));
            self.cover_capacity();
        }
    }

    /// Reserves space like [`reserve`](Self::reserve), but returns an error instead of panicking.
    ///
    /// # Errors
    ///
    /// Returns an error if the capacity would exceed `isize::MAX` bytes or the allocator fails. The
    /// data stays unchanged.
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
        if self.spare_len() < n {
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

    /// Removes all data. Keeps the initialized length.
    pub fn clear(&mut self) {
        self.start = 0;
        self.marks.filled = 0;
    }

    /// Shortens the data to its first `len` bytes. Keeps the initialized length.
    ///
    /// Does nothing if the data is not longer than `len`.
    pub fn truncate(&mut self, len: usize) {
        if len == 0 {
            self.clear();
        } else if len < self.len() {
            self.marks.filled = self.start + len;
        }
    }

    /// Appends `bytes` to the data, and grows the buffer if needed.
    ///
    /// # Panics
    ///
    /// Panics if the capacity would exceed `isize::MAX` bytes.
    #[inline]
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.unfilled_at_least(bytes.len()).append(bytes);
    }

    /// Returns the unfilled memory after the data, initialized or not.
    ///
    /// # Safety
    ///
    /// The caller must not write uninitialized bytes to it.
    #[cfg(feature = "bytes")]
    #[inline]
    pub(super) unsafe fn spare_mut(&mut self) -> &mut [MaybeUninit<u8>] {
        &mut self.memory[self.marks.filled..]
    }

    /// Returns all filled bytes, including consumed ones, and how many were consumed.
    pub(super) fn into_parts(self) -> (Vec<u8>, usize) {
        let mut memory = ManuallyDrop::new(self.memory);
        let (pointer, capacity) = (memory.as_mut_ptr().cast::<u8>(), memory.capacity());
        // SAFETY: `ManuallyDrop` gave up the vector's allocation. Its elements have the layout of
        // `u8`, so alignment and capacity are those of the allocation. Bytes below `filled` are
        // below `init` (invariant 1), so initialized (invariant 2), and within the capacity
        // (invariant 3).
        (unsafe { Vec::from_raw_parts(pointer, self.marks.filled, capacity) }, self.start)
    }

    /// Moves the data to the front.
    fn compact(&mut self) {
        // Source and destination are below `filled`, so below `init`: `init` stays correct.
        self.memory.copy_within(self.start..self.marks.filled, 0);
        self.marks.filled -= self.start;
        self.start = 0;
    }

    /// Returns by how much the memory must grow so that `n` bytes fit after the moved data.
    ///
    /// At least 1 if fewer bytes were consumed than are left: moving them would cost too much, so
    /// the memory doubles even if the consumed space would suffice.
    #[cold]
    fn missing(&self, n: usize) -> usize {
        let least = usize::from(self.start < self.len());
        // If the sum overflows, growing fails.
        self.len().saturating_add(n).saturating_sub(self.capacity()).max(least)
    }

    /// Extends `memory` to its whole capacity (invariant 6).
    fn cover_capacity(&mut self) {
        let capacity = self.memory.capacity();
        // SAFETY: `capacity` elements are allocated, and `MaybeUninit` needs no initialization.
        unsafe { self.memory.set_len(capacity) }
    }
}

impl Default for TrackedBuf {
    fn default() -> Self {
        TrackedBuf::new()
    }
}

/// Takes over the allocation without copying. The spare capacity counts as uninitialized.
impl From<Vec<u8>> for TrackedBuf {
    fn from(vec: Vec<u8>) -> Self {
        let mut vec = ManuallyDrop::new(vec);
        let (pointer, filled, capacity) = (vec.as_mut_ptr().cast(), vec.len(), vec.capacity());
        // SAFETY: `ManuallyDrop` gave up the vector's allocation. Its elements have the layout of
        // `MaybeUninit<u8>`, so alignment and capacity are those of the allocation. They need no
        // initialization.
        let memory = unsafe { Vec::from_raw_parts(pointer, capacity, capacity) };
        TrackedBuf { memory, marks: Marks { filled, init: filled }, ..TrackedBuf::new() }
    }
}

/// Copies `bytes`.
impl From<&[u8]> for TrackedBuf {
    fn from(bytes: &[u8]) -> Self {
        bytes.to_vec().into()
    }
}

/// Returns the data in the same allocation.
///
/// Moves the data to the front if bytes before it were consumed. Otherwise copies nothing.
impl From<TrackedBuf> for Vec<u8> {
    fn from(mut buf: TrackedBuf) -> Self {
        buf.compact();
        buf.into_parts().0
    }
}

/// Copies the data into a new allocation of its length, without consumed bytes or spare capacity.
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
    fn as_ref(&self) -> &[u8] {
        self.filled()
    }
}

impl AsMut<[u8]> for TrackedBuf {
    fn as_mut(&mut self) -> &mut [u8] {
        self.filled_mut()
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

compares!([] TrackedBuf, [] [u8], [] &[u8], [const N: usize] [u8; N], [const N: usize] &[u8; N], [] Vec<u8>);

/// Shows the positions and the capacity, but not the bytes.
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
