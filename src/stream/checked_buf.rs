//! [`CheckedBuf`]: a `Buf` that is not believed.

use std::io::IoSlice;
use std::mem;

use bytes::Buf;

use crate::buf::ContractViolation;

/// A `Buf`, read piece by piece, and how many bytes it has to have left: one that does not is caught at once, so that a
/// reader neither loops for ever nor gives a byte twice.
pub(super) struct CheckedBuf<B> {
    buf: B,
    left: usize,
    broken: bool,
}

impl<B: Buf> CheckedBuf<B> {
    #[inline]
    pub(super) fn new(buf: B) -> Self {
        CheckedBuf { left: buf.remaining(), buf, broken: false }
    }

    /// The next piece. It is empty only when nothing is left.
    ///
    /// # Errors
    ///
    /// An inconsistency, now or in an earlier call: what is left is unknown.
    #[inline]
    pub(super) fn peek(&self) -> Result<&[u8], ContractViolation> {
        peek(&self.buf, self.left, self.broken)
    }

    /// The next piece, as [`peek`](Self::peek) gives it, but after an error this is done: what is left is given up.
    ///
    /// For whoever returns the piece, and cannot drop this instead.
    #[inline]
    pub(super) fn peek_or_end(&mut self) -> Result<&[u8], ContractViolation> {
        let CheckedBuf { buf, left, broken } = self;
        let piece = peek(buf, *left, *broken);
        if piece.is_err() {
            (*left, *broken) = (0, false);
        }
        piece
    }

    /// Puts the pieces into the front of `slices`: how many slices, and how many bytes. Both are positive when something
    /// is left and there is a slice.
    ///
    /// # Errors
    ///
    /// As [`peek`](Self::peek).
    pub(super) fn peek_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> Result<(usize, usize), ContractViolation> {
        if self.broken {
            return Err(ContractViolation::InconsistentBuf);
        }
        let count = self.buf.chunks_vectored(slices);
        let filled = slices.get(..count).ok_or(ContractViolation::InconsistentBuf)?;
        let len = filled.iter().fold(0usize, |len, slice| len.saturating_add(slice.len()));
        if len > self.left || (len == 0 && self.left > 0 && !slices.is_empty()) {
            return Err(ContractViolation::InconsistentBuf);
        }
        Ok((count, len))
    }

    /// Goes on by `n` bytes, which were among those given by the last call. An inconsistency shows at the next one.
    #[inline]
    pub(super) fn advance(&mut self, n: usize) {
        // It stays so if `advance` panics: nobody knows then what is left. Nor does a second inconsistency mend the first.
        let broken = mem::replace(&mut self.broken, true);
        self.left -= n;
        self.buf.advance(n);
        self.broken = broken || self.buf.remaining() != self.left;
    }

    /// What is left; nothing of one that is inconsistent, of which nobody knows what that is.
    pub(super) fn into_rest(self) -> Option<B> {
        (self.left > 0 && !self.broken).then_some(self.buf)
    }
}

impl<B> CheckedBuf<B> {
    /// How many bytes are left.
    #[inline]
    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// Whether nothing is left, and nothing is wrong.
    #[inline]
    pub(super) fn is_done(&self) -> bool {
        self.left == 0 && !self.broken
    }
}

/// The next piece of a `Buf` that has so many bytes left, unless it is known to be inconsistent, or turns out to be.
#[inline]
fn peek<B: Buf>(buf: &B, left: usize, broken: bool) -> Result<&[u8], ContractViolation> {
    if broken {
        return Err(ContractViolation::InconsistentBuf);
    }
    if left == 0 {
        return Ok(&[]);
    }
    let piece = buf.chunk();
    if piece.is_empty() || piece.len() > left {
        return Err(ContractViolation::InconsistentBuf);
    }
    Ok(piece)
}
