//! The implementations of tokio's I/O traits. `Shim` adds those of the other ecosystems.

use std::io::{self, IoSlice, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};

use super::TokioContext;

#[deny(clippy::missing_trait_methods)]
impl<T: AsyncRead> AsyncRead for TokioContext<T> {
    #[inline]
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.within_mut(|inner| inner.poll_read(cx, buf))
    }
}

#[deny(clippy::missing_trait_methods)]
impl<T: AsyncWrite> AsyncWrite for TokioContext<T> {
    #[inline]
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.within_mut(|inner| inner.poll_write(cx, data))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.within_mut(|inner| inner.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.within_mut(|inner| inner.poll_shutdown(cx))
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.within_mut(|inner| inner.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.within(|inner| inner.is_write_vectored())
    }
}

#[deny(clippy::missing_trait_methods)]
impl<T: AsyncBufRead> AsyncBufRead for TokioContext<T> {
    #[inline]
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        self.within_mut(|inner| inner.poll_fill_buf(cx))
    }

    #[inline]
    fn consume(self: Pin<&mut Self>, n: usize) {
        self.within_mut(|inner| inner.consume(n))
    }
}

#[deny(clippy::missing_trait_methods)]
impl<T: AsyncSeek> AsyncSeek for TokioContext<T> {
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        self.within_mut(|inner| inner.start_seek(position))
    }

    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        self.within_mut(|inner| inner.poll_complete(cx))
    }
}
