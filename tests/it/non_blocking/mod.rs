//! `NonBlocking`: asynchronous types in synchronous state machines, and who is woken.

mod schedules;

use std::future::poll_fn;
use std::io::{self, BufRead, IoSlice, IoSliceMut, Read, Seek, SeekFrom, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread;

use io_shim::rt::{NonBlocking, poll_nonblocking};
use io_shim::testing::conformance;
use io_shim::{AsyncBufRead, AsyncReadBuf, AsyncSeek, AsyncWrite, BorrowedCursor, ReadBuf, Shim, WriteVectored};

use crate::hostile_types as hostile;
use crate::mock::{Breaks, Script, Sink, Step, Wakes, context};
use crate::suites::script;

/// A `NonBlocking` as an asynchronous type again.
struct Polled<T>(NonBlocking<T>);

#[deny(clippy::missing_trait_methods)]
impl<T: AsyncReadBuf + Unpin> AsyncReadBuf for Polled<T> {
    fn poll_read_into(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        poll_nonblocking(cx, || self.0.read_into(cursor))
    }

    fn poll_read_into_slice(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slice: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        poll_nonblocking(cx, || self.0.read(slice))
    }

    fn poll_read_into_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        poll_nonblocking(cx, || self.0.read_vectored(bufs))
    }

    fn supports_vectored_reads(&self) -> bool {
        self.0.supports_vectored_reads()
    }

    fn init_hint(&self, capacity: usize) -> usize {
        self.0.init_hint(capacity).min(capacity) // the wrapper passes on what it gets
    }
}

impl<T: AsyncBufRead + AsyncReadBuf + Unpin> AsyncBufRead for Polled<T> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        poll_nonblocking(cx, move || self.get_mut().0.fill_buf())
    }

    fn consume(mut self: Pin<&mut Self>, n: usize) {
        self.0.consume(n);
    }
}

#[deny(clippy::missing_trait_methods)]
impl<T: AsyncWrite + Unpin> AsyncWrite for Polled<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        poll_nonblocking(cx, || self.0.write(data))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        poll_nonblocking(cx, || self.0.flush())
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        poll_nonblocking(cx, || self.0.shutdown())
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        poll_nonblocking(cx, || self.0.write_vectored(bufs))
    }

    fn supports_vectored_writes(&self) -> bool {
        WriteVectored::supports_vectored_writes(&self.0)
    }
}

impl<T: AsyncSeek + Unpin> AsyncSeek for Polled<T> {
    fn poll_seek(mut self: Pin<&mut Self>, cx: &mut Context<'_>, position: SeekFrom) -> Poll<io::Result<u64>> {
        poll_nonblocking(cx, || self.0.seek(position))
    }
}

/// Every other seek is `Pending`, and wakes the task.
struct SlowSeek(io::Cursor<Vec<u8>>, bool);

impl AsyncSeek for SlowSeek {
    fn poll_seek(mut self: Pin<&mut Self>, cx: &mut Context<'_>, position: SeekFrom) -> Poll<io::Result<u64>> {
        self.1 = !self.1;
        if self.1 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(self.0.seek(position))
    }
}

impl AsyncReadBuf for SlowSeek {
    fn poll_read_into(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read_into(cx, cursor)
    }
}

#[test]
fn what_does_not_block_conforms() {
    conformance::read(|data| Polled(NonBlocking::new(script(data))));
    conformance::read(|data| Polled(NonBlocking::new(Shim::from_tokio(script(data)).with_budget(2))));
    conformance::buf_read(|data| {
        let reader = Shim::from_tokio(tokio::io::BufReader::new(script(data)));
        Polled(NonBlocking::new(reader))
    });
    conformance::seek(|data| Polled(NonBlocking::new(SlowSeek(io::Cursor::new(data.to_vec()), false))));
    for vectors in [true, false] {
        let sink = || Sink { pending: Some(false), ..Sink::new(vectors) };
        conformance::write(|| Polled(NonBlocking::new(sink())), |polled| polled.0.into_inner().data);
    }
}

#[test]
fn hostile_types_do_no_harm() {
    let mut reports = hostile::read(hostile::Dialect::IoShim, |evil| Polled(NonBlocking::new(evil)));
    reports.extend(hostile::write(hostile::Dialect::IoShim, |evil| Polled(NonBlocking::new(evil))));
    reports.extend(hostile::seek(hostile::Dialect::IoShim, |evil| Polled(NonBlocking::new(evil))));
    reports.extend(hostile::buf_read(hostile::Dialect::IoShim, |evil| Polled(NonBlocking::new(evil))));
    let failed: Vec<_> = reports.iter().filter(|report| !report.recovered).collect();
    assert!(failed.is_empty(), "{failed:?}");
}

/// A waker that counts, and its count.
fn counter() -> (Waker, Arc<Wakes>) {
    let count = Arc::new(Wakes::default());
    (Waker::from(Arc::clone(&count)), count)
}

/// Is never ready. Keeps the wakers of the last read and of the last write.
#[derive(Default)]
struct Never {
    reader: Option<Waker>,
    writer: Option<Waker>,
    calls: usize,
}

impl Never {
    fn wake(&mut self) {
        self.reader.take().into_iter().chain(self.writer.take()).for_each(Waker::wake);
    }
}

impl AsyncReadBuf for Never {
    fn poll_read_into(mut self: Pin<&mut Self>, cx: &mut Context<'_>, _: BorrowedCursor<'_>) -> Poll<io::Result<()>> {
        self.calls += 1;
        self.reader = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl AsyncWrite for Never {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        self.calls += 1;
        self.writer = Some(cx.waker().clone());
        Poll::Pending
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_write(cx, &[]).map_ok(drop)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_write(cx, &[]).map_ok(drop)
    }
}

#[track_caller]
fn would_block<R>(result: io::Result<R>) {
    assert_eq!(result.err().map(|error| error.kind()), Some(io::ErrorKind::WouldBlock));
}

/// Checks that a call failed because it was made outside `poll_nonblocking`.
#[track_caller]
fn outside<R>(result: io::Result<R>) {
    let error = result.err().expect("an error");
    assert_eq!(error.kind(), io::ErrorKind::Other);
    assert!(error.to_string().contains("outside `poll_nonblocking`"), "{error}");
}

#[test]
fn a_call_outside_a_scope_is_an_error_and_reaches_nothing() {
    let mut io = NonBlocking::new(Never::default());
    outside(io.read(&mut [0]));
    outside(io.read_into_slice(&mut [0]));
    outside(io.write(&[0]));
    outside(io.write_vectored(&[IoSlice::new(&[0])]));
    outside(io.flush());
    outside(io.shutdown());
    outside(NonBlocking::new(io::Cursor::new([0])).seek(SeekFrom::Start(0)));
    outside(NonBlocking::new(&b"abc"[..]).fill_buf());
    let poll = poll_nonblocking(&mut context(), || {
        // Another thread has no scope.
        thread::scope(|scope| scope.spawn(|| outside(io.read(&mut [0]))).join().unwrap());
        Ok(())
    });
    assert!(poll.is_ready());
    outside(io.read(&mut [0]));
    assert_eq!(io.get_ref().calls, 0);
}

#[test]
fn a_call_while_the_inner_type_is_polled_needs_a_scope_of_its_own() {
    /// Uses a `NonBlocking` inside its own poll.
    struct Inside(NonBlocking<Never>);
    impl AsyncReadBuf for Inside {
        fn poll_read_into(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            _: BorrowedCursor<'_>,
        ) -> Poll<io::Result<()>> {
            outside(self.0.read(&mut [0]));
            poll_nonblocking(cx, || self.0.read(&mut [0])).map_ok(drop)
        }
    }
    let mut io = NonBlocking::new(Inside(NonBlocking::new(Never::default())));
    let (waker, count) = counter();
    let poll = poll_nonblocking(&mut Context::from_waker(&waker), || io.read(&mut [0]));
    assert!(poll.is_pending());
    io.get_mut().0.get_mut().wake();
    assert_eq!(count.get(), 1);
}

#[test]
fn the_innermost_scope_applies_and_then_the_one_around_it() {
    let ((outer, outer_count), (inner, inner_count)) = (counter(), counter());
    let mut io = NonBlocking::new(Never::default());
    let poll = poll_nonblocking(&mut Context::from_waker(&outer), || {
        let poll = poll_nonblocking(&mut Context::from_waker(&inner), || io.read(&mut [0]));
        assert!(poll.is_pending());
        io.get_mut().wake();
        assert_eq!((outer_count.get(), inner_count.get()), (0, 1));
        io.read(&mut [0])
    });
    assert!(poll.is_pending());
    io.get_mut().wake();
    assert_eq!((outer_count.get(), inner_count.get()), (1, 1));
    // Nothing keeps a waker after the scope.
    assert_eq!((Arc::strong_count(&outer_count), Arc::strong_count(&inner_count)), (2, 2));
}

#[test]
fn a_panic_restores_the_scope_around_it() {
    /// Panics.
    struct Panics;
    impl AsyncReadBuf for Panics {
        fn poll_read_into(self: Pin<&mut Self>, _: &mut Context<'_>, _: BorrowedCursor<'_>) -> Poll<io::Result<()>> {
            panic!("the inner type panics");
        }
    }
    let ((outer, outer_count), (inner, inner_count)) = (counter(), counter());
    let mut io = NonBlocking::new(Never::default());
    let poll = poll_nonblocking(&mut Context::from_waker(&outer), || {
        // In the inner type, and caught in the scope: the scope still applies.
        catch_unwind(|| NonBlocking::new(Panics).read(&mut [0])).unwrap_err();
        would_block(io.read(&mut [0]));
        io.get_mut().wake();
        assert_eq!(outer_count.get(), 1);
        // Out of an inner scope.
        let call =
            || poll_nonblocking(&mut Context::from_waker(&inner), || -> io::Result<()> { panic!("in the machine") });
        catch_unwind(AssertUnwindSafe(call)).unwrap_err();
        io.read(&mut [0])
    });
    assert!(poll.is_pending());
    io.get_mut().wake();
    assert_eq!((outer_count.get(), inner_count.get()), (2, 0));
    // Out of the only scope.
    let call = || poll_nonblocking(&mut Context::from_waker(&outer), || NonBlocking::new(Panics).read(&mut [0]));
    catch_unwind(AssertUnwindSafe(call)).unwrap_err();
    outside(io.read(&mut [0]));
}

#[test]
fn an_inner_would_block_error_becomes_another_error() {
    let steps = || Script::new([Step::Error(io::ErrorKind::WouldBlock)]);
    let poll = poll_nonblocking(&mut context(), || NonBlocking::new(steps()).read(&mut [0]));
    let Poll::Ready(Err(error)) = poll else { panic!("{poll:?}") };
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    assert!(error.to_string().contains("it must return `Pending`"), "{error}");
    // Other errors stay as they are.
    let mut io = NonBlocking::new(Script::new([Step::Error(io::ErrorKind::ConnectionReset)]));
    let poll = poll_nonblocking(&mut context(), || io.read(&mut [0]));
    assert!(matches!(poll, Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::ConnectionReset));
}

#[test]
fn would_block_that_no_call_returned_is_an_error_and_no_hang() {
    let mut io = NonBlocking::new(&b"half a record"[..]);
    let poll = poll_nonblocking(&mut context(), || {
        assert_eq!(io.read(&mut [0; 4])?, 4);
        Err::<(), _>(io::ErrorKind::WouldBlock.into()) // as rustls without a whole record
    });
    let Poll::Ready(Err(error)) = poll else { panic!("{poll:?}") };
    assert_eq!(error.kind(), io::ErrorKind::Other);
    assert!(error.to_string().contains("nothing would wake the task"), "{error}");
    // Also if a call of an earlier scope, or of a scope inside, returned it.
    let mut never = NonBlocking::new(Never::default());
    let poll = poll_nonblocking(&mut context(), || {
        assert!(poll_nonblocking(&mut context(), || never.read(&mut [0])).is_pending());
        Err::<(), _>(io::ErrorKind::WouldBlock.into())
    });
    assert!(poll.is_ready());
}

#[test]
fn data_that_came_with_pending_is_delivered() {
    let mut vec = Vec::with_capacity(8);
    let poll = poll_nonblocking(&mut context(), || {
        NonBlocking::new(Breaks::pends(b"data")).read_into(io_shim::spare(&mut vec).unfilled())
    });
    assert!(matches!(poll, Poll::Ready(Ok(()))));
    assert_eq!(vec, b"data");
}

#[test]
fn a_reading_task_and_a_writing_one_are_both_woken_and_of_two_readers_the_last() {
    let [(first, first_count), (second, second_count), (writer, writer_count)] = [counter(), counter(), counter()];
    let mut io = NonBlocking::new(Never::default());
    for waker in [&first, &second] {
        assert!(poll_nonblocking(&mut Context::from_waker(waker), || io.read(&mut [0])).is_pending());
    }
    assert!(poll_nonblocking(&mut Context::from_waker(&writer), || io.write(&[0])).is_pending());
    io.get_mut().wake();
    assert_eq!([first_count.get(), second_count.get(), writer_count.get()], [0, 1, 1]);
}

#[test]
fn what_was_read_before_would_block_stays_in_the_vector() {
    let mut io =
        NonBlocking::new(Script::new([Step::Data(b"one".to_vec()), Step::Pending, Step::Data(b"two".to_vec())]));
    let mut vec = Vec::new();
    pollster::block_on(poll_fn(|cx| poll_nonblocking(cx, || io.read_to_end(&mut vec)))).unwrap();
    assert_eq!(vec, b"onetwo");
}

#[test]
#[cfg(not(windows))] // std destroys thread-locals in another order there.
fn a_thread_that_ends_has_no_scope() {
    use std::cell::RefCell;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Is dropped after the thread-local of the scopes, because it was used first.
    struct Late(RefCell<Option<NonBlocking<Never>>>);
    impl Drop for Late {
        fn drop(&mut self) {
            let mut io = self.0.take().unwrap();
            let poll = poll_nonblocking(&mut context(), || {
                outside(io.read(&mut [0]));
                Ok(())
            });
            DROPPED.fetch_add(usize::from(poll.is_ready()), Ordering::SeqCst);
        }
    }
    thread_local!(static LATE: Late = const { Late(RefCell::new(None)) });
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    let thread = thread::spawn(|| {
        LATE.with(|late| late.0.replace(Some(NonBlocking::new(Never::default()))));
        assert!(poll_nonblocking(&mut context(), || Ok(())).is_ready());
    });
    thread.join().unwrap();
    assert_eq!(DROPPED.load(Ordering::SeqCst), 1);
}

#[test]
fn the_type_inside_is_in_reach() {
    let mut io = NonBlocking::new(io::Cursor::new("inner"));
    assert_eq!(format!("{io:?}"), format!("NonBlocking {{ io: {:?} }}", io.get_ref()));
    AsMut::<io::Cursor<_>>::as_mut(&mut io).set_position(2);
    assert_eq!(AsRef::<io::Cursor<_>>::as_ref(&io.clone()).position(), 2);
    assert_eq!(io.into_inner().position(), 2);
}
