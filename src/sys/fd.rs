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

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::mem::MaybeUninit;
    use std::os::fd::AsFd as _;
    use std::os::unix::net::UnixStream;
    use std::os::unix::thread::JoinHandleExt as _;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;
    use std::time::Duration;

    use super::recv;
    use crate::buf::BorrowedBuf;

    static SIGNALS: AtomicUsize = AtomicUsize::new(0);

    extern "C" fn count(_: libc::c_int) {
        SIGNALS.fetch_add(1, Ordering::SeqCst);
    }

    /// A socket that does not block is never interrupted; one that blocks shows that a read would go on.
    #[test]
    fn an_interrupted_read_is_repeated() {
        let (one, mut peer) = UnixStream::pair().unwrap();
        // SAFETY: zeroes are a valid `sigaction`: no flags, no mask. Without SA_RESTART a signal interrupts.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        action.sa_sigaction = count as extern "C" fn(libc::c_int) as usize;
        // SAFETY: the handler only counts, which is safe in a signal handler.
        assert_eq!(unsafe { libc::sigaction(libc::SIGUSR1, &action, std::ptr::null_mut()) }, 0);
        let reader = thread::spawn(move || {
            let mut memory = [MaybeUninit::uninit(); 16];
            let mut buf = BorrowedBuf::from(&mut memory[..]);
            recv(one.as_fd(), buf.unfilled()).unwrap();
            buf.filled().to_vec()
        });
        for n in 1..=5 {
            thread::sleep(Duration::from_millis(5));
            // SAFETY: the thread has not been joined, and so exists.
            assert_eq!(unsafe { libc::pthread_kill(reader.as_pthread_t(), libc::SIGUSR1) }, 0);
            while SIGNALS.load(Ordering::SeqCst) < n {
                thread::yield_now();
            }
        }
        assert!(!reader.is_finished(), "the interruption was passed on");
        peer.write_all(b"data").unwrap();
        assert_eq!(reader.join().unwrap(), b"data");
    }
}
