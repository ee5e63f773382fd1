//! [`Gather`]: vectored writes into a writer that may or may not vector, and cannot be asked.

use std::boxed::Box;
use std::fmt;
use std::io::{self, IoSlice};
use std::task::{Poll, ready};
use std::vec::Vec;

use super::vectoring::VectoringEvidence;
use crate::buf::ContractViolation;

/// How much is gathered at first, in bytes.
const FIRST: usize = 16 * 1024;
/// How much is gathered at most, in bytes.
const MOST: usize = 256 * 1024;
/// How many times more is gathered after each write that took all, until one does not.
const START_GROWTH: usize = 4;
/// After how many gathered writes the writer gets another chance to vector; doubled each time that it does not.
const PROBE_AFTER: u16 = 16;
/// How often that is doubled at most.
const PROBE_BACKOFF: u8 = 6;

/// Sends the slices of a vectored write on as they are, or, once it is known that only the first would be taken,
/// gathers them into one.
///
/// A full socket buffer can look like a writer that takes one slice only, so a verdict is never final: every so many
/// gathered writes, the slices are sent on as they are again.
#[derive(Default)]
pub(crate) struct Gather {
    vectoring: VectoringEvidence,
    backoff: u8,
    /// Gathered writes left before the next probe.
    countdown: u16,
    /// Whether each write is a packet, which must not be cut.
    packets: bool,
    /// Allocated at the first gathered write.
    scratch: Option<Box<Scratch>>,
}

struct Scratch {
    bytes: Vec<u8>,
    /// How much the writer is likely to take, judged by what it lately took.
    limit: usize,
    /// Whether it took all of that the last time.
    took_all: bool,
    /// Whether it never took less than it was given: a slow start need not be slow for it.
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
    /// Makes each vectored write one packet: one inner write of all slices, from the first on.
    pub(crate) fn set_packets(&mut self) {
        self.packets = true;
    }

    /// Whether each write is a packet, and so each read.
    #[inline]
    pub(crate) fn has_packets(&self) -> bool {
        self.packets
    }

    /// Writes `bufs` by one call of `write`.
    ///
    /// Nothing is held back: what is gathered is gathered anew from the slices of each call, so that a caller may come
    /// back after `Pending` with other ones. The price is that each `Pending` copies up to the limit again.
    pub(crate) fn poll(
        &mut self,
        bufs: &[IoSlice<'_>],
        write: impl FnOnce(Attempt<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let mut non_empty = bufs.iter().filter(|buf| !buf.is_empty());
        let (first, second) = (non_empty.next(), non_empty.next());
        if self.packets {
            let first = first.map_or(&[][..], |first| first);
            return self.poll_packet(second.is_some(), first, bufs, write);
        }
        let (Some(first), Some(_)) = (first, second) else {
            // At most one slice: nothing to gather and nothing to learn, but the inner method may differ all the same.
            return write(Attempt::Vectored);
        };
        if self.vectoring.is_disproved() && self.countdown > 0 {
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

    fn poll_packet(
        &mut self,
        has_several: bool,
        first: &[u8],
        bufs: &[IoSlice<'_>],
        write: impl FnOnce(Attempt<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let data = if has_several { self.scratch.get_or_insert_default().gather(bufs, usize::MAX)? } else { first };
        let n = ready!(write(Attempt::Single(data)))?;
        Poll::Ready(ContractViolation::check_write(n, data.len()))
    }

    fn poll_gathered(
        &mut self,
        first: &[u8],
        bufs: &[IoSlice<'_>],
        write: impl FnOnce(Attempt<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let scratch = self.scratch.get_or_insert_default();
        // A first slice that is as long as what the writer takes is not worth copying.
        let data = if first.len() >= scratch.limit { first } else { scratch.gather(bufs, scratch.limit)? };
        let offered = data.len();
        let n = ready!(write(Attempt::Single(data)))?;
        let n = ContractViolation::check_write(n, offered)?;
        scratch.learn(offered, n);
        self.countdown -= 1;
        Poll::Ready(Ok(n))
    }
}

impl Scratch {
    /// The front of `bufs` in one piece, up to `limit`.
    fn gather(&mut self, bufs: &[IoSlice<'_>], limit: usize) -> io::Result<&[u8]> {
        self.bytes.clear();
        // Slices that are only read may overlap: together they can be longer than memory.
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

    /// A writer that took part takes that much; one that twice took all that the limit allowed may take more. As long as it
    /// never took less, once is enough, and it may take a lot more: what is copied in vain is bounded by what it took before.
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

/// Nothing that was learned is taken over: a clone writes to another stream.
impl Clone for Gather {
    fn clone(&self) -> Self {
        Gather { packets: self.packets, ..Gather::default() }
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
