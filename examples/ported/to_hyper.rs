//! The reading side of hyper-util's `TokioIo`: a tokio reader for hyper.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use io_shim::{AsyncReadBuf, Shim, with_hyper_cursor};
use tokio::io::AsyncRead;

pub(crate) struct ToHyper<R>(pub(crate) R);

impl<R: AsyncRead + Unpin> hyper::rt::Read for ToHyper<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        // `Shim::from_tokio` alone implements hyper's trait too. `with_hyper_cursor` is for types
        // that implement it themselves.
        let mut shim = Shim::from_tokio(&mut self.0);
        with_hyper_cursor(buf, |cursor| Pin::new(&mut shim).poll_read_into(cx, cursor))
    }
}
