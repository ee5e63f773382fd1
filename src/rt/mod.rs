//! What programs need around their streams to run the libraries of one executor on another, or in synchronous code.
//!
//! # Which executor runs what
//!
//! | what you have | tokio, multi-thread | tokio, `current_thread` | smol | `futures::executor` | pollster |
//! |---|---|---|---|---|---|
//! | `bind`, `connect` and `accept` of `tokio::net` | as it is | as it is | in a context | in a context | in a context |
//! | a socket that they made | as it is | as it is | as it is | as it is | as it is |
//! | a file of `tokio::fs` | as it is | as it is | in a context | in a context | in a context |
//! | `sleep`, `timeout` and `interval` of `tokio::time` | as it is | as it is | in a context | in a context | in a context |
//! | a timer that they made | as it is | as it is | as it is | as it is | as it is |
//! | a socket of smol, async-net or async-io | as it is | as it is | as it is | as it is | as it is |
//! | a timer of async-io | as it is | as it is | as it is | as it is | as it is |
//! | a blocking reader of std | on a thread | on a thread | on a thread | on a thread | on a thread |
//! | hyper's connections, over any of these streams | as it is | as it is | as it is | as it is | as it is |
//! | hyper-util's client with its tokio connector | as it is | as it is | in a context | in a context | in a context |
//!
//! * **As it is**: it runs there and needs nothing more. (A socket or timer of tokio's that was made needs the runtime in whose context
//!   that happened to go on running, and a tokio runtime its `enable_io` and `enable_time`.)
//! * **In a context**: as it is, it panics: "there is no reactor running". Put a [`TokioContext`] around it, or around the future that uses it.
//! * **On a thread**: it would hold up everything else on the executor's thread. On any executor,
//!   `smol::fs::File::from(file)` reads a file on another thread, and `smol::Unblock::new(reader)`
//!   stdin or a pipe. `Shim::from_futures` takes both. A file in `Unblock` has wrong positions, as
//!   it reads ahead. With a tokio runtime at hand, `handle.spawn_blocking` runs a function on a
//!   thread.
//!
//! The other way, an asynchronous reader in synchronous code, is [`BlockOn`]; its docs have a table of where it may wait.
//!
//! async-std, which is discontinued, is to this table what smol is: its sockets and timers are those of async-io.
//! Closing its sockets does not end them: see the docs of `Shim::from_futures`.
//!
//! # tokio elsewhere
//!
//! A context needs the handle of a runtime that runs. A program that has none starts an [`Embedded`] one, at a place of its choice;
//! nothing here does so by itself. The context goes around a whole future, or around one file:
//! `Shim::from_tokio(TokioContext::new(file, handle))` is a futures-io type on every executor.
//!
//! Tasks go through the handle: `handle.spawn(future)` and `handle.spawn_blocking(function)` work from any thread, in no context, and
//! their join handles can be awaited on any executor. Panics and `abort` arrive there as in tokio; dropping the join
//! handle detaches the task. Within a context `tokio::spawn` does the same.
//!
//! # Yielding
//!
//! A task that is always ready starves the others of its thread. tokio's sockets yield by themselves, but only within
//! tokio's runtime. So every asynchronous shim yields, on any executor: after 128 units of reads or of writes it returns
//! `Pending` once and wakes the task. [`Shim::with_budget`](crate::Shim::with_budget) sets how many units, or 0 for never.
//!
//! | on | a yielding task is polled again |
//! |---|---|
//! | tokio | after its driver and other tasks (with this feature; otherwise after other tasks) |
//! | smol, `futures::executor`, pollster | after the other tasks that are ready |
//! | another executor's `block_on` in a task of tokio's | never: the thread that would wake it is blocked |
//!
//! The last row is true of tokio's own sockets, too. Call such a `block_on` in `tokio::task::block_in_place` or on a thread of
//! its own.
//!
//! # At the edges
//!
//! | where | what happens |
//! |---|---|
//! | no context | tokio panics where something is made, and at each operation of a file; [`TokioContext::try_current`] returns an error instead |
//! | the runtime is shut down, or only its handle was kept | sockets and files return an `io::Error`, those that wait are woken for it; tasks are "cancelled"; tokio's timers panic |
//! | a `current_thread` runtime that nobody drives | sockets, timers and tasks stay `Pending` until somebody is in its `block_on`; files work |
//! | a context within a context or another runtime | the inner one holds until its call returns |
//! | `block_in_place` in a context | blocks the calling thread, as any blocking call there would; within a `current_thread` runtime tokio panics |
//! | a thread's end, after tokio's thread-local was destroyed | sockets and pipes work, without a context; tokio's files panic, which ends the process |
//! | the drop of a socket, file or context | needs no runtime, in whatever thread, before or after its own has ended |
//!
//! # For hyper
//!
//! | hyper asks for | on smol, or any executor with smol's timers | on tokio |
//! |---|---|---|
//! | `hyper::rt::Executor`, for HTTP/2 | [`HyperExecutor`] over the executor's `spawn` | the same, or hyper-util's `TokioExecutor` |
//! | `hyper::rt::Timer`, for time-outs and keep-alive | [`SmolTimer`] | hyper-util's `TokioTimer` |

mod block_on;
#[cfg(feature = "tokio")]
mod context;
#[cfg(feature = "tokio")]
mod embedded;
#[cfg(feature = "tokio")]
mod enter;
#[cfg(feature = "hyper")]
mod executor;
#[cfg(all(feature = "hyper", feature = "smol"))]
mod timer;

pub use block_on::BlockOn;
#[cfg(feature = "tokio")]
pub use context::TokioContext;
#[cfg(feature = "tokio")]
pub use embedded::Embedded;
#[cfg(feature = "hyper")]
pub use executor::HyperExecutor;
#[cfg(all(feature = "hyper", feature = "smol"))]
pub use timer::SmolTimer;
