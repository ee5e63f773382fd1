//! Tools to run the libraries of one executor on another, or in synchronous code.
//!
//! # Which executor runs what
//!
//! | what you have | tokio, multi-thread | tokio, `current_thread` | smol | `futures::executor` | pollster |
//! |---|---|---|---|---|---|
//! | `bind`, `connect` and `accept` of `tokio::net` | works | works | needs a context | needs a context | needs a context |
//! | an existing socket of `tokio::net` | works | works | works | works | works |
//! | a file of `tokio::fs` | works | works | needs a context | needs a context | needs a context |
//! | `sleep`, `timeout` and `interval` of `tokio::time` | works | works | needs a context | needs a context | needs a context |
//! | an existing timer of `tokio::time` | works | works | works | works | works |
//! | a socket of smol, async-net or async-io | works | works | works | works | works |
//! | a timer of async-io | works | works | works | works | works |
//! | a blocking reader of std | needs a thread | needs a thread | needs a thread | needs a thread | needs a thread |
//! | hyper's connections, over any of these streams | works | works | works | works | works |
//! | hyper-util's client with its tokio connector | works | works | needs a context | needs a context | needs a context |
//! | hyper-util's client with a connector of your own to smol's sockets | works | works | works | works | works |
//!
//! * **Works**: it runs there without further setup. The runtime in which an existing tokio socket
//!   or timer was created must keep running. Build tokio runtimes with `enable_io` and
//!   `enable_time`.
//! * **Needs a context**: without a context it panics with "there is no reactor running". Wrap it,
//!   or the future that uses it, in a [`TokioContext`].
//! * **Needs a thread**: the reader would block the executor's thread. On any executor,
//!   `smol::fs::File::from(file)` reads a file on another thread, and `smol::Unblock::new(reader)`
//!   reads stdin or a pipe. Wrap either in `Shim::from_futures`. Do not use `Unblock` for files: it
//!   reads ahead, so positions are wrong. If there is a tokio runtime, `handle.spawn_blocking` runs
//!   a function on another thread.
//!
//! # Asynchronous types in synchronous code
//!
//! | the synchronous code | use |
//! |---|---|
//! | may block its thread: a parser, a decoder, `std::io::copy` | [`BlockOn`]. A table in its docs lists where it may be used |
//! | is a state machine that handles `WouldBlock`, and runs in a task: tungstenite, native-tls, openssl, rustls | [`NonBlocking`] inside the machine, and [`poll_nonblocking`] around its calls |
//! | does neither | `BlockOn`, on a thread of its own |
//!
//! # async-std
//!
//! async-std is discontinued. Its sockets and timers are those of async-io, so the rows for smol
//! apply. If you wrap one of its sockets with `Shim::from_futures`, closing the shim does not end
//! the stream: see the docs of that constructor.
//!
//! # tokio on other executors
//!
//! A context needs the handle of a running tokio runtime. If the program has none, start an
//! `Embedded` runtime (feature `rt-multi-thread`). Nothing in this crate starts one implicitly.
//!
//! Wrap a whole future in a context, or a single file:
//! `Shim::from_tokio(TokioContext::new(file, handle))` implements futures-io's traits on every
//! executor.
//!
//! Spawn tasks with the handle. `handle.spawn(future)` and `handle.spawn_blocking(function)` work
//! on any thread without a context, and any executor can await their join handles. A join handle
//! returns panics and cancellation as in tokio. Dropping it detaches the task. Inside a context,
//! `tokio::spawn` works too.
//!
//! # Yielding
//!
//! A task that is always ready starves the other tasks of its thread. tokio's sockets yield by
//! themselves, but only inside tokio's runtime. An asynchronous shim yields on any executor: after
//! 128 units of reads or of writes it returns `Pending` once and wakes the task. A call that is
//! ready costs one unit, and one more for every 8 KiB that it moves.
//! [`Shim::with_budget`](crate::Shim::with_budget) sets the number of units; 0 turns yielding off.
//!
//! | executor | when a yielding task is polled again |
//! |---|---|
//! | tokio, with io-shim's features `rt` and `tokio` | after tokio has checked sockets and timers, and after other tasks |
//! | tokio, without one of these features | after other tasks |
//! | smol, `futures::executor`, pollster | after the other tasks that are ready |
//! | another executor's `block_on` inside a tokio task | never: the thread that would wake it is blocked |
//!
//! The last row always applies to tokio's own sockets. It applies to shims only if io-shim's
//! features `rt` and `tokio` are both on. Call `block_on` on a separate thread, or, in tokio's
//! multi-thread runtime, inside `tokio::task::block_in_place`.
//!
//! # Edge cases
//!
//! | case | what happens |
//! |---|---|
//! | no context | tokio panics when a socket or timer is created, and at each file operation; [`TokioContext::try_current`] returns an error instead |
//! | the runtime was shut down or dropped (a handle does not keep it running) | sockets and files return an `io::Error`, and pending calls are woken to return it; tasks are cancelled; tokio's timers panic |
//! | a `current_thread` runtime that no thread drives | sockets, timers and tasks stay `Pending` until a thread calls its `block_on`; files work |
//! | a context inside another context or runtime | the inner context applies while a call through it runs; after the call, the outer one applies again |
//! | `block_in_place` in a context | blocks the calling thread like any blocking call; inside a `current_thread` runtime tokio panics |
//! | code in the destructor of a thread-local, if tokio's own thread-local is already destroyed | sockets and pipes work without a context; tokio's files panic, which aborts the process |
//! | dropping a socket, file or context | works on any thread, without a runtime, before or after its own runtime has ended |
//!
//! # For hyper
//!
//! | what hyper needs | on smol, or any executor with smol's timers | on tokio |
//! |---|---|---|
//! | `hyper::rt::Executor`, for HTTP/2 | `HyperExecutor` over the executor's `spawn`; `HyperExecutor::local` if services are not `Send` | the same, or hyper-util's `TokioExecutor` |
//! | `hyper::rt::Timer`, for timeouts and keep-alive | `SmolTimer` | hyper-util's `TokioTimer` |

mod block_on;
#[cfg(feature = "tokio")]
mod context;
#[cfg(feature = "rt-multi-thread")]
mod embedded;
#[cfg(feature = "tokio")]
mod enter;
#[cfg(feature = "hyper")]
mod executor;
mod non_blocking;
mod synchronous;
#[cfg(all(feature = "hyper", feature = "smol"))]
mod timer;

pub use block_on::BlockOn;
#[cfg(feature = "tokio")]
pub use context::TokioContext;
#[cfg(feature = "rt-multi-thread")]
pub use embedded::Embedded;
#[cfg(feature = "hyper")]
pub use executor::HyperExecutor;
pub use non_blocking::{NonBlocking, poll_nonblocking};
#[cfg(all(feature = "hyper", feature = "smol"))]
pub use timer::SmolTimer;
