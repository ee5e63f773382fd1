//! [`SinkWriter`]: from a sink to a writer.

use std::io::{self, IoSlice};
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_sink::Sink;
use pin_project::pin_project;

use crate::shim::Shim;
use crate::traits::AsyncWrite;

/// The maximum length of a chunk. WebSockets, for example, refuse messages that are too long.
const MOST: usize = 256 * 1024;

/// A writer to a sink of chunks. It implements [`AsyncWrite`].
///
/// Each write waits until the sink is ready, then sends a copy of the data as one chunk of at most
/// 256 KiB. A vectored write copies all slices into one chunk. An empty write sends no chunk.
///
/// `I` is the item of the sink. It is made from `Bytes`, so it can be `Bytes`, `BytesMut`,
/// `Vec<u8>`, or a type of your own. For other sinks, use futures' `SinkExt::with`.
///
/// Flushing flushes the sink. Shutting down closes the sink, which sends what it still holds.
/// [`Shim::from_sink`] wraps this writer for all ecosystems.
///
/// # Errors
///
/// Returns an error if the sink does. No data of that write was accepted then.
///
/// # Cancel safety
///
/// If a write is cancelled after `Pending`, no data was accepted.
///
/// # Examples
///
/// ```
/// use futures::{SinkExt as _, StreamExt as _, channel::mpsc};
/// use io_shim::{SinkWriter, TrackedBuf, owned};
///
/// # futures::executor::block_on(async {
/// let (sender, receiver) = mpsc::channel(8);
/// let mut writer = SinkWriter::new(sender.sink_map_err(std::io::Error::other));
/// owned::copy(&mut &b"hello"[..], &mut writer, &mut TrackedBuf::with_capacity(64)).await?;
/// drop(writer);
/// assert_eq!(receiver.collect::<Vec<bytes::Bytes>>().await, ["hello"]);
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
#[derive(Clone, Debug)]
#[pin_project]
pub struct SinkWriter<S, I = Bytes> {
    #[pin]
    sink: S,
    item: PhantomData<fn(I)>,
}

impl<S, I> SinkWriter<S, I> {
    /// Creates a writer to `sink`.
    pub const fn new(sink: S) -> Self
    where
        S: Sink<I>,
    {
        SinkWriter { sink, item: PhantomData }
    }

    /// Returns a reference to the inner sink.
    pub fn get_ref(&self) -> &S {
        &self.sink
    }

    /// Returns a mutable reference to the inner sink.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.sink
    }

    /// Returns a pinned mutable reference to the inner sink.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut S> {
        self.project().sink
    }

    /// Returns the inner sink. No data is lost: the writer holds none.
    pub fn into_inner(self) -> S {
        self.sink
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: Sink<I, Error: Into<io::Error>>, I: From<Bytes>> AsyncWrite for SinkWriter<S, I> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(&data[..data.len().min(MOST)])])
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().sink.poll_flush(cx).map_err(Into::into)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().sink.poll_close(cx).map_err(Into::into)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // Slices may overlap, so their total length can exceed `usize::MAX`.
        let len = bufs.iter().fold(0usize, |total, buf| total.saturating_add(buf.len())).min(MOST);
        if len == 0 {
            return Poll::Ready(Ok(0));
        }
        let mut sink = self.project().sink;
        ready!(sink.as_mut().poll_ready(cx)).map_err(Into::into)?;
        let mut chunk = Vec::with_capacity(len);
        for buf in bufs {
            chunk.extend_from_slice(&buf[..buf.len().min(len - chunk.len())]);
        }
        Poll::Ready(sink.start_send(Bytes::from(chunk).into()).map(|()| len).map_err(Into::into))
    }

    fn supports_vectored_writes(&self) -> bool {
        true
    }
}

impl<S> Shim<SinkWriter<S>> {
    /// Converts a sink of chunks into a writer.
    ///
    /// The items of the sink are made from `Bytes`: `Bytes`, `BytesMut`, `Vec<u8>` or a type of
    /// your own. If the sink accepts several types, name one: `Shim::from_sink::<Bytes>(framed)`.
    /// The errors of the sink must convert into `io::Error`. See [`SinkWriter`] for errors and
    /// cancel safety.
    ///
    /// It yields after many ready operations in a row: see [`with_budget`](Shim::with_budget).
    ///
    /// # Examples
    ///
    /// A channel of chunks, written to with tokio's `write_all`:
    ///
    /// ```
    /// use futures::{SinkExt as _, StreamExt as _, channel::mpsc};
    /// use io_shim::Shim;
    /// use tokio::io::AsyncWriteExt as _;
    ///
    /// # futures::executor::block_on(async {
    /// let (sender, receiver) = mpsc::channel(8);
    /// let mut writer = Shim::from_sink(sender.sink_map_err(std::io::Error::other));
    /// writer.write_all(b"hello").await?;
    /// writer.shutdown().await?;
    /// assert_eq!(receiver.collect::<Vec<bytes::Bytes>>().await, ["hello"]);
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub fn from_sink<I>(sink: S) -> Shim<SinkWriter<S, I>>
    where
        S: Sink<I, Error: Into<io::Error>>,
        I: From<Bytes>,
    {
        Shim::new(SinkWriter::new(sink))
    }
}
