//! Buffered reading, and the constructors for buffered readers, which copy from the inner buffer.

use std::io::IoSliceMut;
use std::pin::Pin;

use io_shim::{AsyncBufRead, AsyncReadBuf, BorrowedBuf, Shim};

use crate::mock::{Script, Step, context, ready, sentinels, zeroes};

/// Calls `fill_buf`, consumes a part, then reads: consumed bytes are gone, the others are read
/// first.
fn fill_buf_then_read<S>(mut shim: S)
where
    S: tokio::io::AsyncBufRead + futures::io::AsyncBufRead + AsyncReadBuf + AsyncBufRead + Unpin,
{
    let mut cx = context();
    assert_eq!(ready(AsyncBufRead::poll_fill_buf(Pin::new(&mut shim), &mut cx)).unwrap(), b"abcd");
    AsyncBufRead::consume(Pin::new(&mut shim), 1);
    assert_eq!(ready(tokio::io::AsyncBufRead::poll_fill_buf(Pin::new(&mut shim), &mut cx)).unwrap(), b"bcd");
    tokio::io::AsyncBufRead::consume(Pin::new(&mut shim), 1);
    assert_eq!(ready(futures::io::AsyncBufRead::poll_fill_buf(Pin::new(&mut shim), &mut cx)).unwrap(), b"cd");
    futures::io::AsyncBufRead::consume(Pin::new(&mut shim), 1);
    let mut bytes = [0; 8];
    assert_eq!(ready(shim_read(&mut shim, &mut bytes)).unwrap(), 1);
    assert_eq!(bytes[0], b'd');
    assert_eq!(ready(shim_read(&mut shim, &mut bytes)).unwrap(), 2);
    assert_eq!(&bytes[..2], b"ef");
    assert_eq!(ready(shim_read(&mut shim, &mut bytes)).unwrap(), 0);
}

fn shim_read<S: AsyncReadBuf + Unpin>(shim: &mut S, bytes: &mut [u8]) -> std::task::Poll<std::io::Result<usize>> {
    Pin::new(shim).poll_read_into_slice(&mut context(), bytes)
}

fn script() -> Script {
    Script::new([Step::Data(b"abcd".to_vec()), Step::Data(b"ef".to_vec())])
}

#[test]
fn what_is_buffered_is_read_first() {
    fill_buf_then_read(Shim::from_tokio(tokio::io::BufReader::new(script())));
    fill_buf_then_read(Shim::from_futures(futures::io::BufReader::new(script())));
    fill_buf_then_read(Shim::from_futures_buf(futures::io::BufReader::new(script())));
}

#[test]
fn buffered_sources_initialise_nothing_but_what_they_fill() {
    fn check<S: AsyncReadBuf + Unpin>(mut shim: S) {
        let mut memory = sentinels(1 << 16);
        let mut buf = BorrowedBuf::from(&mut memory[..]);
        assert_eq!(shim.init_hint(1 << 16), 0);
        ready(Pin::new(&mut shim).poll_read_into(&mut context(), buf.unfilled())).unwrap();
        assert_eq!((buf.filled().len(), buf.init_len()), (4, 4));
        assert_eq!(zeroes(&memory), 0);
    }
    check(Shim::from_tokio(tokio::io::BufReader::new(script())));
    check(Shim::from_futures_buf(futures::io::BufReader::new(script())));
}

#[test]
fn buffered_sources_read_into_several_slices() {
    let mut shim = Shim::from_futures_buf(futures::io::BufReader::new(script()));
    let (mut a, mut b) = ([0; 3], [0; 3]);
    assert!(shim.supports_vectored_reads());
    let mut bufs = [IoSliceMut::new(&mut a), IoSliceMut::new(&mut b)];
    assert_eq!(ready(Pin::new(&mut shim).poll_read_into_vectored(&mut context(), &mut bufs)).unwrap(), 4);
    assert_eq!((&a, &b[..1]), (b"abc", &b"d"[..]));
}

#[test]
fn an_empty_buffer_is_forwarded_to_the_reader_inside() {
    fn check<S: AsyncReadBuf + AsyncBufRead + Unpin>(mut shim: S) {
        // `fill_buf` is never ready, but an empty read is.
        assert!(AsyncBufRead::poll_fill_buf(Pin::new(&mut shim), &mut context()).is_pending());
        assert_eq!(ready(Pin::new(&mut shim).poll_read_into_slice(&mut context(), &mut [])).unwrap(), 0);
        let mut bufs = [IoSliceMut::new(&mut [])];
        assert_eq!(ready(Pin::new(&mut shim).poll_read_into_vectored(&mut context(), &mut bufs)).unwrap(), 0);
    }
    fn never() -> Script {
        Script::new(vec![Step::Pending; 9])
    }
    /// Returns the end of file from a read, and is never ready in `fill_buf`.
    struct Idle(Script);
    impl tokio::io::AsyncRead for Idle {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
            buf: &mut tokio::io::ReadBuf<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            if buf.remaining() == 0 {
                return std::task::Poll::Ready(Ok(()));
            }
            tokio::io::AsyncRead::poll_read(Pin::new(&mut self.0), cx, buf)
        }
    }
    impl tokio::io::AsyncBufRead for Idle {
        fn poll_fill_buf(
            self: Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<&[u8]>> {
            std::task::Poll::Pending
        }
        fn consume(self: Pin<&mut Self>, _: usize) {}
    }
    impl futures::io::AsyncRead for Idle {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
            slice: &mut [u8],
        ) -> std::task::Poll<std::io::Result<usize>> {
            if slice.is_empty() {
                return std::task::Poll::Ready(Ok(0));
            }
            futures::io::AsyncRead::poll_read(Pin::new(&mut self.0), cx, slice)
        }
    }
    impl futures::io::AsyncBufRead for Idle {
        fn poll_fill_buf(
            self: Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<&[u8]>> {
            std::task::Poll::Pending
        }
        fn consume(self: Pin<&mut Self>, _: usize) {}
    }
    check(Shim::from_tokio(Idle(never())));
    check(Shim::from_futures_buf(Idle(never())));
}
