//! System calls that write into uninitialized memory.
//!
//! Depends on `buf`, and on no other module of the crate.

#[cfg(unix)]
#[allow(unsafe_code, reason = "counts what the system call wrote")]
mod fd;

#[cfg(all(feature = "smol", unix))]
pub(crate) use fd::recv;
#[cfg(all(feature = "fd", unix))]
pub(crate) use fd::{read, read_vectored};
