//! Casts between initialized and possibly uninitialized bytes, and zeroing.

use core::mem::MaybeUninit;

/// Casts initialized bytes to possibly uninitialized ones, read-only.
#[inline]
pub(super) fn as_uninit(bytes: &[u8]) -> &[MaybeUninit<u8>] {
    let bytes: *const [u8] = bytes;
    // SAFETY: `MaybeUninit<u8>` has the layout of `u8` and no validity requirement; the lifetime is
    // that of the argument.
    unsafe { &*(bytes as *const [MaybeUninit<u8>]) }
}

/// Casts initialized bytes to possibly uninitialized ones.
///
/// # Safety
///
/// The caller must not write uninitialized bytes through the result.
#[inline]
pub(super) unsafe fn as_uninit_mut(bytes: &mut [u8]) -> &mut [MaybeUninit<u8>] {
    let bytes: *mut [u8] = bytes;
    // SAFETY: the layout is the same and the borrow is exclusive and passed on. The caller keeps
    // the bytes initialized.
    unsafe { &mut *(bytes as *mut [MaybeUninit<u8>]) }
}

/// Casts initialized bytes from `MaybeUninit<u8>` to `u8`.
///
/// # Safety
///
/// Every byte of `bytes` must be initialized.
#[inline]
pub(super) unsafe fn assume_init(bytes: &[MaybeUninit<u8>]) -> &[u8] {
    let bytes: *const [MaybeUninit<u8>] = bytes;
    // SAFETY: the layout is the same, and the caller ensures that every byte is initialized.
    unsafe { &*(bytes as *const [u8]) }
}

/// Casts initialized bytes from `MaybeUninit<u8>` to `u8`, mutably.
///
/// # Safety
///
/// Every byte of `bytes` must be initialized.
#[inline]
pub(super) unsafe fn assume_init_mut(bytes: &mut [MaybeUninit<u8>]) -> &mut [u8] {
    let bytes: *mut [MaybeUninit<u8>] = bytes;
    // SAFETY: the layout is the same and the borrow is exclusive and passed on. The caller ensures
    // that every byte is initialized.
    unsafe { &mut *(bytes as *mut [u8]) }
}

/// Zeroes `bytes`, which initializes them.
#[inline]
pub(super) fn zero(bytes: &mut [MaybeUninit<u8>]) {
    // SAFETY: the slice is valid for writes of its length. (`fill` would be a loop in debug
    // builds.)
    unsafe { bytes.as_mut_ptr().write_bytes(0, bytes.len()) }
}
