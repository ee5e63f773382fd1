//! Pointers forward io-shim's traits, and types in memory implement them.

use std::io::{self, Cursor, IoSlice, IoSliceMut, SeekFrom};
use std::pin::Pin;
use std::task::Poll;

use io_shim::{AsyncBufRead, AsyncReadBuf, AsyncSeek, AsyncWrite, ReadBuf, Shim, WriteVectored, spare};

use crate::mock::{Script, Sink, context};

#[test]
fn pointers_forward_every_method() {
    fn reads<R: AsyncReadBuf>(mut reader: Pin<&mut R>) {
        let mut cx = context();
        assert!(reader.supports_vectored_reads());
        assert_eq!(reader.init_hint(10), 0);
        let (mut a, mut b) = ([0; 1], [0; 1]);
        let mut bufs = [IoSliceMut::new(&mut a), IoSliceMut::new(&mut b)];
        assert!(matches!(reader.as_mut().poll_read_into_vectored(&mut cx, &mut bufs), Poll::Ready(Ok(2))));
        assert!(matches!(reader.as_mut().poll_read_into_slice(&mut cx, &mut a), Poll::Ready(Ok(1))));
        let mut vec = Vec::with_capacity(1);
        assert!(matches!(reader.poll_read_into(&mut cx, spare(&mut vec).unfilled()), Poll::Ready(Ok(()))));
        assert_eq!((a, b, &vec[..]), (*b"c", *b"b", &b"d"[..]));
    }
    reads(Pin::new(&mut &mut &b"abcdef"[..]));
    reads(Pin::new(&mut Box::new(&b"abcdef"[..])));
    reads(Pin::new(&mut Box::pin(&b"abcdef"[..])));

    fn writes<W: AsyncWrite>(mut writer: Pin<&mut W>) {
        let mut cx = context();
        assert!(writer.supports_vectored_writes());
        let bufs = [IoSlice::new(b"a"), IoSlice::new(b"b")];
        assert!(matches!(writer.as_mut().poll_write_vectored(&mut cx, &bufs), Poll::Ready(Ok(2))));
        assert!(matches!(writer.as_mut().poll_write(&mut cx, b"c"), Poll::Ready(Ok(1))));
        assert!(writer.as_mut().poll_flush(&mut cx).is_ready());
        assert!(writer.poll_shutdown(&mut cx).is_ready());
    }
    let mut sink = Sink::new(true);
    writes(Pin::new(&mut &mut sink));
    writes(Pin::new(&mut Box::new(&mut sink)));
    writes(Pin::new(&mut Box::pin(&mut sink)));
    assert_eq!((&sink.data[..], sink.flushes, sink.shutdowns), (&b"abcabcabc"[..], 3, 3));

    fn seeks<S: AsyncSeek + AsyncBufRead>(mut seeker: Pin<&mut S>) {
        let mut cx = context();
        assert!(matches!(seeker.as_mut().poll_seek(&mut cx, SeekFrom::Start(2)), Poll::Ready(Ok(2))));
        assert!(matches!(seeker.as_mut().poll_fill_buf(&mut cx), Poll::Ready(Ok(b"c"))));
        seeker.as_mut().consume(1);
        assert!(matches!(seeker.poll_fill_buf(&mut cx), Poll::Ready(Ok(b""))));
    }
    seeks(Pin::new(&mut &mut Cursor::new(b"abc")));
    seeks(Pin::new(&mut Box::new(Cursor::new(b"abc"))));
    seeks(Pin::new(&mut Box::pin(Cursor::new(b"abc"))));
}

#[test]
fn a_slice_only_reader_keeps_its_hint_behind_pointers() {
    let mut shim = Shim::from_futures(Script::default());
    let hint = shim.init_hint(1 << 20);
    assert_ne!(hint, 0);
    assert_eq!(Pin::new(&mut shim).init_hint(1 << 20), hint);
    assert_eq!(Box::new(&mut shim).init_hint(1 << 20), hint);
    assert_eq!(Box::pin(&mut shim).init_hint(1 << 20), hint);
    let boxed: Pin<Box<dyn AsyncReadBuf>> = Box::pin(shim);
    assert_eq!(boxed.init_hint(1 << 20), hint);
}

#[test]
fn synchronous_pointers_forward_every_method() {
    fn reads<R: ReadBuf>(mut reader: R) {
        assert!(ReadBuf::supports_vectored_reads(&reader));
        assert_eq!(ReadBuf::init_hint(&reader, 10), 0);
        let (mut a, mut b) = ([0; 1], [0; 1]);
        let mut bufs = [IoSliceMut::new(&mut a), IoSliceMut::new(&mut b)];
        assert_eq!(ReadBuf::read_into_vectored(&mut reader, &mut bufs).unwrap(), 2);
        assert_eq!(reader.read_into_slice(&mut a).unwrap(), 1);
        let mut vec = Vec::with_capacity(9);
        ReadBuf::read_into(&mut reader, spare(&mut vec).unfilled()).unwrap();
        assert_eq!((a, b, &vec[..]), (*b"c", *b"b", &b"def"[..]));
    }
    reads(&mut &b"abcdef"[..]);
    reads(Box::new(&b"abcdef"[..]));
    reads(Cursor::new("abcdef"));
    let boxed: Box<dyn ReadBuf> = Box::new(&b"abcdef"[..]);
    reads(boxed);
    assert!(WriteVectored::supports_vectored_writes(&&mut Vec::new()));
    assert!(WriteVectored::supports_vectored_writes(&Box::new(io::sink())));
}

#[test]
fn memory_takes_and_gives_several_slices_in_one_call() {
    fn writes<W: AsyncWrite + Unpin>(mut writer: W) -> W {
        assert!(writer.supports_vectored_writes());
        let bufs = [IoSlice::new(b"a"), IoSlice::new(b""), IoSlice::new(b"bc")];
        assert!(matches!(Pin::new(&mut writer).poll_write_vectored(&mut context(), &bufs), Poll::Ready(Ok(3))));
        writer
    }
    assert_eq!(writes(Vec::new()), b"abc");
    assert_eq!(writes(std::collections::VecDeque::new()), b"abc");
    assert_eq!(writes(Cursor::new(Vec::new())).into_inner(), b"abc");
    assert_eq!(writes(Cursor::new([0; 3])).into_inner(), *b"abc");
    let mut shim = writes(Shim::new(Cursor::new(vec![])));
    shim.get_mut().set_position(0);
    assert!(AsyncReadBuf::supports_vectored_reads(&shim));
    let (mut a, mut b) = ([0; 1], [0; 2]);
    let mut bufs = [IoSliceMut::new(&mut a), IoSliceMut::new(&mut b)];
    assert!(matches!(Pin::new(&mut shim).poll_read_into_vectored(&mut context(), &mut bufs), Poll::Ready(Ok(3))));
    assert_eq!((&a, &b), (b"a", b"bc"));
}

#[test]
fn memory_reads_writes_and_seeks() {
    futures::executor::block_on(async {
        use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
        let mut vec = Shim::new(Vec::new());
        vec.write_all(b"hello").await.unwrap();
        vec.shutdown().await.unwrap();
        assert_eq!(vec.get_ref(), b"hello");

        let mut cursor = Shim::new(Cursor::new(vec.into_inner()));
        cursor.seek(SeekFrom::Start(4)).await.unwrap();
        cursor.write_all(b"!?").await.unwrap();
        cursor.seek(SeekFrom::Current(-3)).await.unwrap();
        let mut rest = Vec::new();
        cursor.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, b"l!?");

        let mut array = Shim::new(Cursor::new([0; 3]));
        assert_eq!(array.write(b"abcd").await.unwrap(), 3);
        assert_eq!(array.write(b"d").await.unwrap(), 0);

        let mut queue = Shim::new(std::collections::VecDeque::new());
        queue.write_all(b"queue").await.unwrap();
        let mut text = String::new();
        queue.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "queue");
        let mut memory = [0; 3];
        assert_eq!(Shim::new(&mut memory[..]).write(b"abcd").await.unwrap(), 3);
        assert_eq!(&memory, b"abc");

        let mut text = String::new();
        Shim::new(io::empty()).read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "");
        Shim::new(io::sink()).write_all(&[0; 1000]).await.unwrap();
    });
}
