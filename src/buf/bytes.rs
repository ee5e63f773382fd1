//! [`SpareCapacity`] for `BytesMut`.

use core::mem::MaybeUninit;

use bytes::BytesMut;

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
