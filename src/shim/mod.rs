//! [`Shim`], the one wrapper: its type, its views, its accessors, and the two conversions that need a memory.
//!
//! Knows `hub`, `buf` and `access`. What it is to each ecosystem is written in `ecosystem`.

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

/// One wrapper that makes an I/O type of one ecosystem a type of the others as well.
///
/// An asynchronous type gets the traits of tokio, futures-io and hyper, a synchronous one those of std. `T` is the type inside, `E` says
/// whose traits `T` has, and `V` as whose type the shim shows itself: by default as that of [every](Every) ecosystem for which its
/// type will do, its own included.
///
/// | made by | from a `T` of | `E` |
/// |---|---|---|
/// | [`Shim::new`] | your own: [`AsyncReadBuf`](crate::AsyncReadBuf), [`ReadBuf`](crate::ReadBuf) and the other traits of this crate (io-shim's traits) | [`Native`] |
/// | [`Shim::from_tokio`] | `tokio::io` | [`Tokio`](crate::Tokio) |
/// | [`Shim::from_futures`] | `futures_io` | [`Futures`](crate::Futures) |
/// | [`Shim::from_futures_buf`] | `futures_io`, buffered: reads copy from its buffer | [`FuturesBuf`](crate::FuturesBuf) |
/// | [`Shim::from_hyper`] | `hyper::rt` | [`Hyper`](crate::Hyper) |
/// | [`Shim::from_smol`] | smol: a TCP or Unix stream, read straight into uninitialised memory | [`Smol`](crate::Smol) |
/// | [`Shim::from_std`] | `std::io`, in synchronous code | [`Std`](crate::Std) |
/// | [`Shim::from_std_buf`] | `std::io`, buffered: reads copy from its buffer | [`StdBuf`](crate::StdBuf) |
/// | `Shim::from_fd` | std's files, sockets and pipes, read straight into uninitialised memory (feature `fd`, Unix) | `Fd` |
/// | `Shim::from_stream`, `Shim::from_sink` | a `Stream` of chunks, a `Sink` of `Bytes` (feature `stream`) | [`Native`] |
/// | [`Shim::allow_std`] | `std::io`, never blocking, in asynchronous code | [`AllowStd`](crate::AllowStd) |
///
/// The shim has the traits that `T` has: a `T` that only reads makes a shim that only reads. The compiler complains where a trait is
/// needed, and not at the constructor, except at `from_smol`, `from_fd`, `from_stream` and `from_sink`. `Send`, `Sync` and `Unpin` are
/// those of `T`. Nothing is allocated before a conversion needs memory.
///
/// # Views
///
/// Where the extension traits of two ecosystems are imported side by side, `.read()` on a shim is ambiguous (E0034); beside
/// `std::io::Read` it is on one that is std's, too, such as a shim of memory. `shim.for_tokio()`, `shim.for_futures()`,
/// `shim.for_hyper()`, `shim.for_std()` or [`shim.only::<V>()`](Shim::only) narrow it to one, at no cost;
/// `Shim::new(&mut shim).for_tokio()` narrows one that is borrowed.
///
/// # Panics
///
/// A panic of the type inside passes through, and leaves the shim and the caller's buffer usable. What that read had
/// put into a tokio `ReadBuf` by then is not counted.
///
/// # Examples
///
/// A socket of tokio's and a file of smol's, each in functions of the other world:
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
/// Kept in a struct, it is named by the type inside and its tag:
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
    lowered: PendingSeek,
    budgets: Budgets,
    view: PhantomData<fn() -> V>,
}

impl<T, E: Ecosystem, V> Shim<T, E, V> {
    /// Wraps `io`; the constructors of the ecosystems are public.
    #[inline]
    pub(crate) fn wrap(io: T) -> Self {
        Shim {
            io,
            state: E::State::default(),
            lowered: PendingSeek::Idle,
            budgets: Budgets::STANDARD,
            view: PhantomData,
        }
    }

    /// Shows the shim as a type of `X` alone, or, with [`Every`], of all ecosystems again.
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
        let Shim { io, state, lowered, budgets, view: _ } = self;
        Shim { io, state, lowered, budgets, view: PhantomData }
    }

    /// Sets after how many units of reading, and of writing, the shim yields to the executor: 128 unless set, never with 0.
    ///
    /// A call that is ready costs one unit, and one more for every 8 KiB that it moves. When the units of its direction are spent, the
    /// next call returns `Pending` after waking the task, and reads or writes nothing. A call of the type inside that is not
    /// ready refills them. So a peer that never lets the task wait cannot keep timers and other tasks from running.
    ///
    /// Flushing, closing and seeking never yield, nor does anything synchronous. 0 is for a caller that yields by itself.
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
    #[must_use = "the shim with the setting is the result"]
    pub fn with_budget(mut self, units: u16) -> Self {
        self.budgets = Budgets::new(units);
        self
    }

    /// The type inside.
    #[inline]
    pub fn get_ref(&self) -> &T {
        &self.io
    }

    /// The type inside. A pending seek is forgotten: the position may move.
    ///
    /// What the shim learned of the type inside stays. So do bytes of earlier reads in a bounce buffer, which nobody sees but a
    /// reader that lies about its count: to put another stream in, make another shim.
    #[inline]
    pub fn get_mut(&mut self) -> &mut T {
        E::forget_seek(&mut self.state);
        E::forget_waiting(&mut self.state);
        self.lowered = PendingSeek::Idle;
        &mut self.io
    }

    /// The type inside, pinned. A pending seek is forgotten: the position may move.
    #[inline]
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut T> {
        let (io, state) = self.project_forgetting_seeks();
        E::forget_waiting(state);
        io
    }

    /// Gives back the type inside. No data is lost: what a shim has read is its caller's.
    #[inline]
    pub fn into_inner(self) -> T {
        self.io
    }

    /// What the ecosystem remembers.
    #[inline]
    pub(crate) fn state(&self) -> &E::State {
        &self.state
    }

    /// What the ecosystem remembers, to be set up.
    #[inline]
    pub(crate) fn state_mut(&mut self) -> &mut E::State {
        &mut self.state
    }

    /// The type inside and the state, for a synchronous operation: pending seeks are forgotten, since it may move the position.
    #[inline]
    pub(crate) fn parts_mut(&mut self) -> (&mut T, &mut E::State) {
        E::forget_seek(&mut self.state);
        self.lowered = PendingSeek::Idle;
        (&mut self.io, &mut self.state)
    }

    /// The inner type and the state, for an operation other than a seek: pending seeks are forgotten, since it may move the
    /// position or, like a flush, swallow the outcome of the seek.
    #[inline]
    pub(crate) fn project_forgetting_seeks(self: Pin<&mut Self>) -> (Pin<&mut T>, &mut E::State) {
        let (io, state) = self.project_keeping_seek();
        E::forget_seek(state);
        (io, state)
    }

    /// As [`project_forgetting_seeks`](Self::project_forgetting_seeks), for a read, which spends the budget.
    #[inline]
    pub(crate) fn project_reading(self: Pin<&mut Self>) -> (Pin<&mut T>, &mut E::State, Budget<'_>) {
        let Projected { io, state, lowered, budgets, .. } = self.project();
        *lowered = PendingSeek::Idle;
        E::forget_seek(state);
        (io, state, budgets.reads())
    }

    /// As [`project_forgetting_seeks`](Self::project_forgetting_seeks), for a write, which spends the budget.
    #[inline]
    pub(crate) fn project_writing(self: Pin<&mut Self>) -> (Pin<&mut T>, &mut E::State, Budget<'_>) {
        let Projected { io, state, lowered, budgets, .. } = self.project();
        *lowered = PendingSeek::Idle;
        E::forget_seek(state);
        (io, state, budgets.writes())
    }

    /// The inner type and the state, for a seek: only the one that a lowering holds is forgotten.
    #[inline]
    pub(crate) fn project_keeping_seek(self: Pin<&mut Self>) -> (Pin<&mut T>, &mut E::State) {
        let Projected { io, state, lowered, .. } = self.project();
        *lowered = PendingSeek::Idle;
        (io, state)
    }

    /// The seek that a lowering to two phases holds.
    #[inline]
    pub(crate) fn project_pending_seek(self: Pin<&mut Self>) -> &mut PendingSeek {
        self.project().lowered
    }
}

references!([, E: Ecosystem, V] Shim<T, E, V>);
descriptors!([, E: Ecosystem, V] Shim<T, E, V>);

impl<T: Default, E: Ecosystem, V> Default for Shim<T, E, V> {
    fn default() -> Self {
        Shim::wrap(T::default())
    }
}

/// Clones the type inside and the settings. What the shim learned and remembered of its stream starts anew.
impl<T: Clone, E: Ecosystem, V> Clone for Shim<T, E, V> {
    fn clone(&self) -> Self {
        Shim {
            io: self.io.clone(),
            state: self.state.clone(),
            lowered: PendingSeek::Idle,
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
