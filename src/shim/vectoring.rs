//! [`VectoringEvidence`]: evidence of whether a type takes more than one slice in one call.

/// How many calls that stopped exactly at the end of the first slice are proof that it is the only one used.
const DISPROOF: u8 = 2;

/// What calls with two or more non-empty slices have shown: futures-io's traits cannot be asked.
///
/// A clone knows nothing: it is about another stream.
#[derive(Debug, Default)]
pub(crate) struct VectoringEvidence {
    strikes: u8,
}

impl VectoringEvidence {
    /// Learns from a call that used `n` bytes, where the first of several non-empty slices has `first`.
    ///
    /// More than the first proves vectoring, for now. Exactly the first may be chance, once. Less says nothing.
    #[inline]
    pub(crate) fn observe(&mut self, first: usize, n: usize) {
        if n > first {
            self.strikes = 0;
        } else if n == first {
            self.strikes = (self.strikes + 1).min(DISPROOF);
        }
    }

    /// Whether all that is known speaks against it.
    #[inline]
    pub(crate) fn is_disproved(&self) -> bool {
        self.strikes == DISPROOF
    }
}

impl Clone for VectoringEvidence {
    fn clone(&self) -> Self {
        VectoringEvidence::default()
    }
}
