//! Adapters between synchronous and asynchronous types, so that one suite checks both.

use std::io::{self, BufRead, IoSlice, IoSliceMut, Read, Seek, SeekFrom, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use io_shim::{AsyncBufRead, AsyncReadBuf, AsyncSeek, AsyncWrite, BorrowedCursor, ReadBuf, WriteVectored};

use crate::mock::context;

/// A futures-io type as a std type. `Pending` becomes an error of this kind.
///
/// `Interrupted` is retried, so that the conformance suites see a reader that makes progress;
/// `WouldBlock` is not. An `Interrupted` error of the inner type, a fault in asynchronous code
/// only, becomes that kind, too.
pub struct AsStd<T>(pub T, pub io::ErrorKind);

impl<T> AsStd<T> {
    fn now<R>(&self, poll: Poll<io::Result<R>>) -> io::Result<R> {
        match poll {
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => Err(self.1.into()),
            Poll::Ready(result) => result,
            Poll::Pending => Err(self.1.into()),
        }
    }
}

impl<T: futures::io::AsyncRead + Unpin> Read for AsStd<T> {
    fn read(&mut self, slice: &mut [u8]) -> io::Result<usize> {
        let poll = Pin::new(&mut self.0).poll_read(&mut context(), slice);
        self.now(poll)
    }

    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let poll = Pin::new(&mut self.0).poll_read_vectored(&mut context(), bufs);
        self.now(poll)
    }
}

impl<T: futures::io::AsyncBufRead + Unpin> BufRead for AsStd<T> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match Pin::new(&mut self.0).poll_fill_buf(&mut context()) {
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => Err(self.1.into()),
            Poll::Ready(chunk) => chunk,
            Poll::Pending => Err(self.1.into()),
        }
    }

    fn consume(&mut self, n: usize) {
        Pin::new(&mut self.0).consume(n);
    }
}

impl<T: futures::io::AsyncWrite + Unpin> Write for AsStd<T> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let poll = Pin::new(&mut self.0).poll_write(&mut context(), data);
        self.now(poll)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let poll = Pin::new(&mut self.0).poll_write_vectored(&mut context(), bufs);
        self.now(poll)
    }

    /// std's writers have no close. In the hostile suites, its faults show in `flush`.
    fn flush(&mut self) -> io::Result<()> {
        let poll = Pin::new(&mut self.0).poll_flush(&mut context());
        self.now(poll)?;
        if self.1 == io::ErrorKind::WouldBlock {
            let poll = Pin::new(&mut self.0).poll_close(&mut context());
            self.now(poll)?;
        }
        Ok(())
    }
}

impl<T: futures::io::AsyncSeek + Unpin> Seek for AsStd<T> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        let poll = Pin::new(&mut self.0).poll_seek(&mut context(), position);
        self.now(poll)
    }
}

/// A type with io-shim's synchronous traits as an asynchronous one. A writer that was interrupted
/// returns `Pending`.
pub struct InAsync<T>(pub T);

fn poll<R>(cx: &mut Context<'_>, result: io::Result<R>) -> Poll<io::Result<R>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
        result => Poll::Ready(result),
    }
}

#[deny(clippy::missing_trait_methods)]
impl<T: ReadBuf + Unpin> AsyncReadBuf for InAsync<T> {
    fn poll_read_into(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.read_into(cursor))
    }

    fn poll_read_into_slice(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slice: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.0.read_into_slice(slice))
    }

    fn poll_read_into_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(ReadBuf::read_into_vectored(&mut self.0, bufs))
    }

    fn supports_vectored_reads(&self) -> bool {
        self.0.supports_vectored_reads()
    }

    fn init_hint(&self, capacity: usize) -> usize {
        self.0.init_hint(capacity)
    }
}

impl<T: BufRead + Unpin> AsyncBufRead for InAsync<T> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        match self.get_mut().0.fill_buf() {
            Ok(chunk) => Poll::Ready(Ok(chunk)),
            Err(error) => poll(cx, Err(error)),
        }
    }

    fn consume(mut self: Pin<&mut Self>, n: usize) {
        self.0.consume(n);
    }
}

#[deny(clippy::missing_trait_methods)]
impl<T: WriteVectored + Unpin> AsyncWrite for InAsync<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        poll(cx, self.0.write(data))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        poll(cx, self.0.flush())
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        poll(cx, self.0.write_vectored(bufs))
    }

    fn supports_vectored_writes(&self) -> bool {
        WriteVectored::supports_vectored_writes(&self.0)
    }
}

impl<T: Seek + Unpin> AsyncSeek for InAsync<T> {
    fn poll_seek(mut self: Pin<&mut Self>, _: &mut Context<'_>, position: SeekFrom) -> Poll<io::Result<u64>> {
        Poll::Ready(self.0.seek(position))
    }
}
