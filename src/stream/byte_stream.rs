//! [`ByteStream`]: from a reader to a stream of `Bytes`.

use std::task::{Context, Poll, ready};
use std::{fmt, io, panic::AssertUnwindSafe, pin::Pin};

use bytes::Bytes;
use futures_core::{FusedStream, Stream};
use pin_project::pin_project;

use crate::buf::{BorrowedCursor, ChunkMemory, ContractViolation};
use crate::coop::Budgets;
use crate::shim::{Ecosystem, Shim};
use crate::traits::{AsyncReadBuf, poll_read_on_budget};

/// The default size of an allocation, in bytes.
const CAPACITY: usize = 4 * 1024;

/// A stream of the chunks that a reader returns, as `Bytes`.
///
/// One poll makes one read and yields one chunk. Chunks are split off one allocation until it is
/// used up. If all its chunks have been dropped by then, the allocation is used again. Otherwise a
/// new one is made.
///
/// The stream keeps track of what the reader initialized. So **no byte of an allocation is zeroed
/// twice**, even if the allocation is used again.
///
/// The last read into an allocation gets only the room that is left. If the reader returns packets,
/// this read could cut off a packet. Read packets into a buffer of your own instead.
///
/// # Errors
///
/// The stream yields the errors of the reader. It ends after an error, and at the end of file. A
/// reader must not fill anything before an error. If it does, the stream yields these bytes as a
/// chunk before the error.
///
/// # Panics
///
/// Polling panics if the reader panics, or if the capacity is greater than `isize::MAX`. Bytes that
/// a reader filled before it panicked are at the start of the next chunk.
///
/// # Cancel safety
///
/// Dropping the future of `next()` loses no data.
///
/// # Examples
///
/// ```
/// use futures::StreamExt as _;
/// use io_shim::{ByteStream, Shim};
///
/// # futures::executor::block_on(async {
/// let mut chunks = ByteStream::new(Shim::from_futures(&b"hello"[..])); // or `shim.into_byte_stream()`
/// while let Some(chunk) = chunks.next().await {
///     assert_eq!(chunk?, "hello");
/// }
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
#[pin_project]
pub struct ByteStream<R> {
    #[pin]
    reader: R,
    chunks: ChunkMemory,
    capacity: usize,
    /// Whether `init_hint` has shown that the reader initializes memory before each read.
    is_slice_only: bool,
    /// Whether to call `poll_read_into_slice`. True if the reader is slice-only, and all of the
    /// allocation was already initialized when the stream began to read into it.
    by_slices: bool,
    /// Whether the reader must not be polled again.
    ended: bool,
    /// The error to yield before the stream ends. `AssertUnwindSafe` is right, because a panic
    /// cannot leave this `Option` half changed.
    error: AssertUnwindSafe<Option<io::Error>>,
    /// The budget after which the stream returns `Pending`, if it was made by `new`. In a stream
    /// made by `Shim::into_byte_stream` it is off, because the shim has budgets of its own.
    budgets: Budgets,
}

impl<R> ByteStream<R> {
    /// Creates a stream of the chunks that `reader` returns.
    pub fn new(reader: R) -> Self {
        ByteStream {
            reader,
            chunks: ChunkMemory::default(),
            capacity: CAPACITY,
            is_slice_only: false,
            by_slices: false,
            ended: false,
            error: AssertUnwindSafe(None),
            budgets: Budgets::STANDARD,
        }
    }

    /// Sets how many bytes are allocated at a time.
    ///
    /// This is also the maximum length of a chunk. The default is 4 KiB, and 0 counts as 1.
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::{ByteStream, Shim};
    ///
    /// # let file = &b""[..];
    /// let chunks = ByteStream::new(Shim::from_futures(file)).with_capacity(64 * 1024);
    /// ```
    #[must_use = "the stream with the setting is the result"]
    pub fn with_capacity(mut self, capacity: usize) -> Self {
        self.capacity = capacity.max(1);
        self
    }

    /// Returns a reference to the inner reader.
    pub fn get_ref(&self) -> &R {
        &self.reader
    }

    /// Returns a mutable reference to the inner reader.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// Returns a pinned mutable reference to the inner reader.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut R> {
        self.project().reader
    }

    /// Returns the inner reader.
    ///
    /// Drops bytes that the reader filled before it panicked, and an error that was not yielded
    /// yet. The stream holds no other data.
    pub fn into_inner(self) -> R {
        self.reader
    }
}

/// Reads into `cursor` as into a slice, which is cheaper for a slice-only reader. All of `cursor`
/// must be initialized.
#[inline]
fn poll_read_initialized<R: AsyncReadBuf>(
    reader: Pin<&mut R>,
    cx: &mut Context<'_>,
    mut cursor: BorrowedCursor<'_>,
) -> Poll<io::Result<()>> {
    let slice = cursor.init_mut();
    let offered = slice.len();
    let n = ready!(reader.poll_read_into_slice(cx, slice))?;
    cursor.advance_checked(ContractViolation::check_read(n, offered)?);
    Poll::Ready(Ok(()))
}

impl<R: AsyncReadBuf> Stream for ByteStream<R> {
    type Item = io::Result<Bytes>;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        if *this.ended {
            return Poll::Ready(this.error.take().map(Err));
        }
        if this.chunks.reserve(*this.capacity) {
            let cursor = this.chunks.unfilled();
            *this.is_slice_only |= this.reader.init_hint(cursor.capacity()) > 0;
            *this.by_slices = *this.is_slice_only && cursor.init_len() == cursor.capacity();
        }
        let poll = poll_read_on_budget(this.budgets.reads(), cx, this.chunks.unfilled(), |cx, cursor| {
            if *this.by_slices {
                poll_read_initialized(this.reader, cx, cursor)
            } else {
                this.reader.poll_read_into(cx, cursor)
            }
        });
        if let Poll::Ready(Err(error)) = poll {
            *this.ended = true;
            if this.chunks.filled() == 0 {
                return Poll::Ready(Some(Err(error)));
            }
            **this.error = Some(error);
            return Poll::Ready(Some(Ok(this.chunks.take())));
        }
        if this.chunks.filled() > 0 {
            // A reader must not fill anything before `Pending`. If it does, nothing is lost.
            return Poll::Ready(Some(Ok(this.chunks.take())));
        }
        if poll.is_pending() {
            return Poll::Pending;
        }
        *this.ended = true;
        Poll::Ready(None)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let last = usize::from(self.error.is_some());
        (last, self.ended.then_some(last))
    }
}

impl<R: AsyncReadBuf> FusedStream for ByteStream<R> {
    fn is_terminated(&self) -> bool {
        self.ended && self.error.is_none()
    }
}

impl<R: fmt::Debug> fmt::Debug for ByteStream<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteStream")
            .field("reader", &self.reader)
            .field("capacity", &self.capacity)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

impl<T, E: Ecosystem, V> Shim<T, E, V>
where
    Self: AsyncReadBuf,
{
    /// Converts the reader into a stream of `Bytes`, with one chunk for each read.
    ///
    /// See [`ByteStream`] for memory, errors and cancel safety.
    ///
    /// # Examples
    ///
    /// A futures-io reader as the body of an HTTP message:
    ///
    /// ```
    /// use futures::TryStreamExt as _;
    /// use http_body_util::{BodyExt as _, StreamBody};
    /// use hyper::body::Frame;
    /// use io_shim::Shim;
    ///
    /// # futures::executor::block_on(async {
    /// let stream = Shim::from_futures(&b"hello"[..]).into_byte_stream().with_capacity(16 << 10);
    /// let body = StreamBody::new(stream.map_ok(Frame::data));
    /// assert_eq!(body.collect().await?.to_bytes(), "hello");
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub fn into_byte_stream(self) -> ByteStream<Self> {
        ByteStream { budgets: Budgets::new(0), ..ByteStream::new(self) }
    }
}
