//! An endless stream in memory. It is always ready, and has the traits of every ecosystem.

use std::io::{self, IoSlice, IoSliceMut};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use io_shim::BorrowedCursor;

/// Returns lines when read, and accepts everything when written.
#[derive(Clone, Debug)]
pub struct Memory {
    /// The most bytes that a call moves.
    most: usize,
    /// What every call returns.
    error: Option<io::ErrorKind>,
    /// How long every call takes.
    delay: Duration,
    /// How many calls read or wrote.
    pub calls: usize,
}

impl Memory {
    pub fn new() -> Self {
        Memory { most: usize::MAX, error: None, delay: Duration::ZERO, calls: 0 }
    }

    pub fn one_byte() -> Self {
        Memory { most: 1, ..Memory::new() }
    }

    /// At its end from the start.
    pub fn empty() -> Self {
        Memory { most: 0, ..Memory::new() }
    }

    pub fn failing() -> Self {
        Memory { error: Some(io::ErrorKind::TimedOut), ..Memory::new() }
    }

    #[cfg(unix)]
    pub fn interrupted() -> Self {
        Memory { error: Some(io::ErrorKind::Interrupted), ..Memory::new() }
    }

    pub fn slow(delay: Duration) -> Self {
        Memory { delay, ..Memory::new() }
    }

    fn count(&self, room: usize) -> io::Result<usize> {
        self.error.map_or(Ok(room.min(self.most)), |kind| Err(kind.into()))
    }

    fn give(&mut self, slice: &mut [u8]) -> io::Result<usize> {
        self.call();
        self.fill(slice)
    }

    fn call(&mut self) {
        self.calls += 1;
        std::thread::sleep(self.delay);
    }

    /// Fills the slice with one line.
    fn fill(&self, slice: &mut [u8]) -> io::Result<usize> {
        let n = self.count(slice.len())?;
        if let Some((last, line)) = slice[..n].split_last_mut() {
            line.fill(b'x');
            *last = b'\n';
        }
        Ok(n)
    }

    fn give_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.call();
        bufs.iter_mut().map(|buf| self.fill(buf)).sum()
    }

    fn take(&mut self, data: &[u8]) -> io::Result<usize> {
        self.call();
        self.count(data.len())
    }

    fn take_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.call();
        bufs.iter().map(|buf| self.count(buf.len())).sum()
    }
}

/// The contents of the reader's buffer, if it has one.
const BUFFERED: &[u8] = b"0123456789abcde\n";

impl io::Read for Memory {
    fn read(&mut self, slice: &mut [u8]) -> io::Result<usize> {
        self.give(slice)
    }

    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.give_vectored(bufs)
    }
}

impl io::BufRead for Memory {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        Ok(BUFFERED)
    }

    fn consume(&mut self, _: usize) {}
}

impl io::Write for Memory {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.take(data)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.take_vectored(bufs)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl tokio::io::AsyncRead for Memory {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let n = self.give(buf.initialize_unfilled())?;
        buf.advance(n);
        Poll::Ready(Ok(()))
    }
}

impl hyper::rt::Read for Memory {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        io_shim::with_hyper_cursor(buf, |cursor| io_shim::AsyncReadBuf::poll_read_into(self, cx, cursor))
    }
}

impl futures::io::AsyncRead for Memory {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.give(slice))
    }

    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.give_vectored(bufs))
    }
}

impl io_shim::AsyncReadBuf for Memory {
    fn poll_read_into(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let n = self.give(cursor.ensure_init())?;
        cursor.advance_checked(n);
        Poll::Ready(Ok(()))
    }
}

/// Implements the traits whose method has the same signature.
macro_rules! buffered {
    ($($trait:path),*) => {$(
        impl $trait for Memory {
            fn poll_fill_buf(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
                Poll::Ready(Ok(BUFFERED))
            }

            fn consume(self: Pin<&mut Self>, _: usize) {}
        }
    )*};
}

buffered!(tokio::io::AsyncBufRead, futures::io::AsyncBufRead, io_shim::AsyncBufRead);

macro_rules! takes_all {
    ($($trait:path, $close:ident $(, $query:ident)?;)*) => {$(
        impl $trait for Memory {
            fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
                Poll::Ready(self.take(data))
            }

            fn poll_write_vectored(
                mut self: Pin<&mut Self>,
                _: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                Poll::Ready(self.take_vectored(bufs))
            }

            fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }

            fn $close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }

            $(fn $query(&self) -> bool {
                true
            })?
        }
    )*};
}

takes_all! {
    tokio::io::AsyncWrite, poll_shutdown, is_write_vectored;
    futures::io::AsyncWrite, poll_close;
    hyper::rt::Write, poll_shutdown, is_write_vectored;
    io_shim::AsyncWrite, poll_shutdown, supports_vectored_writes;
}
