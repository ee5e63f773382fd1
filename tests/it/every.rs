//! A shim is a type of every ecosystem at once, and of one alone once narrowed. The tables of
//! `docs/MATRIX.md` are checked against the compiler here.

use bytes::Bytes;
use futures::io::{AsyncReadExt as _, AsyncWriteExt as _};
use io_shim::{
    AsyncBufRead, AsyncReadBuf, AsyncSeek, AsyncWrite, Futures, Hyper, ReadBuf, Shim, Std, Tokio, WriteVectored,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::auto_traits::implements;
use crate::mock::Sink;

#[test]
fn a_narrowed_shim_is_not_ambiguous() {
    futures::executor::block_on(async {
        let mut byte = [0; 2];
        let mut shim = Shim::from_futures(&b"abcdef"[..]).for_tokio();
        assert_eq!(shim.read(&mut byte).await.unwrap(), 2);
        let mut shim = shim.for_futures();
        assert_eq!(shim.read(&mut byte).await.unwrap(), 2);
        assert_eq!(&byte, b"cd");
        let mut shim = Shim::from_tokio(Sink::new(true)).only::<Futures>();
        shim.write_all(b"ab").await.unwrap();
        let mut shim = shim.only::<Tokio>();
        shim.write_all(b"cd").await.unwrap();
        assert_eq!(shim.get_ref().data, b"abcd");
    });
}

#[test]
fn io_shims_traits_beside_others_make_nothing_ambiguous() {
    use io_shim::ReadBuf as _;
    use std::io::Read as _;
    let mut slice = &b"abcd"[..];
    let mut byte = [0];
    assert_eq!(slice.read_into_slice(&mut byte).unwrap(), 1);
    assert_eq!(std::io::Read::by_ref(&mut slice).bytes().next().unwrap().unwrap(), b'b');
    // The ambiguity of tokio's and futures' own traits on `&[u8]` is theirs; a narrowed shim has
    // none.
    futures::executor::block_on(async {
        let mut shim = Shim::new(slice).for_tokio();
        assert_eq!(shim.read_u8().await.unwrap(), b'c');
    });
}

/// Types that have one trait, of every ecosystem's, and what it requires. For the table below:
/// never called.
mod only {
    use std::io::{Result, SeekFrom};
    use std::pin::Pin;
    use std::task::{Context, Poll};

    pub struct Reads;
    pub struct Writes;
    pub struct Fills;
    pub struct Seeks;

    macro_rules! reads {
        ($($type:ty),*) => {$(
            impl tokio::io::AsyncRead for $type {
                fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut tokio::io::ReadBuf<'_>) -> Poll<Result<()>> {
                    unreachable!()
                }
            }
            impl futures::io::AsyncRead for $type {
                fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut [u8]) -> Poll<Result<usize>> {
                    unreachable!()
                }
            }
            impl hyper::rt::Read for $type {
                fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: hyper::rt::ReadBufCursor<'_>) -> Poll<Result<()>> {
                    unreachable!()
                }
            }
            impl io_shim::AsyncReadBuf for $type {
                fn poll_read_into(
                    self: Pin<&mut Self>,
                    _: &mut Context<'_>,
                    _: io_shim::BorrowedCursor<'_>,
                ) -> Poll<Result<()>> {
                    unreachable!()
                }
            }
        )*};
    }
    reads!(Reads, Fills);

    macro_rules! writes {
        ($($trait:path, $close:ident);*) => {$(
            impl $trait for Writes {
                fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<Result<usize>> {
                    unreachable!()
                }
                fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
                    unreachable!()
                }
                fn $close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
                    unreachable!()
                }
            }
        )*};
    }
    writes!(
        tokio::io::AsyncWrite, poll_shutdown;
        futures::io::AsyncWrite, poll_close;
        hyper::rt::Write, poll_shutdown;
        io_shim::AsyncWrite, poll_shutdown
    );

    macro_rules! fills {
        ($($trait:path),*) => {$(
            impl $trait for Fills {
                fn poll_fill_buf(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<&[u8]>> {
                    unreachable!()
                }
                fn consume(self: Pin<&mut Self>, _: usize) {}
            }
        )*};
    }
    fills!(tokio::io::AsyncBufRead, futures::io::AsyncBufRead, io_shim::AsyncBufRead);

    impl tokio::io::AsyncSeek for Seeks {
        fn start_seek(self: Pin<&mut Self>, _: SeekFrom) -> Result<()> {
            unreachable!()
        }
        fn poll_complete(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<u64>> {
            unreachable!()
        }
    }

    macro_rules! seeks {
        ($($trait:path),*) => {$(
            impl $trait for Seeks {
                fn poll_seek(self: Pin<&mut Self>, _: &mut Context<'_>, _: SeekFrom) -> Poll<Result<u64>> {
                    unreachable!()
                }
            }
        )*};
    }
    seeks!(futures::io::AsyncSeek, io_shim::AsyncSeek);

    pub struct StdReads;
    pub struct StdWrites;
    pub struct StdFills;
    pub struct StdSeeks;
    pub struct SyncReads;
    pub struct SyncWrites;

    macro_rules! std_reads {
        ($($type:ty),*) => {$(
            impl std::io::Read for $type {
                fn read(&mut self, _: &mut [u8]) -> Result<usize> {
                    unreachable!()
                }
            }
        )*};
    }
    std_reads!(StdReads, StdFills);

    macro_rules! std_writes {
        ($($type:ty),*) => {$(
            impl std::io::Write for $type {
                fn write(&mut self, _: &[u8]) -> Result<usize> {
                    unreachable!()
                }
                fn flush(&mut self) -> Result<()> {
                    unreachable!()
                }
            }
        )*};
    }
    std_writes!(StdWrites, SyncWrites);

    impl std::io::BufRead for StdFills {
        fn fill_buf(&mut self) -> Result<&[u8]> {
            unreachable!()
        }
        fn consume(&mut self, _: usize) {}
    }

    impl std::io::Seek for StdSeeks {
        fn seek(&mut self, _: SeekFrom) -> Result<u64> {
            unreachable!()
        }
    }

    impl io_shim::ReadBuf for SyncReads {
        fn read_into(&mut self, _: io_shim::BorrowedCursor<'_>) -> Result<()> {
            unreachable!()
        }
    }

    impl io_shim::WriteVectored for SyncWrites {
        fn supports_vectored_writes(&self) -> bool {
            unreachable!()
        }
    }

    /// Has io-shim's asynchronous traits, all of them.
    pub struct All;

    impl io_shim::AsyncReadBuf for All {
        io_shim::delegate!(AsyncReadBuf: |_| Pin::new(&mut Reads), |_| &Reads);
    }
    impl io_shim::AsyncWrite for All {
        io_shim::delegate!(AsyncWrite: |_| Pin::new(&mut Writes), |_| &Writes);
    }
    impl io_shim::AsyncBufRead for All {
        fn poll_fill_buf(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<&[u8]>> {
            unreachable!()
        }
        fn consume(self: Pin<&mut Self>, _: usize) {}
    }
    impl io_shim::AsyncSeek for All {
        io_shim::delegate!(AsyncSeek: |_| Pin::new(&mut Seeks), |_| &Seeks);
    }

    /// Has io-shim's synchronous traits, all of them.
    pub struct SyncAll;

    std_reads!(SyncAll);
    std_writes!(SyncAll);

    impl io_shim::ReadBuf for SyncAll {
        fn read_into(&mut self, _: io_shim::BorrowedCursor<'_>) -> Result<()> {
            unreachable!()
        }
    }
    impl io_shim::WriteVectored for SyncAll {
        fn supports_vectored_writes(&self) -> bool {
            unreachable!()
        }
    }
    impl std::io::BufRead for SyncAll {
        fn fill_buf(&mut self) -> Result<&[u8]> {
            unreachable!()
        }
        fn consume(&mut self, _: usize) {}
    }
    impl std::io::Seek for SyncAll {
        fn seek(&mut self, _: SeekFrom) -> Result<u64> {
            unreachable!()
        }
    }
}

/// The names of the traits that hold, as a cell.
fn cell(traits: &[(&str, bool)]) -> String {
    let names: Vec<_> = traits.iter().filter(|(_, holds)| *holds).map(|(name, _)| *name).collect();
    if names.is_empty() { "-".into() } else { names.join(", ") }
}

type Chunks = futures::stream::Empty<std::io::Result<Bytes>>;
type Chunked = std::pin::Pin<Box<dyn futures::Sink<Bytes, Error = std::io::Error>>>;

type Framed = tokio_util::codec::Framed<tokio::net::TcpStream, tokio_util::codec::LengthDelimitedCodec>;
type FramedBytes = io_shim::StreamReader<io_shim::SinkWriter<Framed>, bytes::BytesMut>;

/// The head of a table of what a shim is.
const HEAD: &str =
    "| `T` has | made by | tokio's | futures-io's | hyper's | std's | io-shim's |\n|---|---|---|---|---|---|---|\n";

/// A row of such a table, made of what the compiler says.
macro_rules! row {
    ($has:literal, $made_by:literal, $shim:ty) => {{
        let tokio = cell(&[
            ("`AsyncRead`", implements!($shim: tokio::io::AsyncRead)),
            ("`AsyncWrite`", implements!($shim: tokio::io::AsyncWrite)),
            ("`AsyncBufRead`", implements!($shim: tokio::io::AsyncBufRead)),
            ("`AsyncSeek`", implements!($shim: tokio::io::AsyncSeek)),
        ]);
        let futures = cell(&[
            ("`AsyncRead`", implements!($shim: futures::io::AsyncRead)),
            ("`AsyncWrite`", implements!($shim: futures::io::AsyncWrite)),
            ("`AsyncBufRead`", implements!($shim: futures::io::AsyncBufRead)),
            ("`AsyncSeek`", implements!($shim: futures::io::AsyncSeek)),
        ]);
        let hyper = cell(&[
            ("`Read`", implements!($shim: hyper::rt::Read)),
            ("`Write`", implements!($shim: hyper::rt::Write)),
        ]);
        let std = cell(&[
            ("`Read`", implements!($shim: std::io::Read)),
            ("`Write`", implements!($shim: std::io::Write)),
            ("`BufRead`", implements!($shim: std::io::BufRead)),
            ("`Seek`", implements!($shim: std::io::Seek)),
        ]);
        let io_shim = cell(&[
            ("`AsyncReadBuf`", implements!($shim: AsyncReadBuf)),
            ("`AsyncWrite`", implements!($shim: AsyncWrite)),
            ("`AsyncBufRead`", implements!($shim: AsyncBufRead)),
            ("`AsyncSeek`", implements!($shim: AsyncSeek)),
            ("`ReadBuf`", implements!($shim: ReadBuf)),
            ("`WriteVectored`", implements!($shim: WriteVectored)),
        ]);
        format!("| {} | `{}` | {tokio} | {futures} | {hyper} | {std} | {io_shim} |\n", $has, $made_by)
    }};
}

/// The long table of `docs/MATRIX.md`: by constructor and by trait of the type inside.
fn truth_table() -> String {
    #[cfg(unix)]
    use io_shim::Fd;
    use io_shim::{AllowStd, FuturesBuf, Native, SinkWriter, Smol, StdBuf, StreamReader};
    use only::{Fills, Reads, Seeks, StdFills, StdReads, StdSeeks, StdWrites, SyncReads, SyncWrites, Writes};
    #[cfg(unix)]
    use std::os::unix::net::UnixStream;
    use std::sync::Arc;
    let rows = [
        row!("tokio's `AsyncRead`", "Shim::from_tokio(t)", Shim<Reads, Tokio>),
        row!("tokio's `AsyncWrite`", "Shim::from_tokio(t)", Shim<Writes, Tokio>),
        row!("tokio's `AsyncRead`, `AsyncBufRead`", "Shim::from_tokio(t)", Shim<Fills, Tokio>),
        row!("tokio's `AsyncSeek`", "Shim::from_tokio(t)", Shim<Seeks, Tokio>),
        row!("futures-io's `AsyncRead`", "Shim::from_futures(t)", Shim<Reads, Futures>),
        row!("futures-io's `AsyncWrite`", "Shim::from_futures(t)", Shim<Writes, Futures>),
        row!("futures-io's `AsyncRead`, `AsyncBufRead`", "Shim::from_futures(t)", Shim<Fills, Futures>),
        row!("futures-io's `AsyncRead`, `AsyncBufRead`", "Shim::from_futures_buf(t)", Shim<Fills, FuturesBuf>),
        row!("futures-io's `AsyncSeek`", "Shim::from_futures(t)", Shim<Seeks, Futures>),
        row!("hyper's `Read`", "Shim::from_hyper(t)", Shim<Reads, Hyper>),
        row!("hyper's `Write`", "Shim::from_hyper(t)", Shim<Writes, Hyper>),
        row!("smol's `TcpStream`", "Shim::from_smol(t)", Shim<Arc<smol::Async<std::net::TcpStream>>, Smol>),
        #[cfg(unix)]
        row!("smol's `UnixStream`", "Shim::from_smol(t)", Shim<Arc<smol::Async<UnixStream>>, Smol<UnixStream>>),
        row!("a `Stream` of `Result<Bytes, io::Error>`", "Shim::from_stream(t)", Shim<StreamReader<Chunks, Bytes>>),
        row!("a `Sink` of `Bytes`", "Shim::from_sink(t)", Shim<SinkWriter<Chunked>>),
        row!("both of these", "Shim::from_stream_sink(t)", Shim<FramedBytes>),
        row!("io-shim's `AsyncReadBuf`", "Shim::new(t)", Shim<Reads>),
        row!("io-shim's `AsyncWrite`", "Shim::new(t)", Shim<Writes>),
        row!("io-shim's `AsyncReadBuf`, `AsyncBufRead`", "Shim::new(t)", Shim<Fills>),
        row!("io-shim's `AsyncSeek`", "Shim::new(t)", Shim<Seeks>),
        row!("std's `Read`", "Shim::from_std(t)", Shim<StdReads, Std>),
        row!("std's `Write`", "Shim::from_std(t)", Shim<StdWrites, Std>),
        row!("std's `Read`, `BufRead`", "Shim::from_std(t)", Shim<StdFills, Std>),
        row!("std's `Read`, `BufRead`", "Shim::from_std_buf(t)", Shim<StdFills, StdBuf>),
        row!("std's `Seek`", "Shim::from_std(t)", Shim<StdSeeks, Std>),
        #[cfg(unix)]
        row!("std's `File`", "Shim::from_fd(t)", Shim<std::fs::File, Fd>),
        #[cfg(unix)]
        row!("std's `TcpStream`", "Shim::from_fd(t)", Shim<std::net::TcpStream, Fd>),
        #[cfg(unix)]
        row!("std's `UnixStream`", "Shim::from_fd(t)", Shim<UnixStream, Fd>),
        #[cfg(unix)]
        row!("std's `ChildStdout`", "Shim::from_fd(t)", Shim<std::process::ChildStdout, Fd>),
        #[cfg(unix)]
        row!("std's `ChildStderr`", "Shim::from_fd(t)", Shim<std::process::ChildStderr, Fd>),
        #[cfg(unix)]
        row!("std's `OwnedFd`", "Shim::from_fd(t)", Shim<std::os::fd::OwnedFd, Fd>),
        row!("std's `Read`, and never blocks", "Shim::allow_std(t)", Shim<StdReads, AllowStd>),
        row!("std's `Write`, and never blocks", "Shim::allow_std(t)", Shim<StdWrites, AllowStd>),
        row!("std's `Read`, `BufRead`, and never blocks", "Shim::allow_std(t)", Shim<StdFills, AllowStd>),
        row!("std's `Seek`, and never blocks", "Shim::allow_std(t)", Shim<StdSeeks, AllowStd>),
        row!("io-shim's `ReadBuf`", "Shim::new(t)", Shim<SyncReads>),
        row!("io-shim's `WriteVectored`", "Shim::new(t)", Shim<SyncWrites>),
        row!("tokio's `AsyncRead`", "Shim::from_tokio(t).for_tokio()", Shim<Reads, Tokio, Tokio>),
        row!("tokio's `AsyncRead`", "Shim::from_tokio(t).for_futures()", Shim<Reads, Tokio, Futures>),
        row!("tokio's `AsyncRead`", "Shim::from_tokio(t).for_hyper()", Shim<Reads, Tokio, Hyper>),
        row!("io-shim's `ReadBuf`", "Shim::new(t).for_std()", Shim<SyncReads, Native, Std>),
        row!("io-shim's `ReadBuf`", "Shim::new(t).for_tokio()", Shim<SyncReads, Native, Tokio>),
    ];
    format!("{HEAD}{}", rows.concat())
}

/// A row of the short table: what a shim can be used for, of whose traits.
macro_rules! short_row {
    ($has:literal, $made_by:literal, $shim:ty) => {{
        let tokio = cell(&[
            ("read", implements!($shim: tokio::io::AsyncRead)),
            ("write", implements!($shim: tokio::io::AsyncWrite)),
            ("buffered read", implements!($shim: tokio::io::AsyncBufRead)),
            ("seek", implements!($shim: tokio::io::AsyncSeek)),
        ]);
        let futures = cell(&[
            ("read", implements!($shim: futures::io::AsyncRead)),
            ("write", implements!($shim: futures::io::AsyncWrite)),
            ("buffered read", implements!($shim: futures::io::AsyncBufRead)),
            ("seek", implements!($shim: futures::io::AsyncSeek)),
        ]);
        let hyper = cell(&[
            ("read", implements!($shim: hyper::rt::Read)),
            ("write", implements!($shim: hyper::rt::Write)),
        ]);
        let std = cell(&[
            ("read", implements!($shim: std::io::Read)),
            ("write", implements!($shim: std::io::Write)),
            ("buffered read", implements!($shim: std::io::BufRead)),
            ("seek", implements!($shim: std::io::Seek)),
        ]);
        format!("| {} | `{}` | {tokio} | {futures} | {hyper} | {std} |\n", $has, $made_by)
    }};
}

/// The short table of `docs/MATRIX.md`: by constructor, for types inside that have all traits of
/// their ecosystem.
fn short_table() -> String {
    #[cfg(unix)]
    use io_shim::Fd;
    use io_shim::{AllowStd, SinkWriter, StreamReader};
    type Memory = std::io::Cursor<Vec<u8>>;
    let rows = [
        short_row!("tokio's traits", "Shim::from_tokio(t)", Shim<Memory, Tokio>),
        short_row!("futures-io's traits", "Shim::from_futures(t)", Shim<futures::io::Cursor<Vec<u8>>, Futures>),
        short_row!("hyper's traits", "Shim::from_hyper(t)", Shim<hyper::upgrade::Upgraded, Hyper>),
        short_row!(
            "smol's socket",
            "Shim::from_smol(t)",
            Shim<std::sync::Arc<smol::Async<std::net::TcpStream>>, io_shim::Smol>
        ),
        short_row!("io-shim's asynchronous traits", "Shim::new(t)", Shim<only::All>),
        short_row!("io-shim's synchronous traits", "Shim::new(t)", Shim<only::SyncAll>),
        short_row!("std's traits", "Shim::from_std(t)", Shim<Memory, Std>),
        #[cfg(unix)]
        short_row!("std's `File`", "Shim::from_fd(t)", Shim<std::fs::File, Fd>),
        short_row!("std's traits, and never blocks", "Shim::allow_std(t)", Shim<Memory, AllowStd>),
        short_row!("a `Stream` of bytes", "Shim::from_stream(t)", Shim<StreamReader<Chunks, Bytes>>),
        short_row!("a `Sink` of bytes", "Shim::from_sink(t)", Shim<SinkWriter<Chunked>>),
        short_row!("a `Stream` and `Sink` of bytes", "Shim::from_stream_sink(t)", Shim<FramedBytes>),
        short_row!("tokio's traits", "Shim::from_tokio(t).for_futures()", Shim<Memory, Tokio, Futures>),
    ];
    let head = "| `t` has | made by | for tokio | for futures-io | for hyper | for std |\n|---|---|---|---|---|---|\n";
    format!("{head}{}", rows.concat())
}

#[test]
fn the_tables_in_the_readme_and_the_matrix_are_true() {
    let page = include_str!("../../docs/MATRIX.md");
    for table in [short_table(), truth_table()] {
        assert!(crate::support::has_table(page, &table), "the table should read:\n{table}");
    }
}
