//! The provided methods of io-shim's traits, for types that write only the required ones.

use std::io::{self, IoSlice, IoSliceMut};
use std::pin::Pin;
use std::task::{Context, Poll};

use io_shim::{AsyncReadBuf, AsyncWrite, BorrowedCursor, ReadBuf, Shim};

use crate::mock::{context, ready};

/// Reads `abc` and accepts every write, through the required methods.
#[derive(Default)]
struct Plain(Vec<u8>);

impl ReadBuf for Plain {
    fn read_into(&mut self, mut cursor: BorrowedCursor<'_>) -> io::Result<()> {
        cursor.append(b"abc");
        Ok(())
    }
}

impl AsyncReadBuf for Plain {
    fn poll_read_into(self: Pin<&mut Self>, _: &mut Context<'_>, cursor: BorrowedCursor<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.get_mut().read_into(cursor))
    }
}

impl AsyncWrite for Plain {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.0.extend_from_slice(data);
        Poll::Ready(Ok(data.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[test]
fn reads_into_several_slices_use_the_first_that_is_not_empty() {
    let (mut a, mut b) = ([0; 4], [0; 4]);
    let mut bufs = [IoSliceMut::new(&mut []), IoSliceMut::new(&mut a), IoSliceMut::new(&mut b)];
    assert_eq!(Plain::default().read_into_vectored(&mut bufs).unwrap(), 3);
    let mut shim = Shim::new(Plain::default());
    assert_eq!(ready(Pin::new(&mut shim).poll_read_into_vectored(&mut context(), &mut bufs)).unwrap(), 3);
    assert_eq!((&a, &b), (b"abc\0", &[0; 4]));
}

#[test]
fn writes_from_several_slices_use_the_first_that_is_not_empty() {
    let mut shim = Shim::new(Plain::default());
    let bufs = [IoSlice::new(b""), IoSlice::new(b"ab"), IoSlice::new(b"cd")];
    assert_eq!(ready(AsyncWrite::poll_write_vectored(Pin::new(&mut shim), &mut context(), &bufs)).unwrap(), 2);
    assert_eq!(ready(AsyncWrite::poll_write_vectored(Pin::new(&mut shim), &mut context(), &[])).unwrap(), 0);
    assert_eq!(shim.get_ref().0, b"ab");
}

#[test]
fn queries_and_hints_say_no_and_nothing() {
    assert!(!ReadBuf::supports_vectored_reads(&Plain::default()));
    assert_eq!(ReadBuf::init_hint(&Plain::default(), 100), 0);
    let shim = Shim::new(Plain::default());
    assert!(!AsyncReadBuf::supports_vectored_reads(&shim) && !AsyncWrite::supports_vectored_writes(&shim));
    assert_eq!(AsyncReadBuf::init_hint(&shim, 100), 0);
}
