//! [`VectoringEvidence`]: whether a type uses more than one slice in a call.

/// This many calls that stop exactly at the end of the first slice, with none beyond it in between,
/// prove that only the first slice is used.
const DISPROOF: u8 = 2;

/// What calls with two or more non-empty slices have shown. futures-io's traits have no query for
/// it.
///
/// A clone starts without evidence, because it belongs to another stream.
#[derive(Debug, Default)]
pub(crate) struct VectoringEvidence {
    strikes: u8,
}

impl VectoringEvidence {
    /// Records a call that used `n` bytes, where the first of several non-empty slices has length
    /// `first`.
    ///
    /// More than `first` proves vectoring, until shown otherwise. Exactly `first` may be a
    /// coincidence once. Less proves nothing.
    #[inline]
    pub(crate) fn observe(&mut self, first: usize, n: usize) {
        if n > first {
            self.strikes = 0;
        } else if n == first {
            self.strikes = (self.strikes + 1).min(DISPROOF);
        }
    }

    /// Returns `true` if the evidence shows that only the first slice is used.
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
