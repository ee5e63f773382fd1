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
pub(crate) use seek::{Seek, Step};
#[cfg(io_shim_std_read_buf)]
pub(crate) use slice_state::StdReadBuf;
pub(crate) use slice_state::{ReadAttempt, SliceState};
pub(crate) use tag::sealed;
pub use tag::{Buffered, Ecosystem, Every, Includes, Native, Unbuffered, View};

use crate::access::access;
use crate::coop::{Budget, Budgets};

/// Wraps an I/O type of one ecosystem and implements the I/O traits of the others.
///
/// If the inner type is asynchronous, the shim implements the traits of tokio, futures-io and
/// hyper. If it is synchronous, the shim implements the traits of std. With [`Shim::allow_std`],
/// the inner type is synchronous and the shim implements the asynchronous traits. Memory, such as a
/// slice in [`Shim::new`], is both, and so is its shim.
///
/// * `T` is the inner type.
/// * `E` is the ecosystem whose traits `T` implements.
/// * `V` selects which ecosystems' traits are implemented. By default ([`Every`]), the shim
///   implements every trait that it can, including the traits of `E`.
///
/// Choose the constructor by the type you have:
///
/// | made by | from a `T` of | `E` |
/// |---|---|---|
/// | [`Shim::new`] | your own: io-shim's traits, such as [`AsyncReadBuf`](crate::AsyncReadBuf) or [`ReadBuf`](crate::ReadBuf) | [`Native`] |
/// | [`Shim::from_tokio`] | `tokio::io` | [`Tokio`](crate::Tokio) |
/// | [`Shim::from_futures`] | `futures_io` | [`Futures`](crate::Futures) |
/// | [`Shim::from_futures_buf`] | `futures_io`, buffered: reads copy from its buffer | [`FuturesBuf`](crate::FuturesBuf) |
/// | `Shim::from_hyper` | `hyper::rt` (feature `hyper`) | `Hyper` |
/// | `Shim::from_smol` | smol: a TCP or Unix stream, read directly into uninitialized memory (feature `smol`) | `Smol` |
/// | [`Shim::from_std`] | `std::io`, in synchronous code | [`Std`](crate::Std) |
/// | [`Shim::from_std_buf`] | `std::io`, buffered: reads copy from its buffer | [`StdBuf`](crate::StdBuf) |
/// | `Shim::from_fd` | std's files, sockets and pipes, read directly into uninitialized memory (feature `fd`, Unix) | `Fd` |
/// | `Shim::from_stream`, `Shim::from_sink` | a `Stream` of chunks, a `Sink` of chunks (feature `stream`) | [`Native`] |
/// | `Shim::from_stream_sink` | both in one type, such as a WebSocket (feature `stream`) | [`Native`] |
/// | [`Shim::allow_std`] | `std::io`, in asynchronous code: the type must never block | [`AllowStd`](crate::AllowStd) |
///
/// The shim reads, writes or seeks if `T` does. If `T` lacks a trait, the compiler reports that
/// where the shim's trait is used. For `from_smol`, `from_fd` and those of the feature `stream`,
/// it reports that at the constructor. On systems other than Unix, `from_smol` reads into
/// initialized slices. The shim is `Send`, `Sync` and `Unpin` if `T` is. It allocates only when a
/// conversion needs memory.
///
/// # Views
///
/// If the extension traits of two ecosystems are in scope, `.read()` on a shim is ambiguous
/// (E0034). A shim made by `Shim::new(slice)` implements `std::io::Read` besides the asynchronous
/// traits, so `.read()` is also ambiguous if `Read` and one of those extension traits are in scope.
/// To choose one ecosystem, at no cost:
///
/// * Call `shim.for_tokio()`, `shim.for_futures()`, `shim.for_hyper()`, `shim.for_std()` or
///   [`shim.only::<V>()`](Shim::only).
/// * For a borrowed shim, call `Shim::new(&mut shim).for_tokio()`.
///
/// # Panics
///
/// If the inner type panics, the panic propagates. The shim and the caller's buffer stay usable.
/// If the caller passed a tokio `ReadBuf`, bytes that the panicking read put into it do not count
/// as filled.
///
/// # Examples
///
/// This example reads a tokio socket with a function of futures, and a smol file with a function of
/// tokio:
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
/// To store a shim in a struct, write its type with the inner type and the ecosystem:
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
    seek: Seek,
    budgets: Budgets,
    view: PhantomData<fn() -> V>,
}

impl<T, E: Ecosystem, V> Shim<T, E, V> {
    /// Wraps `io`. The public constructors are in the modules of `ecosystem`.
    pub(crate) fn wrap(io: T) -> Self {
        Shim { io, state: E::State::default(), seek: Seek::Idle, budgets: Budgets::STANDARD, view: PhantomData }
    }

    /// Narrows the shim to the traits of `X`. If `X` is [`Every`], the shim implements the traits
    /// of all ecosystems again.
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
    pub fn only<X: View>(self) -> Shim<T, E, X> {
        let Shim { io, state, seek, budgets, view: _ } = self;
        Shim { io, state, seek, budgets, view: PhantomData }
    }

    /// Sets the budget after which the shim yields to the executor.
    ///
    /// Reads and writes each have a budget of `units`. The default is 128. If `units` is 0, the
    /// shim never yields. Use 0 if the caller yields itself.
    ///
    /// * A ready call costs one unit, and one more for every 8 KiB that it moves. A call of
    ///   `poll_fill_buf` that returns data is free, but consuming the data costs units.
    /// * When the budget for reads is spent, the next read moves no data: it wakes the task and
    ///   returns `Pending`. The next write then does the same. So a task that polls both directions
    ///   gets `Pending` from both.
    /// * When the budget for writes is spent, the next write yields, and then the next read does.
    ///   `poll_fill_buf` does not yield then until data has been consumed, because buffered data
    ///   must stay available until it is consumed.
    /// * When the inner type returns `Pending` from a read, the budget for reads is refilled. The
    ///   same holds for writes.
    ///
    /// So a task that uses one shim returns to the executor from time to time, even if the peer is
    /// always ready. Flushing, closing, seeking and synchronous operations never yield. The
    /// functions of `owned` have budgets of their own, which this method does not change.
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
    pub fn get_ref(&self) -> &T {
        &self.io
    }

    /// Returns a mutable reference to the inner type.
    ///
    /// A pending seek is forgotten, because the position may change.
    ///
    /// Do not replace the stream through this reference: make a new shim instead. This shim keeps
    /// what it has learned from the sizes of earlier reads and writes, and its bounce buffer (see
    /// [`Offer`](crate::Offer)) keeps bytes of earlier reads. If the stream that you put in returns
    /// a wrong count, the caller may see these bytes.
    pub fn get_mut(&mut self) -> &mut T {
        E::forget_waiting(&mut self.state);
        self.seek = Seek::Idle;
        &mut self.io
    }

    /// Returns a pinned mutable reference to the inner type.
    ///
    /// A pending seek is forgotten, because the position may change.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut T> {
        let (io, state) = self.project_forgetting_seeks();
        E::forget_waiting(state);
        io
    }

    /// Unwraps the shim and returns the inner type.
    ///
    /// No data is lost: the shim has passed on everything that it has read.
    pub fn into_inner(self) -> T {
        self.io
    }

    /// Returns the state of the conversion.
    pub(crate) fn state(&self) -> &E::State {
        &self.state
    }

    /// Returns the state of the conversion, to apply settings.
    pub(crate) fn state_mut(&mut self) -> &mut E::State {
        &mut self.state
    }

    /// Returns the inner type and the state, for a synchronous operation. Forgets pending seeks,
    /// because the operation may change the position.
    #[inline]
    pub(crate) fn parts_mut(&mut self) -> (&mut T, &mut E::State) {
        self.seek = Seek::Idle;
        (&mut self.io, &mut self.state)
    }

    /// Returns the inner type and the state. Forgets pending seeks, because the operation may
    /// change the position. A flush also forgets them: it may complete a seek and discard the
    /// result, as in `tokio::fs::File`.
    #[inline]
    pub(crate) fn project_forgetting_seeks(self: Pin<&mut Self>) -> (Pin<&mut T>, &mut E::State) {
        let Projected { io, state, seek, .. } = self.project();
        *seek = Seek::Idle;
        (io, state)
    }

    /// Like [`project_forgetting_seeks`](Self::project_forgetting_seeks), for a read, with its
    /// budget.
    #[inline]
    pub(crate) fn project_reading(self: Pin<&mut Self>) -> (Pin<&mut T>, &mut E::State, Budget<'_>) {
        let Projected { io, state, seek, budgets, .. } = self.project();
        *seek = Seek::Idle;
        (io, state, budgets.reads())
    }

    /// Like [`project_forgetting_seeks`](Self::project_forgetting_seeks), for a write, with its
    /// budget.
    #[inline]
    pub(crate) fn project_writing(self: Pin<&mut Self>) -> (Pin<&mut T>, &mut E::State, Budget<'_>) {
        let Projected { io, state, seek, budgets, .. } = self.project();
        *seek = Seek::Idle;
        (io, state, budgets.writes())
    }

    /// Returns the inner type and the seek that was started, to continue it or start another.
    pub(crate) fn project_seek(self: Pin<&mut Self>) -> (Pin<&mut T>, &mut Seek) {
        let Projected { io, seek, .. } = self.project();
        (io, seek)
    }
}

access!([, E: Ecosystem, V] Shim<T, E, V>);

impl<T: Default, E: Ecosystem, V> Default for Shim<T, E, V> {
    fn default() -> Self {
        Shim::wrap(T::default())
    }
}

/// A clone has a clone of the inner type and the same settings. It does not copy what the original
/// has learned from the sizes of earlier reads and writes.
impl<T: Clone, E: Ecosystem, V> Clone for Shim<T, E, V> {
    fn clone(&self) -> Self {
        Shim {
            io: self.io.clone(),
            state: self.state.clone(),
            seek: Seek::Idle,
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
