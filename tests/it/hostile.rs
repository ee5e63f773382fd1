//! Readers and writers that break their contracts: the caller gets an error, loses no data, and can
//! go on.

use std::cell::Cell;
use std::io::{self, IoSliceMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};

use io_shim::{AsyncReadBuf, AsyncWrite, BorrowedBuf, BorrowedCursor, ContractViolation, Shim, with_tokio_cursor};
use tokio::io::ReadBuf;

use crate::mock::{Breaks, context, ready, violation};

/// A tokio reader that does what the function says.
struct Evil<F>(F);

impl<F: FnMut(&mut ReadBuf<'_>) -> Poll<io::Result<()>> + Unpin> tokio::io::AsyncRead for Evil<F> {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        (self.0)(buf)
    }
}

/// A reader and writer that reports a fixed count.
struct Liar(usize);

impl futures::io::AsyncRead for Liar {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.0))
    }
}

impl AsyncReadBuf for Liar {
    fn poll_read_into(self: Pin<&mut Self>, _: &mut Context<'_>, _: BorrowedCursor<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_read_into_slice(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.0))
    }
}

macro_rules! liar_writes {
    ($trait:path, $close:ident) => {
        impl $trait for Liar {
            fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
                Poll::Ready(Ok(self.0))
            }

            fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }

            fn $close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }
        }
    };
}

liar_writes!(tokio::io::AsyncWrite, poll_shutdown);
liar_writes!(futures::io::AsyncWrite, poll_close);
liar_writes!(AsyncWrite, poll_shutdown);

/// Leaks a value and keeps its address, so that a memory checker does not report it as lost.
pub(crate) fn leak<'a, T: ?Sized + 'a>(value: Box<T>) -> &'a mut T {
    static KEPT: Mutex<Vec<usize>> = Mutex::new(Vec::new());
    let value = Box::leak(value);
    KEPT.lock().unwrap().push(std::ptr::from_mut(value).cast::<u8>().expose_provenance());
    value
}

fn leaked(len: usize) -> ReadBuf<'static> {
    ReadBuf::new(leak(vec![b'!'; len].into_boxed_slice()))
}

/// Reads through `shim` on every path, after `b"kept"`, and returns the results.
fn on_every_path<S>(mut shim: S) -> [io::Result<usize>; 5]
where
    S: tokio::io::AsyncRead + futures::io::AsyncRead + hyper::rt::Read + AsyncReadBuf + Unpin,
{
    let mut cx = context();
    let mut memory = [std::mem::MaybeUninit::uninit(); 64];
    let mut buf = ReadBuf::uninit(&mut memory);
    buf.put_slice(b"kept");
    let tokio = ready(tokio::io::AsyncRead::poll_read(Pin::new(&mut shim), &mut cx, &mut buf));
    assert_eq!(&buf.filled()[..4], b"kept");
    let tokio = tokio.map(|()| buf.filled().len() - 4);

    let mut memory = [std::mem::MaybeUninit::uninit(); 64];
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    buf.unfilled().append(b"kept");
    let io_shim = ready(Pin::new(&mut shim).poll_read_into(&mut cx, buf.unfilled()));
    assert_eq!(&buf.filled()[..4], b"kept");
    let io_shim = io_shim.map(|()| buf.filled().len() - 4);

    let mut memory = [std::mem::MaybeUninit::uninit(); 64];
    let mut buf = hyper::rt::ReadBuf::uninit(&mut memory);
    buf.unfilled().put_slice(b"kept");
    let hyper = ready(hyper::rt::Read::poll_read(Pin::new(&mut shim), &mut cx, buf.unfilled()));
    assert_eq!(&buf.filled()[..4], b"kept");
    if hyper.is_err() {
        assert_eq!(buf.filled(), b"kept");
    }
    let hyper = hyper.map(|()| buf.filled().len() - 4);

    let mut bytes = [b'?'; 64];
    let futures = ready(futures::io::AsyncRead::poll_read(Pin::new(&mut shim), &mut cx, &mut bytes));
    let mut bufs = [IoSliceMut::new(&mut bytes)];
    let vectored = ready(futures::io::AsyncRead::poll_read_vectored(Pin::new(&mut shim), &mut cx, &mut bufs));
    [tokio, io_shim, hyper, futures, vectored]
}

#[test]
fn reader_that_swaps_the_buffer_gets_an_error() {
    for len in [0, 1, 32, 60, 64, 200] {
        for outcome in [|| Poll::Ready(Ok(())), || Poll::Pending, || Poll::Ready(Err(io::ErrorKind::Other.into()))] {
            let shim = Shim::from_tokio(Evil(move |buf: &mut ReadBuf<'_>| {
                *buf = leaked(len);
                buf.advance(len);
                outcome()
            }));
            for result in on_every_path(shim) {
                assert_eq!(violation(result), ContractViolation::BufferReplaced);
            }
        }
    }
}

#[test]
fn reader_that_swaps_the_buffer_under_layers_of_hypers_gets_an_error() {
    let shim = Shim::from_tokio(Evil(|buf: &mut ReadBuf<'_>| {
        *buf = leaked(buf.remaining());
        buf.advance(buf.remaining());
        Poll::Ready(Ok(()))
    }));
    for result in on_every_path(Shim::from_hyper(Shim::from_futures(Shim::from_hyper(shim)))) {
        assert_eq!(violation(result), ContractViolation::BufferReplaced);
    }
}

#[test]
fn reader_that_swaps_in_a_part_of_the_buffer_gets_an_error() {
    // The front of the same memory, leaked out of the buffer: same address, fewer bytes.
    let shim = Shim::from_tokio(Evil(|buf: &mut ReadBuf<'_>| {
        let all = std::mem::replace(buf, leaked(0));
        *buf = leak(Box::new(all)).take(8);
        buf.put_slice(b"abc");
        Poll::Ready(Ok(()))
    }));
    for result in on_every_path(shim) {
        assert_eq!(violation(result), ContractViolation::BufferReplaced);
    }
}

#[test]
fn reader_that_swaps_in_a_buffer_at_the_address_of_an_empty_one_gets_an_error() {
    // Empty memory can have the address of other memory, which may be the reader's.
    let read = |by_slice| {
        let (empty, rest) = leak(vec![b'!'; 8].into_boxed_slice()).split_at_mut(0);
        let mut rest = Some(rest);
        let mut shim = Shim::from_tokio(Evil(|buf: &mut ReadBuf<'_>| {
            *buf = ReadBuf::new(rest.take().unwrap());
            buf.advance(3);
            Poll::Ready(Ok(()))
        }));
        let (shim, mut cx) = (Pin::new(&mut shim), context());
        match by_slice {
            true => ready(shim.poll_read_into_slice(&mut cx, empty)).map(drop),
            false => ready(shim.poll_read_into(&mut cx, BorrowedBuf::from(empty).unfilled())),
        }
    };
    assert_eq!(violation(read(true)), ContractViolation::BufferReplaced);
    assert_eq!(violation(read(false)), ContractViolation::BufferReplaced);
}

#[test]
fn the_marks_of_a_replaced_buffer_are_not_used() {
    let mut shim = Shim::from_tokio(Evil(|buf: &mut ReadBuf<'_>| {
        *buf = leaked(buf.remaining());
        Poll::Ready(Ok(()))
    }));
    let mut memory = [std::mem::MaybeUninit::uninit(); 64];
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    buf.unfilled().ensure_init_to(5);
    let result = ready(Pin::new(&mut shim).poll_read_into(&mut context(), buf.unfilled()));
    assert_eq!(violation(result), ContractViolation::BufferReplaced);
    assert_eq!((buf.filled().len(), buf.init_len()), (0, 5));
}

#[test]
fn reader_that_swaps_in_the_same_memory_loses_nothing() {
    // All of it, leaked likewise: its marks start anew, but they describe the same memory.
    let shim = Shim::from_tokio(Evil(|buf: &mut ReadBuf<'_>| {
        let all = std::mem::replace(buf, leaked(0));
        *buf = leak(Box::new(all)).take(usize::MAX);
        buf.put_slice(b"abc");
        Poll::Ready(Ok(()))
    }));
    for result in on_every_path(shim) {
        assert_eq!(result.unwrap(), 3);
    }
}

#[test]
fn reader_that_clears_cannot_touch_earlier_bytes() {
    let shim = Shim::from_tokio(Evil(|buf: &mut ReadBuf<'_>| {
        assert_eq!(buf.filled(), b"");
        buf.put_slice(b"abc");
        buf.clear();
        buf.set_filled(2);
        buf.set_filled(0);
        buf.put_slice(b"xy");
        Poll::Ready(Ok(()))
    }));
    for result in on_every_path(shim) {
        assert_eq!(result.unwrap(), 2);
    }
}

#[test]
fn count_beyond_the_buffer_is_an_error_on_every_path() {
    for n in [65, 200, usize::MAX] {
        for result in on_every_path(Shim::from_futures(Liar(n))) {
            assert!(matches!(violation(result), ContractViolation::ReadTooMuch { returned, .. } if returned == n));
        }
        let [_, _, _, slice, vectored] = on_every_path(Shim::new(Liar(n)));
        for result in [slice, vectored] {
            assert_eq!(violation(result), ContractViolation::ReadTooMuch { returned: n, offered: 64 });
        }
    }
}

#[test]
fn count_for_an_empty_buffer_is_an_error() {
    let mut shim = Shim::from_futures(Liar(1));
    let mut buf = ReadBuf::new(&mut []);
    let result = ready(tokio::io::AsyncRead::poll_read(Pin::new(&mut shim), &mut context(), &mut buf));
    assert_eq!(violation(result), ContractViolation::ReadTooMuch { returned: 1, offered: 0 });
    let result = ready(Pin::new(&mut shim).poll_read_into_slice(&mut context(), &mut []));
    assert_eq!(violation(result), ContractViolation::ReadTooMuch { returned: 1, offered: 0 });
}

#[test]
fn count_beyond_what_was_written_is_an_error() {
    fn check<S: tokio::io::AsyncWrite + futures::io::AsyncWrite + AsyncWrite + Unpin>(mut shim: S) {
        let mut cx = context();
        let expected = ContractViolation::WroteTooMuch { returned: 9, offered: 3 };
        let result = ready(tokio::io::AsyncWrite::poll_write(Pin::new(&mut shim), &mut cx, b"abc"));
        assert_eq!(violation(result), expected);
        let result = ready(futures::io::AsyncWrite::poll_write(Pin::new(&mut shim), &mut cx, b"abc"));
        assert_eq!(violation(result), expected);
        let result = ready(AsyncWrite::poll_write(Pin::new(&mut shim), &mut cx, b"abc"));
        assert_eq!(violation(result), expected);
    }
    check(Shim::from_tokio(Liar(9)));
    check(Shim::from_futures(Liar(9)));
    check(Shim::new(Liar(9)));
}

#[test]
fn violations_say_who_did_what() {
    let texts = [
        (
            ContractViolation::ReadTooMuch { returned: 9, offered: 3 },
            "the inner reader returned a count of 9 for a read into 3 bytes: it must return how many bytes it wrote",
        ),
        (
            ContractViolation::WroteTooMuch { returned: 9, offered: 3 },
            "the inner writer returned a count of 9 for a write of 3 bytes: it must return how many of them it took",
        ),
        (
            ContractViolation::BufferReplaced,
            "the inner reader replaced the buffer that was passed to it: it must fill that buffer, and never assign or swap it",
        ),
        (
            ContractViolation::InconsistentBuf,
            "a `Buf` returned chunks that contradict its `remaining`: while `remaining` is not 0, `chunk` must not be \
             empty, and `advance` must reduce `remaining` by its argument",
        ),
    ];
    for (violation, text) in texts {
        assert_eq!(io::Error::from(violation).to_string(), text);
    }
    assert!(ContractViolation::of(&io::ErrorKind::InvalidData.into()).is_none());
    assert!(ContractViolation::of(&io::Error::other("else")).is_none());
}

#[test]
fn panic_before_during_or_after_filling_leaves_shim_and_buffer_usable() {
    for filled in [0, 1, 60] {
        let calls = Cell::new(0);
        let mut shim = Shim::from_tokio(Evil(|buf: &mut ReadBuf<'_>| {
            calls.set(calls.get() + 1);
            if calls.get() % 2 == 1 {
                buf.put_slice(&vec![b'!'; filled.min(buf.remaining())]);
                panic!("in a reader");
            }
            buf.put_slice(b"abc");
            Poll::Ready(Ok(()))
        }));
        let mut memory = [std::mem::MaybeUninit::uninit(); 64];
        let mut buf = ReadBuf::uninit(&mut memory);
        buf.put_slice(b"kept");
        let mut read = || {
            catch_unwind(AssertUnwindSafe(|| {
                ready(tokio::io::AsyncRead::poll_read(Pin::new(&mut shim), &mut context(), &mut buf))
            }))
        };
        assert!(read().is_err());
        read().unwrap().unwrap();
        assert_eq!(buf.filled(), b"keptabc");
        let mut bytes = [0; 64];
        let mut read = || {
            catch_unwind(AssertUnwindSafe(|| {
                ready(futures::io::AsyncRead::poll_read(Pin::new(&mut shim), &mut context(), &mut bytes))
            }))
        };
        assert!(read().is_err());
        assert_eq!(read().unwrap().unwrap(), 3);
    }
}

#[test]
fn data_with_pending_or_an_error_is_carried_where_it_can_be_said() {
    // A buffer with its own marks holds what was filled, on every outcome.
    let mut memory = [std::mem::MaybeUninit::uninit(); 8];
    let mut buf = ReadBuf::uninit(&mut memory);
    let mut pending = Shim::from_tokio(Evil(|buf: &mut ReadBuf<'_>| {
        buf.put_slice(b"p");
        Poll::Pending
    }));
    let mut failing = Shim::from_tokio(Evil(|buf: &mut ReadBuf<'_>| {
        buf.put_slice(b"e");
        Poll::Ready(Err(io::ErrorKind::Other.into()))
    }));
    let mut cx = context();
    assert!(tokio::io::AsyncRead::poll_read(Pin::new(&mut pending), &mut cx, &mut buf).is_pending());
    assert!(ready(tokio::io::AsyncRead::poll_read(Pin::new(&mut failing), &mut cx, &mut buf)).is_err());
    assert_eq!(buf.filled(), b"pe");
    // A slice has no marks: data with `Pending` becomes a count, and an error stays an error.
    let mut bytes = [0; 8];
    assert!(matches!(Pin::new(&mut pending).poll_read_into_slice(&mut cx, &mut bytes), Poll::Ready(Ok(1))));
    assert!(matches!(Pin::new(&mut failing).poll_read_into_slice(&mut cx, &mut bytes), Poll::Ready(Err(_))));
    let result = futures::io::AsyncRead::poll_read(Pin::new(&mut Shim::new(Breaks::pends(b"n"))), &mut cx, &mut bytes);
    assert!(matches!(result, Poll::Ready(Ok(1))));
}

#[test]
fn initialised_bytes_are_carried_back_on_every_outcome() {
    for outcome in [|| Poll::Ready(Ok(())), || Poll::Pending, || Poll::Ready(Err(io::ErrorKind::Other.into()))] {
        let mut shim = Shim::from_tokio(Evil(move |buf: &mut ReadBuf<'_>| {
            buf.initialize_unfilled_to(5);
            outcome()
        }));
        let mut memory = [std::mem::MaybeUninit::uninit(); 8];
        let mut buf = ReadBuf::uninit(&mut memory);
        let _ = tokio::io::AsyncRead::poll_read(Pin::new(&mut shim), &mut context(), &mut buf);
        assert_eq!((buf.filled().len(), buf.initialized().len()), (0, 5));
    }
}

#[test]
fn a_tokio_buffer_lends_a_cursor_over_its_unfilled_part() {
    let mut memory = [std::mem::MaybeUninit::uninit(); 16];
    let mut buf = ReadBuf::uninit(&mut memory);
    buf.put_slice(b"kept");
    buf.initialize_unfilled_to(3);
    let capacity = with_tokio_cursor(&mut buf, |mut cursor| {
        assert_eq!((cursor.init_len(), cursor.written()), (3, &b""[..]));
        cursor.append(b"ab");
        cursor.truncate_written(1);
        cursor.ensure_init_to(6);
        cursor.capacity()
    });
    assert_eq!((capacity, buf.filled(), buf.initialized().len()), (11, &b"kepta"[..], 11));
    let result = catch_unwind(AssertUnwindSafe(|| {
        with_tokio_cursor(&mut buf, |mut cursor| {
            cursor.append(b"lost");
            panic!("in a reader");
        })
    }));
    assert!(result.is_err());
    assert_eq!(buf.filled(), b"kepta");
}

#[test]
fn errors_pass_through_as_they_are() {
    #[derive(Debug)]
    struct Source;
    impl std::fmt::Display for Source {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("source")
        }
    }
    impl std::error::Error for Source {}
    let shim =
        Shim::from_tokio(Evil(|_: &mut ReadBuf<'_>| Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, Source)))));
    for result in on_every_path(Shim::from_futures(shim)) {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(error.get_ref().unwrap().is::<Source>());
    }
}
