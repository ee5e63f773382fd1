//! Shims around types that implement io-shim's traits themselves.
//!
//! std's `Write`, `BufRead` and `Seek` for them are in `std/direct.rs`.

use std::io::{self, IoSlice, IoSliceMut};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::buf::{BorrowedCursor, ContractViolation, Room};
use crate::delegate;
use crate::shim::{Native, Shim, sealed};
use crate::traits::{AsyncBufRead, AsyncReadBuf, AsyncSeek, AsyncWrite, ReadBuf};

impl sealed::Ecosystem for Native {
    type State = ();
}

impl<T> Shim<T> {
    /// Wraps a type that implements io-shim's traits, such as a reader or writer of your own.
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
    /// Shim::new(&b"hello"[..]).read_to_string(&mut text).await?;
    /// assert_eq!(text, "hello");
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub fn new(io: T) -> Self {
        Shim::wrap(io)
    }
}

#[deny(clippy::missing_trait_methods)]
impl<T: AsyncReadBuf, V> AsyncReadBuf for Shim<T, Native, V> {
    #[inline]
    fn poll_read_into(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let (io, (), mut budget) = self.project_reading();
        // As in `poll_read_on_budget`, whose closure would cost an instruction per poll.
        ready!(budget.poll_unspent(cx));
        let poll = io.poll_read_into(cx, cursor.reborrow());
        budget.settle(&poll, cursor.written_len());
        poll
    }

    #[inline]
    fn poll_read_into_slice(self: Pin<&mut Self>, cx: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        let (io, (), budget) = self.project_reading();
        budget.poll_counted(cx, |cx| {
            let n = ready!(io.poll_read_into_slice(cx, slice))?;
            Poll::Ready(ContractViolation::check_read(n, slice.len()))
        })
    }

    #[inline]
    fn poll_read_into_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let room = Room::of(bufs);
        let (io, (), budget) = self.project_reading();
        budget.poll_counted(cx, |cx| Poll::Ready(room.check(ready!(io.poll_read_into_vectored(cx, bufs))?)))
    }

    fn supports_vectored_reads(&self) -> bool {
        self.get_ref().supports_vectored_reads()
    }

    #[inline]
    fn init_hint(&self, capacity: usize) -> usize {
        self.get_ref().init_hint(capacity).min(capacity)
    }
}

#[deny(clippy::missing_trait_methods)]
impl<T: ReadBuf, V> ReadBuf for Shim<T, Native, V> {
    #[inline]
    fn read_into(&mut self, cursor: BorrowedCursor<'_>) -> io::Result<()> {
        self.get_mut().read_into(cursor)
    }

    #[inline]
    fn read_into_slice(&mut self, slice: &mut [u8]) -> io::Result<usize> {
        ContractViolation::check_read(self.get_mut().read_into_slice(slice)?, slice.len())
    }

    #[inline]
    fn read_into_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let room = Room::of(bufs);
        room.check(self.get_mut().read_into_vectored(bufs)?)
    }

    fn supports_vectored_reads(&self) -> bool {
        self.get_ref().supports_vectored_reads()
    }

    #[inline]
    fn init_hint(&self, capacity: usize) -> usize {
        self.get_ref().init_hint(capacity).min(capacity)
    }
}

#[deny(clippy::missing_trait_methods)]
impl<T: AsyncWrite, V> AsyncWrite for Shim<T, Native, V> {
    #[inline]
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let (io, (), budget) = self.project_writing();
        budget.poll_counted(cx, |cx| {
            let n = ready!(io.poll_write(cx, data))?;
            Poll::Ready(ContractViolation::check_write(n, data.len()))
        })
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let (io, (), budget) = self.project_writing();
        budget.poll_counted(cx, |cx| io.poll_write_vectored(cx, bufs))
    }

    delegate!(AsyncWrite { poll_flush, poll_shutdown, supports_vectored_writes }:
        |this| this.project_forgetting_seeks().0, |this| this.get_ref());
}

impl<T: AsyncBufRead, V> AsyncBufRead for Shim<T, Native, V> {
    #[inline]
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let (io, (), budget) = self.project_reading();
        budget.poll_look(cx, |cx| io.poll_fill_buf(cx))
    }

    #[inline]
    fn consume(self: Pin<&mut Self>, n: usize) {
        let (io, (), mut budget) = self.project_reading();
        budget.consume(n);
        io.consume(n);
    }
}

impl<T: AsyncSeek, V> AsyncSeek for Shim<T, Native, V> {
    delegate!(AsyncSeek: |this| this.project_forgetting_seeks().0, |this| this.get_ref());
}
