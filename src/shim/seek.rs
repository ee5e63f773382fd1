//! Conversions between one-step seeking (futures-io) and two-step seeking (tokio).

use std::io::{self, SeekFrom};
use std::task::{Poll, ready};

/// A seek that a caller or a conversion has started and that no other operation has followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seek {
    /// None.
    Idle,
    /// Started by the caller, but not by the inner type.
    Wanted(Target),
    /// Started by an inner type that seeks in two steps.
    Started(Target),
    /// Done, with the bytes of the resulting position.
    Done([u8; 8]),
}

/// A [`SeekFrom`] with the bytes of its offset, which need no alignment. So a shim is small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Start([u8; 8]),
    End([u8; 8]),
    Current([u8; 8]),
}

impl From<SeekFrom> for Target {
    fn from(position: SeekFrom) -> Self {
        match position {
            SeekFrom::Start(offset) => Target::Start(offset.to_ne_bytes()),
            SeekFrom::End(offset) => Target::End(offset.to_ne_bytes()),
            SeekFrom::Current(offset) => Target::Current(offset.to_ne_bytes()),
        }
    }
}

impl From<Target> for SeekFrom {
    fn from(target: Target) -> Self {
        match target {
            Target::Start(offset) => SeekFrom::Start(u64::from_ne_bytes(offset)),
            Target::End(offset) => SeekFrom::End(i64::from_ne_bytes(offset)),
            Target::Current(offset) => SeekFrom::Current(i64::from_ne_bytes(offset)),
        }
    }
}

/// One of the two steps.
pub(crate) enum Step {
    /// Starts a seek. Ready at once.
    Start(SeekFrom),
    /// Completes the seek or other operation in progress.
    Complete,
}

impl Seek {
    /// Seeks with a two-step type: continues the seek to `position` if it was started; starts it
    /// otherwise.
    ///
    /// Before a start, it completes the operation in progress, because types like `tokio::fs::File`
    /// refuse to start earlier. An error of that operation is returned, since it may belong to a
    /// failed write and would otherwise be lost. It may also belong to an abandoned seek and so
    /// arrive late, as in tokio.
    pub(crate) fn poll_in_steps(
        &mut self,
        position: SeekFrom,
        mut step: impl FnMut(Step) -> Poll<io::Result<u64>>,
    ) -> Poll<io::Result<u64>> {
        let started = Seek::Started(position.into());
        if *self != started {
            *self = Seek::Idle;
            ready!(step(Step::Complete))?;
            ready!(step(Step::Start(position)))?;
            *self = started;
        }
        let result = ready!(step(Step::Complete));
        *self = Seek::Idle;
        Poll::Ready(result)
    }
}
