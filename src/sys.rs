//! System calls that read from a file descriptor, directly into uninitialized memory.
//!
//! Depends on `buf`, and on no other module of the crate.

#![allow(unsafe_code, reason = "counts what the system call wrote")]

use std::{io, mem::MaybeUninit, os::fd::BorrowedFd};

use rustix::io::{Errno, retry_on_intr};

use crate::buf::BorrowedCursor;

/// Receives from a socket into `cursor` with `recv`, and repeats it if a signal interrupts it.
///
/// Memory is not initialized first, and data is not copied afterwards.
#[cfg(feature = "smol")]
#[inline]
pub(crate) fn recv(fd: BorrowedFd<'_>, cursor: BorrowedCursor<'_>) -> io::Result<()> {
    fill(cursor, |unfilled| {
        let ((received, _), _) = rustix::net::recv(fd, unfilled, rustix::net::RecvFlags::empty())?;
        Ok(received)
    })
}

/// Reads from a descriptor into `cursor` with `read`, and repeats it if a signal interrupts it.
#[cfg(feature = "fd")]
#[inline]
pub(crate) fn read(fd: BorrowedFd<'_>, cursor: BorrowedCursor<'_>) -> io::Result<()> {
    fill(cursor, |unfilled| Ok(rustix::io::read(fd, unfilled)?.0))
}

/// Reads from a descriptor into several slices with `readv`, and repeats it if a signal interrupts
/// it.
#[cfg(feature = "fd")]
#[inline]
pub(crate) fn read_vectored(fd: BorrowedFd<'_>, bufs: &mut [io::IoSliceMut<'_>]) -> io::Result<usize> {
    Ok(retry_on_intr(|| rustix::io::readv(fd, bufs))?)
}

/// Fills `cursor` with a system call, and repeats it if a signal interrupts it. `call` must return
/// the part of its argument that it wrote, from the front.
#[inline]
fn fill(
    mut cursor: BorrowedCursor<'_>,
    mut call: impl FnMut(&mut [MaybeUninit<u8>]) -> Result<&mut [u8], Errno>,
) -> io::Result<()> {
    let n = retry_on_intr(|| {
        // SAFETY: the system call writes only initialized bytes, and rustix itself writes none.
        let unfilled = unsafe { cursor.as_mut() };
        call(unfilled).map(|received| received.len())
    })?;
    // SAFETY: both callers return the front of the unfilled part, which the system call has just
    // written.
    unsafe { cursor.advance(n) };
    Ok(())
}

#[cfg(all(test, feature = "smol", feature = "fd"))]
mod tests {
    use std::io::{self, Write as _};
    use std::mem::MaybeUninit;
    use std::os::fd::{AsFd as _, BorrowedFd};
    use std::os::unix::net::UnixStream;
    use std::os::unix::thread::JoinHandleExt as _;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;
    use std::time::Duration;

    use super::{read, read_vectored, recv};
    use crate::buf::{BorrowedBuf, BorrowedCursor};

    static SIGNALS: AtomicUsize = AtomicUsize::new(0);

    extern "C" fn count(_: libc::c_int) {
        SIGNALS.fetch_add(1, Ordering::SeqCst);
    }

    /// Interrupts a blocked read with signals and checks that it continues. The socket blocks
    /// because a non-blocking one is never interrupted.
    fn interrupted(read: impl FnOnce(BorrowedFd<'_>) -> Vec<u8> + Send + 'static) {
        let (one, mut peer) = UnixStream::pair().unwrap();
        // SAFETY: zeros are a valid `sigaction`: no flags, no mask. Without SA_RESTART a signal
        // interrupts.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        action.sa_sigaction = count as extern "C" fn(libc::c_int) as usize;
        // SAFETY: the handler only increments an atomic, which is allowed in a signal handler.
        assert_eq!(unsafe { libc::sigaction(libc::SIGUSR1, &action, std::ptr::null_mut()) }, 0);
        let reader = thread::spawn(move || read(one.as_fd()));
        let before = SIGNALS.load(Ordering::SeqCst);
        for n in 1..=5 {
            thread::sleep(Duration::from_millis(5));
            // SAFETY: the thread has not been joined, so it exists.
            assert_eq!(unsafe { libc::pthread_kill(reader.as_pthread_t(), libc::SIGUSR1) }, 0);
            while SIGNALS.load(Ordering::SeqCst) < before + n {
                thread::yield_now();
            }
        }
        assert!(!reader.is_finished(), "the interruption was passed on");
        peer.write_all(b"data").unwrap();
        assert_eq!(reader.join().unwrap(), b"data");
    }

    /// Returns the bytes that `read` fills.
    fn filled(read: impl FnOnce(BorrowedCursor<'_>) -> io::Result<()>) -> Vec<u8> {
        let mut memory = [MaybeUninit::uninit(); 16];
        let mut buf = BorrowedBuf::from(&mut memory[..]);
        read(buf.unfilled()).unwrap();
        buf.filled().to_vec()
    }

    // One test, because the signal handler is shared by the process.
    #[test]
    fn interrupted_reads_are_repeated() {
        interrupted(|fd| filled(|cursor| recv(fd, cursor)));
        interrupted(|fd| filled(|cursor| read(fd, cursor)));
        interrupted(|fd| {
            let (mut one, mut two) = ([0; 3], [0; 3]);
            let n = read_vectored(fd, &mut [io::IoSliceMut::new(&mut one), io::IoSliceMut::new(&mut two)]).unwrap();
            [one, two].concat()[..n].to_vec()
        });
    }
}
