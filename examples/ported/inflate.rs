//! async-compression's decoder: decompresses into the caller's memory with a library that takes
//! only slices.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use flate2::{Decompress, FlushDecompress, Status};
use io_shim::{AsyncBufRead, AsyncReadBuf, BorrowedCursor, SliceFeed};

pub(crate) struct Inflate<R> {
    inner: R,
    zlib: Decompress,
    feed: SliceFeed,
    ended: bool,
}

impl<R> Inflate<R> {
    pub(crate) fn new(inner: R) -> Self {
        Inflate { inner, zlib: Decompress::new(true), feed: SliceFeed::default(), ended: false }
    }
}

impl<R: AsyncBufRead + Unpin> Inflate<R> {
    /// Decompresses into `slice` until it holds some data.
    fn poll_inflate(&mut self, cx: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        while !self.ended && !slice.is_empty() {
            let input = ready!(Pin::new(&mut self.inner).poll_fill_buf(cx))?;
            let (is_last, before) = (input.is_empty(), (self.zlib.total_in(), self.zlib.total_out()));
            let status = self.zlib.decompress(input, slice, FlushDecompress::None)?;
            let (read, n) = (self.zlib.total_in() - before.0, self.zlib.total_out() - before.1);
            Pin::new(&mut self.inner).consume(read as usize);
            self.ended = status == Status::StreamEnd;
            if n > 0 {
                return Poll::Ready(Ok(n as usize));
            }
            if is_last && !self.ended {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
        }
        Poll::Ready(Ok(0))
    }
}

impl<R: AsyncBufRead + Unpin> AsyncReadBuf for Inflate<R> {
    fn poll_read_into(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let mut feed = std::mem::take(&mut self.feed);
        let poll = feed.poll(cursor, |slice| self.poll_inflate(cx, slice));
        self.feed = feed;
        poll
    }
}
