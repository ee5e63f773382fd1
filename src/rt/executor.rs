//! [`HyperExecutor`]: hyper's `Executor` over any executor's `spawn`.

use std::fmt;
use std::pin::Pin;

/// Implements hyper's `Executor` with a function that spawns. hyper runs HTTP/2 streams on it.
///
/// The function receives each future in a box and must let it run to completion. On most executors,
/// that means detaching the spawned task.
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
pub struct HyperExecutor<F> {
    spawn: F,
}

impl<F: Fn(Pin<Box<dyn Future<Output = ()> + Send>>)> HyperExecutor<F> {
    /// Creates an executor that calls `spawn` for each future.
    pub const fn new(spawn: F) -> Self {
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

impl<F> fmt::Debug for HyperExecutor<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperExecutor").finish_non_exhaustive()
    }
}
