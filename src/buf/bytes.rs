//! The crate `bytes`: spare capacity of a `BytesMut`, reading into any `BufMut`, and `TrackedBuf` as a buffer of its traits.

use core::mem::MaybeUninit;

use bytes::{BufMut, BytesMut};

use super::borrowed::Marks;
use super::cursor::BorrowedCursor;
use super::spare::{SpareCapacity, sealed};

impl SpareCapacity for BytesMut {}

impl sealed::Grow for BytesMut {
    #[inline]
    fn spare_capacity(&mut self) -> &mut [MaybeUninit<u8>] {
        self.spare_capacity_mut()
    }

    #[inline]
    unsafe fn grow(&mut self, n: usize) {
        let len = self.len() + n;
        // SAFETY: the caller says that the first `n` bytes of the spare capacity exist and are initialised.
        unsafe { self.set_len(len) }
    }
}

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
/// with_buf_mut_cursor(&mut buf, |cursor| source.read_into(cursor))?;
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

/// `Buf`, `BufMut`, and conversions from and to `Bytes` and `BytesMut`.
#[cfg(feature = "owned")]
mod tracked {
    use alloc::vec::Vec;

    use bytes::buf::UninitSlice;
    use bytes::{Buf, BufMut, Bytes, BytesMut};

    use crate::buf::TrackedBuf;

    /// How many bytes are made room for where somebody asks for a chunk and there is no room at all, as a `Vec` does.
    const CHUNK: usize = 64;

    /// Reads from the data. `advance` is [`consume`](TrackedBuf::consume).
    impl Buf for TrackedBuf {
        #[inline]
        fn remaining(&self) -> usize {
            self.len()
        }

        #[inline]
        fn chunk(&self) -> &[u8] {
            self.filled()
        }

        #[inline]
        fn advance(&mut self, n: usize) {
            self.consume(n);
        }
    }

    /// Writes to the end of the data, growing as a `Vec<u8>` does.
    // SAFETY: `chunk_mut` is the memory behind the data, the same one until something else than `advance_mut` is called, and
    // `advance_mut` counts from its front.
    unsafe impl BufMut for TrackedBuf {
        #[inline]
        fn remaining_mut(&self) -> usize {
            // Memory is never longer than that.
            isize::MAX as usize - self.len()
        }

        #[inline]
        fn chunk_mut(&mut self) -> &mut UninitSlice {
            if self.spare_len() == 0 {
                self.reserve(CHUNK);
            }
            // Some of the chunk may be below the mark, and stays initialised: what `UninitSlice` does safely writes bytes that are,
            // and its unsafe methods, as `from_raw_parts_mut` of its pointer, forbid to write others ("Writing uninitialized
            // bytes to an `UninitSlice` is undefined behavior" is among its invariants). So the mark need not be lowered,
            // whatever is written and however much of it is then counted.
            // SAFETY: nothing uninitialised is written through the result, as was said just above.
            let spare = unsafe { self.spare_mut() };
            UninitSlice::uninit(spare)
        }

        #[inline]
        unsafe fn advance_mut(&mut self, n: usize) {
            // SAFETY: the caller says that the next `n` bytes are initialised. More than there are make it panic.
            unsafe { self.unfilled().advance(n) }
        }

        #[inline]
        fn put<T: Buf>(&mut self, mut source: T) {
            self.reserve(source.remaining());
            while source.has_remaining() {
                let chunk = source.chunk();
                let n = chunk.len();
                self.extend_from_slice(chunk);
                source.advance(n);
            }
        }

        #[inline]
        fn put_slice(&mut self, bytes: &[u8]) {
            self.extend_from_slice(bytes);
        }
    }

    /// The bytes, in the same memory where the handle is the only one to it (they move to its front if some were taken from
    /// there), and otherwise in a copy.
    impl From<Bytes> for TrackedBuf {
        fn from(bytes: Bytes) -> Self {
            Vec::from(bytes).into()
        }
    }

    /// The bytes, in the same memory where the handle is the only one to it (they move to its front if some were taken from
    /// there), and otherwise in a copy.
    impl From<BytesMut> for TrackedBuf {
        fn from(bytes: BytesMut) -> Self {
            Vec::from(bytes).into()
        }
    }

    /// The data, where it lies. Nothing is copied or moved, whatever was consumed.
    ///
    /// The whole allocation is kept until the last handle to it is dropped, the spare part included.
    impl From<TrackedBuf> for Bytes {
        fn from(buf: TrackedBuf) -> Self {
            let (filled, consumed) = buf.into_parts();
            let mut bytes = Bytes::from(filled);
            bytes.advance(consumed);
            bytes
        }
    }

    /// The data, where it lies. Nothing is copied or moved, whatever was consumed.
    impl From<TrackedBuf> for BytesMut {
        fn from(buf: TrackedBuf) -> Self {
            // Without a copy, since the handle is the only one: `BytesMut` is made from a vector in no other way.
            Bytes::from(buf).into()
        }
    }
}
