//! Instead: forward only `init_hint` beside a `poll_read_into` of your own.
use std::{io, pin::Pin, task::{Context, Poll}};

use io_shim::{AsyncReadBuf, AsyncWrite, BorrowedCursor, delegate};

struct Wrapper<T>(T);

impl<R: AsyncReadBuf + Unpin> AsyncReadBuf for Wrapper<R> {
    fn poll_read_into(self: Pin<&mut Self>, _: &mut Context<'_>, _: BorrowedCursor<'_>) -> Poll<io::Result<()>> {
        unimplemented!()
    }

    delegate!(AsyncReadBuf { init_hint, poll_read_into_slice, poll_read_into_vectored }:
        |this| Pin::new(&mut this.get_mut().0), |this| &this.0);
}

impl<W: AsyncWrite + Unpin> AsyncWrite for Wrapper<W> {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        unimplemented!()
    }

    delegate!(AsyncWrite { poll_flush, poll_shutdown, poll_write_vectored }:
        |this| Pin::new(&mut this.get_mut().0), |this| &this.0);
}

fn main() {}
