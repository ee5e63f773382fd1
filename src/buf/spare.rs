//! [`spare`]: reading into the spare capacity of a growable buffer.

use alloc::vec::Vec;
use core::fmt;
use core::mem::MaybeUninit;

use super::borrowed::Marks;
use super::cursor::BorrowedCursor;
use super::uninit::assume_init;

/// A growable buffer with spare capacity: `Vec<u8>`, and `BytesMut` with the feature `bytes`.
///
/// This trait is sealed, because [`Spare`] relies on the spare capacity not moving between two
/// calls.
///
/// # Examples
///
/// ```
/// use io_shim::{ReadBuf, SpareCapacity, spare};
///
/// /// Reads once, into a `Vec<u8>` or a `BytesMut`.
/// fn read<B: SpareCapacity>(source: &mut impl ReadBuf, buffer: &mut B) -> std::io::Result<()> {
///     source.read_into(spare(buffer).unfilled())
/// }
/// # let mut buffer = bytes::BytesMut::with_capacity(8);
/// # read(&mut &b"io"[..], &mut buffer)?;
/// # assert_eq!(buffer, "io");
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait SpareCapacity: sealed::Grow {}

pub(super) mod sealed {
    use super::MaybeUninit;

    /// The methods that the guard calls. None of them writes to the spare capacity, moves it or
    /// reallocates. This was verified in the sources of `Vec`, and of `bytes` from 1.11.1 on.
    ///
    /// # Safety
    ///
    /// `spare_capacity` must behave like that.
    pub unsafe trait Grow {
        #[doc(hidden)]
        fn spare_capacity(&mut self) -> &mut [MaybeUninit<u8>];

        /// # Safety
        ///
        /// The first `n` bytes of the spare capacity must exist and be initialized.
        #[doc(hidden)]
        unsafe fn grow(&mut self, n: usize);
    }
}

/// Returns a guard over the spare capacity of `buffer`, to read into.
///
/// When the guard is dropped, the filled bytes become part of the buffer.
///
/// The guard covers the existing capacity and reserves none. If the guard is leaked, the length of
/// the buffer does not change. If a reader panics, the bytes that it had filled are kept.
///
/// # Examples
///
/// ```
/// use io_shim::{ReadBuf, spare};
///
/// let mut source: &[u8] = b"hello";
/// let mut vec = Vec::with_capacity(64);
/// source.read_into(spare(&mut vec).unfilled())?;
/// assert_eq!(vec, b"hello");
/// # Ok::<(), std::io::Error>(())
/// ```
#[inline]
pub fn spare<B: SpareCapacity>(buffer: &mut B) -> Spare<'_, B> {
    Spare { buffer, marks: Marks::default(), place: Place::default() }
}

/// A guard over the spare capacity of a buffer, returned by [`spare`].
///
/// While it lives, the guard remembers how much of the spare capacity is initialized. Repeated
/// reads through one guard therefore zero no byte twice.
///
/// # Examples
///
/// ```
/// use io_shim::{ReadBuf, spare};
///
/// let mut source = &b"hello, world"[..];
/// let mut vec = Vec::with_capacity(64);
/// let mut guard = spare(&mut vec);
/// source.read_into(guard.unfilled().limit(5))?;
/// assert_eq!(guard.filled(), b"hello");
/// source.read_into(guard.unfilled())?; // continues after the filled bytes
/// drop(guard);
/// assert_eq!(vec, b"hello, world");
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Spare<'a, B: SpareCapacity = Vec<u8>> {
    // The marks count from the start of the spare capacity, which is their origin.
    buffer: &'a mut B,
    marks: Marks,
    place: Place,
}

impl<B: SpareCapacity> Spare<'_, B> {
    /// Returns a cursor over the unfilled part of the spare capacity.
    #[inline]
    pub fn unfilled(&mut self) -> BorrowedCursor<'_> {
        // SAFETY: the spare capacity is the origin of `marks`. It is the same memory in every call,
        // because the guard borrows the buffer exclusively and keeps its length until it is
        // dropped. The marks start at 0, which satisfies invariants 1 to 4, and cursors uphold
        // them.
        unsafe { BorrowedCursor::over(self.place.check(self.buffer.spare_capacity()), &mut self.marks) }
    }

    /// Returns the bytes filled through this guard.
    #[inline]
    pub fn filled(&mut self) -> &[u8] {
        let filled = &self.place.check(self.buffer.spare_capacity())[..self.marks.filled];
        // SAFETY: `filled <= init` (invariant 1); bytes below `init` are initialized (invariant 2).
        unsafe { assume_init(filled) }
    }

    /// Returns the length of the initialized part of the spare capacity, which includes the filled
    /// part.
    pub fn init_len(&self) -> usize {
        self.marks.init
    }
}

impl<B: SpareCapacity> Drop for Spare<'_, B> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: `filled <= init` (invariant 1); bytes below `init` are initialized (invariant 2)
        // and within the spare capacity (invariant 3).
        unsafe { self.buffer.grow(self.marks.filled) }
    }
}

impl<B: SpareCapacity> fmt::Debug for Spare<'_, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spare")
            .field("filled", &self.marks.filled)
            .field("init", &self.marks.init)
            .finish_non_exhaustive()
    }
}

/// The address of the memory that marks count from. Debug builds check that it does not move.
#[derive(Debug, Default)]
pub(super) struct Place {
    #[cfg(debug_assertions)]
    address: Option<usize>,
}

impl Place {
    /// Returns `memory`, which must be at the same address in every call.
    #[inline]
    pub(super) fn check<'a>(&mut self, memory: &'a mut [MaybeUninit<u8>]) -> &'a mut [MaybeUninit<u8>] {
        #[cfg(debug_assertions)]
        {
            let address = memory.as_ptr().addr();
            assert_eq!(*self.address.get_or_insert(address), address, "the spare capacity moved");
        }
        memory
    }
}

impl SpareCapacity for Vec<u8> {}

// SAFETY: `Vec` behaves like that.
unsafe impl sealed::Grow for Vec<u8> {
    #[inline]
    fn spare_capacity(&mut self) -> &mut [MaybeUninit<u8>] {
        self.spare_capacity_mut()
    }

    #[inline]
    unsafe fn grow(&mut self, n: usize) {
        let len = self.len() + n;
        // SAFETY: the caller ensures that the first `n` bytes of the spare capacity exist and are
        // initialized.
        unsafe { self.set_len(len) }
    }
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use super::*;

    /// A buffer that breaks the rule: its spare capacity is elsewhere in every call.
    struct Moving([Vec<u8>; 2]);

    impl SpareCapacity for Moving {}

    // SAFETY: not sound. The tests check that debug builds notice it before any harm.
    unsafe impl sealed::Grow for Moving {
        fn spare_capacity(&mut self) -> &mut [MaybeUninit<u8>] {
            self.0.swap(0, 1);
            self.0[0].spare_capacity_mut()
        }

        unsafe fn grow(&mut self, _: usize) {}
    }

    fn moving() -> Moving {
        Moving([Vec::with_capacity(8), Vec::with_capacity(8)])
    }

    #[test]
    #[should_panic(expected = "the spare capacity moved")]
    fn spare_capacity_that_moves_between_two_cursors_panics() {
        let mut buffer = moving();
        let mut guard = spare(&mut buffer);
        guard.unfilled();
        guard.unfilled();
    }

    #[test]
    #[should_panic(expected = "the spare capacity moved")]
    fn spare_capacity_that_moves_before_it_is_looked_at_panics() {
        let mut buffer = moving();
        let mut guard = spare(&mut buffer);
        guard.unfilled();
        guard.filled();
    }
}
