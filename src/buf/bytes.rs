//! Integration with the `bytes` crate: `BytesMut` as a growable buffer, reading into any `BufMut`,
//! and the traits of `bytes` for `TrackedBuf`.

use core::mem::MaybeUninit;

use bytes::{BufMut, BytesMut};

use super::borrowed::Marks;
use super::cursor::BorrowedCursor;
use super::spare::{SpareCapacity, sealed};

impl SpareCapacity for BytesMut {}

// SAFETY: `BytesMut` behaves like that, from 1.11.1 on.
unsafe impl sealed::Grow for BytesMut {
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

/// Calls `read` with a cursor over the current chunk of `buf`, and advances `buf` by what was
/// filled.
///
/// With it, safe code can read into uninitialized memory of a `BufMut`. The chunk is what
/// `chunk_mut` returns:
///
/// * The spare capacity of a `Vec` or a `BytesMut`. If there is none, `bytes` reserves about 64
///   bytes, so reserve first.
/// * One part of a `Chain`.
/// * At most the limit of a `Limit`.
///
/// If `buf` is full, the cursor has no capacity. To fill more than one chunk, call this function
/// again.
///
/// Bytes that `read` initializes but does not fill are not remembered, because a `BufMut` cannot
/// record them. A `TrackedBuf` (feature `owned`) can, through its own cursors. If `read` panics,
/// the bytes that it had filled are kept.
///
/// # Panics
///
/// Panics if a method of the buffer does.
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
    // SAFETY: a cursor never writes uninitialized bytes, and its `unsafe` methods require the same
    // of their callers. It reads only bytes below `init`, which starts at 0, so only bytes written
    // through it.
    let chunk = unsafe { buf.chunk_mut().as_uninit_slice_mut() };
    // SAFETY: the chunk is the origin of `marks`, which start at 0 and satisfy invariants 1 to 4.
    read(unsafe { BorrowedCursor::over(chunk, marks) })
}

/// Advances the buffer by what was filled when dropped, also during a panic.
struct Advance<'a, B: BufMut + ?Sized> {
    buf: &'a mut B,
    // They describe the chunk.
    marks: Marks,
}

impl<B: BufMut + ?Sized> Drop for Advance<'_, B> {
    #[inline]
    fn drop(&mut self) {
        if self.marks.filled > 0 {
            // SAFETY: `filled <= init` (invariant 1), and bytes of the chunk below `init` are
            // initialized (invariant 2).
            unsafe { self.buf.advance_mut(self.marks.filled) }
        }
    }
}

/// Implements `Buf` and `BufMut`, and conversions from and to `Bytes` and `BytesMut`.
#[cfg(feature = "owned")]
mod tracked {
    use alloc::vec::Vec;

    use bytes::buf::UninitSlice;
    use bytes::{Buf, BufMut, Bytes, BytesMut};

    use crate::buf::TrackedBuf;

    /// How many bytes `chunk_mut` reserves if there is no room. The same as for a `Vec`.
    const CHUNK: usize = 64;

    /// Reads from the front of the data. `advance` is [`consume`](TrackedBuf::consume).
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

    /// Appends to the data, growing as a `Vec<u8>` does.
    // SAFETY: `chunk_mut` returns the memory behind the data. It stays the same until a method
    // other than `advance_mut` is called, and `advance_mut` counts from its front.
    unsafe impl BufMut for TrackedBuf {
        #[inline]
        fn remaining_mut(&self) -> usize {
            // No allocation is longer than `isize::MAX` bytes.
            isize::MAX as usize - self.len()
        }

        #[inline]
        fn chunk_mut(&mut self) -> &mut UninitSlice {
            if self.spare_len() == 0 {
                self.reserve(CHUNK);
            }
            // Part of the chunk may be below `init`, and must stay initialized. It does: the safe
            // methods of `UninitSlice` write only initialized bytes, and its `unsafe` methods
            // forbid writing others ("Writing uninitialized bytes to an `UninitSlice` is undefined
            // behavior"). So `init` need not decrease.
            // SAFETY: nothing uninitialized is written through the result, as explained above.
            let spare = unsafe { self.spare_mut() };
            UninitSlice::uninit(spare)
        }

        #[inline]
        unsafe fn advance_mut(&mut self, n: usize) {
            // SAFETY: the caller ensures that the next `n` bytes are initialized. If `n` exceeds
            // the capacity, `advance` panics.
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

    /// Converts the bytes without copying if this is the only handle to the memory, and copies them
    /// otherwise. If bytes were taken from the front, the rest is moved there.
    impl From<Bytes> for TrackedBuf {
        fn from(bytes: Bytes) -> Self {
            Vec::from(bytes).into()
        }
    }

    /// Converts the bytes without copying if this is the only handle to the memory, and copies them
    /// otherwise. If bytes were taken from the front, the rest is moved there.
    impl From<BytesMut> for TrackedBuf {
        fn from(bytes: BytesMut) -> Self {
            Vec::from(bytes).into()
        }
    }

    /// Converts the data without copying or moving it, even if bytes were consumed.
    ///
    /// The whole allocation, including its spare part, is kept until the last handle to it is
    /// dropped.
    impl From<TrackedBuf> for Bytes {
        fn from(buf: TrackedBuf) -> Self {
            let (filled, consumed) = buf.into_parts();
            let mut bytes = Bytes::from(filled);
            bytes.advance(consumed);
            bytes
        }
    }

    /// Converts the data without copying or moving it, even if bytes were consumed.
    impl From<TrackedBuf> for BytesMut {
        fn from(buf: TrackedBuf) -> Self {
            // This does not copy, because the handle is the only one. `BytesMut` has no conversion
            // from a vector.
            Bytes::from(buf).into()
        }
    }
}
