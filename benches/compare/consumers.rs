//! The consumers: what programs do with a tokio reader.

use std::sync::LazyLock;

use bytes::BytesMut;
use futures::StreamExt as _;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _};
use tokio::runtime::{Builder, Runtime};
use tokio_util::codec::{BytesCodec, FramedRead, LengthDelimitedCodec, LinesCodec};
use tokio_util::io::ReaderStream;

use crate::measure::drive;
use crate::source::{FRAME, Sizes, Source, bytes_name};

/// A consumer of a tokio reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consumer {
    /// `FramedRead` with a `BytesCodec`.
    FramedBytes,
    /// `FramedRead` with a `LinesCodec`.
    FramedLines,
    /// `FramedRead` with a `LengthDelimitedCodec`: one frame of 8 MiB.
    FramedLength,
    /// Repeated `read_buf` into an empty `BytesMut` of that capacity.
    ReadBuf(usize),
    /// The same, driven by an executor, which includes the cost of yields.
    ReadBufOn(Executor, usize),
    /// `ReaderStream`, 4 KiB.
    ReaderStream,
    /// `read` through a `tokio::io::Take` into an initialized buffer of 64 KiB.
    Take,
    /// `read_to_end` of that many bytes into a new `Vec`.
    ReadToEnd(usize),
    /// `tokio::io::copy` to a sink.
    Copy,
    /// `BufReader`, 8 KiB. Its buffer is consumed completely each time.
    BufReader,
    /// The lines of a `BufReader`, 8 KiB.
    Lines,
}

/// Drives a future and waits for wakeups, unlike [`drive`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Executor {
    /// tokio's current-thread runtime, with its driver.
    Tokio,
    /// `smol::block_on`, which drives smol's reactor.
    Smol,
}

impl Executor {
    fn name(self) -> &'static str {
        match self {
            Executor::Tokio => "tokio",
            Executor::Smol => "smol",
        }
    }

    fn block_on<F: Future>(self, future: F) -> F::Output {
        static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
            Builder::new_current_thread().enable_all().build().expect("a current-thread runtime can be built")
        });
        match self {
            Executor::Tokio => RUNTIME.block_on(future),
            Executor::Smol => smol::block_on(future),
        }
    }
}

/// Memory that a consumer keeps between runs, so that no run pays for new pages.
#[derive(Debug)]
pub(crate) struct Scratch {
    spare: BytesMut,
    slice: Vec<u8>,
}

impl Consumer {
    /// Returns its name in a table.
    pub(crate) fn name(self) -> String {
        match self {
            Consumer::FramedBytes => "FramedRead, BytesCodec".into(),
            Consumer::FramedLines => "FramedRead, LinesCodec".into(),
            Consumer::FramedLength => "FramedRead, LengthDelimitedCodec, one frame of 8M".into(),
            Consumer::ReadBuf(capacity) => format!("read_buf into {}", bytes_name(capacity)),
            Consumer::ReadBufOn(executor, capacity) => {
                format!("read_buf into {}, driven by {}", bytes_name(capacity), executor.name())
            }
            Consumer::ReaderStream => "ReaderStream, 4K".into(),
            Consumer::Take => "Take, read into initialized 64K".into(),
            Consumer::ReadToEnd(total) => format!("read_to_end of {}", bytes_name(total)),
            Consumer::Copy => "copy".into(),
            Consumer::BufReader => "BufReader, 8K".into(),
            Consumer::Lines => "BufReader, lines".into(),
        }
    }

    /// Returns how many bytes it must read, if it cannot read another number.
    pub(crate) fn total(self) -> Option<usize> {
        match self {
            Consumer::FramedLength => Some(FRAME + 4),
            Consumer::ReadToEnd(total) => Some(total),
            _ => None,
        }
    }

    /// Returns a source of `total` bytes for it.
    pub(crate) fn source(self, sizes: Sizes, pending: bool, total: usize) -> Source {
        match self {
            Consumer::FramedLength => Source::framed(sizes, pending),
            _ => Source::new(sizes, pending, total),
        }
    }

    /// Returns the memory that it keeps between runs.
    pub(crate) fn scratch(self) -> Scratch {
        let (spare, slice) = match self {
            Consumer::ReadBuf(capacity) | Consumer::ReadBufOn(_, capacity) => (capacity, 0),
            Consumer::Take => (0, 64 << 10),
            _ => (0, 0),
        };
        Scratch { spare: BytesMut::with_capacity(spare), slice: vec![b'x'; slice] }
    }

    /// Drives a future on the consumer's executor, if it has one, and otherwise by polling.
    pub(crate) fn drive<F: Future>(self, future: F) -> F::Output {
        match self {
            Consumer::ReadBufOn(executor, _) => executor.block_on(future),
            _ => drive(future),
        }
    }

    /// Reads all of `reader`, and returns about how much it read.
    ///
    /// # Panics
    ///
    /// Panics if `reader` fails.
    pub(crate) async fn consume<R: AsyncRead + Unpin>(self, mut reader: R, scratch: &mut Scratch) -> usize {
        const GOOD: &str = "the source does not fail";
        let mut total = 0;
        match self {
            Consumer::FramedBytes => {
                let mut frames = FramedRead::new(reader, BytesCodec::new());
                while let Some(frame) = frames.next().await {
                    total += frame.expect(GOOD).len();
                }
            }
            Consumer::FramedLines => {
                let mut frames = FramedRead::new(reader, LinesCodec::new());
                while let Some(frame) = frames.next().await {
                    total += frame.expect(GOOD).len() + 1;
                }
            }
            Consumer::FramedLength => {
                let codec = LengthDelimitedCodec::builder().max_frame_length(FRAME).new_codec();
                let mut frames = FramedRead::new(reader, codec);
                while let Some(frame) = frames.next().await {
                    total += frame.expect(GOOD).len();
                }
            }
            Consumer::ReadBuf(_) | Consumer::ReadBufOn(..) => loop {
                scratch.spare.clear();
                match reader.read_buf(&mut scratch.spare).await.expect(GOOD) {
                    0 => break,
                    n => total += n,
                }
            },
            Consumer::ReaderStream => {
                let mut chunks = ReaderStream::new(reader);
                while let Some(chunk) = chunks.next().await {
                    total += chunk.expect(GOOD).len();
                }
            }
            Consumer::Take => {
                let mut reader = reader.take(u64::MAX);
                loop {
                    match reader.read(&mut scratch.slice).await.expect(GOOD) {
                        0 => break,
                        n => total += n,
                    }
                }
            }
            Consumer::ReadToEnd(_) => total = reader.read_to_end(&mut Vec::new()).await.expect(GOOD),
            Consumer::Copy => {
                total = tokio::io::copy(&mut reader, &mut tokio::io::sink()).await.expect(GOOD) as usize;
            }
            Consumer::Lines => {
                let mut lines = tokio::io::BufReader::new(reader).lines();
                while let Some(line) = lines.next_line().await.expect(GOOD) {
                    total += line.len() + 1;
                }
            }
            Consumer::BufReader => {
                let mut reader = tokio::io::BufReader::new(reader);
                loop {
                    match reader.fill_buf().await.expect(GOOD).len() {
                        0 => break,
                        n => {
                            reader.consume(n);
                            total += n;
                        }
                    }
                }
            }
        }
        total
    }
}
