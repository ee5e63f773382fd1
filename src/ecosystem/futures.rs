//! Conversions between the traits of `futures_io` and io-shim's.
//!
//! Readers of futures-io take initialized slices, and its traits have no query for vectored reads
//! or writes. `SliceState` records what the shim learns from earlier calls instead.

use std::io::{self, IoSlice, IoSliceMut, SeekFrom};
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use self::bounds::{FuturesBufRead, FuturesRead, FuturesSeek, FuturesWrite};
use crate::buf::{BorrowedCursor, ContractViolation};
use crate::delegate;
use crate::shim::{Attempt, Buffered, Ecosystem, Includes, ReadAttempt, Shim, SliceState, Unbuffered, sealed};
use crate::traits::{AsyncBufRead, AsyncReadBuf, AsyncSeek, AsyncWrite, append_chunk};

/// The tag of types that implement the traits of futures-io.
///
/// Those are `futures_io::{AsyncRead, AsyncWrite, AsyncBufRead, AsyncSeek}`.
///
/// # Examples
///
/// ```
/// use futures_rustls::client::TlsStream;
/// use io_shim::{Futures, Shim};
///
/// fn adapt(tls: TlsStream<smol::net::TcpStream>) -> Shim<TlsStream<smol::net::TcpStream>, Futures> {
///     Shim::from_futures(tls)
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Futures<B = Unbuffered>(PhantomData<B>);

/// The tag of types that implement `futures_io::AsyncBufRead`, from whose buffer reads copy.
///
/// # Examples
///
/// ```
/// use futures::io::BufReader;
/// use io_shim::{FuturesBuf, Shim};
///
/// fn adapt(file: BufReader<smol::fs::File>) -> Shim<BufReader<smol::fs::File>, FuturesBuf> {
///     Shim::from_futures_buf(file)
/// }
/// ```
pub type FuturesBuf = Futures<Buffered>;

impl<B: sealed::Buffering> sealed::Ecosystem for Futures<B> {
    type State = SliceState;
}

impl sealed::View for Futures {}

impl<T> Shim<T, Futures> {
    /// Wraps a type that implements the traits of futures-io.
    ///
    /// It yields after many ready operations in a row: see [`with_budget`](Shim::with_budget).
    ///
    /// # Closing
    ///
    /// Closing the shim calls `poll_close` of the inner type. The peer reads an end of file only
    /// if that ends the stream, as it does with smol's sockets. `async_io::Async`, async-std's
    /// sockets and the stdin of a child process only flush: they end when the shim is dropped.
    ///
    /// To end an async-std socket earlier, close the shim, then call the socket's own
    /// `shutdown`: `shim.get_ref().shutdown(Shutdown::Write)`. Wrap an `Async` with
    /// `Shim::from_smol` instead.
    ///
    /// Flush or close a file before you drop it. Otherwise the last write may be lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::Shim;
    /// use tokio::io::AsyncReadExt as _;
    ///
    /// # futures::executor::block_on(async {
    /// let mut text = String::new();
    /// Shim::from_futures(&b"hello"[..]).read_to_string(&mut text).await?;
    /// assert_eq!(text, "hello");
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub fn from_futures(io: T) -> Self {
        Shim::wrap(io)
    }
}

impl<T> Shim<T, FuturesBuf> {
    /// Wraps a type that implements `futures_io::AsyncBufRead`.
    ///
    /// Reads copy from the buffer of the inner type, so none of the caller's memory is zeroed.
    ///
    /// It yields after many ready operations in a row: see [`with_budget`](Shim::with_budget).
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::Shim;
    /// use tokio::io::AsyncReadExt as _;
    ///
    /// # futures::executor::block_on(async {
    /// let mut text = String::new();
    /// let reader = futures::io::BufReader::new(&b"hello"[..]);
    /// Shim::from_futures_buf(reader).read_to_string(&mut text).await?;
    /// assert_eq!(text, "hello");
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub fn from_futures_buf(io: T) -> Self {
        Shim::wrap(io)
    }
}

impl<T, E: Ecosystem, V> Shim<T, E, V> {
    /// Narrows the shim to the traits of futures-io: the same as [`only::<Futures>()`](Shim::only).
    ///
    /// io-shim's own traits stay. They share method names such as `poll_write`, `poll_fill_buf` and
    /// `consume` with those of futures-io: import the traits of one of the two.
    pub fn for_futures(self) -> Shim<T, E, Futures> {
        self.only()
    }
}

// futures-io -> io-shim

super::bounds::bounds! {
    FuturesRead: futures_io::AsyncRead,
        "`Shim::from_futures` needs a futures-io reader, but `{Self}` does not implement `futures_io::AsyncRead`",
        "not a futures-io reader";
    FuturesWrite: futures_io::AsyncWrite,
        "`Shim::from_futures` needs a futures-io writer, but `{Self}` does not implement `futures_io::AsyncWrite`",
        "not a futures-io writer";
    FuturesBufRead: futures_io::AsyncBufRead,
        "`Shim::from_futures_buf` needs a buffered futures-io reader, but `{Self}` does not implement `futures_io::AsyncBufRead`",
        "not a buffered futures-io reader: wrap a reader in `futures::io::BufReader`";
    FuturesSeek: futures_io::AsyncSeek,
        "`Shim::from_futures` needs a seekable futures-io type, but `{Self}` does not implement `futures_io::AsyncSeek`",
        "not a seekable futures-io type";
}

impl<T: FuturesRead, V> AsyncReadBuf for Shim<T, Futures, V> {
    #[inline]
    fn poll_read_into(self: Pin<&mut Self>, cx: &mut Context<'_>, cursor: BorrowedCursor<'_>) -> Poll<io::Result<()>> {
        let (io, state, budget) = self.project_reading();
        budget.poll_counted(cx, |cx| state.feed.poll_counted(cursor, |slice| io.poll_read(cx, slice))).map_ok(drop)
    }

    #[inline]
    fn poll_read_into_slice(self: Pin<&mut Self>, cx: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        let (io, _, budget) = self.project_reading();
        budget.poll_counted(cx, |cx| {
            let n = ready!(io.poll_read(cx, slice))?;
            Poll::Ready(ContractViolation::check_read(n, slice.len()))
        })
    }

    fn poll_read_into_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let (io, state, budget) = self.project_reading();
        budget.poll_counted(cx, |cx| {
            state.poll_read_vectored(bufs, |attempt| match attempt {
                ReadAttempt::Vectored(bufs) => io.poll_read_vectored(cx, bufs),
                ReadAttempt::Single(slice) => io.poll_read(cx, slice),
            })
        })
    }

    fn supports_vectored_reads(&self) -> bool {
        self.state().supports_vectored_reads()
    }

    #[inline]
    fn init_hint(&self, capacity: usize) -> usize {
        self.state().feed.init_hint(capacity)
    }
}

impl<T: FuturesBufRead, V> AsyncReadBuf for Shim<T, FuturesBuf, V> {
    #[inline]
    fn poll_read_into(self: Pin<&mut Self>, cx: &mut Context<'_>, cursor: BorrowedCursor<'_>) -> Poll<io::Result<()>> {
        let (mut io, _, budget) = self.project_reading();
        let read = |cx: &mut Context<'_>| {
            if cursor.capacity() == 0 {
                return Poll::Ready(ContractViolation::check_read(ready!(io.poll_read(cx, &mut []))?, 0));
            }
            let chunk = ready!(io.as_mut().poll_fill_buf(cx))?;
            let n = append_chunk(cursor, chunk);
            io.consume(n);
            Poll::Ready(Ok(n))
        };
        budget.poll_counted(cx, read).map_ok(drop)
    }

    #[inline]
    fn poll_read_into_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return self.poll_read_into_slice(cx, &mut []);
        }
        let (mut io, _, budget) = self.project_reading();
        budget.poll_counted(cx, |cx| {
            let mut chunk = ready!(io.as_mut().poll_fill_buf(cx))?;
            let n = io::Read::read_vectored(&mut chunk, bufs)?;
            io.consume(n);
            Poll::Ready(Ok(n))
        })
    }

    fn supports_vectored_reads(&self) -> bool {
        true
    }
}

#[deny(clippy::missing_trait_methods)]
impl<T: FuturesWrite, B: sealed::Buffering, V> AsyncWrite for Shim<T, Futures<B>, V> {
    #[inline]
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let (io, _, budget) = self.project_writing();
        budget.poll_counted(cx, |cx| {
            let n = ready!(io.poll_write(cx, data))?;
            Poll::Ready(ContractViolation::check_write(n, data.len()))
        })
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project_forgetting_seeks().0.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project_forgetting_seeks().0.poll_close(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let (io, state, budget) = self.project_writing();
        budget.poll_counted(cx, |cx| {
            state.poll_write_vectored(bufs, |attempt| match attempt {
                Attempt::Vectored => io.poll_write_vectored(cx, bufs),
                Attempt::Single(data) => io.poll_write(cx, data),
            })
        })
    }

    fn supports_vectored_writes(&self) -> bool {
        self.state().is_write_vectored()
    }
}

impl<T: FuturesBufRead, B: sealed::Buffering, V> AsyncBufRead for Shim<T, Futures<B>, V> {
    #[inline]
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let (io, _, budget) = self.project_reading();
        budget.poll_look(cx, |cx| io.poll_fill_buf(cx))
    }

    #[inline]
    fn consume(self: Pin<&mut Self>, n: usize) {
        let (io, _, mut budget) = self.project_reading();
        budget.consume(n);
        io.consume(n);
    }
}

impl<T: FuturesSeek, B: sealed::Buffering, V> AsyncSeek for Shim<T, Futures<B>, V> {
    fn poll_seek(self: Pin<&mut Self>, cx: &mut Context<'_>, position: SeekFrom) -> Poll<io::Result<u64>> {
        self.project_forgetting_seeks().0.poll_seek(cx, position)
    }
}

// io-shim -> futures-io
// `delegate!` writes the methods that have the same name and signature in both.

#[deny(clippy::missing_trait_methods)]
impl<T, E: Ecosystem, V: Includes<Futures>> futures_io::AsyncRead for Shim<T, E, V>
where
    Self: AsyncReadBuf,
{
    #[inline]
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        self.poll_read_into_slice(cx, slice)
    }

    #[inline]
    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        AsyncReadBuf::poll_read_into_vectored(self, cx, bufs)
    }
}

#[deny(clippy::missing_trait_methods)]
impl<T, E: Ecosystem, V: Includes<Futures>> futures_io::AsyncWrite for Shim<T, E, V>
where
    Self: AsyncWrite,
{
    delegate!(AsyncWrite { poll_write, poll_write_vectored, poll_flush }: |this| this, |this| this);

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_shutdown(cx)
    }
}

#[deny(clippy::missing_trait_methods)]
impl<T, E: Ecosystem, V: Includes<Futures>> futures_io::AsyncBufRead for Shim<T, E, V>
where
    Self: AsyncReadBuf + AsyncBufRead,
{
    delegate!(AsyncBufRead: |this| this, |this| this);
}

#[deny(clippy::missing_trait_methods)]
impl<T, E: Ecosystem, V: Includes<Futures>> futures_io::AsyncSeek for Shim<T, E, V>
where
    Self: AsyncSeek,
{
    delegate!(AsyncSeek: |this| this, |this| this);
}
