//! One byte stream made from a type that is both a stream and a sink: a [`StreamReader`] of a
//! [`SinkWriter`]. Each forwards what the other one does.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use futures_core::Stream;
use futures_sink::Sink;

use super::{SinkWriter, StreamReader};
use crate::delegate;
use crate::shim::Shim;
use crate::traits::AsyncWrite;

/// Forwards the stream of a type that is a stream and a sink.
impl<S: Stream, I> Stream for SinkWriter<S, I> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        self.get_pin_mut().poll_next(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.get_ref().size_hint()
    }
}

/// Forwards the writer of a type that is a stream and a writer.
impl<S: AsyncWrite, B> AsyncWrite for StreamReader<S, B> {
    delegate!(AsyncWrite: |this| this.get_pin_mut(), |this| this.get_ref());
}

impl<S, B> Shim<StreamReader<S, B>> {
    /// Converts a type that is both a stream and a sink of chunks into one byte stream, which reads
    /// and writes.
    ///
    /// TLS, HTTP or SSH can then run over a WebSocket, a `Framed` or a pair of channels. Where a
    /// chunk starts and ends has no meaning to the reader.
    ///
    /// * The stream's items are `Result<B, Error>`, as for [`from_stream`](Shim::from_stream).
    /// * The sink's items are made from `Bytes`, as for [`from_sink`](Shim::from_sink). If the sink
    ///   accepts several types, name one: `Shim::from_stream_sink::<Bytes, _>(framed)`.
    /// * If the messages are not bytes, convert them before: those that arrive with futures'
    ///   `try_filter_map`, those that are sent with `with`. `docs/CONSTRUCTORS.md` has an example,
    ///   "A WebSocket as a byte stream".
    ///
    /// # Closing
    ///
    /// Shutting down closes the sink. If the sink's `poll_close` ends the peer's stream, the peer
    /// reads the end of file, and what the peer has sent before can still be read.
    ///
    /// The end of the stream ends only reading. Whether a write after that arrives depends on the
    /// sink. A WebSocket has no half-close: after the peer's close frame, every write returns an
    /// error. So read the whole answer before you shut down.
    ///
    /// # Errors
    ///
    /// Reads return errors as [`StreamReader`] does, and writes as [`SinkWriter`] does. An error of
    /// one direction does not end the other.
    ///
    /// # Cancel safety
    ///
    /// If a read or a write is cancelled after `Pending`, no data is lost or sent.
    ///
    /// # Examples
    ///
    /// ```
    /// use bytes::Bytes;
    /// use futures::AsyncReadExt as _;
    /// use io_shim::Shim;
    /// use tokio::io::AsyncWriteExt as _;
    /// use tokio_util::codec::{Framed, LengthDelimitedCodec};
    ///
    /// # futures::executor::block_on(async {
    /// let (client, server) = tokio::io::duplex(1024); // or the ends of a WebSocket
    /// let client = Framed::new(client, LengthDelimitedCodec::new());
    /// let server = Framed::new(server, LengthDelimitedCodec::new());
    ///
    /// // The sink of a `LengthDelimitedCodec` accepts `Bytes` and slices.
    /// let mut client = Shim::from_stream_sink::<Bytes, _>(client).for_tokio();
    /// client.write_all(b"hello, ").await?;
    /// client.write_all(b"world").await?;
    /// client.shutdown().await?;
    ///
    /// let mut received = String::new();
    /// Shim::from_stream_sink::<Bytes, _>(server).for_futures().read_to_string(&mut received).await?;
    /// assert_eq!(received, "hello, world");
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    pub fn from_stream_sink<I, Error>(stream_sink: S) -> Shim<StreamReader<SinkWriter<S, I>, B>>
    where
        S: Stream<Item = Result<B, Error>> + Sink<I, Error: Into<io::Error>>,
        B: Buf,
        I: From<Bytes>,
        Error: Into<io::Error>,
    {
        Shim::new(StreamReader::new(SinkWriter::new(stream_sink)))
    }
}
