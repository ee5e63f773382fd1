//! [`Embedded`]: a tokio runtime of one thread, for programs that have none.

use std::any::Any;
use std::cell::Cell;
use std::io;
use std::panic::catch_unwind;
use std::string::String;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread_local;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};

/// A small tokio runtime beside another executor: one thread that waits for sockets and timers and runs what is spawned on it.
///
/// Nothing else in this crate starts one: it runs from [`Embedded::new`], or the first [`Embedded::global`], until its owner drops it. Its
/// [handle](Embedded::handle) makes [`TokioContext`](crate::rt::TokioContext)s, spawns, and runs blocking functions on further threads that tokio starts as they
/// are needed; all its threads are called `io-shim-tokio`. Sockets and timers are there if the program's tokio has its features `net` and `time`.
///
/// # Dropping
///
/// A drop may happen anywhere, in async code on any runtime or its own. It waits for nothing: the thread ends once the task that it is
/// polling returns, and drops all tasks. Their join handles say "cancelled", and sockets in the runtime's context return
/// errors from then on. Of the functions given to `spawn_blocking`, those that run go on to their end beside the program, and their join handles
/// get the result; those that wait for a thread either run or are cancelled. Writes that a `tokio::fs::File` has accepted are carried out. The end of
/// the process cuts all of it short; [`shutdown_timeout`](Embedded::shutdown_timeout) waits for it.
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
    /// There until the drop, which shuts it down by value.
    runtime: Option<Runtime>,
}

impl Embedded {
    /// Starts a runtime.
    ///
    /// # Errors
    ///
    /// The system has no descriptor for waiting or no thread to give. (For lack of a thread tokio panics; that is caught, but the panic
    /// hook has been called by then, and the 50 KB or so that tokio had made of the runtime are not given back.)
    pub fn new() -> io::Result<Self> {
        let build = || Builder::new_multi_thread().worker_threads(1).thread_name("io-shim-tokio").enable_all().build();
        // Nothing of a runtime that was not built is left to be seen.
        let runtime = catch_unwind(build).unwrap_or_else(|panic| Err(io::Error::other(message(&*panic))))?;
        Ok(Embedded { runtime: Some(runtime) })
    }

    /// The runtime of the whole process, started by the first call. It ends with the process.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`new`](Embedded::new). A later call tries again.
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
        // A panic hook that is called during the start would wait for its own thread.
        if STARTS.get() {
            let message = "the panic hook cannot have the global runtime while its own thread is starting it";
            return Err(io::Error::new(io::ErrorKind::Deadlock, message));
        }
        // One thread starts it, and others wait for the outcome instead of starting more. The lock guards no data.
        let _starting = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(global) = GLOBAL.get() {
            return Ok(global);
        }
        STARTS.set(true);
        let started = Embedded::new();
        STARTS.set(false);
        let started = started?;
        Ok(GLOBAL.get_or_init(|| started))
    }

    /// The runtime's handle.
    #[inline]
    pub fn handle(&self) -> &Handle {
        match &self.runtime {
            Some(runtime) => runtime.handle(),
            None => unreachable!("the runtime is there until the drop"),
        }
    }

    /// Ends it as a drop does, and waits up to `timeout` for its thread and for blocking functions.
    ///
    /// # Panics
    ///
    /// In the async context of a tokio runtime, which must not be blocked.
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::rt::Embedded;
    /// use std::time::Duration;
    ///
    /// let runtime = Embedded::new()?;
    /// runtime.handle().spawn_blocking(|| { /* to be finished before the program ends */ });
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

/// What a panic said.
fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("tokio could not start a thread")
}
