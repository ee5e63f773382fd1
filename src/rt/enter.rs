//! Entering a tokio runtime's context, also in destructors of thread-locals.

use tokio::runtime::{EnterGuard, Handle};

/// Enters the context of the runtime of `handle`.
///
/// Returns `None` in a destructor that runs after tokio's thread-local was destroyed. There,
/// [`Handle::enter`] would panic, which aborts the process.
#[inline]
pub(super) fn enter(handle: &Handle) -> Option<EnterGuard<'_>> {
    has_context().then(|| handle.enter())
}

/// Returns whether the calling thread can enter a context.
///
/// It cannot after tokio's thread-local was destroyed.
#[inline]
pub(super) fn has_context() -> bool {
    thread_local!(static THREAD: Thread = Thread { has_context: ask() });
    THREAD.try_with(|thread| thread.has_context).unwrap_or_else(|_| ask())
}

/// Caches tokio's answer, because asking tokio costs ten times as much.
///
/// Asking uses tokio's thread-local, and destructors run in the reverse order of first use. So
/// tokio's thread-local outlives this one, and the answer is right while this one can be read. std
/// does not promise that order. If it differs, `Handle::enter` panics, as without the cache.
struct Thread {
    has_context: bool,
}

impl Drop for Thread {
    /// A thread-local with a destructor cannot be read after the destructor has run.
    fn drop(&mut self) {}
}

#[cold]
fn ask() -> bool {
    !Handle::try_current().is_err_and(|error| error.is_thread_local_destroyed())
}
