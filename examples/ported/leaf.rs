//! The reading side of tokio's `PollEvented`: the system reads from a socket into uninitialized
//! memory.
#![allow(unsafe_code, reason = "declares how many bytes the system wrote")]

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use io_shim::{AsyncReadBuf, BorrowedCursor};
use rustix::net::RecvFlags;
use tokio::io::Interest;
use tokio::net::TcpStream;

pub(crate) struct Leaf(pub(crate) TcpStream);

impl AsyncReadBuf for Leaf {
    fn poll_read_into(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.0.poll_read_ready(cx))?;
            // SAFETY: the system writes only initialized bytes, and rustix writes none.
            let unfilled = unsafe { cursor.as_mut() };
            let recv = || Ok(rustix::net::recv(&self.0, &mut *unfilled, RecvFlags::empty())?.0.0.len());
            match self.0.try_io(Interest::READABLE, recv) {
                Ok(n) => {
                    // SAFETY: the system wrote `n` bytes to the front.
                    unsafe { cursor.advance(n) };
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}
