//! The native peer: a smol socket with the traits of tokio and hyper, written by hand.
#![allow(unsafe_code, reason = "reads into uninitialized memory, as a native reader does")]

use std::io::{self, IoSlice, Write as _};
use std::mem::MaybeUninit;
use std::net::TcpStream;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::rt::ReadBufCursor;
use rustix::net::{RecvFlags, recv};
use smol::Async;
use tokio::io::ReadBuf;

/// The socket.
#[derive(Debug)]
pub(crate) struct Native(Async<TcpStream>);

impl Native {
    /// Wraps a socket that is registered with the reactor.
    pub(crate) fn new(stream: Async<TcpStream>) -> Self {
        Native(stream)
    }

    /// Receives into `memory`, and returns how many bytes at its front are now initialized.
    #[inline]
    fn poll_recv(&self, cx: &mut Context<'_>, memory: &mut [MaybeUninit<u8>]) -> Poll<io::Result<usize>> {
        loop {
            match recv(&self.0, &mut *memory, RecvFlags::empty()) {
                Ok(((received, _), _)) => return Poll::Ready(Ok(received.len())),
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => ready!(self.0.poll_readable(cx))?,
                Err(errno) => return Poll::Ready(Err(errno.into())),
            }
        }
    }

    /// Repeats `write` until it succeeds or fails, and waits until the socket is writable.
    #[inline]
    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        mut write: impl FnMut(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            match write(self.0.get_ref()) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready!(self.0.poll_writable(cx))?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return Poll::Ready(result),
            }
        }
    }
}

impl tokio::io::AsyncRead for Native {
    #[inline]
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        // SAFETY: `recv` writes only initialized bytes.
        let memory = unsafe { buf.unfilled_mut() };
        let n = ready!(self.poll_recv(cx, memory))?;
        // SAFETY: `recv` has just written `n` bytes at the front of the unfilled part.
        unsafe { buf.assume_init(n) };
        buf.advance(n);
        Poll::Ready(Ok(()))
    }
}

impl hyper::rt::Read for Native {
    #[inline]
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, mut buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        // SAFETY: `recv` writes only initialized bytes.
        let memory = unsafe { buf.as_mut() };
        let n = ready!(self.poll_recv(cx, memory))?;
        // SAFETY: `recv` has just written `n` bytes at the front of the unfilled part.
        unsafe { buf.advance(n) };
        Poll::Ready(Ok(()))
    }
}

impl hyper::rt::Write for Native {
    #[inline]
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_send(cx, |mut socket| socket.write(data))
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_send(cx, |mut socket| socket.write_vectored(bufs))
    }

    #[inline]
    fn is_write_vectored(&self) -> bool {
        true
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    #[inline]
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.get_ref().shutdown(std::net::Shutdown::Write))
    }
}
