//! [`BorrowedBuf`]: borrowed memory and how much of it is filled and initialised.

use core::fmt;
use core::mem::MaybeUninit;

use super::cursor::BorrowedCursor;
use super::uninit::{as_uninit_mut, assume_init, assume_init_mut};

/// The two marks of a buffer, as positions (in bytes) from its start.
///
/// Invariants, which the `unsafe` blocks that rest on them cite by number. *Origin* is the whole memory that the marks
/// describe; a cursor sees a prefix of it.
///
/// 1. `filled <= init`.
/// 2. Every byte of the origin below `init` is initialised, and is not de-initialised while the owner of the marks borrows it.
/// 3. `init` is at most the length of the origin.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks {
    pub(super) filled: usize,
    pub(super) init: usize,
}

/// Borrowed memory that knows how much of it is filled with data and how much is initialised.
///
/// The buffer is three regions, told apart by two positions. The second only grows; the first is lowered by
/// [`clear`](Self::clear) and [`BorrowedCursor::truncate_written`] alone:
///
/// ```text
/// 0            filled                 init                capacity
/// |  filled    |  initialised, free   |  uninitialised    |
/// |<------- initialised ------------->|
///              |<------------- unfilled ----------------->|
/// ```
///
/// It is made over memory of the caller's, from `&mut [u8]` (all initialised) or `&mut [MaybeUninit<u8>]` (nothing
/// known to be), and lends [cursors](BorrowedCursor) over its unfilled part to readers. A reader gets the cursor *by
/// value*: it can fill the memory, but not exchange it for other memory.
///
/// The shape is that of the unstable `core::io::BorrowedBuf` (RFC 2930, rust#117693), except that the initialised
/// region is an exact count here: converting to tokio's `ReadBuf` and back must lose nothing.
///
/// # Examples
///
/// ```
/// use io_shim::BorrowedBuf;
/// use std::mem::MaybeUninit;
///
/// let mut memory = [MaybeUninit::uninit(); 16];
/// let mut buf = BorrowedBuf::from(&mut memory[..]);
///
/// let mut cursor = buf.unfilled();
/// cursor.append(b"hello");
/// cursor.ensure_init_to(3);
///
/// assert_eq!(buf.filled(), b"hello");
/// assert_eq!(buf.init_len(), 8);
/// assert_eq!(buf.capacity(), 16);
/// ```
pub struct BorrowedBuf<'data> {
    buf: &'data mut [MaybeUninit<u8>],
    marks: Marks,
}

impl<'data> BorrowedBuf<'data> {
    /// The length of the memory in bytes.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.buf.len()
    }

    /// The filled region.
    #[inline]
    pub fn filled(&self) -> &[u8] {
        let filled = &self.buf[..self.marks.filled];
        // SAFETY: bytes below `filled` are below `init` (invariant 1), so initialised (invariant 2).
        unsafe { assume_init(filled) }
    }

    /// The filled region, mutably.
    #[inline]
    pub fn filled_mut(&mut self) -> &mut [u8] {
        let filled = &mut self.buf[..self.marks.filled];
        // SAFETY: bytes below `filled` are below `init` (invariant 1), so initialised (invariant 2).
        unsafe { assume_init_mut(filled) }
    }

    /// The filled region, for as long as the memory was borrowed.
    #[inline]
    pub fn into_filled(self) -> &'data mut [u8] {
        let filled = &mut self.buf[..self.marks.filled];
        // SAFETY: bytes below `filled` are below `init` (invariant 1), so initialised (invariant 2).
        unsafe { assume_init_mut(filled) }
    }

    /// The length of the initialised region, the filled one included, in bytes from the start.
    #[inline]
    pub fn init_len(&self) -> usize {
        self.marks.init
    }

    /// Empties the filled region. What is initialised stays so.
    #[inline]
    pub fn clear(&mut self) {
        self.marks.filled = 0;
    }

    /// A cursor over the unfilled region.
    #[inline]
    pub fn unfilled(&mut self) -> BorrowedCursor<'_> {
        // SAFETY: `buf` is the whole origin of `marks`, of which the two `From` impls, `clear`, `set_init` and the cursors
        // keep invariants 1 to 4.
        unsafe { BorrowedCursor::over(self.buf, &mut self.marks) }
    }

    /// States that the first `n` bytes of the memory, counted from its start, are initialised.
    ///
    /// Does nothing where more are known to be.
    ///
    /// # Panics
    ///
    /// Panics if `n` is more than the capacity.
    ///
    /// # Safety
    ///
    /// The first `n` bytes are initialised.
    #[inline]
    #[track_caller]
    pub unsafe fn set_init(&mut self, n: usize) {
        if n > self.capacity() {
            past_end(n, self.capacity());
        }
        self.marks.init = self.marks.init.max(n);
    }
}

/// The panic of a caller that knows more bytes to be initialised than there are. Apart, so that the check costs a comparison.
#[cold]
#[inline(never)]
#[track_caller]
fn past_end(n: usize, capacity: usize) -> ! {
    panic!(
        "`set_init` was told of {n} initialised bytes in a buffer of {capacity}: count from its start, to its end at most"
    )
}

/// The whole of `bytes`, all of it initialised, nothing filled.
impl<'data> From<&'data mut [u8]> for BorrowedBuf<'data> {
    #[inline]
    fn from(bytes: &'data mut [u8]) -> Self {
        let init = bytes.len();
        BorrowedBuf {
            // SAFETY: only `unsafe` methods let a caller write uninitialised bytes here, and those forbid it (invariant 2).
            buf: unsafe { as_uninit_mut(bytes) },
            marks: Marks { filled: 0, init },
        }
    }
}

/// The whole of `buf`, nothing of it known to be initialised, nothing filled.
impl<'data> From<&'data mut [MaybeUninit<u8>]> for BorrowedBuf<'data> {
    #[inline]
    fn from(buf: &'data mut [MaybeUninit<u8>]) -> Self {
        BorrowedBuf { buf, marks: Marks::default() }
    }
}

impl fmt::Debug for BorrowedBuf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BorrowedBuf")
            .field("filled", &self.marks.filled)
            .field("init", &self.marks.init)
            .field("capacity", &self.capacity())
            .finish()
    }
}
