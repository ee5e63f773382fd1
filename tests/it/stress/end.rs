//! One end of a connection: it sends and receives by means that change from poll to poll.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll};

use io_shim::{BorrowedBuf, spare};
use tokio::io::ReadBuf;

use super::fault::{Faults, is_try_again};
use super::rng::{Rng, mix};
use super::stack::Stack;
use super::total::FAULTS;
use super::{Fate, MOST};

/// The guard bytes before and after passed memory, which must not change.
const GUARD: u8 = 0xA5;

/// One direction of a connection, seen from one end.
pub struct Flow {
    /// The seed of the bytes.
    pub key: u64,
    pub len: usize,
    /// How many bytes were transferred.
    pub at: usize,
    /// Whether the stream has ended or failed.
    pub over: bool,
}

impl Flow {
    /// Returns the next `len` bytes.
    fn next(&self, len: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(len + 8);
        for word in self.at / 8..(self.at + len).div_ceil(8) {
            bytes.extend_from_slice(&mix(self.key.wrapping_add(word as u64)).to_le_bytes());
        }
        bytes.drain(..self.at % 8);
        bytes.truncate(len);
        bytes
    }

    /// Checks bytes that arrived.
    fn check(&mut self, bytes: &[u8]) -> Result<(), String> {
        if bytes.len() > self.len - self.at {
            return Err(format!("{} bytes arrived after {} of {}", bytes.len(), self.at, self.len));
        }
        let expected = self.next(bytes.len());
        if let Some(i) = (0..bytes.len()).find(|&i| bytes[i] != expected[i]) {
            let (found, at) = (bytes[i], self.at + i);
            return Err(format!("{found:#x} arrived as byte {at} of {}, not {:#x}", self.len, expected[i]));
        }
        self.at += bytes.len();
        Ok(())
    }
}

/// A buffer that is held from one read to the next, until it is full.
#[derive(Default)]
pub struct Held {
    memory: Vec<MaybeUninit<u8>>,
    init: usize,
    /// The bytes that were filled.
    filled: Vec<u8>,
}

impl Held {
    /// Reads into the rest of the buffer. Returns the result, the room there was, and the new
    /// bytes.
    fn poll(
        &mut self,
        capacity: usize,
        read: impl FnOnce(&mut ReadBuf<'_>) -> Poll<io::Result<()>>,
    ) -> (Poll<io::Result<()>>, usize, Vec<u8>) {
        if self.filled.len() == self.memory.len() {
            *self = Held { memory: Box::new_uninit_slice(capacity).into_vec(), ..Held::default() };
        }
        let mut buf = ReadBuf::uninit(&mut self.memory);
        // SAFETY: the same buffer reported this at the end of the last read.
        unsafe { buf.assume_init(self.init) };
        buf.set_filled(self.filled.len());
        let room = buf.remaining();
        let poll = read(&mut buf);
        let (before, new) = buf.filled().split_at(self.filled.len());
        assert_eq!(before, self.filled, "what was filled before has changed");
        let new = new.to_vec();
        self.init = buf.initialized().len();
        self.filled.extend_from_slice(&new);
        (poll, room, new)
    }
}

/// One end of a connection.
pub struct End {
    pub name: String,
    pub io: Stack,
    pub rng: Rng,
    pub faults: Arc<Faults>,
    pub fate: Fate,
    /// This end breaks the connection after this many bytes, in both directions together.
    pub quota: Option<usize>,
    pub outgoing: Flow,
    pub incoming: Flow,
    pub held: Held,
    pub pendings: u64,
    pub retried: u64,
    pub failures: usize,
}

/// The result of an end.
pub struct Outcome {
    pub sent: usize,
    pub received: usize,
    pub failures: usize,
    pub faults: [u64; FAULTS.len()],
}

impl End {
    /// Sends and receives until both directions are over, or until it breaks the connection.
    pub async fn run(mut self) -> Result<Outcome, String> {
        let result = std::future::poll_fn(|cx| self.poll(cx)).await;
        let End { name, faults, outgoing, incoming, pendings, retried, failures, .. } = self;
        result.map_err(|what| format!("{what}, in {name}"))?;
        let counts = [
            &faults.pendings,
            &faults.errors,
            &faults.spurious,
            &faults.short_reads,
            &faults.short_writes,
            &faults.empty,
        ];
        let counts = counts.map(|counter| counter.load(Relaxed));
        if counts[0] > pendings || counts[1] != retried {
            let [made, errors, ..] = counts;
            return Err(format!("of {made} `Pending` {pendings} were seen, of {errors} errors {retried}, in {name}"));
        }
        Ok(Outcome { sent: outgoing.at, received: incoming.at, failures, faults: counts })
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), String>> {
        for _ in 0..16 {
            if self.quota.is_some_and(|quota| self.outgoing.at + self.incoming.at >= quota) {
                return Poll::Ready(Ok(()));
            }
            if self.outgoing.over && self.incoming.over {
                return Poll::Ready(Ok(()));
            }
            let mut waits = true;
            if !self.outgoing.over {
                waits &= self.send(cx)?.is_pending();
            }
            if !self.incoming.over {
                waits &= self.receive(cx)?.is_pending();
            }
            if waits {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Handles an error. It is expected if a layer made it or the other end broke the connection.
    fn failed(&mut self, error: io::Error) -> Result<bool, String> {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected};
        if is_try_again(&error) {
            self.retried += 1;
            return Ok(false);
        }
        let broken = matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected);
        if self.fate == Fate::Whole || self.quota.is_some() || !broken {
            return Err(format!("{error:?} after {} bytes out, {} bytes in", self.outgoing.at, self.incoming.at));
        }
        self.failures += 1;
        Ok(true)
    }

    /// Writes once, by a random function. Ends the stream if everything is written.
    fn send(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), String>> {
        let left = self.outgoing.len - self.outgoing.at;
        if left == 0 && self.quota.is_some() {
            // This end will break the connection, so it does not end the stream.
            return Poll::Pending;
        }
        let (closes, flushes) = (left == 0, self.rng.one_in(64));
        let empty = self.rng.one_in(32);
        let data = self.outgoing.next(if empty { 0 } else { left.min(1 + self.rng.size(MOST)) });
        let means = self.rng.below(6);
        let io = Pin::new(&mut self.io);
        let poll = if closes || flushes {
            match (means / 2, closes) {
                (0, true) => tokio::io::AsyncWrite::poll_shutdown(io, cx),
                (1, true) => futures::io::AsyncWrite::poll_close(io, cx),
                (_, true) => io_shim::AsyncWrite::poll_shutdown(io, cx),
                (0, false) => tokio::io::AsyncWrite::poll_flush(io, cx),
                (1, false) => futures::io::AsyncWrite::poll_flush(io, cx),
                (_, false) => io_shim::AsyncWrite::poll_flush(io, cx),
            }
            .map_ok(|()| None)
        } else {
            let mut slices = Vec::new();
            let mut rest = &data[..];
            for _ in 0..self.rng.below(6) {
                let (slice, after) = rest.split_at(self.rng.below(rest.len() + 1));
                slices.push(IoSlice::new(slice));
                rest = after;
            }
            slices.push(IoSlice::new(rest));
            match means {
                0 => tokio::io::AsyncWrite::poll_write(io, cx, &data),
                1 => tokio::io::AsyncWrite::poll_write_vectored(io, cx, &slices),
                2 => futures::io::AsyncWrite::poll_write(io, cx, &data),
                3 => futures::io::AsyncWrite::poll_write_vectored(io, cx, &slices),
                4 => io_shim::AsyncWrite::poll_write(io, cx, &data),
                _ => io_shim::AsyncWrite::poll_write_vectored(io, cx, &slices),
            }
            .map_ok(Some)
        };
        match poll {
            Poll::Pending => {
                self.pendings += 1;
                return Poll::Pending;
            }
            Poll::Ready(Err(error)) => self.outgoing.over = self.failed(error)?,
            Poll::Ready(Ok(None)) => self.outgoing.over = closes,
            Poll::Ready(Ok(Some(n))) if n > data.len() || n == 0 && !data.is_empty() => {
                return Poll::Ready(Err(format!("a write took {n} of {} bytes", data.len())));
            }
            Poll::Ready(Ok(Some(n))) => self.outgoing.at += n,
        }
        Poll::Ready(Ok(()))
    }

    /// Reads once, by a random function.
    fn receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), String>> {
        let mut room = if self.rng.one_in(32) { 0 } else { 1 + self.rng.size(MOST) };
        let means = self.rng.below(9);
        let io = Pin::new(&mut self.io);
        let (poll, data) = match means {
            0 => {
                let mut memory = Box::new_uninit_slice(room);
                let mut buf = ReadBuf::uninit(&mut memory);
                let poll = tokio::io::AsyncRead::poll_read(io, cx, &mut buf);
                (poll, buf.filled().to_vec())
            }
            1 => {
                let mut memory = vec![0; room];
                let mut buf = ReadBuf::new(&mut memory);
                let poll = tokio::io::AsyncRead::poll_read(io, cx, &mut buf);
                (poll, buf.filled().to_vec())
            }
            2 => {
                let data;
                let poll;
                (poll, room, data) = self.held.poll(room, |buf| tokio::io::AsyncRead::poll_read(io, cx, buf));
                (poll, data)
            }
            3 => {
                let mut memory = Box::new_uninit_slice(room);
                let mut buf = BorrowedBuf::from(&mut memory[..]);
                let poll = io_shim::AsyncReadBuf::poll_read_into(io, cx, buf.unfilled());
                (poll, buf.filled().to_vec())
            }
            4 => {
                let mut memory = Vec::with_capacity(8 + room);
                memory.extend([GUARD; 8]);
                let mut spare = spare(&mut memory);
                room = spare.unfilled().capacity();
                let poll = io_shim::AsyncReadBuf::poll_read_into(io, cx, spare.unfilled());
                drop(spare);
                assert_eq!(memory[..8], [GUARD; 8], "what was there before has changed");
                (poll, memory.split_off(8))
            }
            _ => {
                let mut memory = vec![GUARD; 8 + room + 8];
                let mut rest = &mut memory[8..][..room];
                let poll = match means {
                    5 => futures::io::AsyncRead::poll_read(io, cx, rest),
                    6 => io_shim::AsyncReadBuf::poll_read_into_slice(io, cx, rest),
                    _ => {
                        let mut slices = Vec::new();
                        for _ in 0..self.rng.below(6) {
                            let (slice, after) = rest.split_at_mut(self.rng.below(rest.len() + 1));
                            slices.push(IoSliceMut::new(slice));
                            rest = after;
                        }
                        slices.push(IoSliceMut::new(rest));
                        match means {
                            7 => futures::io::AsyncRead::poll_read_vectored(io, cx, &mut slices),
                            _ => io_shim::AsyncReadBuf::poll_read_into_vectored(io, cx, &mut slices),
                        }
                    }
                };
                assert_eq!(memory[..8], [GUARD; 8], "memory before the slice has changed");
                assert_eq!(memory[8 + room..], [GUARD; 8], "memory after the slice has changed");
                let n = if let Poll::Ready(Ok(n)) = poll { n } else { 0 };
                if n > room {
                    return Poll::Ready(Err(format!("a read of {room} bytes gave {n}")));
                }
                (poll.map_ok(drop), memory[8..][..n].to_vec())
            }
        };
        if !matches!(poll, Poll::Ready(Ok(()))) && !data.is_empty() {
            return Poll::Ready(Err(format!("{} bytes came with {poll:?}", data.len())));
        }
        match poll {
            Poll::Pending => {
                self.pendings += 1;
                return Poll::Pending;
            }
            Poll::Ready(Err(error)) => self.incoming.over = self.failed(error)?,
            Poll::Ready(Ok(())) if room > 0 && data.is_empty() => {
                let Flow { at, len, .. } = self.incoming;
                if at < len && (self.fate == Fate::Whole || self.quota.is_some()) {
                    return Poll::Ready(Err(format!("the stream ended after {at} of {len} bytes")));
                }
                self.incoming.over = true;
            }
            Poll::Ready(Ok(())) => self.incoming.check(&data)?,
        }
        Poll::Ready(Ok(()))
    }
}
