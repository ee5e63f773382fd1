//! Conversions between one-step seeking (futures-io) and two-step seeking (tokio).

use std::io::{self, SeekFrom};
use std::task::{Poll, ready};

/// The state of a two-step type that is used through a one-step `poll_seek`.
#[derive(Clone, Copy, Debug, Default)]
pub enum StartedSeek {
    /// No seek was started here, or it has completed.
    #[default]
    Idle,
    /// A seek to this position was started and has not completed.
    Started(SeekFrom),
    /// A seek was started and abandoned before it completed.
    Abandoned,
}

/// One of the two steps.
pub(crate) enum Step {
    /// Starts a seek. Ready at once.
    Start(SeekFrom),
    /// Completes the seek or other operation in progress.
    Complete,
}

impl StartedSeek {
    #[inline]
    pub(crate) fn forget(&mut self) {
        if let StartedSeek::Started(_) = self {
            *self = StartedSeek::Abandoned;
        }
    }

    /// Continues the seek to `position` if it was started; starts it otherwise.
    ///
    /// Before a start, it completes the operation in progress, because types like `tokio::fs::File`
    /// refuse to start earlier. An error of that operation is returned, since it may belong to a
    /// failed write and would otherwise be lost. It may also belong to an abandoned seek and so
    /// arrive late, as in tokio.
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

/// The seek that a caller started through the two-step interface of a one-step type.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum PendingSeek {
    /// No seek, or one that a later operation cancelled.
    #[default]
    Idle,
    /// Started, but pending.
    Wanted(SeekFrom),
    /// Done, with the resulting position.
    Done(u64),
}
