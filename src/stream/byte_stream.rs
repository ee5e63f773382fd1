//! [`ByteStream`]: a stream of `Bytes` made of a reader.

use std::fmt;
use std::io;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::{FusedStream, Stream};
use pin_project::pin_project;

use crate::buf::{BorrowedCursor, ChunkMemory, ContractViolation};
use crate::coop::Budgets;
use crate::shim::{Ecosystem, Shim};
use crate::traits::{AsyncReadBuf, poll_read_on_budget};

/// How much memory is allocated at a time, in bytes.
const CAPACITY: usize = 4 * 1024;

/// A stream of the chunks that a reader returns, as `Bytes`.
///
/// One poll is one read and one chunk. ChunkMemory are split off one allocation until it is used up. It is used again when all
/// chunks of it are gone by then; otherwise there is another one. Whatever of it a reader has initialised stays known
/// until then, so that **within one allocation no byte is zeroed twice**, and one that is used again is not zeroed again.
///
/// The last chunk of an allocation is as long as the room that is left in it. A packet-style reader, whose packets that
/// would cut, is better read into a buffer of the caller's.
///
/// # Errors
///
/// Those of the reader. The stream ends after an error, as it does at the end of file. What a reader filled before it failed,
/// which it must not do, comes before the error.
///
/// # Panics
///
/// Where the reader does, and, when it is polled, with a capacity of more than `isize::MAX` bytes. What a reader filled before it
/// panicked comes with the next chunk.
///
/// # Cancel safety
///
/// No data is lost when the future of `next()` is dropped.
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
    /// Whether the reader has been seen to be one that initialises what it reads into.
    is_slice_only: bool,
    /// Whether it is, and all of the memory that there is was initialised to begin with.
    by_slices: bool,
    /// Whether the reader is not to be polled again.
    ended: bool,
    /// What is to be told before the stream ends. It is taken out in one step, so that a panic cannot leave it half done.
    error: AssertUnwindSafe<Option<io::Error>>,
    /// For a reader that is no shim, and does not yield by itself.
    budgets: Budgets,
}

impl<R> ByteStream<R> {
    /// A stream of what `reader` returns.
    #[inline]
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

    /// Sets how many bytes are allocated at a time, and with it the length of the longest chunk. 4 KiB by default, 1 at least.
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::{ByteStream, Shim};
    ///
    /// # let file = &b""[..];
    /// let chunks = ByteStream::new(Shim::from_futures(file)).with_capacity(64 * 1024);
    /// ```
    #[inline]
    #[must_use = "the stream with the setting is the result"]
    pub fn with_capacity(mut self, capacity: usize) -> Self {
        self.capacity = capacity.max(1);
        self
    }

    /// The reader inside.
    #[inline]
    pub fn get_ref(&self) -> &R {
        &self.reader
    }

    /// The reader inside.
    #[inline]
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// The reader inside, pinned.
    #[inline]
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut R> {
        self.project().reader
    }

    /// Gives back the reader. No data is lost: a stream holds none, but for what a reader filled before it panicked.
    #[inline]
    pub fn into_inner(self) -> R {
        self.reader
    }
}

/// Reads into `cursor`, all of which is initialised, as into a slice: a slice-only reader has nothing to decide or learn then.
#[inline]
fn poll_read_initialised<R: AsyncReadBuf>(
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
                poll_read_initialised(this.reader, cx, cursor)
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
            // On `Pending`, too, which a reader must not do: nothing is lost this way.
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
    /// Makes the reader a stream of `Bytes`, one chunk for each read. See [`ByteStream`] for memory, errors and cancel safety.
    ///
    /// # Examples
    ///
    /// A reader of futures-io as the body of an HTTP message:
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
    #[inline]
    pub fn into_byte_stream(self) -> ByteStream<Self> {
        ByteStream::new(self)
    }
}
