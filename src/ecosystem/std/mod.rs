//! Conversions between the traits of `std::io` and io-shim's synchronous traits.
//!
//! std's `Write`, `BufRead` and `Seek` are io-shim's synchronous traits too. Only `Read` is
//! converted, to [`ReadBuf`] and back.
//!
//! There are three ways to read std's types, each with a tag:
//!
//! * into slices (this file);
//! * by descriptor, straight into uninitialized memory (`fd.rs`);
//! * in asynchronous code, for readers that never block (`allow.rs`).

mod allow;
mod direct;
#[cfg(all(feature = "fd", unix))]
mod fd;
#[cfg(io_shim_std_read_buf)]
mod read_buf;

use std::io::{self, BufRead, IoSlice, IoSliceMut, Read, Seek, SeekFrom, Write};
use std::marker::PhantomData;
use std::task::Poll;

use self::bounds::{StdBufRead, StdRead, StdSeek, StdWrite};
use crate::buf::{BorrowedCursor, ContractViolation, Room, expect_ready};
use crate::shim::{Attempt, Buffered, Ecosystem, Includes, ReadAttempt, Shim, SliceState, Unbuffered, sealed};
use crate::traits::{ReadBuf, WriteVectored, append_chunk, std_read, uninterrupted};

pub use allow::AllowStd;
#[cfg(all(feature = "fd", unix))]
pub use fd::{Fd, FdSource};

/// The tag of types that implement std's traits: `std::io::{Read, Write, BufRead, Seek}`.
///
/// Shims with this tag are synchronous.
///
/// # Examples
///
/// ```
/// use io_shim::{Shim, Std};
///
/// fn adapt(archive: std::io::Take<std::fs::File>) -> Shim<std::io::Take<std::fs::File>, Std> {
///     Shim::from_std(archive)
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Std<B = Unbuffered>(PhantomData<B>);

/// The tag of types that implement `std::io::BufRead`, from whose buffer reads copy.
///
/// # Examples
///
/// ```
/// use io_shim::{Shim, StdBuf};
/// use std::io::{BufReader, StdinLock};
///
/// fn stdin() -> Shim<StdinLock<'static>, StdBuf> {
///     Shim::from_std_buf(std::io::stdin().lock())
/// }
/// ```
pub type StdBuf = Std<Buffered>;

impl<B: sealed::Buffering> sealed::Ecosystem for Std<B> {
    type State = SliceState;
}

impl sealed::View for Std {}

impl<T> Shim<T, Std> {
    /// Wraps a type that implements std's traits, to read and write synchronously.
    ///
    /// The shim implements io-shim's synchronous traits ([`ReadBuf`], [`WriteVectored`]) and std's.
    /// For asynchronous code, wrap a type that never blocks with [`allow_std`](Shim::allow_std).
    /// A read that a signal interrupts is repeated.
    ///
    /// A std reader gets initialized slices. On a nightly toolchain, with
    /// `--cfg io_shim_std_read_buf`, a reader that has a `read_buf` of its own reads into
    /// uninitialized memory:
    /// [what is zeroed](https://docs.rs/crate/io-shim/latest/source/docs/ZEROING.md).
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::{ReadBuf, Shim, spare};
    ///
    /// // Any `Read` can read into spare capacity, and no byte of it is zeroed twice.
    /// let mut reader = Shim::from_std(std::io::repeat(7));
    /// let mut vec = Vec::with_capacity(1024);
    /// reader.read_into(spare(&mut vec).unfilled())?;
    /// assert_eq!(vec, [7; 1024]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn from_std(io: T) -> Self {
        Shim::wrap(io)
    }
}

impl<T> Shim<T, StdBuf> {
    /// Wraps a type that implements `std::io::BufRead`.
    ///
    /// Reads copy from the buffer of the inner type, so none of the caller's memory is zeroed.
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::{ReadBuf, Shim, spare};
    /// use std::io::{BufRead, BufReader};
    ///
    /// let mut reader = Shim::from_std_buf(BufReader::new(&b"a line\nand the rest"[..]));
    /// let mut line = String::new();
    /// reader.read_line(&mut line)?;
    /// let mut rest = Vec::with_capacity(100);
    /// reader.read_into(spare(&mut rest).unfilled())?;
    /// assert_eq!((&*line, &*rest), ("a line\n", &b"and the rest"[..]));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn from_std_buf(io: T) -> Self {
        Shim::wrap(io)
    }
}

impl<T, E: Ecosystem, V> Shim<T, E, V> {
    /// Narrows the shim to std's traits: the same as [`only::<Std>()`](Shim::only).
    pub fn for_std(self) -> Shim<T, E, Std> {
        self.only()
    }
}

// std -> io-shim

super::bounds::bounds! {
    StdRead: std::io::Read,
        "`Shim::from_std` and `allow_std` need a std reader, but `{Self}` does not implement `std::io::Read`",
        "not a std reader";
    StdWrite: std::io::Write,
        "`Shim::from_std` and `allow_std` need a std writer, but `{Self}` does not implement `std::io::Write`",
        "not a std writer";
    StdBufRead: std::io::BufRead,
        "`Shim::from_std_buf` and `allow_std` need a buffered std reader, but `{Self}` does not implement `std::io::BufRead`",
        "not a buffered std reader: wrap a reader in `std::io::BufReader`";
    StdSeek: std::io::Seek,
        "`Shim::from_std` and `allow_std` need a seekable std type, but `{Self}` does not implement `std::io::Seek`",
        "not a seekable std type";
    // The compiler's own advice is to pin, and a pinned reader does not implement `std::io::Read`.
    StdUnpin: std::marker::Unpin,
        "`Shim::allow_std` needs a type that is `Unpin`, but `{Self}` is not",
        "not `Unpin`",
        "std's traits take `&mut self`: put the type into a `Box`, which implements them and is `Unpin`";
}

#[deny(clippy::missing_trait_methods)]
impl<T: StdRead, V> ReadBuf for Shim<T, Std, V> {
    #[inline]
    fn read_into(&mut self, cursor: BorrowedCursor<'_>) -> io::Result<()> {
        let (io, state) = self.parts_mut();
        #[cfg(not(io_shim_std_read_buf))]
        let poll = state.feed.poll_counted(cursor, |slice| Poll::Ready(uninterrupted(|| io.read(slice))));
        #[cfg(io_shim_std_read_buf)]
        let poll = read_buf::poll_read(io, state, cursor);
        expect_ready(poll).map(drop)
    }

    #[inline]
    fn read_into_slice(&mut self, slice: &mut [u8]) -> io::Result<usize> {
        let n = uninterrupted(|| self.get_mut().read(slice))?;
        ContractViolation::check_read(n, slice.len())
    }

    fn read_into_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let (io, state) = self.parts_mut();
        expect_ready(state.poll_read_vectored(bufs, |attempt| {
            Poll::Ready(match attempt {
                ReadAttempt::Vectored(bufs) => uninterrupted(|| io.read_vectored(bufs)),
                ReadAttempt::Single(slice) => uninterrupted(|| io.read(slice)),
            })
        }))
    }

    fn supports_vectored_reads(&self) -> bool {
        self.state().supports_vectored_reads()
    }

    #[inline]
    fn init_hint(&self, capacity: usize) -> usize {
        self.state().init_hint(capacity)
    }
}

impl<T: StdBufRead, V> ReadBuf for Shim<T, StdBuf, V> {
    #[inline]
    fn read_into(&mut self, cursor: BorrowedCursor<'_>) -> io::Result<()> {
        let io = self.get_mut();
        if cursor.capacity() == 0 {
            let n = uninterrupted(|| io.read(&mut []))?;
            return ContractViolation::check_read(n, 0).map(drop);
        }
        let chunk = loop {
            match io.fill_buf() {
                Ok(chunk) => break chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        };
        let n = append_chunk(cursor, chunk);
        io.consume(n);
        Ok(())
    }

    #[inline]
    fn read_into_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let room = Room::of(bufs);
        room.check(uninterrupted(|| self.get_mut().read_vectored(bufs))?)
    }

    fn supports_vectored_reads(&self) -> bool {
        true
    }
}

impl<T: StdWrite, B: sealed::Buffering, V: Includes<Std>> Write for Shim<T, Std<B>, V> {
    #[inline]
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        ContractViolation::check_write(self.get_mut().write(data)?, data.len())
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let (io, state) = self.parts_mut();
        expect_ready(state.poll_write_vectored(bufs, |attempt| {
            Poll::Ready(match attempt {
                Attempt::Vectored => io.write_vectored(bufs),
                Attempt::Single(data) => io.write(data),
            })
        }))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.get_mut().flush()
    }
}

impl<T: StdWrite, B: sealed::Buffering, V: Includes<Std>> WriteVectored for Shim<T, Std<B>, V> {
    fn supports_vectored_writes(&self) -> bool {
        self.state().is_write_vectored()
    }
}

/// [`fill_buf`](BufRead::fill_buf) returns `Interrupted` errors, as in std: callers retry.
impl<T: StdBufRead, B: sealed::Buffering, V: Includes<Std>> BufRead for Shim<T, Std<B>, V>
where
    Self: ReadBuf,
{
    direct::buf_read!();
}

impl<T: StdSeek, B: sealed::Buffering, V: Includes<Std>> Seek for Shim<T, Std<B>, V> {
    direct::seek!();
}

// io-shim -> std

impl<T, E: Ecosystem, V: Includes<Std>> Read for Shim<T, E, V>
where
    Self: ReadBuf,
{
    std_read!();
}
