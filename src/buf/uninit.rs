//! Views of bytes as possibly uninitialised bytes and back: the four casts that the buffer rests on.

use core::mem::MaybeUninit;

/// Views initialised bytes as possibly uninitialised ones, to be read only.
#[inline]
pub(super) fn as_uninit(bytes: &[u8]) -> &[MaybeUninit<u8>] {
    let bytes: *const [u8] = bytes;
    // SAFETY: `MaybeUninit<u8>` has the layout of `u8` and asks less of its bytes; the lifetime is that of the argument.
    unsafe { &*(bytes as *const [MaybeUninit<u8>]) }
}

/// Views initialised bytes as possibly uninitialised ones.
///
/// # Safety
///
/// Nothing uninitialised may be written through the result.
#[inline]
pub(super) unsafe fn as_uninit_mut(bytes: &mut [u8]) -> &mut [MaybeUninit<u8>] {
    let bytes: *mut [u8] = bytes;
    // SAFETY: the layout is the same, the borrow is exclusive and passed on; the caller keeps the bytes initialised.
    unsafe { &mut *(bytes as *mut [MaybeUninit<u8>]) }
}

/// Views bytes known to be initialised as what they are.
///
/// # Safety
///
/// Every byte of `bytes` is initialised.
#[inline]
pub(super) unsafe fn assume_init(bytes: &[MaybeUninit<u8>]) -> &[u8] {
    let bytes: *const [MaybeUninit<u8>] = bytes;
    // SAFETY: the layout is the same and the caller says that every byte is initialised.
    unsafe { &*(bytes as *const [u8]) }
}

/// Views bytes known to be initialised as what they are, mutably.
///
/// # Safety
///
/// Every byte of `bytes` is initialised.
#[inline]
pub(super) unsafe fn assume_init_mut(bytes: &mut [MaybeUninit<u8>]) -> &mut [u8] {
    let bytes: *mut [MaybeUninit<u8>] = bytes;
    // SAFETY: the layout is the same, the borrow is exclusive and passed on; the caller says that every byte is initialised.
    unsafe { &mut *(bytes as *mut [u8]) }
}

/// Zeroes `bytes`, which are initialised from then on.
#[inline]
pub(super) fn zero(bytes: &mut [MaybeUninit<u8>]) {
    // SAFETY: the slice is valid for writes of its length. (`fill` would do, but is a loop in unoptimised builds.)
    unsafe { bytes.as_mut_ptr().write_bytes(0, bytes.len()) }
}
