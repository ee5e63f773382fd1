//! `TokioContext`: each call of the inner type runs in the context of its runtime, which is left
//! afterwards.

use std::cell::RefCell;
use std::io::{self, IoSlice, SeekFrom};
use std::marker::PhantomPinned;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::thread;

use futures::{FutureExt as _, Sink, Stream};
use io_shim::rt::{Embedded, TokioContext};
use io_shim::{Shim, Tokio};
use tokio::io::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};
use tokio::runtime::{Builder, Handle, Id, Runtime};

use crate::auto_traits::implements;
use crate::mock::{context, ready};

/// Returns a runtime that is only entered, never driven.
fn runtime() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

/// Returns the runtime whose context the calling thread is in.
fn current() -> Option<Id> {
    Handle::try_current().ok().map(|handle| handle.id())
}

/// A method that was called, and the runtime whose context it was called in.
pub type Call = (&'static str, Option<Id>);

/// All calls, in their order.
#[derive(Clone, Debug, Default)]
pub struct Calls(Arc<Mutex<Vec<Call>>>);

impl Calls {
    /// Returns the calls since the last `take`.
    pub fn take(&self) -> Vec<Call> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// Implements every trait that a context forwards, and records every call. It panics in the given
/// method.
#[derive(Debug)]
pub struct Probe {
    calls: Calls,
    panics_in: &'static str,
}

impl Probe {
    pub fn new() -> (Self, Calls) {
        Probe::panicking("")
    }

    fn panicking(panics_in: &'static str) -> (Self, Calls) {
        let calls = Calls::default();
        (Probe { calls: calls.clone(), panics_in }, calls)
    }

    fn note(&self, method: &'static str) {
        self.calls.0.lock().unwrap().push((method, current()));
        if method == self.panics_in {
            panic!("as told");
        }
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.note("drop");
    }
}

impl Clone for Probe {
    fn clone(&self) -> Self {
        self.note("clone");
        Probe { calls: self.calls.clone(), ..*self }
    }
}

impl Future for Probe {
    type Output = u8;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<u8> {
        self.note("poll");
        Poll::Ready(1)
    }
}

impl Stream for Probe {
    type Item = u8;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<u8>> {
        self.note("poll_next");
        Poll::Ready(Some(2))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.note("size_hint");
        (3, Some(4))
    }
}

impl Sink<u8> for Probe {
    type Error = u8;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), u8>> {
        self.note("poll_ready");
        Poll::Ready(Err(5))
    }

    fn start_send(self: Pin<&mut Self>, item: u8) -> Result<(), u8> {
        self.note("start_send");
        Err(item)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), u8>> {
        self.note("Sink::poll_flush");
        Poll::Ready(Err(6))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), u8>> {
        self.note("poll_close");
        Poll::Ready(Err(7))
    }
}

impl AsyncRead for Probe {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.note("poll_read");
        buf.put_slice(b"read");
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Probe {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.note("poll_write");
        Poll::Ready(Ok(data.len() - 1))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.note("poll_flush");
        Poll::Ready(Err(io::ErrorKind::NotFound.into()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.note("poll_shutdown");
        Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_write_vectored(self: Pin<&mut Self>, _: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.note("poll_write_vectored");
        Poll::Ready(Ok(bufs.len() + 100))
    }

    fn is_write_vectored(&self) -> bool {
        self.note("is_write_vectored");
        true
    }
}

impl AsyncBufRead for Probe {
    fn poll_fill_buf(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        self.note("poll_fill_buf");
        Poll::Ready(Ok(b"filled"))
    }

    fn consume(self: Pin<&mut Self>, n: usize) {
        assert_eq!(n, 8);
        self.note("consume");
    }
}

impl AsyncSeek for Probe {
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        assert_eq!(position, SeekFrom::End(-9));
        self.note("start_seek");
        Ok(())
    }

    fn poll_complete(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<u64>> {
        self.note("poll_complete");
        Poll::Ready(Ok(10))
    }
}

/// Calls each method through the context and checks what comes back.
pub fn call_all(mut within: Pin<&mut TokioContext<Probe>>) {
    let mut cx = context();
    assert_eq!(ready(within.as_mut().poll(&mut cx)), 1);
    assert_eq!(ready(within.as_mut().poll_next(&mut cx)), Some(2));
    assert_eq!(within.size_hint(), (3, Some(4)));
    assert_eq!(ready(Sink::poll_ready(within.as_mut(), &mut cx)), Err(5));
    assert_eq!(within.as_mut().start_send(55), Err(55));
    assert_eq!(ready(Sink::poll_flush(within.as_mut(), &mut cx)), Err(6));
    assert_eq!(ready(within.as_mut().poll_close(&mut cx)), Err(7));

    let mut memory = [0; 9];
    let mut buf = ReadBuf::new(&mut memory);
    ready(within.as_mut().poll_read(&mut cx, &mut buf)).unwrap();
    assert_eq!(buf.filled(), b"read");
    assert_eq!(ready(within.as_mut().poll_write(&mut cx, b"data")).unwrap(), 3);
    let error = ready(AsyncWrite::poll_flush(within.as_mut(), &mut cx)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert_eq!(ready(within.as_mut().poll_shutdown(&mut cx)).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    let bufs = [IoSlice::new(b"a"), IoSlice::new(b"b")];
    assert_eq!(ready(within.as_mut().poll_write_vectored(&mut cx, &bufs)).unwrap(), 102);
    assert!(within.is_write_vectored());
    assert_eq!(ready(within.as_mut().poll_fill_buf(&mut cx)).unwrap(), b"filled");
    within.as_mut().consume(8);
    within.as_mut().start_seek(SeekFrom::End(-9)).unwrap();
    assert_eq!(ready(within.as_mut().poll_complete(&mut cx)).unwrap(), 10);
    drop(TokioContext::clone(&within));
}

pub const ALL: [&str; 19] = [
    "poll",
    "poll_next",
    "size_hint",
    "poll_ready",
    "start_send",
    "Sink::poll_flush",
    "poll_close",
    "poll_read",
    "poll_write",
    "poll_flush",
    "poll_shutdown",
    "poll_write_vectored",
    "is_write_vectored",
    "poll_fill_buf",
    "consume",
    "start_seek",
    "poll_complete",
    "clone",
    "drop",
];

#[test]
fn every_call_and_the_drop_are_made_in_the_context() {
    let runtime = runtime();
    let id = Some(runtime.handle().id());
    let (probe, calls) = Probe::new();
    let mut within = Box::pin(TokioContext::new(probe, runtime.handle().clone()));
    call_all(within.as_mut());
    let wanted: Vec<_> = ALL.iter().map(|method| (*method, id)).collect();
    assert_eq!(calls.take(), wanted);
    assert_eq!(current(), None, "between calls there is no context");
    drop(within);
    assert_eq!(calls.take(), [("drop", id)]);
    assert_eq!(current(), None);
}

#[test]
fn the_innermost_context_holds_until_its_call_returns() {
    let (outer, inner) = (runtime(), runtime());
    let ids = (Some(outer.handle().id()), Some(inner.handle().id()));
    let (probe, calls) = Probe::new();
    let nested = TokioContext::new(probe, inner.handle().clone());
    let around = async {
        assert_eq!(current(), ids.0);
        assert_eq!(nested.await, 1);
        // It was polled and dropped in its own context.
        assert_eq!(current(), ids.0);
    };
    TokioContext::new(around, outer.handle().clone()).now_or_never().unwrap();
    assert_eq!(calls.take(), [("poll", ids.1), ("drop", ids.1)]);

    // The same within a runtime that is driven.
    let (probe, calls) = Probe::new();
    outer.block_on(async {
        assert_eq!(TokioContext::new(probe, inner.handle().clone()).await, 1);
        assert_eq!(current(), ids.0);
    });
    assert_eq!(calls.take(), [("poll", ids.1), ("drop", ids.1)]);
    assert_eq!(current(), None);
}

#[test]
fn a_panic_in_any_method_leaves_the_context() {
    let runtime = runtime();
    let id = Some(runtime.handle().id());
    for method in ALL {
        let (probe, calls) = Probe::panicking(method);
        let mut within = Box::pin(TokioContext::new(probe, runtime.handle().clone()));
        let panic = catch_unwind(AssertUnwindSafe(|| call_all(within.as_mut()))).unwrap_err();
        assert_eq!(panic.downcast_ref(), Some(&"as told"), "{method}");
        assert_eq!(current(), None, "{method}");
        assert_eq!(*calls.take().last().unwrap(), (method, id));
        // A panic in `drop` happens again when the context is dropped.
        assert_eq!(catch_unwind(AssertUnwindSafe(|| drop(within))).is_err(), method == "drop");
        assert_eq!(current(), None, "{method}");
        assert_eq!(*calls.take().last().unwrap(), ("drop", id));
    }
}

#[test]
fn a_panic_in_the_drop_drops_nothing_twice() {
    let runtime = runtime();
    let (probe, calls) = Probe::panicking("drop");
    let within = TokioContext::new(probe, runtime.handle().clone());
    catch_unwind(AssertUnwindSafe(|| drop(within))).unwrap_err();
    assert_eq!(calls.take(), [("drop", Some(runtime.handle().id()))]);
    assert_eq!(current(), None);
    // A drop during another panic drops nothing twice, either.
    let (probe, calls) = Probe::new();
    let within = TokioContext::new(probe, runtime.handle().clone());
    catch_unwind(AssertUnwindSafe(|| {
        let _within = within;
        panic!("elsewhere");
    }))
    .unwrap_err();
    assert_eq!(calls.take(), [("drop", Some(runtime.handle().id()))]);
    assert_eq!(current(), None);
}

#[test]
fn a_context_that_is_forgotten_is_entered_nowhere() {
    let runtime = runtime();
    let id = Some(runtime.handle().id());
    let (probe, calls) = Probe::new();
    let mut within = ManuallyDrop::new(TokioContext::new(probe, runtime.handle().clone()));
    assert_eq!(ready(Pin::new(&mut *within).poll(&mut context())), 1);
    assert_eq!(current(), None);
    // The runtime can still be dropped: a handle does not keep it alive.
    drop(runtime);
    assert_eq!(calls.take(), [("poll", id)]);
    // So that leak checkers report nothing.
    drop(ManuallyDrop::into_inner(within));
    assert_eq!(calls.take(), [("drop", id)]);
}

#[test]
fn a_context_within_the_drop_of_another_runtime_is_its_own() {
    let (dropped, other) = (runtime(), runtime());
    let (probe, calls) = Probe::new();
    let within = TokioContext::new(probe, other.handle().clone());
    dropped.spawn(async move {
        std::future::pending::<()>().await;
        drop(within);
    });
    drop(dropped);
    assert_eq!(calls.take(), [("drop", Some(other.handle().id()))]);
    assert_eq!(current(), None);

    // A runtime is dropped by a thread that is in the context of another one, which it drives.
    let (probe, calls) = Probe::new();
    let driven = runtime();
    driven.block_on(async {
        let inner = Builder::new_current_thread().build().unwrap();
        inner.spawn({
            let within = TokioContext::new(probe, Handle::current());
            async move {
                let _within = within;
                std::future::pending::<()>().await;
            }
        });
        inner.shutdown_background();
    });
    assert_eq!(calls.take(), [("drop", Some(driven.handle().id()))]);
}

#[test]
fn a_context_whose_runtime_is_gone_is_still_entered_and_left() {
    let runtime = runtime();
    let id = Some(runtime.handle().id());
    let (probe, calls) = Probe::new();
    let mut within = Box::pin(TokioContext::new(probe, runtime.handle().clone()));
    drop(runtime);
    call_all(within.as_mut());
    drop(within);
    assert!(calls.take().iter().all(|(_, context)| *context == id));
    assert_eq!(current(), None);
}

thread_local! {
    /// Dropped at the end of its thread.
    static LAST: RefCell<Option<TokioContext<Probe>>> = const { RefCell::new(None) };
}

#[test]
fn a_context_that_outlives_tokios_own_thread_locals_is_dropped() {
    let runtime = runtime();
    let (probe, calls) = Probe::new();
    let handle = runtime.handle().clone();
    thread::spawn(move || {
        // A thread-local that is used first is destroyed last.
        LAST.with(|last| assert!(last.borrow().is_none()));
        let within = TokioContext::new(probe, handle);
        drop(within.handle().enter());
        LAST.set(Some(within));
    })
    .join()
    .unwrap();
    let calls = calls.take();
    // In which order Windows destroys thread-locals depends on what other threads have used.
    if cfg!(windows) {
        assert!(matches!(calls[..], [("drop", _)]), "{calls:?}");
        return;
    }
    // It is dropped without a context: the thread-local of tokio no longer exists.
    assert_eq!(calls, [("drop", None)]);
}

#[test]
fn a_guard_that_is_kept_from_one_poll_to_the_next_is_tokios_panic() {
    let (outer, inner) = (runtime(), runtime());
    let (outer, inner) = (outer.handle().clone(), inner.handle().clone());
    // After that, the context of the thread may be wrong, so it runs on a thread of its own.
    let panic = thread::spawn(move || {
        let keeps = async {
            let _entered = inner.enter();
            std::future::pending::<()>().await;
        };
        let _ = pin!(TokioContext::new(keeps, outer)).poll(&mut context());
    })
    .join()
    .unwrap_err();
    let text = panic.downcast_ref::<&str>().unwrap();
    assert!(text.starts_with("`EnterGuard` values dropped out of order"), "{text}");
}

#[test]
fn it_moves_between_threads() {
    let runtime = runtime();
    let id = Some(runtime.handle().id());
    let (probe, calls) = Probe::new();
    let mut within = Box::pin(TokioContext::new(probe, runtime.handle().clone()));
    for _ in 0..3 {
        within = thread::spawn(move || {
            assert_eq!(ready(within.as_mut().poll(&mut context())), 1);
            assert_eq!(current(), None);
            within
        })
        .join()
        .unwrap();
    }
    drop(within);
    assert_eq!(calls.take(), [("poll", id), ("poll", id), ("poll", id), ("drop", id)]);
}

#[test]
fn the_type_inside_is_in_reach() {
    let runtime = runtime();
    let mut within = TokioContext::new(vec![1], runtime.handle().clone());
    assert_eq!(within.get_ref(), &[1]);
    within.get_mut().push(2);
    Pin::new(&mut within).get_pin_mut().push(3);
    AsMut::<Vec<i32>>::as_mut(&mut within).push(4);
    assert_eq!(AsRef::<Vec<i32>>::as_ref(&within), &[1, 2, 3, 4]);
    assert_eq!(within.handle().id(), runtime.handle().id());
    assert_eq!(format!("{within:?}"), "TokioContext { inner: [1, 2, 3, 4], .. }");
    assert_eq!(within.into_inner(), [1, 2, 3, 4]);

    let (probe, calls) = Probe::new();
    let inner = TokioContext::new(probe, runtime.handle().clone()).into_inner();
    assert!(calls.take().is_empty(), "what is given back is not dropped");
    drop(inner);
    assert_eq!(calls.take(), [("drop", None)]);
}

#[test]
fn a_clone_has_the_same_runtime() {
    let runtime = runtime();
    let within = TokioContext::new(7, runtime.handle().clone());
    let clone = within.clone();
    assert_eq!(clone.handle().id(), within.handle().id());
    assert_eq!(clone.into_inner(), 7);
}

#[cfg(unix)]
#[test]
fn descriptors_pass_through_a_context_in_a_shim() {
    use std::os::fd::{AsFd as _, AsRawFd as _};
    let (socket, _peer) = std::os::unix::net::UnixStream::pair().unwrap();
    let fd = socket.as_raw_fd();
    let shim = Shim::from_tokio(TokioContext::new(socket, runtime().handle().clone()));
    assert_eq!(shim.as_raw_fd(), fd);
    assert_eq!(shim.as_fd().as_raw_fd(), fd);
}

#[cfg(windows)]
#[test]
fn handles_and_sockets_pass_through_a_context_in_a_shim() {
    use std::os::windows::io::{AsHandle as _, AsRawHandle as _, AsRawSocket as _, AsSocket as _};
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let number = socket.as_raw_socket();
    let shim = Shim::from_tokio(TokioContext::new(socket, runtime().handle().clone()));
    assert_eq!((shim.as_raw_socket(), shim.as_socket().as_raw_socket()), (number, number));
    let file = tempfile::tempfile().unwrap();
    let handle = file.as_raw_handle();
    let shim = Shim::from_tokio(TokioContext::new(file, runtime().handle().clone()));
    assert_eq!((shim.as_raw_handle(), shim.as_handle().as_raw_handle()), (handle, handle));
}

#[test]
fn a_shim_over_a_context_has_every_trait_of_one_over_the_type() {
    type Within = Shim<TokioContext<Probe>, Tokio>;
    assert!(implements!(Within: tokio::io::AsyncRead + tokio::io::AsyncWrite + tokio::io::AsyncBufRead));
    assert!(implements!(Within: futures::io::AsyncRead + futures::io::AsyncWrite + futures::io::AsyncBufRead));
    assert!(implements!(Within: tokio::io::AsyncSeek + futures::io::AsyncSeek));
    assert!(implements!(Within: hyper::rt::Read + hyper::rt::Write));
    assert!(!implements!(Shim<TokioContext<u8>, Tokio>: tokio::io::AsyncRead));

    // Vectored writes also reach the inner type in one call.
    let runtime = runtime();
    let (probe, calls) = Probe::new();
    let mut shim = pin!(Shim::from_tokio(TokioContext::new(probe, runtime.handle().clone())));
    let bufs = [IoSlice::new(b"a"), IoSlice::new(b"b")];
    assert_eq!(ready(futures::io::AsyncWrite::poll_write_vectored(shim.as_mut(), &mut context(), &bufs)).unwrap(), 102);
    assert_eq!(calls.take(), [("poll_write_vectored", Some(runtime.handle().id()))]);
}

#[test]
fn auto_traits_follow_the_type_inside_a_context() {
    assert!(implements!(TokioContext<u8>: Send + Sync + Unpin + std::panic::UnwindSafe));
    assert!(!implements!(TokioContext<Rc<u8>>: Send));
    assert!(!implements!(TokioContext<Rc<u8>>: Sync));
    assert!(implements!(TokioContext<Rc<u8>>: Unpin));
    assert!(!implements!(TokioContext<PhantomPinned>: Unpin));
    assert!(implements!(TokioContext<PhantomPinned>: Send));
    assert!(implements!(Embedded: Send + Sync + Unpin + 'static));
}

#[test]
fn without_a_runtime_the_current_one_is_an_error() {
    let (probe, calls) = Probe::new();
    let error = TokioContext::try_current(probe).unwrap_err();
    assert!(error.is_missing_context());
    assert_eq!(calls.take(), [("drop", None)]);
    let runtime = runtime();
    let _entered = runtime.enter();
    let within = TokioContext::try_current(1).unwrap();
    assert_eq!(within.handle().id(), runtime.handle().id());
}
