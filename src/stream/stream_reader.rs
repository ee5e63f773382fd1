//! [`StreamReader`]: from a stream to a buffered reader.

use std::fmt;
use std::io::{self, IoSliceMut};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use futures_core::Stream;
use pin_project::pin_project;

use super::checked_buf::CheckedBuf;
use crate::buf::BorrowedCursor;
use crate::coop::poll_yield;
use crate::shim::Shim;
use crate::traits::{AsyncBufRead, AsyncReadBuf, append_chunk};

/// The number of empty chunks that one poll skips before it yields.
const EMPTY_CHUNKS: usize = 64;

/// A buffered reader of a stream of chunks. It implements [`AsyncReadBuf`] and [`AsyncBufRead`].
///
/// It holds the last chunk of the stream, and has no other buffer. A read copies as much as fits
/// from that chunk straight into the caller's memory. If the chunk has several pieces, as
/// [`Chain`](bytes::buf::Chain) has, a read copies from all of them. It does not poll the stream
/// for another chunk. Empty chunks are skipped.
///
/// [`Shim::from_stream`] wraps this reader for all ecosystems. If the stream implements
/// [`AsyncWrite`](crate::AsyncWrite), so does the reader: see [`Shim::from_stream_sink`].
///
/// # Errors
///
/// Returns an error of the stream after all bytes before it have been read. The next read continues
/// with what follows in the stream.
///
/// Returns a [`ContractViolation`](crate::ContractViolation) if the `Buf` of a chunk is
/// inconsistent. The rest of that chunk is lost.
///
/// Once the stream has ended, it is not polled again. Every read returns the end of file.
///
/// # Panics
///
/// Panics if the stream or a chunk panics, or if more is consumed than `poll_fill_buf` returned.
/// The reader stays usable. If a chunk panicked, the next read returns an error.
///
/// # Cancel safety
///
/// If a read is cancelled after `Pending`, no data is lost.
///
/// # Examples
///
/// ```
/// use futures::stream;
/// use io_shim::{AsyncReadBuf, StreamReader, TrackedBuf, owned};
///
/// # futures::executor::block_on(async {
/// let chunks = stream::iter([Ok::<_, std::io::Error>(&b"hello, "[..]), Ok(b"world")]);
/// let mut buf = TrackedBuf::new();
/// owned::read_to_end(&mut StreamReader::new(chunks), &mut buf).await?;
/// assert_eq!(buf, b"hello, world");
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
#[pin_project]
pub struct StreamReader<S, B> {
    #[pin]
    stream: S,
    chunk: Option<CheckedBuf<B>>,
    ended: bool,
}

impl<S, B> StreamReader<S, B> {
    /// Creates a reader of the chunks of `stream`.
    pub fn new<Error>(stream: S) -> Self
    where
        S: Stream<Item = Result<B, Error>>,
    {
        StreamReader { stream, chunk: None, ended: false }
    }

    /// Returns a reference to the inner stream.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    /// Returns a mutable reference to the inner stream.
    ///
    /// Reads still return the rest of the last chunk first.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Returns a pinned mutable reference to the inner stream.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut S> {
        self.project().stream
    }
}

impl<S, B: Buf> StreamReader<S, B> {
    /// Returns the inner stream, and what is left of its last chunk.
    ///
    /// A chunk whose `Buf` is inconsistent or panicked in [`advance`](Buf::advance) is left out: it
    /// is unknown how much of it was read.
    pub fn into_inner(self) -> (S, Option<B>) {
        (self.stream, self.chunk.and_then(CheckedBuf::into_rest))
    }
}

impl<S: Stream<Item = Result<B, Error>>, B: Buf, Error: Into<io::Error>> StreamReader<S, B> {
    /// Returns the chunk to read from, which has something left, or `None` at the end.
    #[inline]
    fn poll_chunk(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<Option<&mut CheckedBuf<B>>>> {
        if self.chunk.as_ref().is_none_or(CheckedBuf::is_done) {
            ready!(self.as_mut().poll_next_chunk(cx))?;
        }
        Poll::Ready(Ok(self.project().chunk.as_mut()))
    }

    /// Stores the next non-empty chunk of the stream in `chunk`, or `None` at the end.
    fn poll_next_chunk(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut this = self.project();
        *this.chunk = None;
        if *this.ended {
            return Poll::Ready(Ok(()));
        }
        for _ in 0..EMPTY_CHUNKS {
            match ready!(this.stream.as_mut().poll_next(cx)) {
                Some(Ok(buf)) => {
                    let pieces = CheckedBuf::new(buf);
                    if !pieces.is_done() {
                        *this.chunk = Some(pieces);
                        return Poll::Ready(Ok(()));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Err(error.into())),
                None => {
                    *this.ended = true;
                    return Poll::Ready(Ok(()));
                }
            }
        }
        poll_yield(cx)
    }

    /// Passes the pieces of one chunk to `take`, which returns how many bytes it took, until it
    /// takes 0.
    #[inline]
    fn poll_pieces(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut take: impl FnMut(&[u8]) -> usize,
    ) -> Poll<io::Result<()>> {
        let Some(chunk) = ready!(self.as_mut().poll_chunk(cx))? else {
            return Poll::Ready(Ok(()));
        };
        let mut taken = 0;
        loop {
            let piece = match chunk.peek() {
                Ok(piece) => piece,
                // Returns the bytes first. The next read returns the error.
                Err(_) if taken > 0 => break,
                Err(violation) => {
                    *self.project().chunk = None;
                    return Poll::Ready(Err(violation.into()));
                }
            };
            let n = take(piece);
            if n == 0 {
                break;
            }
            chunk.advance(n);
            taken += n;
            if chunk.left() == 0 {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: Stream<Item = Result<B, Error>>, B: Buf, Error: Into<io::Error>> AsyncReadBuf for StreamReader<S, B> {
    #[inline]
    fn poll_read_into(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if cursor.capacity() == 0 {
            return Poll::Ready(Ok(()));
        }
        self.poll_pieces(cx, |piece| append_chunk(cursor.reborrow(), piece))
    }

    #[inline]
    fn poll_read_into_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        let (mut slice, mut at, mut total) = (0, 0, 0);
        ready!(self.poll_pieces(cx, |piece| {
            let mut taken = 0;
            while let Some(buf) = bufs.get_mut(slice) {
                let n = (piece.len() - taken).min(buf.len() - at);
                buf[at..at + n].copy_from_slice(&piece[taken..taken + n]);
                taken += n;
                at += n;
                if at < buf.len() {
                    break;
                }
                (slice, at) = (slice + 1, 0);
            }
            total += taken;
            taken
        }))?;
        Poll::Ready(Ok(total))
    }

    fn supports_vectored_reads(&self) -> bool {
        true
    }
}

impl<S: Stream<Item = Result<B, Error>>, B: Buf, Error: Into<io::Error>> AsyncBufRead for StreamReader<S, B> {
    #[inline]
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let Some(chunk) = ready!(self.poll_chunk(cx))? else {
            return Poll::Ready(Ok(&[]));
        };
        // Calls `chunk` only once: a second call might return something else.
        Poll::Ready(chunk.peek_or_end().map_err(Into::into))
    }

    #[inline]
    #[track_caller]
    fn consume(self: Pin<&mut Self>, n: usize) {
        if n == 0 {
            return;
        }
        let chunk = self.project().chunk.as_mut();
        let chunk = chunk
            .filter(|chunk| n <= chunk.left())
            .expect("`consume` was called with more than `poll_fill_buf` returned");
        chunk.advance(n);
    }
}

impl<S: fmt::Debug, B> fmt::Debug for StreamReader<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamReader")
            .field("stream", &self.stream)
            .field("left", &self.chunk.as_ref().map_or(0, CheckedBuf::left))
            .field("ended", &self.ended)
            .finish()
    }
}

impl<S, B> Shim<StreamReader<S, B>> {
    /// Converts a stream of chunks into a buffered reader.
    ///
    /// Items are `Result<B, Error>`, where `B` is any [`Buf`] (`Bytes`, `&'static [u8]`, `Chain`)
    /// and `Error` converts into `io::Error`. Other streams can be adapted:
    ///
    /// * plain chunks, without errors: `stream.map(Ok::<_, std::io::Error>)`;
    /// * other errors: `stream.map_err(std::io::Error::other)`.
    ///
    /// See [`StreamReader`] for errors and cancel safety.
    ///
    /// It yields after many ready operations in a row: see [`with_budget`](Shim::with_budget).
    ///
    /// # Examples
    ///
    /// The body of an HTTP message, line by line with tokio's functions:
    ///
    /// ```
    /// use futures::TryStreamExt as _;
    /// use http_body_util::{BodyDataStream, Full};
    /// use io_shim::Shim;
    /// use tokio::io::AsyncBufReadExt as _;
    ///
    /// # futures::executor::block_on(async {
    /// let body = Full::new(bytes::Bytes::from("one\ntwo\n")); // or the body of a hyper message
    /// let stream = BodyDataStream::new(body).map_err(std::io::Error::other);
    /// let mut lines = Shim::from_stream(stream).for_tokio().lines();
    /// assert_eq!(lines.next_line().await?.as_deref(), Some("one"));
    /// assert_eq!(lines.next_line().await?.as_deref(), Some("two"));
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub fn from_stream<Error>(stream: S) -> Self
    where
        S: Stream<Item = Result<B, Error>>,
        B: Buf,
        Error: Into<io::Error>,
    {
        Shim::new(StreamReader::new(stream))
    }
}
