//! Seeking in one phase from seeking in two, and back.

use std::io::{self, SeekFrom};
use std::task::{Poll, ready};

/// What a lift from two phases remembers.
#[derive(Clone, Copy, Debug, Default)]
pub enum StartedSeek {
    /// Nothing is under way that it started.
    #[default]
    Idle,
    /// The seek to this position was started and has not completed.
    Started(SeekFrom),
    /// A seek was started, and given up before it completed.
    Abandoned,
}

/// One of the two phases.
pub(crate) enum Step {
    /// Starts a seek; ready at once.
    Start(SeekFrom),
    /// Completes whatever was started.
    Complete,
}

impl StartedSeek {
    #[inline]
    pub(crate) fn forget(&mut self) {
        if let StartedSeek::Started(_) = self {
            *self = StartedSeek::Abandoned;
        }
    }

    /// Continues the seek to `position` if it is the one that was started, and starts it otherwise: after completing
    /// what else is under way, since types like `tokio::fs::File` refuse to start before.
    ///
    /// Every error of that is returned. It may be that of a write which failed late, and nobody else would be told. The price is
    /// that the error of a seek that was given up can arrive late, as in tokio.
    pub(crate) fn poll_seek(
        &mut self,
        position: SeekFrom,
        mut step: impl FnMut(Step) -> Poll<io::Result<u64>>,
    ) -> Poll<io::Result<u64>> {
        if !matches!(self, StartedSeek::Started(started) if *started == position) {
            self.forget();
            let earlier = ready!(step(Step::Complete));
            *self = StartedSeek::Idle;
            earlier?;
            ready!(step(Step::Start(position)))?;
            *self = StartedSeek::Started(position);
        }
        let result = ready!(step(Step::Complete));
        *self = StartedSeek::Idle;
        Poll::Ready(result)
    }
}

/// What a lowering to two phases remembers of the seek that it was told to start.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum PendingSeek {
    /// None, or one that a later operation made void.
    #[default]
    Idle,
    /// Started, and not done at once.
    Wanted(SeekFrom),
    /// Done: the position it led to.
    Done(u64),
}
