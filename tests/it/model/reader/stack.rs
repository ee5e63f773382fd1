//! The stack: the layers of a case over its reader.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use io_shim::{AsyncBufRead, AsyncReadBuf, BorrowedCursor, Shim};

use super::case::Layer;

/// A reader with the traits of all ecosystems.
pub trait Reader: tokio::io::AsyncRead + futures::io::AsyncRead + AsyncReadBuf {}

impl<T: tokio::io::AsyncRead + futures::io::AsyncRead + AsyncReadBuf> Reader for T {}

/// A stack of any height. It has the traits of all ecosystems, because pinned pointers forward
/// them.
pub type Stack = Pin<Box<dyn Reader>>;

impl Layer {
    pub fn wrap<T: Reader + Unpin + 'static>(self, inner: T) -> Stack {
        fn tokio_buf<T: tokio::io::AsyncRead>(n: usize, inner: T) -> tokio::io::BufReader<T> {
            tokio::io::BufReader::with_capacity(n, inner)
        }
        fn futures_buf<T: futures::io::AsyncRead>(n: usize, inner: T) -> futures::io::BufReader<T> {
            futures::io::BufReader::with_capacity(n, inner)
        }
        match self {
            Layer::Tokio => Box::pin(Shim::from_tokio(inner)),
            Layer::Futures(offer) => Box::pin(Shim::from_futures(inner).with_offer(offer)),
            Layer::Native => Box::pin(Shim::new(inner)),
            Layer::TokioBuf(n) => Box::pin(Shim::from_tokio(tokio_buf(n, inner))),
            Layer::FuturesBuf(n) => Box::pin(Shim::from_futures_buf(futures_buf(n, inner))),
            Layer::TokioInFuturesBuf(n) => Box::pin(Shim::from_futures_buf(Shim::from_tokio(tokio_buf(n, inner)))),
            Layer::FuturesInTokioBuf(n) => Box::pin(Shim::from_tokio(Shim::from_futures_buf(futures_buf(n, inner)))),
            Layer::Filling(n) => {
                Box::pin(Shim::new(Filling { inner: Shim::new(Shim::from_tokio(tokio_buf(n, inner))), calls: 0 }))
            }
            Layer::Limited(n) => Box::pin(Shim::new(Limited { inner, n })),
            Layer::BoxedTokio => Box::pin(Shim::from_tokio(Box::new(inner) as Box<dyn tokio::io::AsyncRead + Unpin>)),
            Layer::BoxedFutures => {
                Box::pin(Shim::from_futures(Box::new(inner) as Box<dyn futures::io::AsyncRead + Unpin>))
            }
            Layer::BoxedNative => Box::pin(Shim::new(Box::new(inner) as Box<dyn AsyncReadBuf + Unpin>)),
            Layer::PinnedNative => Box::pin(Shim::new(Box::pin(inner) as Pin<Box<dyn AsyncReadBuf>>)),
        }
    }
}

struct Limited<T> {
    inner: T,
    n: usize,
}

impl<T: AsyncReadBuf + Unpin> AsyncReadBuf for Limited<T> {
    fn poll_read_into(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let (n, capacity) = (self.n, cursor.capacity());
        let poll = Pin::new(&mut self.inner).poll_read_into(cx, cursor.reborrow().limit(n));
        assert!(cursor.written().len() <= n, "more than the limit");
        assert_eq!(cursor.capacity(), capacity - cursor.written().len());
        poll
    }
}

struct Filling<T> {
    inner: T,
    calls: usize,
}

impl<T> AsyncReadBuf for Filling<T>
where
    T: tokio::io::AsyncBufRead + futures::io::AsyncBufRead + AsyncBufRead + Unpin,
{
    fn poll_read_into(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        self.calls += 1;
        let calls = self.calls;
        let inner = &mut self.inner;
        let chunk = ready!(match calls % 3 {
            0 => tokio::io::AsyncBufRead::poll_fill_buf(Pin::new(inner), cx),
            1 => futures::io::AsyncBufRead::poll_fill_buf(Pin::new(inner), cx),
            _ => AsyncBufRead::poll_fill_buf(Pin::new(inner), cx),
        })?;
        // Sometimes only half of it.
        let n = chunk.len().div_ceil(1 + calls % 2).min(cursor.capacity());
        cursor.append(&chunk[..n]);
        match calls % 3 {
            0 => AsyncBufRead::consume(Pin::new(&mut self.inner), n),
            1 => tokio::io::AsyncBufRead::consume(Pin::new(&mut self.inner), n),
            _ => futures::io::AsyncBufRead::consume(Pin::new(&mut self.inner), n),
        }
        Poll::Ready(Ok(()))
    }
}
