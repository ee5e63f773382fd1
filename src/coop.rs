//! [`Budget`]: how a type that is always ready lets its task go, so that others of the thread run.
//!
//! Knows nothing else of the crate. The idea and the word are tokio's (`tokio::task::coop`). Its own budget is not used, since it
//! exists inside its runtime alone.

use core::task::{Context, Poll, ready};

/// How many units a budget has, unless set.
const UNITS: u16 = 128;
/// A call costs one unit, and one more for each time that it moved this many bytes.
const BYTES: usize = 8 * 1024;

/// A countdown of the calls that are ready in a row, in one direction. When it is spent, the next call yields instead.
///
/// It belongs to one reader or writer and not to the task: a task that waits for several lets go when all of them yield.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    left: u16,
    /// What it is refilled to. 0 if calls never yield.
    units: u16,
}

impl Budget {
    /// What a budget is, unless set.
    pub(crate) const STANDARD: Budget = Budget::new(UNITS);

    #[inline]
    pub(crate) const fn new(units: u16) -> Self {
        Budget { left: units, units }
    }

    /// Returns what `operate` returns, and spends for it and for the bytes that it moved; or yields, and calls nothing.
    #[inline]
    pub(crate) fn poll<R>(
        &mut self,
        cx: &mut Context<'_>,
        operate: impl FnOnce(&mut Context<'_>) -> (Poll<R>, usize),
    ) -> Poll<R> {
        ready!(self.poll_unspent(cx));
        let (poll, bytes) = operate(cx);
        match poll {
            Poll::Ready(_) => self.spend(bytes),
            Poll::Pending => self.refill(),
        }
        poll
    }

    /// As [`poll`](Self::poll), for a call that returns how many bytes it moved.
    #[inline]
    pub(crate) fn poll_counted<E>(
        &mut self,
        cx: &mut Context<'_>,
        operate: impl FnOnce(&mut Context<'_>) -> Poll<Result<usize, E>>,
    ) -> Poll<Result<usize, E>> {
        self.poll(cx, |cx| {
            let poll = operate(cx);
            let bytes = if let Poll::Ready(Ok(n)) = &poll { *n } else { 0 };
            (poll, bytes)
        })
    }

    /// Yields if the budget is spent, and refills it.
    #[inline]
    pub(crate) fn poll_unspent(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.left == 0 { self.poll_spent(cx) } else { Poll::Ready(()) }
    }

    #[cold]
    fn poll_spent(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.units == 0 {
            self.left = u16::MAX;
            return Poll::Ready(());
        }
        self.refill();
        poll_yield(cx)
    }

    /// Spends for a call that was ready and moved so many bytes.
    #[inline]
    pub(crate) fn spend(&mut self, bytes: usize) {
        let units = u16::try_from(bytes / BYTES).unwrap_or(u16::MAX);
        self.left = self.left.saturating_sub(1).saturating_sub(units);
    }

    /// The task has let go.
    #[inline]
    pub(crate) fn refill(&mut self) {
        self.left = self.units;
    }
}

/// One budget for each direction: with one for both, a task that reads or writes, whichever is ready, would never let go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budgets {
    pub(crate) reads: Budget,
    pub(crate) writes: Budget,
}

impl Budgets {
    /// What budgets are, unless set.
    pub(crate) const STANDARD: Budgets = Budgets::new(UNITS);

    #[inline]
    pub(crate) const fn new(units: u16) -> Self {
        Budgets { reads: Budget::new(units), writes: Budget::new(units) }
    }

    /// The same budgets, unspent.
    #[inline]
    pub(crate) fn renewed(&self) -> Self {
        Budgets::new(self.reads.units)
    }
}

/// Wakes the task and returns `Pending`, so that the executor polls it again after it has run others.
#[cold]
pub(crate) fn poll_yield<R>(cx: &mut Context<'_>) -> Poll<R> {
    // In a task of tokio's, the task is woken once the driver has run, so that timers and sockets come first. Elsewhere, this
    // wakes it at once.
    #[cfg(all(feature = "rt", feature = "tokio"))]
    let _: Poll<()> = core::pin::pin!(tokio::task::yield_now()).poll(cx);
    #[cfg(not(all(feature = "rt", feature = "tokio")))]
    cx.waker().wake_by_ref();
    Poll::Pending
}
