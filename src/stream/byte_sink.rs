//! [`ByteSink`]: from a writer to a sink of chunks.

use std::io::{self, IoSlice};
use std::task::{Context, Poll, ready};
use std::{collections::VecDeque, fmt, mem, pin::Pin};

use bytes::{Buf, Bytes};
use futures_sink::Sink;
use pin_project::pin_project;

use super::checked_buf::CheckedBuf;
use crate::buf::ContractViolation;
use crate::coop::Budgets;
use crate::shim::{Ecosystem, Shim};
use crate::traits::AsyncWrite;

/// The default number of queued bytes at which writing starts.
const HIGH_WATER: usize = 64 * 1024;
/// The number of queued items at which writing starts, even if they are short.
const MOST_ITEMS: usize = 1024;
/// The maximum number of slices in one vectored write.
const SLICES: usize = 64;

/// A sink of chunks that writes them to a writer.
///
/// Items are queued without copying. They are written by [`poll_flush`](Sink::poll_flush), by
/// [`poll_close`](Sink::poll_close), and by [`poll_ready`](Sink::poll_ready) once the high-water
/// mark is reached. If the writer [supports vectored writes](AsyncWrite::supports_vectored_writes),
/// one write takes many items. Closing writes what is queued, flushes the writer and shuts it down.
///
/// # Back-pressure
///
/// The sink is ready while fewer bytes than the high-water mark and fewer than 1024 items are
/// queued. The mark is 64 KiB by default. So the queue holds less than the mark plus one item.
///
/// # Errors
///
/// Returns an error if
///
/// * the writer returns one;
/// * the writer accepts no more data (`WriteZero`);
/// * the writer returns a count of more bytes than it was passed: a
///   [`ContractViolation`](crate::ContractViolation);
/// * the [`Buf`] of an item is inconsistent: a `ContractViolation`. That item is dropped.
///
/// All other unwritten data stays queued, and [`into_inner`](ByteSink::into_inner) returns it.
///
/// # Panics
///
/// `start_send` panics if the sink is full: `poll_ready` must return `Ready` first.
///
/// Methods that call the writer or an item panic if it panics. The sink stays usable, and nothing
/// is written twice. If `advance` of an item panicked, the next operation returns an error.
///
/// # Cancel safety
///
/// Accepted items stay queued until they are written. Dropping a future that polls the sink neither
/// loses nor repeats data. (futures' `send()` loses an item that was not accepted yet.)
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
    /// The number of bytes in the queue that are not written.
    queued: usize,
    /// The number of bytes at the front of the queue that are written, but not yet removed. The
    /// items have `queued + written` bytes left. Between calls, it is 0 unless an item panicked.
    written: usize,
    /// Whether an item was found to be inconsistent and the error was not returned yet. Between
    /// calls, it is false unless an item panicked.
    inconsistent: bool,
    high_water: usize,
    /// Makes the writer yield, if the sink was made by `new`. If it was made by
    /// `Shim::into_byte_sink`, the shim counts and yields by itself.
    budgets: Budgets,
}

impl<W, B> ByteSink<W, B> {
    /// Creates a sink that writes to `writer`.
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

    /// Sets how many queued bytes make the sink write before it accepts another item.
    ///
    /// The default is 64 KiB. With 0 or 1, every item is written before the next one is accepted.
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
    #[must_use = "the sink with the setting is the result"]
    pub fn with_high_water(mut self, bytes: usize) -> Self {
        self.high_water = bytes.max(1);
        self
    }

    /// Returns how many bytes were accepted and are not written yet.
    pub fn queued(&self) -> usize {
        self.queued
    }

    /// Returns a reference to the inner writer.
    pub fn get_ref(&self) -> &W {
        &self.writer
    }

    /// Returns a mutable reference to the inner writer.
    ///
    /// Data that is written to it directly comes before data that is still queued.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.writer
    }

    /// Returns a pinned mutable reference to the inner writer.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut W> {
        self.project().writer
    }

    fn is_full(&self) -> bool {
        self.queued >= self.high_water || self.queue.len() >= MOST_ITEMS
    }
}

impl<W, B: Buf> ByteSink<W, B> {
    /// Returns the inner writer, and the items that were accepted and are not written.
    ///
    /// After a flush there are no such items. An item that is inconsistent or panicked in
    /// [`advance`](Buf::advance) is left out: it is unknown how much of it is written.
    ///
    /// # Panics
    ///
    /// Panics if `advance` of an item panics. `advance` is called here only if an item panicked in
    /// an earlier flush and another item was written in part.
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

    /// Removes what was written from the front of the queue.
    ///
    /// The error for an inconsistent item is returned last, so that other items are not written
    /// twice. If an item panics, the next call removes what is left.
    fn settle(self: Pin<&mut Self>) -> io::Result<()> {
        let this = self.project();
        while let Some(item) = this.queue.front_mut().filter(|_| *this.written > 0) {
            let n = item.left().min(*this.written);
            *this.written -= n;
            if n > 0 {
                item.advance(n);
            }
            if item.left() == 0 {
                // Set before the item is dropped, which may panic.
                *this.inconsistent |= !item.is_done();
                this.queue.pop_front();
            }
        }
        if mem::take(this.inconsistent) { Err(ContractViolation::InconsistentBuf.into()) } else { Ok(()) }
    }
}

impl<W: AsyncWrite, B: Buf> ByteSink<W, B> {
    /// Writes until the queue is empty.
    fn poll_drain(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            // After this, `written` is 0.
            self.as_mut().settle()?;
            let this = self.as_mut().project();
            let Some(item) = this.queue.front() else {
                return Poll::Ready(Ok(()));
            };
            let left = item.left();
            let Ok(piece) = item.peek() else {
                *this.queued -= left;
                *this.inconsistent = true;
                this.queue.pop_front();
                continue;
            };
            let budget = this.budgets.writes();
            let (poll, offered) = if this.writer.supports_vectored_writes() {
                let mut slices = [IoSlice::new(&[]); SLICES];
                let (count, offered) = peek_items(this.queue, piece, &mut slices);
                (budget.poll_counted(cx, |cx| this.writer.poll_write_vectored(cx, &slices[..count])), offered)
            } else {
                (budget.poll_counted(cx, |cx| this.writer.poll_write(cx, piece)), piece.len())
            };
            let n = ContractViolation::check_write(ready!(poll)?, offered)?;
            if n == 0 {
                return Poll::Ready(Err(io::Error::new(
                    io::ErrorKind::WriteZero,
                    "the inner writer accepts no more data: it returned 0 for a write of queued items",
                )));
            }
            *this.queued -= n;
            *this.written = n;
        }
    }
}

/// Puts pieces from the front of the queue into `slices`, and returns how many slices and bytes.
///
/// Stops at an item whose pieces are inconsistent. Also stops after an item that does not give all
/// its pieces, because later items must not be written before the rest of it. `first` is a
/// consistent piece of the first item.
fn peek_items<'a, B: Buf>(
    queue: &'a VecDeque<CheckedBuf<B>>,
    first: &'a [u8],
    slices: &mut [IoSlice<'a>; SLICES],
) -> (usize, usize) {
    let (mut count, mut offered) = (0, 0);
    for item in queue {
        let Ok((of_item, len)) = item.peek_vectored(&mut slices[count..]) else {
            break;
        };
        count += of_item;
        offered += len;
        if len < item.left() || count == SLICES {
            break;
        }
    }
    if count == 0 {
        // The `chunk` of the first item is consistent, but its `chunks_vectored` is not.
        slices[0] = IoSlice::new(first);
        return (1, first.len());
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
        assert!(
            !self.is_full(),
            "`start_send` was called while the sink is full: wait until `poll_ready` returns `Ready`"
        );
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
    /// Converts the writer into a sink of chunks of any [`Buf`] type.
    ///
    /// See [`ByteSink`] for back-pressure, errors and cancel safety.
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
    pub fn into_byte_sink<B: Buf>(self) -> ByteSink<Self, B> {
        ByteSink { budgets: Budgets::new(0), ..ByteSink::new(self) }
    }
}
