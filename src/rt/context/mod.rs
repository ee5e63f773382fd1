//! [`TokioContext`]: whatever needs a tokio runtime, on another executor.
//!
//! Every call into the type inside is made in the context of one runtime, whose handle the wrapper holds. The context is
//! a guard on the stack of the call, so that a panic leaves it, too, and nothing of it is left between calls.

mod call;
mod io;

use std::fmt;
use std::pin::Pin;

use pin_project::{pin_project, pinned_drop};
use tokio::runtime::{EnterGuard, Handle, TryCurrentError};

use super::enter::enter;
use crate::access::{descriptors, references};

/// A future, stream, sink, reader or writer that needs a tokio runtime, to be used on any executor.
///
/// tokio looks for the runtime of the calling thread where a socket or timer is **made** (`bind`, `connect`, `accept`, `sleep`), and at
/// **each operation of a file**. Where there is none it panics: "there is no reactor running, must be called from the context of a
/// Tokio 1.x runtime". A `TokioContext` holds the [`Handle`] of a runtime and enters it around every call into the type inside: polls,
/// queries, `clone`, and the drop. A socket or timer that was made works on any executor without one, for as long as its runtime runs.
///
/// | around a `T` with | it has |
/// |---|---|
/// | `Future` | `Future` |
/// | tokio's `AsyncRead`, `AsyncWrite`, `AsyncBufRead`, `AsyncSeek` | these, vectored calls and queries included; `Shim::from_tokio` makes of it a type of every ecosystem |
/// | `Stream`, `Sink` (feature `stream`) | `Stream`, `Sink` |
///
/// Wrap the outermost thing that uses tokio, often a whole future: what runs inside it is in the context, at one entry
/// per poll. What such a future returns is outside of the context again, so that a file which is used after the future has ended is
/// wrapped again.
///
/// The handle is that of a runtime that runs for as long: `Handle::current()` within it, `runtime.handle().clone()` of one that the
/// program made, or [`Embedded`](crate::rt::Embedded)'s. The context goes inside the shim, `Shim::from_tokio(TokioContext::new(..))`.
///
/// `Send`, `Sync` and `Unpin` are those of `T`; it may move between threads at any time. Nothing is started and nothing is
/// allocated.
///
/// # What the runtime has to do
///
/// It has to run: a `current_thread` runtime does so only within its `block_on`, and while nobody is in it no socket becomes
/// ready and no timer fires (`tokio::fs` goes on, since it waits for threads alone).
///
/// Once it is shut down, sockets and files in its context return an `io::Error`, in a wait that it interrupts as well. tokio's
/// timers have no way to say so, and panic.
///
/// A destructor of a thread-local may run after tokio's own thread-local was destroyed. No context
/// can be entered there, so `T` is called without one. Sockets and pipes work. tokio's files panic,
/// which ends the process.
///
/// Within the context of another runtime the inner one holds, until the call returns. `block_in_place` blocks the calling thread,
/// whatever executor is on it, and no thread takes its place.
///
/// # Panics
///
/// What `T` panics with is passed on, and the context is left. A `T` that keeps an [`EnterGuard`] of its own from one poll to the next
/// breaks tokio's rule that guards are dropped in the reverse order, and tokio panics.
///
/// # Examples
///
/// Sockets of tokio's in functions of futures-io, on the executor of `futures`. To make them needs a context:
///
/// ```
/// use futures::{AsyncReadExt as _, AsyncWriteExt as _};
/// use io_shim::Shim;
/// use io_shim::rt::{Embedded, TokioContext};
/// use tokio::net::{TcpListener, TcpStream};
///
/// let runtime = Embedded::new()?; // which runs until it is dropped
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
/// A file of tokio's, opened, read and dropped on smol: the future that opens it and the file that it returns have a context each.
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
    /// There until the drop, which needs to drop it by itself.
    #[pin]
    inner: Option<T>,
    handle: Handle,
}

impl<T> TokioContext<T> {
    /// Wraps `inner`, to be used in the context of the runtime of `handle`.
    ///
    /// A handle alone does not keep its runtime alive.
    #[inline]
    pub fn new(inner: T, handle: Handle) -> Self {
        TokioContext { inner: Some(inner), handle }
    }

    /// Wraps `inner`, to be used in the context of the runtime that the calling thread is in.
    ///
    /// For what is made within a tokio runtime and goes elsewhere.
    ///
    /// # Errors
    ///
    /// The calling thread is in no runtime's context, where `Handle::current()` would panic. `inner` is dropped.
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

    /// The runtime whose context is entered.
    #[inline]
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// The type inside. Calls to it are not in the context: `context.handle().enter()` is for those that have to be.
    #[inline]
    pub fn get_ref(&self) -> &T {
        expect_inner(self.inner.as_ref())
    }

    /// The type inside. Calls to it are not in the context.
    #[inline]
    pub fn get_mut(&mut self) -> &mut T {
        expect_inner(self.inner.as_mut())
    }

    /// The type inside, pinned. Calls to it are not in the context.
    #[inline]
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut T> {
        expect_inner(self.project().inner.as_pin_mut())
    }

    /// Gives back the type inside. Where it is dropped is the caller's affair then.
    #[inline]
    pub fn into_inner(mut self) -> T {
        expect_inner(self.inner.take())
    }

    /// The type inside, and the context for a call to it.
    #[inline]
    fn within(&self) -> (&T, Option<EnterGuard<'_>>) {
        (self.get_ref(), enter(&self.handle))
    }

    /// The type inside, pinned, and the context for a call to it.
    #[inline]
    fn within_mut(self: Pin<&mut Self>) -> (Pin<&mut T>, Option<EnterGuard<'_>>) {
        let this = self.project();
        (expect_inner(this.inner.as_pin_mut()), enter(this.handle))
    }
}

#[inline]
fn expect_inner<T>(inner: Option<T>) -> T {
    inner.expect("the type inside is there until the drop")
}

/// The type inside is dropped in the context.
#[pinned_drop]
impl<T> PinnedDrop for TokioContext<T> {
    fn drop(self: Pin<&mut Self>) {
        let mut this = self.project();
        if this.inner.is_none() {
            return;
        }
        let _entered = enter(this.handle);
        this.inner.set(None);
    }
}

references!([] TokioContext<T>);
descriptors!([] TokioContext<T>);

impl<T: Clone> Clone for TokioContext<T> {
    fn clone(&self) -> Self {
        let (inner, _entered) = self.within();
        TokioContext::new(inner.clone(), self.handle.clone())
    }
}

impl<T: fmt::Debug> fmt::Debug for TokioContext<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokioContext").field("inner", self.get_ref()).finish_non_exhaustive()
    }
}
