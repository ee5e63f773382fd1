//! [`Embedded`]: a tokio runtime with one thread, for programs that have none.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::{any::Any, cell::Cell, io, panic::catch_unwind, time::Duration};

use tokio::runtime::{Builder, Handle, Runtime};

/// A small tokio runtime for use beside another executor.
///
/// One thread waits for sockets and timers and runs the tasks spawned on the runtime. It runs from
/// [`Embedded::new`] or the first [`Embedded::global`] until it is dropped. Nothing else in this
/// crate starts a runtime.
///
/// Use its [handle](Embedded::handle) to create [`TokioContext`](crate::rt::TokioContext)s, to
/// spawn tasks, and to run blocking functions. tokio starts further threads for blocking functions
/// as needed. All threads are named `io-shim-tokio`. Sockets and timers need tokio's features `net`
/// and `time`.
///
/// # Dropping
///
/// It may be dropped anywhere, even in async code on its own runtime. The drop does not wait:
///
/// * The thread ends when the task that it is polling returns, and drops all tasks. Their join
///   handles return "cancelled".
/// * Sockets in the runtime's context return errors.
/// * A `spawn_blocking` function that is running continues to its end, and its join handle returns
///   the result. One that is still queued either runs or is cancelled.
/// * Writes that a `tokio::fs::File` has accepted are carried out.
///
/// The end of the process interrupts all of this.
/// [`shutdown_timeout`](Embedded::shutdown_timeout) waits for it.
///
/// # Examples
///
/// ```
/// use io_shim::rt::Embedded;
///
/// let runtime = Embedded::new()?;
/// let task = runtime.handle().spawn(async { 6 * 7 });
/// // A join handle needs no context.
/// assert_eq!(smol::block_on(task)?, 42);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Embedded {
    /// `Some` until the drop, which shuts it down by value.
    runtime: Option<Runtime>,
}

impl Embedded {
    /// Starts a runtime.
    ///
    /// # Errors
    ///
    /// Returns an error if the system has no descriptor or no thread left.
    ///
    /// Without a thread, tokio panics. The panic is caught and becomes the error. The panic hook is
    /// called, and about 50 KB are leaked.
    pub fn new() -> io::Result<Self> {
        let build = || Builder::new_multi_thread().worker_threads(1).thread_name("io-shim-tokio").enable_all().build();
        // Unwind safe: a runtime that was not built is not visible.
        let runtime = catch_unwind(build).unwrap_or_else(|panic| Err(io::Error::other(message(&*panic))))?;
        Ok(Embedded { runtime: Some(runtime) })
    }

    /// Returns the runtime of the whole process, which the first call starts.
    ///
    /// It ends with the process.
    ///
    /// # Errors
    ///
    /// Returns an error if [`new`](Embedded::new) does. A later call tries again.
    ///
    /// Returns an error of kind [`Deadlock`](io::ErrorKind::Deadlock) if the panic hook calls this
    /// while the same thread is starting the runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::rt::{Embedded, TokioContext};
    /// use std::time::Duration;
    ///
    /// let handle = Embedded::global()?.handle().clone();
    /// smol::block_on(TokioContext::new(async { tokio::time::sleep(Duration::from_millis(1)).await }, handle));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn global() -> io::Result<&'static Self> {
        static GLOBAL: OnceLock<Embedded> = OnceLock::new();
        static STARTING: Mutex<()> = Mutex::new(());
        thread_local!(static STARTS: Cell<bool> = const { Cell::new(false) });
        if let Some(global) = GLOBAL.get() {
            return Ok(global);
        }
        // Otherwise a panic hook called during the start would wait for its own thread.
        if STARTS.get() {
            let message = "the panic hook cannot use the global runtime while its own thread is starting it";
            return Err(io::Error::new(io::ErrorKind::Deadlock, message));
        }
        // Other threads wait here instead of starting more runtimes. The lock guards no data.
        let _starting = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(global) = GLOBAL.get() {
            return Ok(global);
        }
        STARTS.set(true);
        let started = Embedded::new();
        STARTS.set(false);
        started.map(|started| GLOBAL.get_or_init(|| started))
    }

    /// Returns the runtime's handle.
    pub fn handle(&self) -> &Handle {
        match &self.runtime {
            Some(runtime) => runtime.handle(),
            None => unreachable!("the runtime is present until the drop"),
        }
    }

    /// Ends the runtime like a drop, but waits for its thread and for blocking functions.
    ///
    /// Waits for at most `timeout`.
    ///
    /// # Panics
    ///
    /// Panics in the async context of a tokio runtime, which must not be blocked.
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::rt::Embedded;
    /// use std::time::Duration;
    ///
    /// let runtime = Embedded::new()?;
    /// runtime.handle().spawn_blocking(|| { /* must finish before the program ends */ });
    /// runtime.shutdown_timeout(Duration::from_secs(10));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn shutdown_timeout(mut self, timeout: Duration) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(timeout);
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Returns the message of a panic.
fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("tokio could not start a thread")
}
