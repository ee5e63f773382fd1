//! [`Gather`]: vectored writes for a writer that cannot be asked whether it supports them.

use std::fmt;
use std::io::{self, IoSlice};
use std::task::{Poll, ready};

use super::vectoring::VectoringEvidence;
use crate::buf::ContractViolation;

/// The initial limit for gathered bytes.
const FIRST: usize = 16 * 1024;
/// The maximum limit for gathered bytes.
const MOST: usize = 256 * 1024;
/// The factor by which the limit grows until the first short write.
const START_GROWTH: usize = 4;
/// After this many gathered writes, one write passes on the slices uncopied, to test the writer
/// again (a probe). The number doubles after each failed probe.
const PROBE_AFTER: u16 = 16;
/// The maximum number of times that `PROBE_AFTER` is doubled.
const PROBE_BACKOFF: u8 = 6;

/// Passes on the slices of a vectored write as they are. If writes have shown that the writer
/// accepts only the first slice, copies the slices in order, up to a limit, into one slice (a
/// gathered write).
///
/// The conclusion can be wrong: a writer that supports several slices may accept only the first one
/// if its socket buffer is nearly full. So after a number of gathered writes, a probe passes on the
/// slices uncopied.
#[derive(Default)]
pub(crate) struct Gather {
    vectoring: VectoringEvidence,
    backoff: u8,
    /// The number of gathered writes left before the next probe. While it is 0, slices are passed
    /// on as they are.
    countdown: u16,
    /// Whether each write is a packet, which must not be split. Then `countdown` stays at 1.
    packets: bool,
    /// Allocated at the first gathered write.
    scratch: Option<Box<Scratch>>,
}

struct Scratch {
    bytes: Vec<u8>,
    /// The maximum number of bytes that the next write gathers. `learn` adjusts it.
    limit: usize,
    /// Whether the next full write raises the limit (see `learn`). Used only after the first short
    /// write.
    took_all: bool,
    /// True until the first short write. While it is true, the limit grows fourfold.
    took_all_always: bool,
}

/// One write to the inner writer.
pub(crate) enum Attempt<'a> {
    /// All slices as they are.
    Vectored,
    /// One slice.
    Single(&'a [u8]),
}

impl Gather {
    /// Makes each vectored write one packet: all slices in a single inner write.
    pub(crate) fn set_packets(&mut self) {
        self.packets = true;
        self.countdown = 1;
    }

    /// Returns `true` if each write and each read is a packet.
    #[inline]
    pub(crate) fn has_packets(&self) -> bool {
        self.packets
    }

    /// Writes `bufs` with one call of `write`.
    ///
    /// No data is kept between calls: slices are gathered again in each call, so the caller may
    /// pass other ones after `Pending`. So each `Pending` costs one copy, of at most `limit` bytes
    /// or of one packet.
    pub(crate) fn poll(
        &mut self,
        bufs: &[IoSlice<'_>],
        write: impl FnOnce(Attempt<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let mut non_empty = bufs.iter().filter(|buf| !buf.is_empty());
        let (first, second) = (non_empty.next(), non_empty.next());
        let (Some(first), Some(_)) = (first, second) else {
            // At most one non-empty slice: nothing to gather or learn. The inner writer's vectored
            // method is called nevertheless, since it may differ from its plain one.
            let n = ready!(write(Attempt::Vectored))?;
            let most = if self.packets { first.map_or(0, |first| first.len()) } else { usize::MAX };
            return Poll::Ready(ContractViolation::check_write(n, most));
        };
        if self.countdown > 0 {
            return self.poll_gathered(first, bufs, write);
        }
        let n = ready!(write(Attempt::Vectored))?;
        let was_disproved = self.vectoring.is_disproved();
        self.vectoring.observe(first.len(), n);
        if !self.vectoring.is_disproved() {
            self.backoff = 0;
        } else if n == first.len() {
            self.backoff = (self.backoff + u8::from(was_disproved)).min(PROBE_BACKOFF);
            self.countdown = PROBE_AFTER << self.backoff;
        }
        Poll::Ready(Ok(n))
    }

    fn poll_gathered(
        &mut self,
        first: &[u8],
        bufs: &[IoSlice<'_>],
        write: impl FnOnce(Attempt<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let scratch = self.scratch.get_or_insert_default();
        let limit = if self.packets { usize::MAX } else { scratch.limit };
        // If the first slice alone reaches the limit, nothing needs to be copied.
        let data = if first.len() >= limit { first } else { scratch.gather(bufs, limit)? };
        let offered = data.len();
        let n = ready!(write(Attempt::Single(data)))?;
        let n = ContractViolation::check_write(n, offered)?;
        if !self.packets {
            scratch.learn(offered, n);
            self.countdown -= 1;
        }
        Poll::Ready(Ok(n))
    }
}

impl Scratch {
    /// Copies the front of `bufs` into one slice of at most `limit` bytes.
    fn gather(&mut self, bufs: &[IoSlice<'_>], limit: usize) -> io::Result<&[u8]> {
        self.bytes.clear();
        // Slices may overlap, so their total length can exceed the address space.
        let total = bufs.iter().fold(0usize, |total, buf| total.saturating_add(buf.len()));
        self.bytes.try_reserve_exact(total.min(limit))?;
        for buf in bufs {
            let room = limit - self.bytes.len();
            self.bytes.extend_from_slice(&buf[..buf.len().min(room)]);
            if buf.len() >= room {
                break;
            }
        }
        Ok(&self.bytes)
    }

    /// Adjusts the limit to a write that accepted `n` of `offered` bytes.
    ///
    /// * A short write sets the limit to the number of bytes that were accepted.
    /// * A full write is one that offered at least `limit` bytes, all of which were accepted. Until
    ///   the first short write, each full write sets the limit to four times its size. After that,
    ///   every second full write sets the limit to twice its size.
    ///
    /// So after the first change of the limit, each write copies at most four times as many bytes
    /// as some earlier write accepted (or one byte).
    fn learn(&mut self, offered: usize, n: usize) {
        if n < offered {
            self.limit = n.clamp(1, MOST);
            self.took_all = false;
            self.took_all_always = false;
        } else if offered >= self.limit {
            if self.took_all_always {
                self.limit = offered.saturating_mul(START_GROWTH).min(MOST);
            } else if self.took_all {
                self.limit = offered.saturating_mul(2).min(MOST);
            }
            self.took_all = !self.took_all;
        }
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Scratch { bytes: Vec::new(), limit: FIRST, took_all: false, took_all_always: true }
    }
}

/// A clone writes to another stream. So it has the same packet setting, but not what was learned
/// from writes.
impl Clone for Gather {
    fn clone(&self) -> Self {
        let mut gather = Gather::default();
        if self.packets {
            gather.set_packets();
        }
        gather
    }
}

impl fmt::Debug for Gather {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gather")
            .field("disproved", &self.vectoring.is_disproved())
            .field("limit", &self.scratch.as_ref().map_or(FIRST, |scratch| scratch.limit))
            .finish_non_exhaustive()
    }
}
