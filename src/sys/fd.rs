//! Reads on a file descriptor, straight into uninitialised memory.

use std::io;
use std::os::fd::BorrowedFd;

use rustix::io::Errno;
use rustix::net::RecvFlags;

use crate::buf::BorrowedCursor;

/// Receives from a socket into `cursor`: one `recv`, and another one after each interruption by a signal.
///
/// Nothing is initialised beforehand and nothing copied afterwards.
#[inline]
pub(crate) fn recv(fd: BorrowedFd<'_>, mut cursor: BorrowedCursor<'_>) -> io::Result<()> {
    loop {
        // SAFETY: the system writes initialised bytes, and rustix nothing.
        let unfilled = unsafe { cursor.as_mut() };
        match rustix::net::recv(fd, unfilled, RecvFlags::empty()) {
            Ok(((received, _), _)) => {
                let n = received.len();
                // SAFETY: `received` is the initialised front of the unfilled part, with its lifetime, and was just written.
                unsafe { cursor.advance(n) };
                return Ok(());
            }
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}
