//! `delegate!`, the macro for wrappers, forwards every method, provided ones included.

use std::io::{self, IoSlice, IoSliceMut, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};

use io_shim::{AsyncBufRead, AsyncReadBuf, AsyncSeek, AsyncWrite, BorrowedBuf, BorrowedCursor, Shim, delegate};

use crate::mock::{Script, Sink, Step, context};

/// Forwards everything.
struct Transparent<T>(T);

impl<T: AsyncReadBuf + Unpin> AsyncReadBuf for Transparent<T> {
    delegate!(AsyncReadBuf: |this| Pin::new(&mut this.get_mut().0), |this| &this.0);
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Transparent<T> {
    delegate!(AsyncWrite: |this| Pin::new(&mut this.get_mut().0), |this| &this.0);
}

impl<T: AsyncBufRead + Unpin> AsyncBufRead for Transparent<T> {
    delegate!(AsyncBufRead: |this| Pin::new(&mut this.get_mut().0), |this| &this.0);
}

impl<T: AsyncSeek + Unpin> AsyncSeek for Transparent<T> {
    delegate!(AsyncSeek: |this| Pin::new(&mut this.get_mut().0), |this| &this.0);
}

/// Converts what was read to upper case.
struct Upper<T>(T);

impl<T: AsyncReadBuf + Unpin> AsyncReadBuf for Upper<T> {
    fn poll_read_into(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.0).poll_read_into(cx, cursor.reborrow());
        cursor.written_mut().make_ascii_uppercase();
        poll
    }

    delegate!(AsyncReadBuf { init_hint }: |this| Pin::new(&mut this.get_mut().0), |this| &this.0);
}

#[test]
fn a_transparent_wrapper_forwards_reads_queries_and_hints() {
    let mut reader = Transparent(&b"abcdef"[..]);
    assert!(reader.supports_vectored_reads());
    let (mut a, mut b) = ([0; 2], [0; 2]);
    let mut bufs = [IoSliceMut::new(&mut a), IoSliceMut::new(&mut b)];
    assert!(matches!(Pin::new(&mut reader).poll_read_into_vectored(&mut context(), &mut bufs), Poll::Ready(Ok(4))));
    assert!(matches!(Pin::new(&mut reader).poll_read_into_slice(&mut context(), &mut a), Poll::Ready(Ok(2))));
    let slice_only = Transparent(Shim::from_futures(Script::default()));
    assert_eq!(slice_only.init_hint(1 << 20), Shim::from_futures(Script::default()).init_hint(1 << 20));
}

#[test]
fn a_transparent_wrapper_forwards_writes_and_seeks() {
    let mut writer = Transparent(Sink::new(true));
    assert!(writer.supports_vectored_writes());
    let bufs = [IoSlice::new(b"ab"), IoSlice::new(b"cd")];
    assert!(matches!(Pin::new(&mut writer).poll_write_vectored(&mut context(), &bufs), Poll::Ready(Ok(4))));
    assert!(matches!(Pin::new(&mut writer).poll_write(&mut context(), b"e"), Poll::Ready(Ok(1))));
    assert!(Pin::new(&mut writer).poll_flush(&mut context()).is_ready());
    assert!(Pin::new(&mut writer).poll_shutdown(&mut context()).is_ready());
    assert_eq!((writer.0.flushes, writer.0.shutdowns, &writer.0.data[..]), (1, 1, &b"abcde"[..]));

    let mut seeker = Transparent(io::Cursor::new(b"abcd"));
    assert!(matches!(Pin::new(&mut seeker).poll_seek(&mut context(), SeekFrom::End(-1)), Poll::Ready(Ok(3))));
    assert!(matches!(Pin::new(&mut seeker).poll_fill_buf(&mut context()), Poll::Ready(Ok(b"d"))));
    Pin::new(&mut seeker).consume(1);
    assert_eq!(seeker.0.position(), 4);
}

#[test]
fn a_wrapper_that_looks_at_the_data_sees_every_read() {
    let script = Script::new([Step::Data(b"ab".to_vec()), Step::Pending, Step::Data(b"cd".to_vec())]);
    let mut reader = Upper(script);
    let mut memory = [std::mem::MaybeUninit::uninit(); 8];
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    assert!(Pin::new(&mut reader).poll_read_into(&mut context(), buf.unfilled()).is_ready());
    assert!(Pin::new(&mut reader).poll_read_into(&mut context(), buf.unfilled()).is_pending());
    assert_eq!(buf.filled(), b"AB");
    let mut bytes = [0; 4];
    let mut bufs = [IoSliceMut::new(&mut []), IoSliceMut::new(&mut bytes)];
    assert!(matches!(Pin::new(&mut reader).poll_read_into_vectored(&mut context(), &mut bufs), Poll::Ready(Ok(2))));
    assert_eq!(&bytes[..2], b"CD");
    assert_eq!(Upper(Shim::from_futures(Script::default())).init_hint(100), 100);
}
