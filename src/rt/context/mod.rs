//! [`TokioContext`]: runs types that need a tokio runtime on other executors.
//!
//! Every call to the inner type happens in the context of one runtime, whose handle the wrapper
//! holds. The context is a guard on the stack of the call. So a panic leaves it too, and none of it
//! remains between calls.

mod call;
mod io;

use std::fmt;
use std::pin::Pin;

use pin_project::{pin_project, pinned_drop};
use tokio::runtime::{Handle, TryCurrentError};

use super::enter::enter;
use crate::access::access;

/// Runs a future, stream, sink, reader or writer that needs a tokio runtime on any executor.
///
/// tokio looks for the runtime of the calling thread when a socket or timer is **created** (`bind`,
/// `connect`, `accept`, `sleep`) and at **each file operation**. If there is none, tokio panics:
/// "there is no reactor running, must be called from the context of a Tokio 1.x runtime".
///
/// A `TokioContext` holds the [`Handle`] of a runtime and enters it for every call to the inner
/// type: polls, queries, `clone` and the drop. An existing socket or timer works on any executor
/// without a `TokioContext`, as long as its runtime runs.
///
/// | if `T` implements | `TokioContext<T>` implements |
/// |---|---|
/// | `Future` | `Future` |
/// | tokio's `AsyncRead`, `AsyncWrite`, `AsyncBufRead`, `AsyncSeek` | the same, including vectored calls and queries; wrap it in `Shim::from_tokio` for other ecosystems |
/// | `Stream`, `Sink` (feature `stream`) | `Stream`, `Sink` |
///
/// Wrap the outermost type that uses tokio, often a whole future. Everything inside then runs in
/// the context, which is entered once per poll. What the future returns is outside the context
/// again: wrap a returned file again.
///
/// The runtime must run as long as the wrapper is used. Get its handle from `Handle::current()`,
/// from `runtime.handle().clone()`, or from `rt::Embedded`. The context goes inside the shim:
/// `Shim::from_tokio(TokioContext::new(..))`.
///
/// `Send`, `Sync` and `Unpin` are those of `T`, and it may move between threads at any time. It
/// starts nothing and allocates nothing.
///
/// # What the runtime must do
///
/// The runtime must run. A `current_thread` runtime runs only inside its `block_on`. At other
/// times no socket becomes ready and no timer fires; only `tokio::fs` works, because it waits for
/// threads.
///
/// After the runtime is shut down, sockets and files in its context return an `io::Error`. Pending
/// calls are woken to return it. tokio's timers cannot return an error, so they panic.
///
/// A thread-local destructor may run after tokio's own thread-local was destroyed. No context can
/// be entered there, so `T` is called without one. Sockets and pipes work. tokio's files panic,
/// which aborts the process.
///
/// If contexts are nested, the inner one applies until its call returns. `block_in_place` blocks
/// the calling thread on any executor; no other thread takes its place.
///
/// # Panics
///
/// Panics if `T` panics, after leaving the context. tokio panics if `T` keeps its own
/// [`EnterGuard`](tokio::runtime::EnterGuard) between polls, because guards must be dropped in
/// reverse order.
///
/// # Examples
///
/// Uses tokio's sockets with the functions of futures-io, on the executor of `futures`. Creating
/// the sockets needs a context:
///
/// ```
/// use futures::{AsyncReadExt as _, AsyncWriteExt as _};
/// use io_shim::Shim;
/// use io_shim::rt::{Embedded, TokioContext};
/// use tokio::net::{TcpListener, TcpStream};
///
/// let runtime = Embedded::new()?; // runs until it is dropped
/// let handle = runtime.handle();
///
/// # futures::executor::block_on(async {
/// let listener = TokioContext::new(TcpListener::bind("127.0.0.1:0"), handle.clone()).await?;
/// let client = TokioContext::new(TcpStream::connect(listener.local_addr()?), handle.clone()).await?;
/// let (server, _) = TokioContext::new(listener.accept(), handle.clone()).await?;
///
/// Shim::from_tokio(client).write_all(b"hello").await?;
/// let mut text = String::new();
/// Shim::from_tokio(server).read_to_string(&mut text).await?;
/// assert_eq!(text, "hello");
/// # Ok::<(), std::io::Error>(()) })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// Opens, reads and drops a tokio file on smol. The future that opens it and the file each need a
/// context:
///
/// ```
/// use io_shim::{Shim, rt::{Embedded, TokioContext}};
/// use futures::AsyncReadExt as _;
///
/// let handle = Embedded::global()?.handle();
/// smol::block_on(async {
///     let file = TokioContext::new(tokio::fs::File::open("Cargo.toml"), handle.clone()).await?;
///     let mut text = String::new();
///     Shim::from_tokio(TokioContext::new(file, handle.clone())).read_to_string(&mut text).await?;
///     assert!(text.contains("io-shim"));
///     Ok::<(), std::io::Error>(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[pin_project(PinnedDrop)]
pub struct TokioContext<T> {
    /// `Some` until the drop, which takes it to drop it in the context.
    #[pin]
    inner: Option<T>,
    handle: Handle,
}

impl<T> TokioContext<T> {
    /// Wraps `inner`, which then runs in the context of the runtime of `handle`.
    ///
    /// A handle does not keep its runtime alive.
    pub fn new(inner: T, handle: Handle) -> Self {
        TokioContext { inner: Some(inner), handle }
    }

    /// Wraps `inner`, which then runs in the context of the calling thread's runtime.
    ///
    /// Use it for values that are created in a tokio runtime and then used elsewhere.
    ///
    /// # Errors
    ///
    /// Returns an error and drops `inner` if the calling thread is in no runtime's context, where
    /// `Handle::current()` would panic.
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::rt::{Embedded, TokioContext};
    ///
    /// assert!(TokioContext::try_current(tokio::io::empty()).is_err());
    ///
    /// let runtime = Embedded::new()?;
    /// let _entered = runtime.handle().enter();
    /// assert!(TokioContext::try_current(tokio::io::empty()).is_ok());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn try_current(inner: T) -> Result<Self, TryCurrentError> {
        Ok(TokioContext::new(inner, Handle::try_current()?))
    }

    /// Returns the handle of the runtime whose context is entered.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Returns a reference to the inner type.
    ///
    /// Calls through it are not in the context. Enter it with `context.handle().enter()` if needed.
    pub fn get_ref(&self) -> &T {
        expect_inner(self.inner.as_ref())
    }

    /// Returns a mutable reference to the inner type. Calls through it are not in the context.
    pub fn get_mut(&mut self) -> &mut T {
        expect_inner(self.inner.as_mut())
    }

    /// Returns a pinned reference to the inner type. Calls through it are not in the context.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut T> {
        expect_inner(self.project().inner.as_pin_mut())
    }

    /// Returns the inner type. It is no longer dropped in the context.
    pub fn into_inner(mut self) -> T {
        expect_inner(self.inner.take())
    }

    /// Calls `call` with the inner type, in the context.
    fn within<R>(&self, call: impl FnOnce(&T) -> R) -> R {
        let _entered = enter(&self.handle);
        call(self.get_ref())
    }

    /// Calls `call` with the pinned inner type, in the context.
    #[inline]
    fn within_mut<'a, R>(self: Pin<&'a mut Self>, call: impl FnOnce(Pin<&'a mut T>) -> R) -> R {
        let this = self.project();
        let _entered = enter(this.handle);
        call(expect_inner(this.inner.as_pin_mut()))
    }
}

#[inline]
fn expect_inner<T>(inner: Option<T>) -> T {
    inner.expect("the inner type is present until the drop")
}

/// Drops the inner type in the context.
#[pinned_drop]
impl<T> PinnedDrop for TokioContext<T> {
    fn drop(self: Pin<&mut Self>) {
        let mut this = self.project();
        let _entered = enter(this.handle);
        this.inner.set(None);
    }
}

access!([] TokioContext<T>);

impl<T: Clone> Clone for TokioContext<T> {
    fn clone(&self) -> Self {
        TokioContext::new(self.within(T::clone), self.handle.clone())
    }
}

impl<T: fmt::Debug> fmt::Debug for TokioContext<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokioContext").field("inner", self.get_ref()).finish_non_exhaustive()
    }
}
