//! smol's sockets, read straight into uninitialized memory.
//!
//! A smol socket implements the traits of futures-io, so [`Shim::from_futures`] takes it too. Those
//! traits read into initialized slices. The shims here make the same system calls on the socket
//! itself, and wait in the reactor of `async-io`. On systems other than Unix they read into slices.

use std::fmt::Debug;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::marker::PhantomData;
use std::net::{Shutdown, TcpStream};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use async_io::{Async, ReadableOwned, WritableOwned};

use self::bounds::SmolInto;
use crate::buf::BorrowedCursor;
#[cfg(not(unix))]
use crate::buf::SliceFeed;
use crate::shim::{Every, Shim, sealed};
use crate::traits::{AsyncReadBuf, AsyncWrite};

/// The tag of smol's sockets: `Arc<Async<S>>`, where `S` is std's `TcpStream` or, on Unix,
/// `UnixStream`.
///
/// # Examples
///
/// ```
/// use io_shim::{Shim, SmolTcpStream};
///
/// fn adapt(socket: smol::net::TcpStream) -> SmolTcpStream {
///     Shim::from_smol(socket)
/// }
/// ```
#[derive(Debug)]
pub struct Smol<S = TcpStream>(PhantomData<fn() -> S>);

/// A shim around a TCP stream of smol, async-net or async-io, as [`Shim::from_smol`] returns it.
pub type SmolTcpStream<V = Every> = Shim<Arc<Async<TcpStream>>, Smol, V>;

/// A shim around a Unix stream of smol, async-net or async-io, as [`Shim::from_smol`] returns it.
#[cfg(unix)]
pub type SmolUnixStream<V = Every> =
    Shim<Arc<Async<std::os::unix::net::UnixStream>>, Smol<std::os::unix::net::UnixStream>, V>;

/// The sockets that [`Shim::from_smol`] takes: std's `TcpStream` and, on Unix, `UnixStream`.
///
/// This trait is sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not one of the sockets that `Shim::from_smol` takes",
    note = "it takes `TcpStream` and `UnixStream` of smol, async-net and async-io",
    note = "wrap any other type that implements futures-io's traits with `Shim::from_futures`"
)]
pub trait SmolSocket: socket::Socket {}

// As in `bounds.rs`: otherwise the compiler lists every type that converts into an `Arc`.
#[allow(unreachable_pub, reason = "re-exported by the crate, which rustdoc is not told")]
pub mod bounds {
    #[cfg(doc)]
    pub use std::convert::Into as SmolInto;

    #[cfg(not(doc))]
    #[diagnostic::on_unimplemented(
        message = "`Shim::from_smol` needs a TCP or Unix stream of smol, but `{Self}` is not one",
        label = "not a `TcpStream` or `UnixStream` of smol, async-net or async-io",
        note = "wrap any other type that implements futures-io's traits with `Shim::from_futures`, and a tokio type with \
                `Shim::from_tokio`",
        note = "wrap a std stream with `Shim::from_smol(smol::Async::new(stream)?)`"
    )]
    #[allow(missing_docs, reason = "hidden; the message says what it is")]
    pub trait SmolInto<A>: Into<A> {}

    #[cfg(not(doc))]
    #[diagnostic::do_not_recommend]
    impl<A, T: Into<A>> SmolInto<A> for T {}
}

mod socket {
    use super::*;

    /// The operations on a non-blocking socket. Those of `io` make the system calls that std makes.
    #[allow(unreachable_pub, reason = "a trait that is public in a private place is what seals")]
    pub trait Socket: Debug + Send + Sync + 'static {
        fn read_buf(&self, memory: &mut Memory, cursor: BorrowedCursor<'_>) -> io::Result<()>;
        fn io(&self) -> impl Read + Write;
        fn shutdown_write(&self) -> io::Result<()>;
    }

    /// The state of reads into uninitialized memory.
    #[cfg(unix)]
    pub(super) type Memory = ();
    #[cfg(not(unix))]
    pub(super) type Memory = SliceFeed;
}

macro_rules! sockets {
    ($($socket:ty),*) => {$(
        impl SmolSocket for $socket {}

        impl socket::Socket for $socket {
            #[cfg(unix)]
            #[inline]
            fn read_buf(&self, (): &mut socket::Memory, cursor: BorrowedCursor<'_>) -> io::Result<()> {
                crate::sys::recv(std::os::fd::AsFd::as_fd(self), cursor)
            }

            #[cfg(not(unix))]
            fn read_buf(&self, memory: &mut socket::Memory, cursor: BorrowedCursor<'_>) -> io::Result<()> {
                memory.read(cursor, |slice| socket::Socket::io(self).read(slice))
            }

            #[inline]
            fn io(&self) -> impl Read + Write {
                self
            }

            fn shutdown_write(&self) -> io::Result<()> {
                self.shutdown(Shutdown::Write)
            }
        }
    )*};
}

sockets!(TcpStream);
#[cfg(unix)]
sockets!(std::os::unix::net::UnixStream);

/// The reactor entries that a shim waits with.
///
/// Each shim has its own. `Async::poll_readable` has one per socket and direction: two tasks that
/// poll clones of a socket would replace each other's waker and wake each other forever.
#[derive(Debug)]
pub struct State<S> {
    readable: Option<ReadableOwned<S>>,
    writable: Option<WritableOwned<S>>,
    memory: socket::Memory,
}

impl<S: SmolSocket> sealed::Ecosystem for Smol<S> {
    type State = State<S>;

    /// Loses nothing: the next poll waits again.
    fn forget_waiting(state: &mut State<S>) {
        state.readable = None;
        state.writable = None;
    }
}

impl<S: SmolSocket> Shim<Arc<Async<S>>, Smol<S>> {
    /// Wraps a TCP or Unix stream of smol, async-net or async-io.
    ///
    /// On Unix it reads straight into uninitialized memory, without zeroing or copying. Reads and
    /// writes are vectored. Several tasks may poll clones of the stream.
    ///
    /// These streams are all made of an `Arc` of an `async_io::Async` of a std stream, which
    /// becomes the inner type. A `smol::net::TcpStream` becomes a
    /// `Shim<Arc<Async<std::net::TcpStream>>, Smol>`, or [`SmolTcpStream`] for short. An `Async`
    /// and the `Arc` itself are accepted too.
    ///
    /// It yields after many ready operations in a row: see [`with_budget`](Shim::with_budget).
    ///
    /// # Shutting down
    ///
    /// `poll_shutdown` ends the sending half, so the peer reads an end of file. tokio's `shutdown`
    /// and futures' `close` do the same. A stream wrapped with [`from_futures`](Shim::from_futures)
    /// may do less: closing an `async_io::Async` only flushes it.
    ///
    /// # Cancel safety
    ///
    /// If a read or write is cancelled after `Pending`, no data was read or written.
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::Shim;
    /// use smol::net::{TcpListener, TcpStream};
    /// use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    ///
    /// smol::block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let mut client = Shim::from_smol(TcpStream::connect(listener.local_addr()?).await?).for_tokio();
    ///     let mut server = Shim::from_smol(listener.accept().await?.0).for_tokio();
    ///
    ///     client.write_all(b"hello").await?;
    ///     client.shutdown().await?;
    ///     let mut received = Vec::new();
    ///     server.read_to_end(&mut received).await?;
    ///     assert_eq!(received, b"hello");
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn from_smol(stream: impl SmolInto<Arc<Async<S>>>) -> Self {
        Shim::wrap(stream.into())
    }
}

impl<S: SmolSocket, V> Shim<Arc<Async<S>>, Smol<S>, V> {
    /// Calls `read` until it does not have to wait.
    #[inline]
    fn poll_reading(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut read: impl FnMut(&S, &mut socket::Memory) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let (io, state, budget) = self.project_reading();
        let (io, memory) = (io.get_mut(), &mut state.memory);
        budget.poll_counted(cx, |cx| {
            let wait = || Arc::clone(io).readable_owned();
            poll_until_done(&mut state.readable, cx, wait, || read((**io).get_ref(), memory))
        })
    }

    /// Calls `write` until it does not have to wait.
    #[inline]
    fn poll_writing(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut write: impl FnMut(&S) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let (io, state, budget) = self.project_writing();
        let io = io.get_mut();
        budget.poll_counted(cx, |cx| {
            let wait = || Arc::clone(io).writable_owned();
            poll_until_done(&mut state.writable, cx, wait, || write((**io).get_ref()))
        })
    }
}

/// Calls `operate` until it does not return `WouldBlock`, and waits in between.
///
/// It calls first and waits second, so the reactor is used only when necessary.
#[inline]
fn poll_until_done<F, R>(
    waiting: &mut Option<F>,
    cx: &mut Context<'_>,
    wait: impl Fn() -> F,
    mut operate: impl FnMut() -> io::Result<R>,
) -> Poll<io::Result<R>>
where
    F: Future<Output = io::Result<()>> + Unpin,
{
    loop {
        match operate() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            result => {
                *waiting = None;
                return Poll::Ready(result);
            }
        }
        let outcome = ready!(Pin::new(waiting.get_or_insert_with(&wait)).poll(cx));
        // An entry serves for one event.
        *waiting = None;
        outcome?;
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: SmolSocket, V> AsyncReadBuf for Shim<Arc<Async<S>>, Smol<S>, V> {
    #[inline]
    fn poll_read_into(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll_reading(cx, |socket, memory| {
            socket.read_buf(memory, cursor.reborrow())?;
            Ok(cursor.written().len())
        })
        .map_ok(drop)
    }

    #[inline]
    fn poll_read_into_slice(self: Pin<&mut Self>, cx: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        self.poll_reading(cx, |socket, _| socket.io().read(slice))
    }

    #[inline]
    fn poll_read_into_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_reading(cx, |socket, _| socket.io().read_vectored(bufs))
    }

    fn supports_vectored_reads(&self) -> bool {
        true
    }

    #[inline]
    fn init_hint(&self, capacity: usize) -> usize {
        #[cfg(unix)]
        let hint = {
            let _ = capacity;
            0
        };
        #[cfg(not(unix))]
        let hint = self.state().memory.init_hint(capacity);
        hint
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: SmolSocket, V> AsyncWrite for Shim<Arc<Async<S>>, Smol<S>, V> {
    #[inline]
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_writing(cx, |socket| socket.io().write(data))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match (**self.get_ref()).get_ref().shutdown_write() {
            // The peer has already ended the connection.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Poll::Ready(Ok(())),
            result => Poll::Ready(result),
        }
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_writing(cx, |socket| socket.io().write_vectored(bufs))
    }

    fn supports_vectored_writes(&self) -> bool {
        true
    }
}

impl<S> Default for State<S> {
    fn default() -> Self {
        State { readable: None, writable: None, memory: Default::default() }
    }
}

/// A clone starts without reactor entries: it waits with its own.
impl<S> Clone for State<S> {
    fn clone(&self) -> Self {
        State::default()
    }
}
