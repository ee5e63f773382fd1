//! The future of an operation.

use std::pin::Pin;
use std::task::{Context, Poll};

/// A future that calls the closure at each poll: std's `PollFn`, but written into the `async fn` that awaits it.
///
/// That is worth thirty instructions a poll, which is a tenth of what a read of a packet costs.
pub(super) struct Step<F>(F);

/// The future of `step`.
#[inline(always)]
pub(super) fn poll_fn<T, F: FnMut(&mut Context<'_>) -> Poll<T>>(step: F) -> Step<F> {
    Step(step)
}

impl<T, F: FnMut(&mut Context<'_>) -> Poll<T> + Unpin> Future for Step<F> {
    type Output = T;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        (self.0)(cx)
    }
}
