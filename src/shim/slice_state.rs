//! [`SliceState`]: the state of a shim around a type that only takes slices and has no queries.

use std::io::{self, IoSlice, IoSliceMut};
use std::task::{Poll, ready};

use super::gather::{Attempt, Gather};
use super::vectoring::VectoringEvidence;
use super::{Shim, sealed};
use crate::buf::{ContractViolation, Offer, Room, SliceFeed};

/// The state of a shim around a futures-io or std type: how to read into a cursor, and evidence of
/// vectoring.
#[derive(Clone, Debug, Default)]
pub struct SliceState {
    pub(crate) feed: SliceFeed,
    #[cfg(io_shim_std_read_buf)]
    pub(crate) read_buf: StdReadBuf,
    reads: VectoringEvidence,
    gather: Gather,
    /// The setting of `with_write_vectored`, negated, so that the default is `false`.
    answers_not_vectored: bool,
}

/// What the `read_buf` of a std reader is, as far as reads have shown.
#[cfg(io_shim_std_read_buf)]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum StdReadBuf {
    #[default]
    Unknown,
    /// The reader's own, which reads into uninitialized memory.
    Real,
    /// std's default, or one that calls it: it zeroes the whole cursor.
    Zeroing,
}

/// One vectored read of the inner reader.
pub(crate) enum ReadAttempt<'a, 'data> {
    /// Into all slices as they are.
    Vectored(&'a mut [IoSliceMut<'data>]),
    /// Into one slice.
    Single(&'a mut [u8]),
}

impl SliceState {
    /// Returns how many bytes the next read would zero in an uninitialized buffer of `capacity`
    /// bytes.
    #[inline]
    pub(crate) fn init_hint(&self, capacity: usize) -> usize {
        #[cfg(io_shim_std_read_buf)]
        if self.read_buf == StdReadBuf::Real {
            return 0;
        }
        self.feed.init_hint(capacity)
    }

    /// Calls `read` once and records whether it fills more than the first slice.
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

    pub(crate) fn supports_vectored_reads(&self) -> bool {
        !self.reads.is_disproved()
    }

    #[inline]
    pub(crate) fn poll_write_vectored(
        &mut self,
        bufs: &[IoSlice<'_>],
        write: impl FnOnce(Attempt<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        self.gather.poll(bufs, write)
    }

    pub(crate) fn is_write_vectored(&self) -> bool {
        !self.answers_not_vectored
    }
}

/// Reads one packet, of at most the total length of the slices, and distributes it over them.
///
/// It uses a temporary buffer, because a reader that uses only its first slice would truncate the
/// packet.
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

/// Settings for shims around futures-io and std types, which take slices and have no queries.
impl<T, E: sealed::Ecosystem<State = SliceState>, V> Shim<T, E, V> {
    /// Sets how much of an uninitialized buffer is offered to the inner type.
    ///
    /// What the shim has learned about read sizes is discarded.
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::{Offer, Shim};
    ///
    /// // A decoder that fills the whole slice: it is zeroed in place, and nothing is copied.
    /// let decoder = Shim::allow_std(std::io::repeat(0)).with_offer(Offer::Whole);
    /// ```
    #[must_use = "returns the shim with the setting"]
    pub fn with_offer(mut self, offer: Offer) -> Self {
        let state = self.state_mut();
        state.feed = SliceFeed::new(offer);
        #[cfg(io_shim_std_read_buf)]
        {
            state.read_buf = StdReadBuf::Unknown;
        }
        self
    }

    /// Sets the answer to the query whether writes are vectored. The default is `true`.
    ///
    /// futures-io has no such query, and std's own is unstable (rust#69941). The default is right
    /// for writers that support vectored writes. It does no harm for others, since the shim copies
    /// the slices into one. With `false`, callers do that themselves.
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::{AsyncWrite as _, Shim};
    ///
    /// let writer = Shim::from_futures(Vec::new()).with_write_vectored(false);
    /// assert!(!writer.supports_vectored_writes());
    /// ```
    #[must_use = "returns the shim with the setting"]
    pub fn with_write_vectored(mut self, answer: bool) -> Self {
        self.state_mut().answers_not_vectored = !answer;
        self
    }

    /// Keeps packets whole, for a type whose calls read or write one packet each (TUN devices,
    /// datagrams).
    ///
    /// * Each read offers the whole buffer of the caller, as with [`Offer::Whole`].
    /// * Each vectored write copies its slices into one inner write, from the first call on. The
    ///   buffer for that grows to the largest packet and is kept.
    ///
    /// A `ByteSink` puts several items into one vectored write. To make each item a packet, use
    /// `ByteSink::with_high_water(1)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::Shim;
    ///
    /// # let tun = futures::io::Cursor::new(Vec::<u8>::new());
    /// let tun = Shim::from_futures(tun).with_packets();
    /// ```
    #[must_use = "returns the shim with the setting"]
    pub fn with_packets(mut self) -> Self {
        self.state_mut().gather.set_packets();
        self.with_offer(Offer::Whole)
    }
}
