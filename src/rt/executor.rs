//! [`HyperExecutor`]: hyper's `Executor` over any executor's `spawn`.

use std::boxed::Box;
use std::fmt;
use std::pin::Pin;

/// hyper's `Executor` made of a function that spawns: what HTTP/2 runs its streams on.
///
/// The function gets each future boxed, and must see to it that it runs to its end: on most executors the task that comes
/// of spawning has to be detached.
///
/// # Examples
///
/// ```
/// use io_shim::rt::HyperExecutor;
///
/// let on_smol = HyperExecutor::new(|future| smol::spawn(future).detach());
/// let server = hyper::server::conn::http2::Builder::new(on_smol);
///
/// // An executor of one's own:
/// let executor = std::sync::Arc::new(smol::Executor::new());
/// let on_mine = HyperExecutor::new(move |future| executor.spawn(future).detach());
/// # let _ = (server, hyper::server::conn::http2::Builder::new(on_mine));
/// ```
#[derive(Clone, Copy)]
pub struct HyperExecutor<F> {
    spawn: F,
}

impl<F: Fn(Pin<Box<dyn Future<Output = ()> + Send>>)> HyperExecutor<F> {
    /// An executor that spawns by calling `spawn`.
    #[inline]
    pub const fn new(spawn: F) -> Self {
        HyperExecutor { spawn }
    }
}

/// What a future returns is dropped.
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
