//! Conversions between `Stream`s and `Sink`s of bytes and io-shim's readers and writers.
//!
//! | | from | to |
//! |---|---|---|
//! | `Stream` | `Shim::from_stream`: [`StreamReader`], a buffered reader | `shim.into_byte_stream()`: [`ByteStream`] |
//! | `Sink` | `Shim::from_sink`: [`SinkWriter`], a writer | `shim.into_byte_sink()`: [`ByteSink`] |
//! | both | `Shim::from_stream_sink`: a `StreamReader` of a `SinkWriter`, which reads and writes | |
//!
//! Uses `shim`, `traits`, `coop` and `buf`.

mod byte_sink;
mod byte_stream;
mod checked_buf;
mod sink_writer;
mod stream_reader;
mod stream_sink;

pub use byte_sink::ByteSink;
pub use byte_stream::ByteStream;
pub use sink_writer::SinkWriter;
pub use stream_reader::StreamReader;
