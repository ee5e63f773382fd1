//! tokio's `Take`: reads at most a given number of bytes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use io_shim::{AsyncReadBuf, BorrowedCursor};

#[pin_project::pin_project]
pub(crate) struct Take<R> {
    #[pin]
    inner: R,
    limit: u64,
}

impl<R> Take<R> {
    pub(crate) fn new(inner: R, limit: u64) -> Self {
        Take { inner, limit }
    }
}

impl<R: AsyncReadBuf> AsyncReadBuf for Take<R> {
    fn poll_read_into(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.project();
        if *this.limit == 0 {
            return Poll::Ready(Ok(()));
        }
        let limit = usize::try_from(*this.limit).unwrap_or(usize::MAX);
        // The limited cursor updates the same buffer, and the inner reader cannot replace it.
        let poll = this.inner.poll_read_into(cx, cursor.reborrow().limit(limit));
        *this.limit -= cursor.written().len() as u64;
        poll
    }
}
