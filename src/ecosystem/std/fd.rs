//! std's files, sockets and pipes, read by descriptor straight into uninitialized memory.

use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Seek, SeekFrom, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{ChildStderr, ChildStdout};
use std::sync::Arc;

use super::{Std, direct};
use crate::buf::{BorrowedCursor, ContractViolation};
use crate::shim::{Includes, Shim, sealed};
use crate::sys;
use crate::traits::{ReadBuf, WriteVectored};

/// The tag of std's files, sockets and pipes that are read by descriptor.
///
/// [`Shim::from_fd`] makes shims with this tag.
///
/// # Examples
///
/// ```
/// use io_shim::{Fd, Shim};
///
/// fn open(path: &str) -> std::io::Result<Shim<std::fs::File, Fd>> {
///     std::fs::File::open(path).map(Shim::from_fd)
/// }
/// # assert!(open("README.md").is_ok());
/// ```
#[derive(Clone, Copy, Debug)]
pub enum Fd {}

impl sealed::Ecosystem for Fd {
    type State = ();
}

/// The types that [`Shim::from_fd`] takes: those whose `Read` only reads from their descriptor.
///
/// They are std's `File`, `TcpStream`, `UnixStream`, `ChildStdout`, `ChildStderr` and `OwnedFd`,
/// and `&T`, `&mut T`, `Box<T>` and `Arc<T>` of these. `Stdin` is not among them: it has a buffer,
/// which reads from the descriptor would bypass.
///
/// This trait is sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not one of the types that `Shim::from_fd` takes",
    note = "it takes `File`, `TcpStream`, `UnixStream`, `ChildStdout`, `ChildStderr` and `OwnedFd`, which have no buffer of their own",
    note = "pass a pipe of `std::io::pipe` as `OwnedFd::from(pipe)`, and wrap any other reader with `Shim::from_std`"
)]
pub trait FdSource: AsFd + source::Source {}

mod source {
    #[allow(unreachable_pub, reason = "a trait that is public in a private place is what seals")]
    pub trait Source {}
}

macro_rules! sources {
    ($([$($generics:tt)*] $source:ty),* $(,)?) => {$(
        impl<$($generics)*> source::Source for $source {}
        impl<$($generics)*> FdSource for $source {}
    )*};
}

sources!(
    [] File,
    [] TcpStream,
    [] UnixStream,
    [] ChildStdout,
    [] ChildStderr,
    [] OwnedFd,
    [T: FdSource] &T,
    [T: FdSource] &mut T,
    [T: FdSource] Box<T>,
    [T: FdSource] Arc<T>,
);

impl<T: FdSource> Shim<T, Fd> {
    /// Wraps a std file, socket or pipe, to read straight into uninitialized memory.
    ///
    /// Each read is one system call into the caller's memory, without zeroing or copying. A read
    /// that a signal interrupts is repeated. Writes and seeks are forwarded to the inner type.
    ///
    /// The position of a file belongs to the system, which shares it among the copies of a
    /// descriptor ([`try_clone`](File::try_clone)).
    ///
    /// # Errors
    ///
    /// Operations on the shim return the errors of the system unchanged. A non-blocking socket may
    /// return `WouldBlock`.
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::{ReadBuf, Shim, spare};
    /// use std::fs::File;
    ///
    /// let mut file = Shim::from_fd(File::open("README.md")?);
    /// let mut start = Vec::with_capacity(4096);
    /// file.read_into(spare(&mut start).unfilled())?;
    /// assert!(start.starts_with(b"# io-shim"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// Convert a pipe of `std::io::pipe` (Rust 1.87) to its descriptor first:
    ///
    /// ```
    /// use io_shim::Shim;
    /// use std::io::{Read, Write};
    /// use std::os::fd::OwnedFd;
    ///
    /// let (reader, mut writer) = std::io::pipe()?;
    /// writer.write_all(b"through a pipe")?;
    /// drop(writer);
    /// let mut text = String::new();
    /// Shim::from_fd(OwnedFd::from(reader)).read_to_string(&mut text)?;
    /// assert_eq!(text, "through a pipe");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn from_fd(io: T) -> Self {
        Shim::wrap(io)
    }
}

impl<T: FdSource, V> ReadBuf for Shim<T, Fd, V> {
    #[inline]
    fn read_into(&mut self, cursor: BorrowedCursor<'_>) -> io::Result<()> {
        sys::read(self.get_ref().as_fd(), cursor)
    }

    #[inline]
    fn read_into_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        sys::read_vectored(self.get_ref().as_fd(), bufs)
    }

    fn supports_vectored_reads(&self) -> bool {
        true
    }
}

impl<T: FdSource + Write, V: Includes<Std>> Write for Shim<T, Fd, V> {
    direct::write!();
}

impl<T: FdSource + Write, V: Includes<Std>> WriteVectored for Shim<T, Fd, V> {
    fn supports_vectored_writes(&self) -> bool {
        true
    }
}

impl<T: FdSource + Seek, V: Includes<Std>> Seek for Shim<T, Fd, V> {
    direct::seek!();
}
