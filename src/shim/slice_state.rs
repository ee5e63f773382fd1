//! [`SliceState`]: what is remembered of a type whose traits know initialised slices alone, and cannot be asked anything.

use std::io::{self, IoSlice, IoSliceMut};
use std::task::{Poll, ready};
use std::vec::Vec;

use super::gather::{Attempt, Gather};
use super::vectoring::VectoringEvidence;
use super::{Shim, sealed};
use crate::buf::{BorrowedCursor, ContractViolation, Offer, Room, SliceFeed};

/// The memory of a shim over futures-io's or std's traits: how to feed a cursor, and what the traits do not say of vectoring.
#[derive(Clone, Debug, Default)]
pub struct SliceState {
    feed: SliceFeed,
    reads: VectoringEvidence,
    gather: Gather,
    /// What `with_write_vectored` was told, the other way round, so that the default is `false`.
    answers_not_vectored: bool,
}

/// One vectored read of the inner reader.
pub(crate) enum ReadAttempt<'a, 'data> {
    /// Into all slices as they are.
    Vectored(&'a mut [IoSliceMut<'data>]),
    /// Into one slice.
    Single(&'a mut [u8]),
}

impl SliceState {
    #[inline]
    pub(crate) fn poll_read_into(
        &mut self,
        cursor: BorrowedCursor<'_>,
        read: impl FnOnce(&mut [u8]) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        self.feed.poll_counted(cursor, read)
    }

    /// Reads by one call of `read`, and learns whether it fills more than the first slice.
    pub(crate) fn poll_read_vectored(
        &mut self,
        bufs: &mut [IoSliceMut<'_>],
        read: impl FnOnce(ReadAttempt<'_, '_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let room = Room::of(bufs);
        if self.gather.has_packets() && room.first_of_several.is_some() {
            return poll_read_packet(bufs, room.total, |packet| read(ReadAttempt::Single(packet)));
        }
        let n = room.check(ready!(read(ReadAttempt::Vectored(bufs)))?)?;
        if let Some(first) = room.first_of_several {
            self.reads.observe(first, n);
        }
        Poll::Ready(Ok(n))
    }

    #[inline]
    pub(crate) fn supports_vectored_reads(&self) -> bool {
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

/// Reads one packet, which may be as long as all slices together, and spreads it over them.
///
/// The memory is this call's own: a reader of packets may use its first slice alone, and would cut the packet there.
fn poll_read_packet(
    bufs: &mut [IoSliceMut<'_>],
    room: usize,
    read: impl FnOnce(&mut [u8]) -> Poll<io::Result<usize>>,
) -> Poll<io::Result<usize>> {
    let mut packet = Vec::new();
    packet.try_reserve_exact(room)?;
    packet.resize(room, 0);
    let n = ContractViolation::check_read(ready!(read(&mut packet))?, room)?;
    Poll::Ready(io::Read::read_vectored(&mut &packet[..n], bufs))
}

/// Settings of shims over traits that read and write slices and cannot be asked anything: futures-io's and std's.
impl<T, E: sealed::Ecosystem<State = SliceState>, V> Shim<T, E, V> {
    /// Sets how much of an uninitialised buffer the type inside is offered. What was learned until now is forgotten.
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::{Offer, Shim};
    ///
    /// // A decoder that fills whatever it is given: zeroed where it will write, and not copied.
    /// let decoder = Shim::allow_std(std::io::repeat(0)).with_offer(Offer::Whole);
    /// ```
    #[must_use = "the shim with the setting is the result"]
    pub fn with_offer(mut self, offer: Offer) -> Self {
        self.state_mut().feed = SliceFeed::new(offer);
        self
    }

    /// Sets what the shim answers when asked whether its writes are vectored: `true` unless set.
    ///
    /// futures-io has no such query, and std's own is unstable (rust#69941). The default is right for writers that vector and
    /// harmless for those that do not, since the shim gathers for them. With `false`, callers gather themselves.
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::{AsyncWrite as _, Shim};
    ///
    /// let writer = Shim::from_futures(Vec::new()).with_write_vectored(false);
    /// assert!(!writer.supports_vectored_writes());
    /// ```
    #[must_use = "the shim with the setting is the result"]
    pub fn with_write_vectored(mut self, answer: bool) -> Self {
        self.state_mut().answers_not_vectored = !answer;
        self
    }

    /// Keeps packets whole, for a type that reads and writes one packet a call (TUN devices, datagrams).
    ///
    /// Each read offers all of the caller's buffer, as with [`Offer::Whole`]. Each vectored write, the first included, is one write
    /// of all its slices, copied together. The buffer for that grows to the largest packet and is kept.
    ///
    /// A byte sink puts several items into one vectored write: give it a
    /// [high-water mark](crate::ByteSink::with_high_water) of 1, so that each item is a packet.
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::Shim;
    ///
    /// # let tun = futures::io::Cursor::new(Vec::<u8>::new());
    /// let tun = Shim::from_futures(tun).with_packets();
    /// ```
    #[must_use = "the shim with the setting is the result"]
    pub fn with_packets(mut self) -> Self {
        self.state_mut().gather.set_packets();
        self.with_offer(Offer::Whole)
    }
}
