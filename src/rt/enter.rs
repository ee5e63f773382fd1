//! Entering a tokio runtime's context, in destructors of thread-locals too.

use std::thread_local;

use tokio::runtime::{EnterGuard, Handle};

/// Enters the context of the runtime of `handle`.
///
/// Returns `None` in a destructor that runs after tokio's own thread-local was destroyed. A thread
/// has no context there any more, and [`Handle::enter`] would panic, which ends the process.
#[inline]
pub(super) fn enter(handle: &Handle) -> Option<EnterGuard<'_>> {
    has_context().then(|| handle.enter())
}

/// Returns whether the calling thread can enter a context: tokio's thread-local was not destroyed.
#[inline]
pub(super) fn has_context() -> bool {
    thread_local!(static THREAD: Thread = Thread { has_context: ask() });
    THREAD.try_with(|thread| thread.has_context).unwrap_or_else(|_| ask())
}

/// Remembers tokio's answer, because asking tokio costs ten times as much.
///
/// Asking is a use of tokio's thread-local, and destructors run in the reverse order of the first
/// use. So tokio's outlives this one, and the answer is right for as long as this one can be read.
/// (std does not promise that order. Where it differs, `Handle::enter` panics as it would without
/// this.)
struct Thread {
    has_context: bool,
}

impl Drop for Thread {
    /// Makes this a thread-local with a destructor, after which it cannot be read.
    fn drop(&mut self) {}
}

#[cold]
fn ask() -> bool {
    !Handle::try_current().is_err_and(|error| error.is_thread_local_destroyed())
}
