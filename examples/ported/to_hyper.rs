//! hyper-util's `TokioIo`, its reading side: a tokio reader for hyper.

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
        // `Shim::from_tokio` is all of this type; the bridge to hyper's buffer is for those who keep one of their own.
        let mut shim = Shim::from_tokio(&mut self.0);
        with_hyper_cursor(buf, 0, |cursor| Pin::new(&mut shim).poll_read_into(cx, cursor))
    }
}
