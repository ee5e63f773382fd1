//! [`BorrowedBuf`]: borrowed memory that tracks how much of it is filled and initialized.

use core::fmt;
use core::mem::MaybeUninit;

use super::cursor::BorrowedCursor;
use super::uninit::{as_uninit_mut, assume_init, assume_init_mut};

/// The two positions of a buffer, in bytes from its start.
///
/// The `unsafe` blocks that rely on these invariants cite them by number. The *origin* is the whole
/// memory that the positions describe; a cursor sees a prefix of it.
///
/// 1. `filled <= init`.
/// 2. Every byte of the origin below `init` is initialized, and is not de-initialized while the
///    owner of the marks borrows it.
/// 3. `init` is at most the length of the origin.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks {
    pub(super) filled: usize,
    pub(super) init: usize,
}

/// A borrowed buffer that tracks how much of it is filled with data and how much is initialized.
///
/// Two positions divide the buffer into three regions. `init` only grows. `filled` decreases only
/// in [`clear`](Self::clear) and [`BorrowedCursor::truncate_written`]:
///
/// ```text
/// 0            filled                 init                capacity
/// |  filled    |  initialized, free   |  uninitialized    |
/// |<------- initialized ------------->|
///              |<------------- unfilled ----------------->|
/// ```
///
/// Create it from `&mut [u8]`, which is all initialized, or from `&mut [MaybeUninit<u8>]`, which
/// counts as uninitialized. Pass [cursors](BorrowedCursor) over its unfilled part to readers. A
/// reader gets the cursor *by value*: it can fill the memory, but not replace it with other memory.
///
/// It resembles the unstable `core::io::BorrowedBuf` (RFC 2930, rust#117693). Here, however, the
/// length of the initialized region is exact, so converting to tokio's `ReadBuf` and back loses
/// nothing.
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
    /// Returns the length of the memory in bytes.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.buf.len()
    }

    /// Returns the number of filled bytes.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.marks.filled
    }

    /// Returns the filled region.
    #[inline]
    pub fn filled(&self) -> &[u8] {
        let filled = &self.buf[..self.marks.filled];
        // SAFETY: `filled <= init` (invariant 1); bytes below `init` are initialized (invariant 2).
        unsafe { assume_init(filled) }
    }

    /// Returns the filled region, mutably.
    pub fn filled_mut(&mut self) -> &mut [u8] {
        let filled = &mut self.buf[..self.marks.filled];
        // SAFETY: `filled <= init` (invariant 1); bytes below `init` are initialized (invariant 2).
        unsafe { assume_init_mut(filled) }
    }

    /// Returns the filled region with the lifetime of the borrowed memory.
    pub fn into_filled(self) -> &'data mut [u8] {
        let filled = &mut self.buf[..self.marks.filled];
        // SAFETY: `filled <= init` (invariant 1); bytes below `init` are initialized (invariant 2).
        unsafe { assume_init_mut(filled) }
    }

    /// Returns the length of the initialized region, which includes the filled one.
    #[inline]
    pub fn init_len(&self) -> usize {
        self.marks.init
    }

    /// Empties the filled region. The initialized region stays as it is.
    #[inline]
    pub fn clear(&mut self) {
        self.marks.filled = 0;
    }

    /// Returns a cursor over the unfilled region.
    #[inline]
    pub fn unfilled(&mut self) -> BorrowedCursor<'_> {
        // SAFETY: `buf` is the whole origin of `marks`. The two `From` impls, `clear`, `set_init`
        // and the cursors uphold invariants 1 to 4.
        unsafe { BorrowedCursor::over(self.buf, &mut self.marks) }
    }

    /// Marks the first `n` bytes of the memory as initialized.
    ///
    /// Does nothing if more bytes are already marked.
    ///
    /// # Panics
    ///
    /// Panics if `n` is greater than the capacity.
    ///
    /// # Safety
    ///
    /// The first `n` bytes must be initialized.
    #[inline]
    #[track_caller]
    pub unsafe fn set_init(&mut self, n: usize) {
        if n > self.capacity() {
            past_end(n, self.capacity());
        }
        self.marks.init = self.marks.init.max(n);
    }
}

/// The panic of `set_init`. A separate cold function, so that the check costs only a comparison.
#[cold]
#[inline(never)]
#[track_caller]
fn past_end(n: usize, capacity: usize) -> ! {
    panic!(
        "`set_init` was called with {n} initialized bytes for a buffer of {capacity}: count from its start, up to its capacity"
    )
}

/// Creates a buffer over `bytes`: all initialized, nothing filled.
impl<'data> From<&'data mut [u8]> for BorrowedBuf<'data> {
    #[inline]
    fn from(bytes: &'data mut [u8]) -> Self {
        let init = bytes.len();
        BorrowedBuf {
            // SAFETY: only `unsafe` methods let a caller write uninitialized bytes here, and their
            // contracts forbid it (invariant 2).
            buf: unsafe { as_uninit_mut(bytes) },
            marks: Marks { filled: 0, init },
        }
    }
}

/// Creates a buffer over `buf`: nothing marked as initialized, nothing filled.
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
