//! [`Budgets`]: makes a type that is always ready yield from time to time, so that other tasks run.
//!
//! Depends on nothing else in the crate. The idea and the term are tokio's (`tokio::task::coop`).
//! tokio's own budget exists only inside its runtime, so it is not used.

use core::task::{Context, Poll, ready};

/// The default number of units in a budget.
const UNITS: u16 = 128;
/// A call costs one unit, and one more for every `BYTES` bytes that it moves.
const BYTES: usize = 8 * 1024;

/// Two countdowns of consecutive ready calls: one for reads, one for writes.
///
/// When one is spent (zero or less), the next call of its direction yields. The next call of the
/// other direction then yields too, so a task that waits for both sees both pending and returns to
/// the executor. With one countdown for both, or with two independent ones, only one direction
/// would yield at a time. The task could then always find the other one ready.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budgets {
    reads: i32,
    writes: i32,
    /// The value to which `reads` and `writes` are refilled. If it is 0, calls never yield.
    units: u16,
    /// The direction that must yield because the other one has yielded.
    echo: Option<Direction>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Read,
    Write,
}

impl Budgets {
    /// The default budgets.
    pub(crate) const STANDARD: Budgets = Budgets::new(UNITS);

    #[inline]
    pub(crate) const fn new(units: u16) -> Self {
        Budgets { reads: units as i32, writes: units as i32, units, echo: None }
    }

    /// Returns the same budgets, refilled.
    pub(crate) fn renewed(&self) -> Self {
        Budgets::new(self.units)
    }

    #[inline]
    pub(crate) fn reads(&mut self) -> Budget<'_> {
        Budget { budgets: self, direction: Direction::Read }
    }

    #[inline]
    pub(crate) fn writes(&mut self) -> Budget<'_> {
        Budget { budgets: self, direction: Direction::Write }
    }
}

/// The budget of one direction, borrowed for one call.
#[derive(Debug)]
pub(crate) struct Budget<'a> {
    budgets: &'a mut Budgets,
    direction: Direction,
}

impl Budget<'_> {
    /// Calls `operate` and charges the budget for the call and the bytes moved. If the budget is
    /// spent, yields without calling it.
    #[inline(always)]
    pub(crate) fn poll_counted<E>(
        mut self,
        cx: &mut Context<'_>,
        operate: impl FnOnce(&mut Context<'_>) -> Poll<Result<usize, E>>,
    ) -> Poll<Result<usize, E>> {
        ready!(self.poll_unspent(cx));
        let poll = operate(cx);
        match &poll {
            Poll::Ready(Ok(n)) => self.spend(*n),
            Poll::Ready(Err(_)) => self.spend(0),
            Poll::Pending => self.refill(),
        }
        poll
    }

    /// Charges for a call that was ready and moved `bytes` bytes. A pending call refills the
    /// budget.
    #[inline(always)]
    pub(crate) fn settle<R>(mut self, poll: &Poll<R>, bytes: usize) {
        self.spend(bytes);
        if poll.is_pending() {
            self.refill();
        }
    }

    /// Like [`poll_counted`](Self::poll_counted), for `poll_fill_buf` (a look into the buffer). A
    /// look that succeeds costs nothing.
    ///
    /// If a look was ready, the next look must be ready too, until something is consumed. So after
    /// a write has yielded, a look does not yield as a read would. The first look after
    /// [`consume`](Self::consume) yields instead.
    #[inline(always)]
    pub(crate) fn poll_look<R, E>(
        mut self,
        cx: &mut Context<'_>,
        look: impl FnOnce(&mut Context<'_>) -> Poll<Result<R, E>>,
    ) -> Poll<Result<R, E>> {
        if self.budgets.echo != Some(self.direction) {
            ready!(self.poll_unspent(cx));
        }
        let poll = look(cx);
        match &poll {
            Poll::Ready(Ok(_)) => {}
            Poll::Ready(Err(_)) => self.consume(1),
            Poll::Pending => {
                self.refill();
                self.clear_echo();
            }
        }
        poll
    }

    /// Charges for bytes that were taken from a buffer after a look.
    #[inline]
    pub(crate) fn consume(&mut self, n: usize) {
        if n > 0 {
            self.clear_echo();
            self.spend(n);
        }
    }

    /// Yields if the budget is spent.
    #[inline(always)]
    pub(crate) fn poll_unspent(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if *self.left() <= 0 { self.budgets.poll_spent(self.direction, cx) } else { Poll::Ready(()) }
    }

    /// Charges for a call that was ready and moved `bytes` bytes.
    #[inline(always)]
    fn spend(&mut self, bytes: usize) {
        // A count that does not fit is false: no buffer is so long. So it may wrap.
        let left = self.left();
        *left = left.wrapping_sub(1).wrapping_sub((bytes / BYTES) as i32);
    }

    #[inline(always)]
    fn refill(&mut self) {
        *self.left() = i32::from(self.budgets.units);
    }

    /// Forgets that this direction must yield because the other one did.
    #[inline]
    fn clear_echo(&mut self) {
        if self.budgets.echo == Some(self.direction) {
            self.budgets.echo = None;
        }
    }

    #[inline(always)]
    fn left(&mut self) -> &mut i32 {
        self.budgets.left(self.direction)
    }
}

impl Budgets {
    #[inline(always)]
    fn left(&mut self, direction: Direction) -> &mut i32 {
        match direction {
            Direction::Read => &mut self.reads,
            Direction::Write => &mut self.writes,
        }
    }

    #[cold]
    #[inline(never)]
    fn poll_spent(&mut self, direction: Direction, cx: &mut Context<'_>) -> Poll<()> {
        if self.units == 0 {
            *self.left(direction) = i32::MAX;
            return Poll::Ready(());
        }
        *self.left(direction) = i32::from(self.units);
        if self.echo.take() != Some(direction) {
            let other = match direction {
                Direction::Read => Direction::Write,
                Direction::Write => Direction::Read,
            };
            *self.left(other) = 0;
            self.echo = Some(other);
        }
        poll_yield(cx)
    }
}

/// Wakes the task and returns `Pending`, so that the executor runs other tasks first.
#[cold]
pub(crate) fn poll_yield<R>(cx: &mut Context<'_>) -> Poll<R> {
    // In a tokio task, `yield_now` wakes the task after the driver has run, so timers and sockets
    // come first. Elsewhere it wakes the task at once.
    #[cfg(all(feature = "rt", feature = "tokio"))]
    let _: Poll<()> = core::pin::pin!(tokio::task::yield_now()).poll(cx);
    #[cfg(not(all(feature = "rt", feature = "tokio")))]
    cx.waker().wake_by_ref();
    Poll::Pending
}
