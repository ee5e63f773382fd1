//! [`Sliced`]: what is remembered of a type whose traits know initialised slices alone, and cannot be asked anything.

use std::io::{self, IoSlice, IoSliceMut};
use std::task::{Poll, ready};

use super::gather::{Attempt, Gather};
use super::vectoring::Vectoring;
use crate::buf::{BorrowedCursor, ContractViolation, Offer, SliceFeed};

/// The memory of a shim over futures-io's or std's traits: how to feed a cursor, and what the traits do not say of vectoring.
#[derive(Clone, Debug, Default)]
pub struct Sliced {
    feed: SliceFeed,
    reads: Vectoring,
    gather: Gather,
    /// What `with_write_vectored` was told, the other way round, so that the default is `false`.
    answers_not_vectored: bool,
}

impl Sliced {
    pub(crate) fn set_offer(&mut self, offer: Offer) {
        self.feed = SliceFeed::new(offer);
    }

    pub(crate) fn set_write_vectored(&mut self, answer: bool) {
        self.answers_not_vectored = !answer;
    }

    #[inline]
    pub(crate) fn poll_read_buf(
        &mut self,
        cursor: BorrowedCursor<'_>,
        read: impl FnOnce(&mut [u8]) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<()>> {
        self.feed.poll(cursor, read)
    }

    /// Reads by one call of `read`, and learns whether it fills more than the first slice.
    pub(crate) fn poll_read_vectored(
        &mut self,
        bufs: &mut [IoSliceMut<'_>],
        read: impl FnOnce(&mut [IoSliceMut<'_>]) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let n = ready!(read(bufs))?;
        let n = ContractViolation::check_read_vectored(n, bufs)?;
        let mut non_empty = bufs.iter().map(|buf| buf.len()).filter(|&len| len > 0);
        if let (Some(first), Some(_)) = (non_empty.next(), non_empty.next()) {
            self.reads.observe(first, n);
        }
        Poll::Ready(Ok(n))
    }

    #[inline]
    pub(crate) fn is_read_vectored(&self) -> bool {
        !self.reads.is_disproved()
    }

    #[inline]
    pub(crate) fn init_hint(&self, capacity: usize) -> usize {
        self.feed.init_hint(capacity)
    }

    #[inline]
    pub(crate) fn poll_write_vectored(
        &mut self,
        bufs: &[IoSlice<'_>],
        write: impl FnOnce(Attempt<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        self.gather.poll(bufs, write)
    }

    #[inline]
    pub(crate) fn is_write_vectored(&self) -> bool {
        !self.answers_not_vectored
    }
}
