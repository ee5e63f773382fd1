//! [`HyperExecutor`]: hyper's `Executor` over any executor's `spawn`.

use std::fmt;
use std::pin::Pin;

/// Implements hyper's `Executor` with a function that spawns. hyper runs HTTP/2 streams on it.
///
/// The function receives each future in a box and must let it run to completion. On most executors,
/// that means detaching the spawned task.
///
/// With [`new`](HyperExecutor::new), the futures are `Send`, so services and bodies must be, too.
/// With [`local`](HyperExecutor::local), which sets `LOCAL`, they need not be.
///
/// # Examples
///
/// ```
/// use io_shim::rt::HyperExecutor;
///
/// let on_smol = HyperExecutor::new(|future| smol::spawn(future).detach());
/// let server = hyper::server::conn::http2::Builder::new(on_smol);
///
/// // Your own executor:
/// let executor = std::sync::Arc::new(smol::Executor::new());
/// let on_executor = HyperExecutor::new(move |future| executor.spawn(future).detach());
/// # let _ = (server, hyper::server::conn::http2::Builder::new(on_executor));
/// ```
#[derive(Clone, Copy)]
pub struct HyperExecutor<F, const LOCAL: bool = false> {
    spawn: F,
}

impl<F: Fn(Pin<Box<dyn Future<Output = ()> + Send>>)> HyperExecutor<F> {
    /// Creates an executor that calls `spawn` for each future.
    pub const fn new(spawn: F) -> Self {
        HyperExecutor { spawn }
    }
}

impl<F: Fn(Pin<Box<dyn Future<Output = ()>>>)> HyperExecutor<F, true> {
    /// Creates an executor that calls `spawn` for each future. The futures need not be `Send`.
    ///
    /// `spawn` runs them on its own thread, as tokio's `LocalSet` and smol's `LocalExecutor` do.
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::rt::HyperExecutor;
    /// use std::rc::Rc;
    ///
    /// let executor = Rc::new(smol::LocalExecutor::new());
    /// let on_smol = HyperExecutor::local(move |future| executor.spawn(future).detach());
    /// let server = hyper::server::conn::http2::Builder::new(on_smol);
    ///
    /// // Within a `LocalSet` of tokio:
    /// let on_tokio = HyperExecutor::local(|future| drop(tokio::task::spawn_local(future)));
    /// # let _ = (server, hyper::server::conn::http2::Builder::new(on_tokio));
    /// ```
    pub const fn local(spawn: F) -> Self {
        HyperExecutor { spawn }
    }
}

/// Drops what the future returns.
impl<F, Fut> hyper::rt::Executor<Fut> for HyperExecutor<F>
where
    F: Fn(Pin<Box<dyn Future<Output = ()> + Send>>),
    Fut: Future + Send + 'static,
{
    fn execute(&self, future: Fut) {
        (self.spawn)(Box::pin(async { drop(future.await) }));
    }
}

/// Drops what the future returns.
impl<F, Fut> hyper::rt::Executor<Fut> for HyperExecutor<F, true>
where
    F: Fn(Pin<Box<dyn Future<Output = ()>>>),
    Fut: Future + 'static,
{
    fn execute(&self, future: Fut) {
        (self.spawn)(Box::pin(async { drop(future.await) }));
    }
}

impl<F, const LOCAL: bool> fmt::Debug for HyperExecutor<F, LOCAL> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperExecutor").finish_non_exhaustive()
    }
}
