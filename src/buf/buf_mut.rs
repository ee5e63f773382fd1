//! Reading into any [`BufMut`] of the crate `bytes`, and into its chunks.

use bytes::BufMut;
use bytes::buf::UninitSlice;

use super::borrowed::{BorrowedBuf, Marks};
use super::cursor::BorrowedCursor;

/// Gives `read` a cursor over the current chunk of `buf`, and advances `buf` by what was filled.
///
/// So does safe code read into memory of `bytes` that is not initialised. The chunk is what `chunk_mut` gives: the spare
/// capacity of a `Vec` or a `BytesMut` (some 64 bytes, made for the purpose, where there is none: reserve first), one part
/// of a `Chain`, as much as a `Limit` allows. The cursor has no capacity where `buf` is full. To fill more than a chunk,
/// call this again.
///
/// What `read` initialises and does not fill is not remembered: a `BufMut` has no mark for it. A
/// [`TrackedBuf`](crate::TrackedBuf) has, and cursors of its own. If `read` panics, what it had filled until then is kept.
///
/// # Panics
///
/// Panics if the buffer's own methods do.
///
/// # Examples
///
/// ```
/// use bytes::{BufMut, BytesMut};
/// use io_shim::{ReadBuf, with_buf_mut_cursor};
///
/// let mut source: &[u8] = b"hello";
/// let mut buf = BytesMut::with_capacity(64).limit(4);
/// with_buf_mut_cursor(&mut buf, |cursor| source.read_buf(cursor))?;
/// assert_eq!(&buf.get_ref()[..], b"hell");
/// # Ok::<(), std::io::Error>(())
/// ```
#[inline]
pub fn with_buf_mut_cursor<B: BufMut + ?Sized, R>(buf: &mut B, read: impl FnOnce(BorrowedCursor<'_>) -> R) -> R {
    let mut advance = Advance { buf, marks: Marks::default() };
    let Advance { buf, marks } = &mut advance;
    // SAFETY: a cursor writes nothing uninitialised, and asks the same of those who write through it; and it reads only what was
    // written through it since, below `init`, which begins at zero.
    let chunk = unsafe { buf.chunk_mut().as_uninit_slice_mut() };
    // SAFETY: the chunk is the origin of `marks`, which begin at zero and so satisfy invariants 1 to 4.
    read(unsafe { BorrowedCursor::over(chunk, marks) })
}

/// Advances the buffer by what was filled, when dropped: in the end, or on the way of a panic.
struct Advance<'a, B: BufMut + ?Sized> {
    buf: &'a mut B,
    // Of the chunk that was lent.
    marks: Marks,
}

impl<B: BufMut + ?Sized> Drop for Advance<'_, B> {
    #[inline]
    fn drop(&mut self) {
        if self.marks.filled > 0 {
            // SAFETY: bytes below `filled` of the chunk are below `init` (invariant 1), so initialised (invariant 2).
            unsafe { self.buf.advance_mut(self.marks.filled) }
        }
    }
}

/// The whole of a chunk, nothing of it known to be initialised, nothing filled.
///
/// The way out is the caller's: `unsafe { buf.advance_mut(n) }`, with `n` the length of what is
/// [filled](BorrowedBuf::filled), on the `BufMut` that the chunk is from. [`with_buf_mut_cursor`] goes it, and is safe.
impl<'data> From<&'data mut UninitSlice> for BorrowedBuf<'data> {
    #[inline]
    fn from(chunk: &'data mut UninitSlice) -> Self {
        // SAFETY: nothing uninitialised is written to it: the safe methods of a buffer and its cursors do not, and the unsafe
        // ones forbid it, past the mark, too. And they read only what was written through them since, below `init`, which
        // begins at zero.
        BorrowedBuf::from(unsafe { chunk.as_uninit_slice_mut() })
    }
}
