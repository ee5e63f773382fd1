//! Reads on a file descriptor, straight into uninitialised memory.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::BorrowedFd;

use rustix::io::Errno;

use crate::buf::BorrowedCursor;

/// Receives from a socket into `cursor`: one `recv`, and another one after each interruption by a signal.
///
/// Nothing is initialised beforehand and nothing copied afterwards.
#[cfg(feature = "smol")]
#[inline]
pub(crate) fn recv(fd: BorrowedFd<'_>, cursor: BorrowedCursor<'_>) -> io::Result<()> {
    fill(cursor, |unfilled| {
        let ((received, _), _) = rustix::net::recv(fd, unfilled, rustix::net::RecvFlags::empty())?;
        Ok(received)
    })
}

/// Reads from a descriptor into `cursor`: one `read`, and another one after each interruption by a signal.
#[cfg(feature = "fd")]
#[inline]
pub(crate) fn read(fd: BorrowedFd<'_>, cursor: BorrowedCursor<'_>) -> io::Result<()> {
    fill(cursor, |unfilled| Ok(rustix::io::read(fd, unfilled)?.0))
}

/// Reads from a descriptor into several slices: one `readv`, and another one after each interruption by a signal.
#[cfg(feature = "fd")]
#[inline]
pub(crate) fn read_vectored(fd: BorrowedFd<'_>, bufs: &mut [io::IoSliceMut<'_>]) -> io::Result<usize> {
    Ok(rustix::io::retry_on_intr(|| rustix::io::readv(fd, bufs))?)
}

/// Fills `cursor` by a system call, which returns the front of what it was given, as far as it wrote; repeats it when interrupted.
#[inline]
fn fill(
    mut cursor: BorrowedCursor<'_>,
    mut call: impl FnMut(&mut [MaybeUninit<u8>]) -> Result<&mut [u8], Errno>,
) -> io::Result<()> {
    loop {
        // SAFETY: the system writes initialised bytes, and rustix nothing.
        let unfilled = unsafe { cursor.as_mut() };
        match call(unfilled) {
            Ok(received) => {
                let n = received.len();
                // SAFETY: `received` is the front of the unfilled part, as both callers see to, and was just written.
                unsafe { cursor.advance(n) };
                return Ok(());
            }
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
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
    use std::vec::Vec;

    use super::{read, read_vectored, recv};
    use crate::buf::{BorrowedBuf, BorrowedCursor};

    static SIGNALS: AtomicUsize = AtomicUsize::new(0);

    extern "C" fn count(_: libc::c_int) {
        SIGNALS.fetch_add(1, Ordering::SeqCst);
    }

    /// What blocks while a signal comes, and shows that it goes on: a socket that does not block is never interrupted.
    fn interrupted(read: impl FnOnce(BorrowedFd<'_>) -> Vec<u8> + Send + 'static) {
        let (one, mut peer) = UnixStream::pair().unwrap();
        // SAFETY: zeroes are a valid `sigaction`: no flags, no mask. Without SA_RESTART a signal interrupts.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        action.sa_sigaction = count as extern "C" fn(libc::c_int) as usize;
        // SAFETY: the handler only counts, which is safe in a signal handler.
        assert_eq!(unsafe { libc::sigaction(libc::SIGUSR1, &action, std::ptr::null_mut()) }, 0);
        let reader = thread::spawn(move || read(one.as_fd()));
        let before = SIGNALS.load(Ordering::SeqCst);
        for n in 1..=5 {
            thread::sleep(Duration::from_millis(5));
            // SAFETY: the thread has not been joined, and so exists.
            assert_eq!(unsafe { libc::pthread_kill(reader.as_pthread_t(), libc::SIGUSR1) }, 0);
            while SIGNALS.load(Ordering::SeqCst) < before + n {
                thread::yield_now();
            }
        }
        assert!(!reader.is_finished(), "the interruption was passed on");
        peer.write_all(b"data").unwrap();
        assert_eq!(reader.join().unwrap(), b"data");
    }

    /// What a read fills.
    fn filled(read: impl FnOnce(BorrowedCursor<'_>) -> io::Result<()>) -> Vec<u8> {
        let mut memory = [MaybeUninit::uninit(); 16];
        let mut buf = BorrowedBuf::from(&mut memory[..]);
        read(buf.unfilled()).unwrap();
        buf.filled().to_vec()
    }

    // One after the other: the handler is the process's.
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
