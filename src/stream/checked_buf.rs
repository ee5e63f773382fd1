//! [`CheckedBuf`]: a `Buf` whose methods are checked against each other.

use std::io::IoSlice;
use std::mem;

use bytes::Buf;

use crate::buf::ContractViolation;

/// A `Buf` that is read piece by piece, and the number of bytes that it must have left.
///
/// Any disagreement is found at once, so a reader neither loops forever nor returns a byte twice.
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

    /// Returns the next piece. It is empty only if nothing is left.
    ///
    /// # Errors
    ///
    /// Returns an error if this or an earlier call found an inconsistency: what is left is unknown.
    #[inline]
    pub(super) fn peek(&self) -> Result<&[u8], ContractViolation> {
        peek(&self.buf, self.left, self.broken)
    }

    /// Returns the next piece as [`peek`](Self::peek) does. After an error, nothing is left.
    ///
    /// For a caller that returns the piece, and so cannot drop `self` after an error.
    #[inline]
    pub(super) fn peek_or_end(&mut self) -> Result<&[u8], ContractViolation> {
        let CheckedBuf { buf, left, broken } = self;
        let piece = peek(buf, *left, *broken);
        if piece.is_err() {
            (*left, *broken) = (0, false);
        }
        piece
    }

    /// Puts pieces into the front of `slices`, and returns how many slices and bytes.
    ///
    /// Both are positive if something is left and `slices` is not empty.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`peek`](Self::peek).
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

    /// Advances by `n` bytes, which the last call must have returned. The next call reports an
    /// inconsistency.
    #[inline]
    pub(super) fn advance(&mut self, n: usize) {
        // Stays true if `advance` panics, since what is left is unknown then. Once true, it stays
        // true.
        let broken = mem::replace(&mut self.broken, true);
        self.left -= n;
        self.buf.advance(n);
        self.broken = broken || self.buf.remaining() != self.left;
    }

    /// Returns what is left, or `None` if nothing is left or it is unknown after an inconsistency.
    pub(super) fn into_rest(self) -> Option<B> {
        (self.left > 0 && !self.broken).then_some(self.buf)
    }
}

impl<B> CheckedBuf<B> {
    /// Returns how many bytes are left.
    #[inline]
    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// Returns whether nothing is left and no inconsistency was found.
    #[inline]
    pub(super) fn is_done(&self) -> bool {
        self.left == 0 && !self.broken
    }
}

/// Returns the next piece of a `Buf` that must have `left` bytes, or an error if it is
/// inconsistent.
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
