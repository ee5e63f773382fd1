//! [`Shim`], the wrapper: its type, views and accessors, and the state that some conversions need.
//!
//! Depends on `buf`, `access` and `coop`. What it implements for each ecosystem is in `ecosystem`.

mod gather;
mod seek;
mod slice_state;
mod tag;
mod vectoring;

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;

use pin_project::pin_project;

pub(crate) use gather::Attempt;
pub(crate) use seek::{PendingSeek, StartedSeek, Step};
pub(crate) use slice_state::{ReadAttempt, SliceState};
pub(crate) use tag::sealed;
pub use tag::{Buffered, Ecosystem, Every, Includes, Native, Unbuffered, View};

use crate::access::{descriptors, references};
use crate::coop::{Budget, Budgets};

/// Wraps an I/O type of one ecosystem and implements the I/O traits of the others.
///
/// Around an asynchronous type, it implements the traits of tokio, futures-io and hyper; around a
/// synchronous one, those of std.
///
/// * `T` is the inner type.
/// * `E` is the ecosystem whose traits `T` implements.
/// * `V` selects which ecosystems' traits are implemented. By default ([`Every`]), all that `T`
///   supports, including its own.
///
/// Choose the constructor by the type you have:
///
/// | made by | from a `T` of | `E` |
/// |---|---|---|
/// | [`Shim::new`] | your own: io-shim's traits, such as [`AsyncReadBuf`](crate::AsyncReadBuf) or [`ReadBuf`](crate::ReadBuf) | [`Native`] |
/// | [`Shim::from_tokio`] | `tokio::io` | [`Tokio`](crate::Tokio) |
/// | [`Shim::from_futures`] | `futures_io` | [`Futures`](crate::Futures) |
/// | [`Shim::from_futures_buf`] | `futures_io`, buffered: reads copy from its buffer | [`FuturesBuf`](crate::FuturesBuf) |
/// | [`Shim::from_hyper`] | `hyper::rt` | [`Hyper`](crate::Hyper) |
/// | [`Shim::from_smol`] | smol: a TCP or Unix stream, read directly into uninitialized memory | [`Smol`](crate::Smol) |
/// | [`Shim::from_std`] | `std::io`, in synchronous code | [`Std`](crate::Std) |
/// | [`Shim::from_std_buf`] | `std::io`, buffered: reads copy from its buffer | [`StdBuf`](crate::StdBuf) |
/// | `Shim::from_fd` | std's files, sockets and pipes, read directly into uninitialized memory (feature `fd`, Unix) | `Fd` |
/// | `Shim::from_stream`, `Shim::from_sink` | a `Stream` of chunks, a `Sink` of `Bytes` (feature `stream`) | [`Native`] |
/// | [`Shim::allow_std`] | `std::io`, never blocking, in asynchronous code | [`AllowStd`](crate::AllowStd) |
///
/// The shim reads, writes or seeks if `T` does. A missing trait is reported where the trait is
/// used. Only `from_smol`, `from_fd`, `from_stream` and `from_sink` report it at the constructor.
/// The shim is `Send`, `Sync` and `Unpin` if `T` is. It allocates only when a conversion needs
/// memory.
///
/// # Views
///
/// If the extension traits of two ecosystems are in scope, `.read()` on a shim is ambiguous
/// (E0034). With `std::io::Read` in scope, it is also ambiguous on a shim that implements that too,
/// such as one around a slice. To choose one ecosystem, at no cost:
///
/// * Call `shim.for_tokio()`, `shim.for_futures()`, `shim.for_hyper()`, `shim.for_std()` or
///   [`shim.only::<V>()`](Shim::only).
/// * For a borrowed shim, call `Shim::new(&mut shim).for_tokio()`.
///
/// # Panics
///
/// If the inner type panics, the panic propagates. The shim and the caller's buffer stay usable.
/// Bytes that the panicking read put into a tokio `ReadBuf` are not counted.
///
/// # Examples
///
/// A tokio socket and a smol file, each used with the other's functions:
///
/// ```
/// use io_shim::Shim;
///
/// # async fn f(socket: tokio::net::TcpStream, file: smol::fs::File) -> std::io::Result<()> {
/// let mut text = String::new();
/// futures::AsyncReadExt::read_to_string(&mut Shim::from_tokio(socket), &mut text).await?;
/// tokio::io::AsyncReadExt::read_to_string(&mut Shim::from_futures(file), &mut text).await?;
/// # Ok(()) }
/// ```
///
/// In a struct, its type is named by the inner type and the tag:
///
/// ```
/// use io_shim::{Shim, Tokio};
/// use tokio::net::TcpStream;
///
/// struct Session {
///     stream: Shim<TcpStream, Tokio>,
/// }
/// # let _ = |stream| Session { stream: Shim::from_tokio(stream) }.stream.get_ref().peer_addr();
/// ```
#[pin_project(project = Projected)]
pub struct Shim<T, E: Ecosystem = Native, V = Every> {
    #[pin]
    io: T,
    state: E::State,
    pending_seek: PendingSeek,
    budgets: Budgets,
    view: PhantomData<fn() -> V>,
}

impl<T, E: Ecosystem, V> Shim<T, E, V> {
    /// Wraps `io`. The ecosystems have the public constructors.
    #[inline]
    pub(crate) fn wrap(io: T) -> Self {
        Shim {
            io,
            state: E::State::default(),
            pending_seek: PendingSeek::Idle,
            budgets: Budgets::STANDARD,
            view: PhantomData,
        }
    }

    /// Narrows the shim to the traits of `X`. With [`Every`], it implements those of all ecosystems
    /// again.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::AsyncReadExt as _;
    /// use io_shim::{Shim, Tokio};
    /// use tokio::io::AsyncReadExt as _;
    ///
    /// # futures::executor::block_on(async {
    /// let shim = Shim::from_futures(futures::io::Cursor::new(b"hello"));
    /// let mut byte = [0];
    /// // `shim.read(&mut byte)` would be ambiguous here.
    /// shim.only::<Tokio>().read(&mut byte).await?;
    /// assert_eq!(&byte, b"h");
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    #[inline]
    pub fn only<X: View>(self) -> Shim<T, E, X> {
        let Shim { io, state, pending_seek, budgets, view: _ } = self;
        Shim { io, state, pending_seek, budgets, view: PhantomData }
    }

    /// Sets how many units the shim may read, and write, before it yields to the executor.
    ///
    /// The default is 128. With 0 the shim never yields, for callers that yield themselves.
    ///
    /// A ready call costs one unit, and one more for every 8 KiB that it moves. When the units of
    /// its direction are spent, the next call moves no data: it wakes the task and returns
    /// `Pending`. The next call of the other direction does the same, so that a task which polls
    /// both sees both pending. A call of the inner type that is not ready refills the units of its
    /// direction. So a peer that is always ready cannot keep timers and other tasks from running.
    ///
    /// Flushing, closing, seeking and synchronous operations never yield.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::FutureExt as _;
    /// use io_shim::Shim;
    /// use tokio::io::AsyncReadExt as _;
    ///
    /// let mut reader = Shim::from_futures(futures::io::repeat(7)).with_budget(2);
    /// assert!(reader.read_u8().now_or_never().is_some());
    /// assert!(reader.read_u8().now_or_never().is_some());
    /// assert!(reader.read_u8().now_or_never().is_none()); // yields
    /// assert!(reader.read_u8().now_or_never().is_some());
    /// ```
    #[must_use = "returns the shim with the setting"]
    pub fn with_budget(mut self, units: u16) -> Self {
        self.budgets = Budgets::new(units);
        self
    }

    /// Returns a reference to the inner type.
    #[inline]
    pub fn get_ref(&self) -> &T {
        &self.io
    }

    /// Returns a mutable reference to the inner type.
    ///
    /// A pending seek is forgotten, because the position may change.
    ///
    /// What the shim has learned about the inner type is kept. A bounce buffer also keeps bytes of
    /// earlier reads, which only a reader that returns a wrong count can expose. To replace the
    /// stream, make a new shim.
    #[inline]
    pub fn get_mut(&mut self) -> &mut T {
        E::forget_seek(&mut self.state);
        E::forget_waiting(&mut self.state);
        self.pending_seek = PendingSeek::Idle;
        &mut self.io
    }

    /// Returns a pinned mutable reference to the inner type.
    ///
    /// A pending seek is forgotten, because the position may change.
    #[inline]
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut T> {
        let (io, state) = self.project_forgetting_seeks();
        E::forget_waiting(state);
        io
    }

    /// Unwraps the shim and returns the inner type.
    ///
    /// No data is lost: a shim holds back nothing that it has read.
    #[inline]
    pub fn into_inner(self) -> T {
        self.io
    }

    /// Returns the state of the conversion.
    #[inline]
    pub(crate) fn state(&self) -> &E::State {
        &self.state
    }

    /// Returns the state of the conversion, to apply settings.
    #[inline]
    pub(crate) fn state_mut(&mut self) -> &mut E::State {
        &mut self.state
    }

    /// Returns the inner type and the state, for a synchronous operation. It forgets pending seeks,
    /// since the operation may change the position.
    #[inline]
    pub(crate) fn parts_mut(&mut self) -> (&mut T, &mut E::State) {
        E::forget_seek(&mut self.state);
        self.pending_seek = PendingSeek::Idle;
        (&mut self.io, &mut self.state)
    }

    /// Returns the inner type and the state, for an operation other than a seek. It forgets pending
    /// seeks: the operation may change the position or, like a flush, consume the seek's result.
    #[inline]
    pub(crate) fn project_forgetting_seeks(self: Pin<&mut Self>) -> (Pin<&mut T>, &mut E::State) {
        let (io, state) = self.project_keeping_seek();
        E::forget_seek(state);
        (io, state)
    }

    /// Like [`project_forgetting_seeks`](Self::project_forgetting_seeks), for a read, with its
    /// budget.
    #[inline]
    pub(crate) fn project_reading(self: Pin<&mut Self>) -> (Pin<&mut T>, &mut E::State, Budget<'_>) {
        let Projected { io, state, pending_seek, budgets, .. } = self.project();
        *pending_seek = PendingSeek::Idle;
        E::forget_seek(state);
        (io, state, budgets.reads())
    }

    /// Like [`project_forgetting_seeks`](Self::project_forgetting_seeks), for a write, with its
    /// budget.
    #[inline]
    pub(crate) fn project_writing(self: Pin<&mut Self>) -> (Pin<&mut T>, &mut E::State, Budget<'_>) {
        let Projected { io, state, pending_seek, budgets, .. } = self.project();
        *pending_seek = PendingSeek::Idle;
        E::forget_seek(state);
        (io, state, budgets.writes())
    }

    /// Returns the inner type and the state, for a seek. It forgets only the pending two-step seek.
    #[inline]
    pub(crate) fn project_keeping_seek(self: Pin<&mut Self>) -> (Pin<&mut T>, &mut E::State) {
        let Projected { io, state, pending_seek, .. } = self.project();
        *pending_seek = PendingSeek::Idle;
        (io, state)
    }

    /// Returns the pending two-step seek.
    #[inline]
    pub(crate) fn project_pending_seek(self: Pin<&mut Self>) -> &mut PendingSeek {
        self.project().pending_seek
    }
}

references!([, E: Ecosystem, V] Shim<T, E, V>);
descriptors!([, E: Ecosystem, V] Shim<T, E, V>);

impl<T: Default, E: Ecosystem, V> Default for Shim<T, E, V> {
    fn default() -> Self {
        Shim::wrap(T::default())
    }
}

/// A clone has a clone of the inner type and the same settings. It starts without what was learned.
impl<T: Clone, E: Ecosystem, V> Clone for Shim<T, E, V> {
    fn clone(&self) -> Self {
        Shim {
            io: self.io.clone(),
            state: self.state.clone(),
            pending_seek: PendingSeek::Idle,
            budgets: self.budgets.renewed(),
            view: PhantomData,
        }
    }
}

impl<T: fmt::Debug, E: Ecosystem, V> fmt::Debug for Shim<T, E, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shim").field("io", &self.io).field("state", &self.state).finish_non_exhaustive()
    }
}
