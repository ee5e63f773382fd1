//! [`ByteSink`]: a sink of bytes made of a writer.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, IoSlice};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec::Vec;

use bytes::{Buf, Bytes};
use futures_sink::Sink;
use pin_project::pin_project;

use super::checked_buf::CheckedBuf;
use crate::buf::ContractViolation;
use crate::coop::Budgets;
use crate::shim::{Ecosystem, Shim};
use crate::traits::AsyncWrite;

/// How many bytes are queued before writing starts.
const HIGH_WATER: usize = 64 * 1024;
/// How many items are queued before writing starts, however short they are.
const MOST_ITEMS: usize = 1024;
/// How many slices are written in one call.
const SLICES: usize = 64;

/// A sink of chunks that writes them to a writer.
///
/// Items are queued as they are, not copied, and written when [`poll_ready`](Sink::poll_ready) finds the high-water mark
/// reached, and by [`poll_flush`](Sink::poll_flush) and [`poll_close`](Sink::poll_close): many of them in one vectored
/// write, where the writer [vectors](AsyncWrite::supports_vectored_writes). Closing flushes the writer and shuts it down.
///
/// # Back-pressure
///
/// The sink is ready while less than the mark is queued, 64 KiB by default, and fewer than 1024 items. It holds less than
/// that and one item more, therefore.
///
/// # Errors
///
/// Those of the writer; `WriteZero` if it takes no more; a [`ContractViolation`](crate::ContractViolation) if it says that it
/// took more than it was given, or if an item's [`Buf`] is inconsistent: that item is dropped then. Otherwise what was not
/// written stays queued, and [`into_inner`](ByteSink::into_inner) gives it back.
///
/// # Panics
///
/// `start_send` panics if the sink is full: `poll_ready` has to be ready before. Otherwise where the writer or an item does. It
/// is usable after that, and nothing is written twice; if it was an item's `advance`, an error comes next.
///
/// # Cancel safety
///
/// What was accepted is queued until it is written: nothing is lost or written twice when a future that polls is dropped.
/// (`send()` of futures loses an item that was not accepted yet.)
///
/// # Examples
///
/// ```
/// use bytes::Bytes;
/// use futures::SinkExt as _;
/// use io_shim::{ByteSink, Shim};
///
/// # futures::executor::block_on(async {
/// let mut sink = ByteSink::new(Shim::from_futures(Vec::new())); // or `shim.into_byte_sink()`
/// sink.feed(Bytes::from("hello, ")).await?;
/// sink.send(Bytes::from("world")).await?; // flushed: both are written
/// let (writer, unwritten) = sink.into_inner();
/// assert_eq!((writer.into_inner(), unwritten.len()), (b"hello, world".to_vec(), 0));
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
#[pin_project]
pub struct ByteSink<W, B = Bytes> {
    #[pin]
    writer: W,
    queue: VecDeque<CheckedBuf<B>>,
    /// How many bytes of the queue are not written.
    queued: usize,
    /// How many bytes from the front of the queue were written, and are still to be taken from it. With `queued`, that is what
    /// the items have left. Between calls not 0 only after an item panicked.
    written: usize,
    /// Whether an item turned out to be inconsistent, which was not told yet. Between calls only after an item panicked.
    inconsistent: bool,
    high_water: usize,
    /// For a writer that is no shim, and does not yield by itself.
    budgets: Budgets,
}

impl<W, B> ByteSink<W, B> {
    /// A sink that writes to `writer`.
    #[inline]
    pub const fn new(writer: W) -> Self {
        ByteSink {
            writer,
            queue: VecDeque::new(),
            queued: 0,
            written: 0,
            inconsistent: false,
            high_water: HIGH_WATER,
            budgets: Budgets::STANDARD,
        }
    }

    /// Sets how many queued bytes have to be written before another item is accepted. 64 KiB by default; with 0 or 1, every
    /// item is written before the next is accepted.
    ///
    /// # Examples
    ///
    /// ```
    /// use bytes::Bytes;
    /// use io_shim::{ByteSink, Shim};
    ///
    /// # let socket = Vec::<u8>::new();
    /// let sink = ByteSink::<_, Bytes>::new(Shim::from_futures(socket)).with_high_water(1024 * 1024);
    /// ```
    #[inline]
    #[must_use = "the sink with the setting is the result"]
    pub fn with_high_water(mut self, bytes: usize) -> Self {
        self.high_water = bytes.max(1);
        self
    }

    /// How many bytes were accepted and are not written yet.
    #[inline]
    pub fn queued(&self) -> usize {
        self.queued
    }

    /// The writer inside.
    #[inline]
    pub fn get_ref(&self) -> &W {
        &self.writer
    }

    /// The writer inside. What is queued is written later than what is written to it directly.
    #[inline]
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.writer
    }

    /// The writer inside, pinned.
    #[inline]
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut W> {
        self.project().writer
    }

    fn is_full(&self) -> bool {
        self.queued >= self.high_water || self.queue.len() >= MOST_ITEMS
    }
}

impl<W, B: Buf> ByteSink<W, B> {
    /// Gives back the writer, and what was accepted and is not written: after a flush, nothing.
    ///
    /// An item that is inconsistent or panicked in [`advance`](Buf::advance) is left out: nobody knows where it stands, and what
    /// was written of it might be written again.
    ///
    /// # Panics
    ///
    /// Where `advance` of an item does that was written in part by a flush in which another item panicked.
    pub fn into_inner(self) -> (W, Vec<B>) {
        let mut written = self.written;
        let rest = self.queue.into_iter().filter_map(|mut item| {
            let n = item.left().min(written);
            written -= n;
            if n > 0 {
                item.advance(n);
            }
            item.into_rest()
        });
        (self.writer, rest.collect())
    }

    /// Takes what was written from the front of the queue. An item that turned out to be inconsistent is told of at the end, so
    /// that what was written of others is not written again.
    ///
    /// What an item that panics leaves undone, the next call does.
    fn settle(self: Pin<&mut Self>) -> io::Result<()> {
        let this = self.project();
        while let Some(item) = this.queue.front_mut().filter(|_| *this.written > 0) {
            let n = item.left().min(*this.written);
            *this.written -= n;
            if n > 0 {
                item.advance(n);
            }
            if item.left() == 0 {
                // Before it is dropped, which may panic.
                *this.inconsistent |= !item.is_done();
                this.queue.pop_front();
            }
        }
        if mem::take(this.inconsistent) { Err(ContractViolation::InconsistentBuf.into()) } else { Ok(()) }
    }
}

impl<W: AsyncWrite, B: Buf> ByteSink<W, B> {
    /// Writes until nothing is queued.
    fn poll_drain(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            self.as_mut().settle()?;
            if self.queue.is_empty() {
                return Poll::Ready(Ok(()));
            }
            ready!(self.as_mut().poll_write_queued(cx))?;
        }
    }

    /// Writes once from the front of the queue, of which nothing is written, or drops the first item if it is inconsistent.
    /// Either is for [`settle`](Self::settle) to finish.
    fn poll_write_queued(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.project();
        let Some(item) = this.queue.front() else {
            return Poll::Ready(Ok(()));
        };
        let left = item.left();
        let Ok(piece) = item.peek() else {
            *this.queued -= left;
            *this.inconsistent = true;
            this.queue.pop_front();
            return Poll::Ready(Ok(()));
        };
        let (n, offered) = if this.writer.supports_vectored_writes() {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let (count, offered) = peek_items(this.queue, piece, &mut slices);
            let slices = &slices[..count];
            (ready!(this.budgets.writes().poll_counted(cx, |cx| this.writer.poll_write_vectored(cx, slices)))?, offered)
        } else {
            (ready!(this.budgets.writes().poll_counted(cx, |cx| this.writer.poll_write(cx, piece)))?, piece.len())
        };
        let n = ContractViolation::check_write(n, offered)?;
        if n == 0 {
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::WriteZero,
                "the writer takes no more of what is queued",
            )));
        }
        *this.queued -= n;
        *this.written = n;
        Poll::Ready(Ok(()))
    }
}

/// Puts pieces from the front of the queue into `slices`: how many slices, and how many bytes.
///
/// Of an item that does not give all its pieces, nor consistent ones, what follows must not be written. The first item is
/// known to have one good piece, `first`.
fn peek_items<'a, B: Buf>(
    queue: &'a VecDeque<CheckedBuf<B>>,
    first: &'a [u8],
    slices: &mut [IoSlice<'a>; SLICES],
) -> (usize, usize) {
    let (mut count, mut offered) = (0, 0);
    for (i, item) in queue.iter().enumerate() {
        let Ok((of_item, len)) = item.peek_vectored(&mut slices[count..]) else {
            if i == 0 {
                // Its `chunk` is good, and its `chunks_vectored` is not.
                slices[0] = IoSlice::new(first);
                return (1, first.len());
            }
            break;
        };
        count += of_item;
        offered += len;
        if len < item.left() || count == SLICES {
            break;
        }
    }
    (count, offered)
}

impl<W: AsyncWrite, B: Buf> Sink<B> for ByteSink<W, B> {
    type Error = io::Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_full() && self.as_mut().poll_drain(cx)?.is_pending() && self.is_full() {
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    #[track_caller]
    fn start_send(self: Pin<&mut Self>, item: B) -> io::Result<()> {
        assert!(!self.is_full(), "`start_send` although `poll_ready` was not ready");
        let this = self.project();
        let item = CheckedBuf::new(item);
        if !item.is_done() {
            let queued = this.queued.checked_add(item.left());
            *this.queued = queued.ok_or(ContractViolation::InconsistentBuf)?;
            this.queue.push_back(item);
        }
        Ok(())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_drain(cx))?;
        self.project().writer.poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_drain(cx))?;
        self.project().writer.poll_shutdown(cx)
    }
}

impl<W: fmt::Debug, B> fmt::Debug for ByteSink<W, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteSink")
            .field("writer", &self.writer)
            .field("items", &self.queue.len())
            .field("queued", &self.queued)
            .field("high_water", &self.high_water)
            .finish()
    }
}

impl<T, E: Ecosystem, V> Shim<T, E, V>
where
    Self: AsyncWrite,
{
    /// Makes the writer a sink of chunks, of any [`Buf`]. See [`ByteSink`] for back-pressure, errors and cancel safety.
    ///
    /// # Examples
    ///
    /// ```
    /// use bytes::Bytes;
    /// use futures::{SinkExt as _, StreamExt as _, stream};
    /// use io_shim::Shim;
    ///
    /// # futures::executor::block_on(async {
    /// let mut chunks = stream::iter(["hel", "lo"]).map(|chunk| Ok(Bytes::from(chunk)));
    /// let mut sink = Shim::new(Vec::new()).into_byte_sink();
    /// sink.send_all(&mut chunks).await?;
    /// sink.close().await?;
    /// assert_eq!(sink.get_ref().get_ref(), b"hello");
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    #[inline]
    pub fn into_byte_sink<B: Buf>(self) -> ByteSink<Self, B> {
        ByteSink::new(self)
    }
}
