//! The reading side of smol-hyper's `FuturesIo`: reads a futures-io reader, which takes only
//! slices, into uninitialized memory.

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
