//! Seeking in one phase from seeking in two, and back.

use std::io::{self, SeekFrom};
use std::task::{Poll, ready};

/// What a lift from two phases remembers: the position whose seek was started and has not completed.
#[derive(Clone, Copy, Debug, Default)]
pub struct OnePhase {
    started: Option<SeekFrom>,
}

/// One of the two phases.
pub(crate) enum Step {
    /// Starts a seek; ready at once.
    Start(SeekFrom),
    /// Completes whatever was started.
    Complete,
}

impl OnePhase {
    #[inline]
    pub(crate) fn forget(&mut self) {
        self.started = None;
    }

    /// Continues the seek to `position` if it is the one that was started, and starts it otherwise: after completing
    /// what else is under way, since types like `tokio::fs::File` refuse to start before.
    pub(crate) fn poll_seek(
        &mut self,
        position: SeekFrom,
        mut step: impl FnMut(Step) -> Poll<io::Result<u64>>,
    ) -> Poll<io::Result<u64>> {
        if self.started != Some(position) {
            self.started = None;
            ready!(step(Step::Complete))?;
            ready!(step(Step::Start(position)))?;
            self.started = Some(position);
        }
        let result = ready!(step(Step::Complete));
        self.started = None;
        Poll::Ready(result)
    }
}

/// What a lowering to two phases remembers of the seek that it was told to start.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Lowered {
    /// None, or one that a later operation made void.
    #[default]
    Idle,
    /// Started, and not done at once.
    Wanted(SeekFrom),
    /// Done: the position it led to.
    Done(u64),
}
