//! [`BorrowedCursor`]: what a reader gets to read into.

use core::fmt;
use core::mem::MaybeUninit;

use super::borrowed::Marks;
use super::uninit::{as_uninit, assume_init, assume_init_mut, zero};

/// A place to read into: the unfilled part of a buffer, whose filled and initialised positions it moves.
///
/// ```text
///      start          filled                init              end
/// .....|  written     |  initialised, free  |  uninitialised  |
///      |  by this     |<------ capacity of the cursor ------->|
///      |  cursor      |  init_mut           |
/// ```
///
/// A cursor is passed **by value**. Its owner keeps the buffer, so that a reader can fill it but not swap it for another
/// (the flaw of `&mut ReadBuf`, rust#97015); and it starts where the caller had filled to, so that a reader sees
/// and takes back only what it wrote itself. [`reborrow`](Self::reborrow) lends a cursor on,
/// [`limit`](Self::limit) narrows one; both share the marks with the original, so nothing that is learned about
/// initialised bytes is forgotten.
///
/// # Filling
///
/// From the simple to the special: [`append`](Self::append) copies bytes in; [`ensure_init_to`](Self::ensure_init_to) gives a
/// slice to write to, which [`advance_checked`](Self::advance_checked) then counts as filled; a reader that writes through
/// a raw pointer takes [`as_mut`](Self::as_mut) and states what it did with [`advance`](Self::advance), both `unsafe`.
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
    // Invariants beside those of `Marks`:
    // 4. `buf` is the origin of `marks`, or a prefix of it (a limited cursor); `filled <= buf.len()`.
    // 5. `start <= filled`.
    buf: &'a mut [MaybeUninit<u8>],
    marks: &'a mut Marks,
    start: usize,
}

impl<'a> BorrowedCursor<'a> {
    /// A cursor over what of `buf` is not filled.
    ///
    /// # Safety
    ///
    /// `buf` and `marks` satisfy invariants 1 to 4.
    #[inline]
    pub(super) unsafe fn over(buf: &'a mut [MaybeUninit<u8>], marks: &'a mut Marks) -> Self {
        let start = marks.filled;
        BorrowedCursor { buf, marks, start }
    }

    /// Lends the cursor on. The new one starts, with nothing written, where this one is filled to.
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
    /// let mut lent = cursor.reborrow();
    /// lent.append(b"bc");
    /// assert_eq!(lent.written(), b"bc");
    /// assert_eq!(cursor.written(), b"abc");
    /// ```
    #[inline]
    pub fn reborrow(&mut self) -> BorrowedCursor<'_> {
        BorrowedCursor { start: self.marks.filled, buf: self.buf, marks: self.marks }
    }

    /// Narrows the cursor to the next `n` bytes at most. The new one starts with nothing written.
    ///
    /// To keep this one, limit what it lends: `cursor.reborrow().limit(n)`.
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
    #[must_use = "the narrowed cursor is the result"]
    pub fn limit(self, n: usize) -> BorrowedCursor<'a> {
        let end = self.marks.filled.saturating_add(n).min(self.buf.len());
        BorrowedCursor { start: self.marks.filled, buf: &mut self.buf[..end], marks: self.marks }
    }

    /// How many more bytes fit.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.buf.len() - self.marks.filled
    }

    /// How many of the next bytes are initialised: the length of [`init_mut`](Self::init_mut).
    #[inline]
    pub fn init_len(&self) -> usize {
        self.init_end() - self.marks.filled
    }

    /// The initialised bytes at the front of the unfilled part.
    #[inline]
    pub fn init_mut(&mut self) -> &mut [u8] {
        let end = self.init_end();
        let bytes = &mut self.buf[self.marks.filled..end];
        // SAFETY: `end <= init`, and bytes below `init` are initialised (invariant 2).
        unsafe { assume_init_mut(bytes) }
    }

    /// Copies `bytes` in and counts them as filled.
    ///
    /// # Panics
    ///
    /// Panics if they do not fit.
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
        // SAFETY: the bytes up to `end`, which is within the capacity, were written just above.
        unsafe { self.set_filled(end) };
    }

    /// Initialises all that is left and gives it: zeroes what is not known to be initialised, and only that.
    #[inline]
    pub fn ensure_init(&mut self) -> &mut [u8] {
        self.ensure_init_to(self.capacity())
    }

    /// Initialises the next `n` bytes and gives them: zeroes what of them is not known to be initialised, and only that.
    ///
    /// # Panics
    ///
    /// Panics if `n` is more than the capacity.
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
    /// let slice = cursor.ensure_init_to(4); // zeroed, the first time
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
        // SAFETY: `end <= init`, as seen to just above, and bytes below `init` are initialised (invariant 2).
        unsafe { assume_init_mut(bytes) }
    }

    /// Counts the next `n` bytes as filled.
    ///
    /// # Panics
    ///
    /// Panics if `n` is more than [`init_len`](Self::init_len).
    #[inline]
    #[track_caller]
    pub fn advance_checked(&mut self, n: usize) {
        if n > self.init_len() {
            past_init(n, self.init_len());
        }
        // SAFETY: `init_len` ends at `init` or at the end of the cursor, and bytes below `init` are initialised (invariant 2).
        unsafe { self.set_filled(self.marks.filled + n) };
    }

    /// What was written since the cursor was made.
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
        // SAFETY: bytes below `filled` are below `init` (invariant 1), so initialised (invariant 2).
        unsafe { assume_init(written) }
    }

    /// What was written since the cursor was made, mutably: to be decoded or decrypted in place.
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
        // SAFETY: bytes below `filled` are below `init` (invariant 1), so initialised (invariant 2).
        unsafe { assume_init_mut(written) }
    }

    /// Keeps the first `len` bytes of what was written since the cursor was made. Does nothing if that is less.
    ///
    /// The bytes given up stay initialised.
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

    /// The unfilled part, whatever its state.
    ///
    /// # Safety
    ///
    /// Nothing uninitialised may be written to it: bytes that are initialised must stay so, and some of those past
    /// [`init_len`](Self::init_len) may be, unknown to the cursor.
    ///
    /// Write and count through one cursor, with no foreign code holding a `&mut` to it in between, which could exchange it
    /// for a cursor over another buffer. A pointer taken from the slice is good until the cursor is used again.
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
    /// // As a system call would: written through a pointer, then counted.
    /// // SAFETY: what is written is initialised.
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

    /// States that the next `n` bytes are initialised. Does nothing where more are known to be.
    ///
    /// # Panics
    ///
    /// Panics if `n` is more than the capacity.
    ///
    /// # Safety
    ///
    /// The next `n` bytes are initialised.
    #[inline]
    #[track_caller]
    pub unsafe fn assume_init(&mut self, n: usize) {
        if n > self.capacity() {
            past_capacity("assume_init", n, self.capacity());
        }
        self.marks.init = self.marks.init.max(self.marks.filled + n);
    }

    /// Counts the next `n` bytes as initialised and filled.
    ///
    /// # Panics
    ///
    /// Panics if `n` is more than the capacity.
    ///
    /// # Safety
    ///
    /// The next `n` bytes are initialised.
    #[inline]
    #[track_caller]
    pub unsafe fn advance(&mut self, n: usize) {
        if n > self.capacity() {
            past_capacity("advance", n, self.capacity());
        }
        // SAFETY: within the capacity, as was checked, and initialised, says the caller.
        unsafe { self.set_filled(self.marks.filled + n) };
    }

    /// Where the initialised bytes that this cursor may touch end.
    #[inline]
    fn init_end(&self) -> usize {
        self.marks.init.min(self.buf.len())
    }

    /// Moves `filled` up to `end`, and `init` along with it (invariant 1).
    ///
    /// # Safety
    ///
    /// `end` is at least `filled` and at most the length of `buf`, and the bytes between are initialised.
    #[inline]
    unsafe fn set_filled(&mut self, end: usize) {
        self.marks.filled = end;
        self.marks.init = self.marks.init.max(end);
    }
}

/// The panic of a reader that asks for more than the cursor has room for. Apart, so that the check costs a comparison.
#[cold]
#[inline(never)]
#[track_caller]
fn past_capacity(method: &str, n: usize, capacity: usize) -> ! {
    panic!(
        "a reader called `{method}` for {n} bytes on a cursor with room for {capacity}: it may fill `capacity()` bytes at most, \
         and keeps the rest for the next read"
    )
}

/// The panic of a reader that counts bytes as filled which nobody initialised.
#[cold]
#[inline(never)]
#[track_caller]
fn past_init(n: usize, init: usize) -> ! {
    panic!(
        "a reader called `advance_checked` for {n} bytes on a cursor with {init} initialised: it writes to the slice of \
         `ensure_init_to` first, and counts what it wrote"
    )
}

/// Writes as much as fits; 0 once the cursor is full.
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
