//! smol-hyper's `FuturesIo`, its reading side: a slice-only reader of futures-io behind uninitialised memory.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::io::AsyncRead;
use io_shim::{AsyncReadBuf, BorrowedCursor, SliceFeed};

pub(crate) struct FromFutures<R> {
    inner: R,
    feed: SliceFeed,
}

impl<R> FromFutures<R> {
    pub(crate) fn new(inner: R) -> Self {
        FromFutures { inner, feed: SliceFeed::default() }
    }
}

impl<R: AsyncRead + Unpin> AsyncReadBuf for FromFutures<R> {
    fn poll_read_into(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        this.feed.poll(cursor, |slice| Pin::new(&mut this.inner).poll_read(cx, slice))
    }
}
