//! [`TrackedBuf`] and the crate `bytes`: `Buf`, `BufMut`, and conversions from and to `Bytes` and `BytesMut`.

use alloc::vec::Vec;

use bytes::buf::UninitSlice;
use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::tracked::TrackedBuf;

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
