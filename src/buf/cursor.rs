//! [`BorrowedCursor`]: the destination that a reader reads into.

use core::fmt;
use core::mem::MaybeUninit;

use super::borrowed::Marks;
use super::uninit::{as_uninit, assume_init, assume_init_mut, zero};

/// A cursor over the unfilled part of a buffer, which readers write into.
///
/// ```text
///      start          filled                init              end
/// .....|  written     |  initialized, free  |  uninitialized  |
///      |  by this     |<------ capacity of the cursor ------->|
///      |  cursor      |  init_mut           |
/// ```
///
/// A cursor is passed **by value**, and the caller keeps the buffer. So a reader can fill the
/// buffer, but cannot swap it for another one. (A reader that gets tokio's `&mut ReadBuf` can.)
/// The cursor starts at the caller's filled position, so a reader can see and remove only bytes
/// that it has written itself.
///
/// [`reborrow`](Self::reborrow) makes another cursor over the same memory, and
/// [`limit`](Self::limit) makes a cursor shorter. Bytes that are filled or initialized through the
/// new cursor count as filled or initialized in the buffer, too.
///
/// # Filling
///
/// * [`append`](Self::append) copies bytes into the buffer.
/// * [`ensure_init_to`](Self::ensure_init_to) returns an initialized slice to write to, and
///   [`advance_checked`](Self::advance_checked) then counts the bytes as filled.
/// * [`as_mut`](Self::as_mut) returns uninitialized memory for writing through a raw pointer, and
///   [`advance`](Self::advance) counts what was written. Both are `unsafe`.
///
/// # Examples
///
/// ```
/// use io_shim::{BorrowedBuf, BorrowedCursor};
/// use std::mem::MaybeUninit;
///
/// fn read(mut cursor: BorrowedCursor<'_>) {
///     let slice = cursor.ensure_init_to(4);
///     slice[..2].copy_from_slice(b"io");
///     cursor.advance_checked(2);
/// }
///
/// let mut memory = [MaybeUninit::uninit(); 8];
/// let mut buf = BorrowedBuf::from(&mut memory[..]);
/// read(buf.unfilled());
/// assert_eq!((buf.filled(), buf.init_len()), (&b"io"[..], 4));
/// ```
pub struct BorrowedCursor<'a> {
    // Invariants besides those of `Marks`:
    // 4. `buf` is the origin of `marks` (the memory that they describe) or a prefix of it, and
    //    `filled <= buf.len()`.
    // 5. `start <= filled`.
    buf: &'a mut [MaybeUninit<u8>],
    marks: &'a mut Marks,
    start: usize,
}

impl<'a> BorrowedCursor<'a> {
    /// Creates a cursor over the unfilled part of `buf`.
    ///
    /// # Safety
    ///
    /// `buf` and `marks` must satisfy invariants 1 to 4.
    #[inline]
    pub(super) unsafe fn over(buf: &'a mut [MaybeUninit<u8>], marks: &'a mut Marks) -> Self {
        let start = marks.filled;
        BorrowedCursor { buf, marks, start }
    }

    /// Returns a cursor over the same unfilled part. The returned cursor starts with nothing
    /// written.
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::BorrowedBuf;
    /// use std::mem::MaybeUninit;
    ///
    /// let mut memory = [MaybeUninit::uninit(); 8];
    /// let mut buf = BorrowedBuf::from(&mut memory[..]);
    ///
    /// let mut cursor = buf.unfilled();
    /// cursor.append(b"a");
    /// let mut inner = cursor.reborrow();
    /// inner.append(b"bc");
    /// assert_eq!(inner.written(), b"bc");
    /// assert_eq!(cursor.written(), b"abc");
    /// ```
    #[inline]
    pub fn reborrow(&mut self) -> BorrowedCursor<'_> {
        BorrowedCursor { start: self.marks.filled, buf: self.buf, marks: self.marks }
    }

    /// Limits the cursor to the next `n` bytes. The returned cursor starts with nothing written.
    ///
    /// To keep the original cursor, limit a reborrowed one: `cursor.reborrow().limit(n)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::BorrowedBuf;
    /// use std::mem::MaybeUninit;
    ///
    /// let mut memory = [MaybeUninit::uninit(); 8];
    /// let mut buf = BorrowedBuf::from(&mut memory[..]);
    ///
    /// let mut cursor = buf.unfilled();
    /// cursor.reborrow().limit(3).append(b"abc"); // a fourth byte would not fit
    /// assert_eq!(cursor.capacity(), 5);
    /// ```
    #[inline]
    #[must_use = "returns the limited cursor"]
    pub fn limit(self, n: usize) -> BorrowedCursor<'a> {
        let end = self.marks.filled.saturating_add(n).min(self.buf.len());
        BorrowedCursor { start: self.marks.filled, buf: &mut self.buf[..end], marks: self.marks }
    }

    /// Returns how many more bytes fit.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.buf.len() - self.marks.filled
    }

    /// Returns how many of the next bytes are initialized: the length of
    /// [`init_mut`](Self::init_mut).
    #[inline]
    pub fn init_len(&self) -> usize {
        self.init_end() - self.marks.filled
    }

    /// Returns the initialized bytes at the front of the unfilled part.
    #[inline]
    pub fn init_mut(&mut self) -> &mut [u8] {
        let end = self.init_end();
        let bytes = &mut self.buf[self.marks.filled..end];
        // SAFETY: `end <= init`, and bytes below `init` are initialized (invariant 2).
        unsafe { assume_init_mut(bytes) }
    }

    /// Copies `bytes` into the buffer and counts them as filled.
    ///
    /// # Panics
    ///
    /// Panics if `bytes` is longer than the capacity.
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::BorrowedBuf;
    /// use std::mem::MaybeUninit;
    ///
    /// let mut memory = [MaybeUninit::uninit(); 8];
    /// let mut buf = BorrowedBuf::from(&mut memory[..]);
    ///
    /// buf.unfilled().append(b"hello");
    /// assert_eq!(buf.filled(), b"hello");
    /// ```
    #[inline]
    #[track_caller]
    pub fn append(&mut self, bytes: &[u8]) {
        if bytes.len() > self.capacity() {
            past_capacity("append", bytes.len(), self.capacity());
        }
        let end = self.marks.filled + bytes.len();
        self.buf[self.marks.filled..end].copy_from_slice(as_uninit(bytes));
        // SAFETY: the bytes up to `end`, which is within the capacity, were just written.
        unsafe { self.set_filled(end) };
    }

    /// Initializes the whole unfilled part and returns it. Zeroes only the bytes that are not known
    /// to be initialized.
    #[inline]
    pub fn ensure_init(&mut self) -> &mut [u8] {
        self.ensure_init_to(self.capacity())
    }

    /// Initializes the next `n` bytes and returns them. Zeroes only the bytes that are not known to
    /// be initialized.
    ///
    /// # Panics
    ///
    /// Panics if `n` is greater than the capacity.
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::BorrowedBuf;
    /// use std::mem::MaybeUninit;
    ///
    /// let mut memory = [MaybeUninit::uninit(); 8];
    /// let mut buf = BorrowedBuf::from(&mut memory[..]);
    ///
    /// let mut cursor = buf.unfilled();
    /// let slice = cursor.ensure_init_to(4); // zeroed the first time
    /// slice[..2].copy_from_slice(b"io");
    /// cursor.advance_checked(2);
    /// assert_eq!((cursor.written(), cursor.init_len()), (&b"io"[..], 2));
    /// ```
    #[inline]
    #[track_caller]
    pub fn ensure_init_to(&mut self, n: usize) -> &mut [u8] {
        if n > self.capacity() {
            past_capacity("ensure_init_to", n, self.capacity());
        }
        let end = self.marks.filled + n;
        if self.marks.init < end {
            zero(&mut self.buf[self.marks.init..end]);
            self.marks.init = end;
        }
        let bytes = &mut self.buf[self.marks.filled..end];
        // SAFETY: `end <= init`, as ensured above, and bytes below `init` are initialized
        // (invariant 2).
        unsafe { assume_init_mut(bytes) }
    }

    /// Counts the next `n` bytes as filled.
    ///
    /// # Panics
    ///
    /// Panics if `n` is greater than [`init_len`](Self::init_len).
    #[inline]
    #[track_caller]
    pub fn advance_checked(&mut self, n: usize) {
        if n > self.init_len() {
            past_init(n, self.init_len());
        }
        self.marks.filled += n; // still at most `init`, and within the cursor (invariants 1 and 4)
    }

    /// Returns the bytes written since the cursor was created.
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::{BorrowedCursor, ReadBuf};
    ///
    /// /// Adds up what another reader reads.
    /// struct Sum<R>(R, u64);
    ///
    /// impl<R: ReadBuf> ReadBuf for Sum<R> {
    ///     fn read_into(&mut self, mut cursor: BorrowedCursor<'_>) -> std::io::Result<()> {
    ///         let outcome = self.0.read_into(cursor.reborrow());
    ///         self.1 += cursor.written().iter().map(|byte| u64::from(*byte)).sum::<u64>();
    ///         outcome
    ///     }
    /// }
    /// # let mut sum = Sum(&[1, 2, 3][..], 0);
    /// # sum.read_into_slice(&mut [0; 8])?;
    /// # assert_eq!(sum.1, 6);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn written(&self) -> &[u8] {
        let written = &self.buf[self.start..self.marks.filled];
        // SAFETY: `filled <= init` (invariant 1); bytes below `init` are initialized (invariant 2).
        unsafe { assume_init(written) }
    }

    /// Returns how many bytes were written since the cursor was created.
    #[inline]
    pub(crate) fn written_len(&self) -> usize {
        self.marks.filled - self.start
    }

    /// Returns the bytes written since the cursor was created, mutably, to decode or decrypt in
    /// place.
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::BorrowedBuf;
    /// use std::mem::MaybeUninit;
    ///
    /// let mut memory = [MaybeUninit::uninit(); 8];
    /// let mut buf = BorrowedBuf::from(&mut memory[..]);
    ///
    /// let mut cursor = buf.unfilled();
    /// cursor.append(b"hello");
    /// cursor.written_mut().make_ascii_uppercase();
    /// assert_eq!(buf.filled(), b"HELLO");
    /// ```
    #[inline]
    pub fn written_mut(&mut self) -> &mut [u8] {
        let written = &mut self.buf[self.start..self.marks.filled];
        // SAFETY: `filled <= init` (invariant 1); bytes below `init` are initialized (invariant 2).
        unsafe { assume_init_mut(written) }
    }

    /// Keeps the first `len` bytes written since the cursor was created, and drops the rest.
    ///
    /// Does nothing if fewer bytes were written. The dropped bytes stay initialized.
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::BorrowedBuf;
    /// use std::mem::MaybeUninit;
    ///
    /// let mut memory = [MaybeUninit::uninit(); 8];
    /// let mut buf = BorrowedBuf::from(&mut memory[..]);
    ///
    /// let mut cursor = buf.unfilled();
    /// cursor.append(b"data...");
    /// cursor.truncate_written(4);
    /// assert_eq!(buf.filled(), b"data");
    /// ```
    #[inline]
    pub fn truncate_written(&mut self, len: usize) {
        self.marks.filled = self.marks.filled.min(self.start.saturating_add(len));
    }

    /// Returns the unfilled part, which may be uninitialized.
    ///
    /// # Safety
    ///
    /// The caller must not write uninitialized bytes to it, because initialized bytes must stay
    /// initialized. Bytes past [`init_len`](Self::init_len) may be initialized, too, although the
    /// cursor has no record of it.
    ///
    /// Call [`advance`](Self::advance) on the cursor through which you wrote. Between the write and
    /// `advance`, do not give other code a `&mut` to the cursor: that code could replace the cursor
    /// with one over another buffer. A pointer from the slice is valid until the cursor is used
    /// again.
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::BorrowedBuf;
    /// use std::mem::MaybeUninit;
    ///
    /// let mut memory = [MaybeUninit::uninit(); 8];
    /// let mut buf = BorrowedBuf::from(&mut memory[..]);
    ///
    /// let mut cursor = buf.unfilled();
    /// // Write through a pointer, as a system call would, then count the bytes.
    /// // SAFETY: only initialized bytes are written.
    /// let pointer = unsafe { cursor.as_mut() }.as_mut_ptr().cast::<u8>();
    /// // SAFETY: there is room for 8 bytes.
    /// unsafe { pointer.write(7) };
    /// // SAFETY: one byte was written.
    /// unsafe { cursor.advance(1) };
    /// assert_eq!(buf.filled(), [7]);
    /// ```
    #[inline]
    pub unsafe fn as_mut(&mut self) -> &mut [MaybeUninit<u8>] {
        &mut self.buf[self.marks.filled..]
    }

    /// Marks the next `n` bytes as initialized. Does nothing if more bytes are already marked.
    ///
    /// # Panics
    ///
    /// Panics if `n` is greater than the capacity.
    ///
    /// # Safety
    ///
    /// The next `n` bytes must be initialized.
    #[inline]
    #[track_caller]
    pub unsafe fn assume_init(&mut self, n: usize) {
        if n > self.capacity() {
            past_capacity("assume_init", n, self.capacity());
        }
        self.marks.init = self.marks.init.max(self.marks.filled + n);
    }

    /// Counts the next `n` bytes as initialized and filled.
    ///
    /// # Panics
    ///
    /// Panics if `n` is greater than the capacity.
    ///
    /// # Safety
    ///
    /// The next `n` bytes must be initialized.
    #[inline]
    #[track_caller]
    pub unsafe fn advance(&mut self, n: usize) {
        if n > self.capacity() {
            past_capacity("advance", n, self.capacity());
        }
        // SAFETY: `n` is within the capacity, as checked above, and the caller ensures that the
        // bytes are initialized.
        unsafe { self.set_filled(self.marks.filled + n) };
    }

    /// Returns the end of the initialized bytes that this cursor may access.
    #[inline]
    fn init_end(&self) -> usize {
        self.marks.init.min(self.buf.len())
    }

    /// Sets `filled` to `end`, and raises `init` to at least `end` (invariant 1).
    ///
    /// # Safety
    ///
    /// `end` must be at least `filled` and at most the length of `buf`, and the bytes between must
    /// be initialized.
    #[inline]
    unsafe fn set_filled(&mut self, end: usize) {
        self.marks.filled = end;
        self.marks.init = self.marks.init.max(end);
    }
}

/// Panics because a reader exceeded the capacity. This is a separate cold function, so that the
/// check costs only a comparison.
#[cold]
#[inline(never)]
#[track_caller]
fn past_capacity(method: &str, n: usize, capacity: usize) -> ! {
    panic!(
        "a reader called `{method}` for {n} bytes on a cursor with room for {capacity}: a reader may fill at most `capacity()` \
         bytes, and must keep the rest for the next read"
    )
}

/// Panics because a reader counted uninitialized bytes as filled.
#[cold]
#[inline(never)]
#[track_caller]
fn past_init(n: usize, init: usize) -> ! {
    panic!(
        "a reader called `advance_checked` for {n} bytes on a cursor with {init} initialized: write to the slice that \
         `ensure_init_to` returns first, then count the bytes written"
    )
}

/// Writes as many bytes as fit. Returns 0 if the cursor is full.
#[cfg(feature = "std")]
impl std::io::Write for BorrowedCursor<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let n = bytes.len().min(self.capacity());
        self.append(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for BorrowedCursor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BorrowedCursor")
            .field("written", &(self.marks.filled - self.start))
            .field("init", &self.init_len())
            .field("capacity", &self.capacity())
            .finish()
    }
}
