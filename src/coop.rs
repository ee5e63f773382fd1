//! [`Budgets`]: how a type that is always ready lets its task go, so that others of the thread run.
//!
//! Knows nothing else of the crate. The idea and the word are tokio's (`tokio::task::coop`). Its own
//! budget is not used, since it exists inside its runtime alone.

use core::task::{Context, Poll, ready};

/// How many units a budget has, unless set.
const UNITS: u16 = 128;
/// A call costs one unit, and one more for each time that it moved this many bytes.
const BYTES: usize = 8 * 1024;

/// Two countdowns of the calls that are ready in a row: of reads and of writes. When one is spent,
/// the next call of its direction yields instead, and the next one of the other does, too.
///
/// So a task that waits for both directions sees both pending and lets go. With one countdown for
/// both, it would see the other one ready each time, and go on for ever. So it would with two that
/// know nothing of each other, if they are spent at different times.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budgets {
    reads: u16,
    writes: u16,
    /// What they are refilled to. 0 if calls never yield.
    units: u16,
    /// The direction that has to yield because the other one did.
    echo: Option<Direction>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Read,
    Write,
}

impl Budgets {
    /// What budgets are, unless set.
    pub(crate) const STANDARD: Budgets = Budgets::new(UNITS);

    #[inline]
    pub(crate) const fn new(units: u16) -> Self {
        Budgets { reads: units, writes: units, units, echo: None }
    }

    /// The same budgets, unspent.
    #[inline]
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

/// The budget of one direction, for a call.
#[derive(Debug)]
pub(crate) struct Budget<'a> {
    budgets: &'a mut Budgets,
    direction: Direction,
}

impl Budget<'_> {
    /// Returns what `operate` returns, and spends for it and for the bytes that it moved; or yields,
    /// and calls nothing.
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
            Poll::Pending => *self.left() = self.budgets.units,
        }
        poll
    }

    /// Spends for a call that moved so many bytes if it was ready. If it was not, the task lets go.
    #[inline(always)]
    pub(crate) fn settle<R>(mut self, poll: Poll<R>, bytes: usize) -> Poll<R> {
        if poll.is_pending() {
            *self.left() = self.budgets.units;
        } else {
            self.spend(bytes);
        }
        poll
    }

    /// As [`poll_counted`](Self::poll_counted), for a look into a buffer, which costs nothing if
    /// there is data.
    ///
    /// Until something is consumed, a second look has to be ready if the first was. So a look does
    /// not yield because a write did: the look after [`consume`](Self::consume) does.
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
            Poll::Pending => *self.left() = self.budgets.units,
        }
        poll
    }

    /// Spends for what was taken from a buffer after a look.
    #[inline]
    pub(crate) fn consume(&mut self, n: usize) {
        if n > 0 {
            if self.budgets.echo == Some(self.direction) {
                self.budgets.echo = None;
            }
            if *self.left() > 0 {
                self.spend(n);
            }
        }
    }

    /// Yields if the budget is spent.
    #[inline(always)]
    pub(crate) fn poll_unspent(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if *self.left() == 0 { self.budgets.poll_spent(self.direction, cx) } else { Poll::Ready(()) }
    }

    /// Spends for a call that was ready and moved so many bytes, of a budget that was not spent.
    #[inline(always)]
    fn spend(&mut self, bytes: usize) {
        *self.left() -= 1;
        if bytes >= BYTES {
            self.budgets.spend_more(self.direction, bytes);
        }
    }

    #[inline(always)]
    fn left(&mut self) -> &mut u16 {
        self.budgets.left(self.direction)
    }
}

impl Budgets {
    #[inline(always)]
    fn left(&mut self, direction: Direction) -> &mut u16 {
        match direction {
            Direction::Read => &mut self.reads,
            Direction::Write => &mut self.writes,
        }
    }

    #[inline(never)]
    fn spend_more(&mut self, direction: Direction, bytes: usize) {
        let left = self.left(direction);
        *left = left.saturating_sub(u16::try_from(bytes / BYTES).unwrap_or(u16::MAX));
    }

    #[cold]
    #[inline(never)]
    fn poll_spent(&mut self, direction: Direction, cx: &mut Context<'_>) -> Poll<()> {
        if self.units == 0 {
            *self.left(direction) = u16::MAX;
            return Poll::Ready(());
        }
        *self.left(direction) = self.units;
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

/// Wakes the task and returns `Pending`, so that the executor polls it again after it has run
/// others.
#[cold]
pub(crate) fn poll_yield<R>(cx: &mut Context<'_>) -> Poll<R> {
    // In a task of tokio's, the task is woken once the driver has run, so that timers and sockets
    // come first. Elsewhere, this wakes it at once.
    #[cfg(all(feature = "rt", feature = "tokio"))]
    let _: Poll<()> = core::pin::pin!(tokio::task::yield_now()).poll(cx);
    #[cfg(not(all(feature = "rt", feature = "tokio")))]
    cx.waker().wake_by_ref();
    Poll::Pending
}
