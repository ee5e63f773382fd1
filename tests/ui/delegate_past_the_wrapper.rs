//! Instead: forward only `init_hint` beside a `poll_read_into` of your own.
use std::{io, pin::Pin, task::{Context, Poll}};

use io_shim::{AsyncReadBuf, BorrowedCursor, delegate};

struct Upper<R>(R);

impl<R: AsyncReadBuf + Unpin> AsyncReadBuf for Upper<R> {
    fn poll_read_into(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.0).poll_read_into(cx, cursor.reborrow());
        cursor.written_mut().make_ascii_uppercase();
        poll
    }

    delegate!(AsyncReadBuf { init_hint, poll_read_into_slice, poll_read_into_vectored }:
        |this| Pin::new(&mut this.get_mut().0), |this| &this.0);
}

fn main() {}
