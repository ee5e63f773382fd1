//! The model of the owned buffer: a `Vec<u8>` of its data, and the rule that initialized memory is
//! never zeroed again.
//!
//! Only the buffer writes zeroes, when it initializes memory, and readers overwrite them all. So a
//! zero in the memory passed to a reader was written just before, and must lie past the watermark.

use std::io;
use std::task::Poll;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use io_shim::{BorrowedCursor, Offer, SliceFeed, TrackedBuf, with_buf_mut_cursor};

use super::script::{Record, SCRIBBLE, SENTINEL, data, panics, records, size};

/// How a read ends.
#[derive(Clone, Copy, Debug)]
pub enum End {
    Ok,
    Pending,
    Error,
    Panic,
    /// Returns a count beyond what was offered.
    Lie,
}

impl End {
    fn decode(byte: u8) -> Self {
        match byte % 16 {
            0..=8 => End::Ok,
            9..=11 => End::Pending,
            12 => End::Error,
            13 | 14 => End::Panic,
            _ => End::Lie,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub enum Op {
    Extend(usize),
    Reserve(usize),
    ReserveExact(usize),
    TryReserve(usize),
    /// More than can ever be allocated.
    TryReserveTooMuch,
    /// Consumes this many bytes of data, or more than there are.
    Consume(usize),
    Clear,
    Truncate(usize),
    Rewrite,
    /// Makes room for this many bytes, initializes them all and fills some.
    ReadInitialized(usize, u8, End),
    /// The same without initializing: appends two parts, the second through a limited cursor.
    ReadAppended(usize, u8, End),
    /// The same through the raw memory.
    ReadRaw(usize, u8),
    /// The same through a `SliceFeed`.
    ReadFed(usize, u8, End),
    PutSlice(usize),
    PutBytes(usize),
    PutChain(usize),
    /// Writes to `chunk_mut`, as far as it goes.
    PutChunk(usize),
    BufMutCursor(usize, End),
    Advance(usize),
    CopyToBytes(usize),
    GetU8,
    ThroughVec,
    /// With or without a second handle to the memory.
    ThroughBytes(bool),
    ThroughBytesMut(bool),
    Clone,
}

impl Op {
    fn decode([op, detail, high, low]: Record) -> Self {
        let n = if detail & 1 == 0 { size(high, low) % 256 } else { size(high, low) % 20_000 };
        let (part, end) = (detail, End::decode(detail >> 4));
        match op % 40 {
            0 | 1 => Op::Extend(n),
            2 | 3 => Op::Reserve(n),
            4 => Op::ReserveExact(n),
            5 => Op::TryReserve(n),
            6 => Op::TryReserveTooMuch,
            7..=9 => Op::Consume(n),
            10 => Op::Clear,
            11 => Op::Truncate(n),
            12 => Op::Rewrite,
            13..=15 => Op::ReadInitialized(n, part, end),
            16 | 17 => Op::ReadAppended(n, part, end),
            18 => Op::ReadRaw(n, part),
            19..=23 => Op::ReadFed(n, part, end),
            24 | 25 => Op::PutSlice(n),
            26 => Op::PutBytes(n),
            27 => Op::PutChain(n),
            28 | 29 => Op::PutChunk(n),
            30 => Op::BufMutCursor(n, end),
            31 | 32 => Op::Advance(n),
            33 => Op::CopyToBytes(n),
            34 => Op::GetU8,
            35 => Op::ThroughVec,
            36 => Op::ThroughBytes(detail & 2 == 0),
            37 => Op::ThroughBytesMut(detail & 2 == 0),
            38 => Op::Clone,
            _ => Op::Consume(usize::MAX),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Case {
    /// `None`: created without an allocation.
    pub capacity: Option<usize>,
    pub offer: Offer,
    pub ops: Vec<Op>,
}

impl Case {
    pub fn decode(records: &[Record]) -> Self {
        let [kind, offer, high, low] = records.first().copied().unwrap_or_default();
        let offer = match offer % 4 {
            0 | 1 => Offer::Predicted,
            2 => Offer::Bounce((1 + usize::from(offer)).try_into().unwrap()),
            _ => Offer::Whole,
        };
        let capacity = (kind % 4 != 0).then_some(size(high, low) % 20_000);
        Case { capacity, offer, ops: records.iter().skip(1).map(|&record| Op::decode(record)).collect() }
    }

    pub fn run(&self) {
        let mut model = Model {
            buf: self.capacity.map_or_else(TrackedBuf::new, TrackedBuf::with_capacity),
            data: Vec::new(),
            init: 0,
            zeroed: 0,
            next: 0,
        };
        let mut feed = SliceFeed::new(self.offer);
        assert!(model.buf.capacity() >= self.capacity.unwrap_or(0));
        model.check();
        for &op in &self.ops {
            model.run(op, &mut feed);
            model.check();
        }
        let vec = Vec::from(model.buf);
        assert_eq!(vec, model.data);
    }
}

/// Runs the case that the bytes encode.
pub fn run(bytes: &[u8]) {
    Case::decode(&records(bytes)).run();
}

struct Model {
    buf: TrackedBuf,
    data: Vec<u8>,
    /// The initialized length at the last check.
    init: usize,
    /// How many bytes of this allocation were zeroed.
    zeroed: usize,
    /// The number of the next data.
    next: usize,
}

impl Model {
    fn check(&mut self) {
        let buf = &mut self.buf;
        assert_eq!(buf.filled(), self.data);
        assert_eq!(buf.filled_mut(), self.data);
        assert_eq!((buf.len(), buf.is_empty()), (self.data.len(), self.data.is_empty()));
        assert_eq!((Buf::remaining(buf), Buf::chunk(buf)), (self.data.len(), &self.data[..]));
        assert!(buf.init_len() >= self.init, "{} bytes were initialized, and now {}", self.init, buf.init_len());
        assert!(buf.init_len() <= buf.capacity());
        assert!(self.zeroed <= buf.capacity(), "zeroed {} of {}", self.zeroed, buf.capacity());
        self.init = buf.init_len();
        let (init, capacity, spare) = (buf.init_len(), buf.capacity(), buf.spare_len());
        let mut cursor = buf.unfilled();
        assert_eq!(cursor.capacity(), spare);
        assert_eq!(cursor.init_len(), init - (capacity - spare));
        // Checks that each of these bytes was written.
        assert!(cursor.init_mut().iter().all(|&byte| byte != 0 && byte != SENTINEL), "a byte that was never written");
    }

    /// Returns the next `n` bytes of data.
    fn take(&mut self, n: usize) -> Vec<u8> {
        let data = data();
        let taken = (self.next..self.next + n).map(|i| data[i % data.len()]).collect();
        self.next += n;
        taken
    }

    /// Returns the next `n` bytes of data, and adds them to the model.
    fn push(&mut self, n: usize) -> Vec<u8> {
        let taken = self.take(n);
        self.data.extend_from_slice(&taken);
        taken
    }

    /// Replaces the buffer with another one that has the same data.
    fn replace(&mut self, make: impl FnOnce(TrackedBuf) -> TrackedBuf) {
        self.buf = make(std::mem::take(&mut self.buf));
        (self.init, self.zeroed) = (0, 0);
    }

    fn run(&mut self, op: Op, feed: &mut SliceFeed) {
        match op {
            Op::Extend(n) => {
                let bytes = self.push(n);
                self.buf.extend_from_slice(&bytes);
            }
            Op::Reserve(n) => {
                self.buf.reserve(n);
                assert!(self.buf.spare_len() >= n);
            }
            Op::ReserveExact(n) => {
                let (before, has) = (self.buf.capacity(), self.buf.spare_len());
                self.buf.reserve_exact(n);
                assert!(self.buf.spare_len() >= n);
                if has >= n {
                    assert_eq!(self.buf.capacity(), before);
                }
                assert!(self.buf.capacity() <= before.max(self.data.len() + n));
            }
            Op::TryReserve(n) => {
                self.buf.try_reserve(n).unwrap();
                assert!(self.buf.spare_len() >= n);
            }
            Op::TryReserveTooMuch => {
                let capacity = self.buf.capacity();
                assert!(self.buf.try_reserve(usize::MAX).is_err());
                assert!(self.buf.try_reserve(isize::MAX as usize - self.data.len() + 1).is_err());
                assert_eq!(self.buf.capacity(), capacity);
                assert!(panics(|| self.buf.reserve(usize::MAX)));
            }
            Op::Consume(n) if n > self.data.len() && n != usize::MAX => {
                self.buf.consume(self.data.len());
                self.data.clear();
            }
            Op::Consume(n) if n > self.data.len() => assert!(panics(|| self.buf.consume(n)), "consumed too much"),
            Op::Consume(n) => {
                self.buf.consume(n);
                self.data.drain(..n);
            }
            Op::Clear => {
                self.buf.clear();
                self.data.clear();
            }
            Op::Truncate(n) => {
                self.buf.truncate(n);
                self.data.truncate(n);
            }
            Op::Rewrite => {
                let n = self.data.len();
                self.data = self.take(n);
                self.buf.filled_mut().copy_from_slice(&self.data);
            }
            Op::ReadInitialized(n, part, end) => self.read_initialized(n, part, end),
            Op::ReadAppended(n, part, end) => self.read_appended(n, part, end),
            Op::ReadRaw(n, part) => {
                let n = n * usize::from(part) / 255;
                let bytes = self.push(n);
                let mut cursor = self.buf.unfilled_at_least(n);
                // SAFETY: only initialized bytes are written.
                let memory = unsafe { cursor.as_mut() };
                memory.iter_mut().zip(&bytes).for_each(|(place, &byte)| _ = place.write(byte));
                // SAFETY: that many bytes were written just above.
                unsafe { cursor.advance(n) };
            }
            Op::ReadFed(n, part, end) => self.read_fed(n, part, end, feed),
            Op::PutSlice(n) => {
                let bytes = self.push(n);
                self.buf.put_slice(&bytes);
            }
            Op::PutBytes(n) => {
                self.data.resize(self.data.len() + n, SCRIBBLE);
                self.buf.put_bytes(SCRIBBLE, n);
            }
            Op::PutChain(n) => {
                let (one, other) = (self.push(n / 3), self.push(n - n / 3));
                self.buf.put(one.chain(&other[..]));
            }
            Op::PutChunk(n) => {
                let n = n.min(self.buf.chunk_mut().len());
                let bytes = self.push(n);
                self.buf.chunk_mut()[..n].copy_from_slice(&bytes);
                // SAFETY: that many bytes were written just above.
                unsafe { self.buf.advance_mut(n) };
                let too_much = self.buf.spare_len() + 1;
                // SAFETY: the call panics and counts nothing.
                assert!(panics(|| unsafe { self.buf.advance_mut(too_much) }), "advanced past the capacity");
            }
            Op::BufMutCursor(n, end) => {
                let n = n.min(self.buf.chunk_mut().len());
                let bytes = self.push(n);
                let panicked = panics(|| {
                    with_buf_mut_cursor(&mut self.buf, |mut cursor| {
                        cursor.append(&bytes);
                        assert!(!matches!(end, End::Panic), "in a reader");
                    });
                });
                assert_eq!(panicked, matches!(end, End::Panic));
            }
            Op::Advance(n) => {
                let n = n.min(self.data.len());
                Buf::advance(&mut self.buf, n);
                self.data.drain(..n);
            }
            Op::CopyToBytes(n) => {
                let n = n.min(self.data.len());
                let bytes = self.buf.copy_to_bytes(n);
                assert!(bytes.iter().copied().eq(self.data.drain(..n)));
            }
            Op::GetU8 => assert_eq!(self.buf.try_get_u8().ok(), (!self.data.is_empty()).then(|| self.data.remove(0))),
            Op::ThroughVec => {
                let (data, capacity) = (self.data.clone(), self.buf.capacity());
                self.replace(|buf| {
                    let vec = Vec::from(buf);
                    assert_eq!((&vec, vec.capacity()), (&data, capacity));
                    vec.into()
                });
            }
            Op::ThroughBytes(shared) => {
                let (data, address) = (self.data.clone(), self.buf.as_ptr());
                self.replace(|buf| {
                    let bytes = Bytes::from(buf);
                    assert_eq!(bytes, data);
                    assert!(data.is_empty() || bytes.as_ptr() == address, "copied");
                    let other = shared.then(|| bytes.clone());
                    let buf = TrackedBuf::from(bytes);
                    assert!(other.is_none_or(|other| other == data));
                    buf
                });
            }
            Op::ThroughBytesMut(split) => {
                let (data, address) = (self.data.clone(), self.buf.as_ptr());
                self.replace(|buf| {
                    let mut bytes = BytesMut::from(buf);
                    assert_eq!(bytes, data);
                    assert!(data.is_empty() || bytes.as_ptr() == address, "copied");
                    let other = split.then(|| bytes.split_off(bytes.len() / 2));
                    let mut buf = TrackedBuf::from(bytes);
                    buf.extend_from_slice(other.as_deref().unwrap_or_default());
                    buf
                });
            }
            Op::Clone => {
                let copy = self.buf.clone();
                assert_eq!(copy, self.buf);
                assert_eq!((copy.capacity(), copy.init_len()), (self.data.len(), self.data.len()));
                self.replace(|_| copy);
            }
        }
    }

    /// A reader that initializes `n` bytes and fills a part of them.
    fn read_initialized(&mut self, n: usize, part: u8, end: End) {
        let fills = if let End::Ok | End::Panic = end { n * usize::from(part) / 255 } else { 0 };
        let bytes = self.push(fills);
        let zeroed = &mut self.zeroed;
        let mut cursor = self.buf.unfilled_at_least(n);
        let known = cursor.init_mut().to_vec();
        let panicked = panics(|| {
            let slice = cursor.ensure_init_to(n);
            *zeroed += check_passed(slice, &known);
            slice.fill(SCRIBBLE);
            slice[..fills].copy_from_slice(&bytes);
            cursor.advance_checked(fills);
            assert!(!matches!(end, End::Panic), "in a reader");
        });
        assert_eq!(panicked, matches!(end, End::Panic));
    }

    /// A reader that fills in two steps, and panics after the first one.
    fn read_appended(&mut self, n: usize, part: u8, end: End) {
        let first = n * usize::from(part) / 255;
        let second = if let End::Panic = end { 0 } else { n - first };
        let (one, other) = (self.push(first), self.push(second));
        let cursor = self.buf.unfilled_at_least(n);
        let read = |mut cursor: BorrowedCursor<'_>| {
            cursor.append(&one);
            assert!(!matches!(end, End::Panic), "in a reader");
            let mut rest = cursor.reborrow().limit(other.len());
            rest.append(&other);
            assert_eq!(rest.capacity(), 0);
            assert_eq!(cursor.written().len(), n);
        };
        assert_eq!(panics(|| read(cursor)), matches!(end, End::Panic));
    }

    /// A reader that takes initialized slices.
    fn read_fed(&mut self, n: usize, part: u8, end: End, feed: &mut SliceFeed) {
        let most = self.take(n);
        let mut got = 0;
        let zeroed = &mut self.zeroed;
        let mut cursor = self.buf.unfilled_at_least(n.max(1));
        let known = cursor.init_mut().to_vec();
        // SAFETY: nothing is written.
        let address = unsafe { cursor.as_mut() }.as_ptr().cast::<u8>();
        let mut poll = Poll::Pending;
        let panicked = panics(|| {
            poll = feed.poll(cursor, |slice| {
                if slice.as_ptr() == address {
                    *zeroed += check_passed(slice, &known);
                }
                slice.fill(SCRIBBLE);
                let n = (n * usize::from(part) / 255).min(slice.len());
                slice[..n].copy_from_slice(&most[..n]);
                match end {
                    End::Ok => {
                        got = n;
                        Poll::Ready(Ok(n))
                    }
                    End::Pending => Poll::Pending,
                    End::Error => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
                    End::Panic => panic!("in a reader"),
                    End::Lie => Poll::Ready(Ok(slice.len() + 1 + n)),
                }
            });
        });
        assert_eq!(panicked, matches!(end, End::Panic));
        match end {
            End::Ok => assert!(matches!(poll, Poll::Ready(Ok(())))),
            End::Pending | End::Panic => assert!(poll.is_pending()),
            End::Error | End::Lie => assert!(matches!(poll, Poll::Ready(Err(_)))),
        }
        self.data.extend_from_slice(&most[..got]);
    }
}

/// Checks that initialized bytes are unchanged and the others are zero. Returns the number of the
/// others.
#[track_caller]
fn check_passed(slice: &[u8], known: &[u8]) -> usize {
    let at = known.len().min(slice.len());
    assert_eq!(slice[..at], known[..at], "what was initialized has changed");
    assert!(slice[at..].iter().all(|&byte| byte == 0), "initialized by something else than zeroes");
    slice.len() - at
}
