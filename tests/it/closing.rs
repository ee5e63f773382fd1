//! What closing or dropping a shim does, by the inner type: whether the peer reads an end of file.
//!
//! `docs/CLOSING.md` has the table. `cargo test --all-features --test it -- closing --nocapture`
//! prints it.

use std::any::Any;
use std::future::poll_fn;
use std::io::{self, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
#[cfg(unix)]
use std::os::{fd::OwnedFd, unix::net::UnixStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
#[cfg(unix)]
use std::process::Stdio;
use std::time::Duration;

use futures::executor::block_on;
use io_shim::Shim;
use io_shim::rt::BlockOn;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

/// How long an expected end of file may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long to wait for an end of file that is not expected.
const MOMENT: Duration = Duration::from_millis(100);

/// A runtime for tokio's sockets. Tests enter it and block on their own thread, where `BlockOn` may
/// wait, too.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

/// The traits of every shim around an asynchronous writer.
pub trait Writer:
    tokio::io::AsyncWrite + futures::io::AsyncWrite + hyper::rt::Write + io_shim::AsyncWrite + Unpin
{
}

impl<T: tokio::io::AsyncWrite + futures::io::AsyncWrite + hyper::rt::Write + io_shim::AsyncWrite + Unpin> Writer for T {}

/// Whose functions write, flush and close. The result must be the same for each.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    Tokio,
    Futures,
    Hyper,
    BlockOn,
}

impl Way {
    pub const ALL: [Way; 4] = [Way::Tokio, Way::Futures, Way::Hyper, Way::BlockOn];

    pub fn write_all(self, io: &mut impl Writer, data: &[u8]) -> io::Result<()> {
        match self {
            Way::Tokio => block_on(tokio::io::AsyncWriteExt::write_all(io, data)),
            Way::Futures => block_on(futures::io::AsyncWriteExt::write_all(io, data)),
            Way::Hyper => {
                let mut rest = data;
                while !rest.is_empty() {
                    let n = block_on(poll_fn(|cx| hyper::rt::Write::poll_write(Pin::new(&mut *io), cx, rest)))?;
                    rest = &rest[n..];
                }
                Ok(())
            }
            Way::BlockOn => BlockOn::new(io).write_all(data),
        }
    }

    pub fn flush(self, io: &mut impl Writer) -> io::Result<()> {
        match self {
            Way::Tokio => block_on(tokio::io::AsyncWriteExt::flush(io)),
            Way::Futures => block_on(futures::io::AsyncWriteExt::flush(io)),
            Way::Hyper => block_on(poll_fn(|cx| hyper::rt::Write::poll_flush(Pin::new(&mut *io), cx))),
            Way::BlockOn => BlockOn::new(io).flush(),
        }
    }

    pub fn close(self, io: &mut impl Writer) -> io::Result<()> {
        match self {
            Way::Tokio => block_on(tokio::io::AsyncWriteExt::shutdown(io)),
            Way::Futures => block_on(futures::io::AsyncWriteExt::close(io)),
            Way::Hyper => block_on(poll_fn(|cx| hyper::rt::Write::poll_shutdown(Pin::new(&mut *io), cx))),
            Way::BlockOn => BlockOn::new(io).shutdown(),
        }
    }
}

type Peer = Box<dyn tokio::io::AsyncRead + Unpin>;

/// A writer, its reading end, and the other parts of the stream that stay alive when the writer is
/// dropped.
struct Stream<T> {
    io: T,
    peer: Peer,
    rest: Box<dyn Any>,
}

impl<T> Stream<T> {
    fn new(io: T, peer: impl tokio::io::AsyncRead + Unpin + 'static) -> Self {
        Stream { io, peer: Box::new(peer), rest: Box::new(()) }
    }

    /// Replaces the writer.
    fn map<U>(self, make: impl FnOnce(T) -> U) -> Stream<U> {
        Stream { io: make(self.io), peer: self.peer, rest: self.rest }
    }

    /// Replaces the writer, and keeps something else alive.
    fn split<U, R: 'static>(self, make: impl FnOnce(T) -> (U, R)) -> Stream<U> {
        let (io, rest) = make(self.io);
        Stream { io, peer: self.peer, rest: Box::new(rest) }
    }
}

fn tcp() -> Stream<TcpStream> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    peer.set_nonblocking(true).unwrap();
    let (io, _) = listener.accept().unwrap();
    io.set_nonblocking(true).unwrap();
    Stream::new(io, tokio::net::TcpStream::from_std(peer).unwrap())
}

#[cfg(unix)]
fn unix() -> Stream<UnixStream> {
    let (io, peer) = UnixStream::pair().unwrap();
    peer.set_nonblocking(true).unwrap();
    io.set_nonblocking(true).unwrap();
    Stream::new(io, tokio::net::UnixStream::from_std(peer).unwrap())
}

fn tokio_tcp() -> Stream<tokio::net::TcpStream> {
    tcp().map(|io| tokio::net::TcpStream::from_std(io).unwrap())
}

fn duplex() -> Stream<tokio::io::DuplexStream> {
    let (io, peer) = tokio::io::duplex(64);
    Stream::new(io, peer)
}

#[cfg(unix)]
fn pipe() -> Stream<tokio::net::unix::pipe::Sender> {
    let (io, peer) = tokio::net::unix::pipe::pipe().unwrap();
    Stream::new(io, peer)
}

/// The input of a process that ends at its end of file.
#[cfg(unix)]
fn tokio_child() -> Stream<tokio::process::ChildStdin> {
    let mut command = tokio::process::Command::new("cat");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    Stream::new(child.stdin.take().unwrap(), child.stdout.take().unwrap())
}

#[cfg(unix)]
fn smol_child() -> Stream<smol::process::ChildStdin> {
    let mut command = smol::process::Command::new("cat");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    Stream::new(child.stdin.take().unwrap(), Shim::from_futures(child.stdout.take().unwrap()))
}

#[cfg(unix)]
fn std_child() -> Stream<std::process::ChildStdin> {
    tokio_child().map(|io| io.into_owned_fd().unwrap().into())
}

fn smol_tcp() -> Stream<smol::net::TcpStream> {
    tcp().map(|io| io.try_into().unwrap())
}

#[cfg(unix)]
fn smol_unix() -> Stream<smol::net::unix::UnixStream> {
    unix().map(|io| io.try_into().unwrap())
}

fn upgraded() -> Stream<hyper::upgrade::Upgraded> {
    let (io, peer) = block_on(crate::hyper_on_smol::upgraded(async |client| client, async |server| server));
    Stream::new(io, Shim::from_hyper(peer))
}

/// Whether closing `stream` ends it for the peer, while the shim is still alive.
fn ends_by_closing<S: Writer>(mut stream: Stream<S>, way: Way) -> bool {
    way.write_all(&mut stream.io, b"hello").unwrap();
    way.close(&mut stream.io).unwrap();
    // A stream that is still open accepts more, and the peer receives it. A closed one refuses,
    // some types with a panic.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        way.write_all(&mut stream.io, b"!")?;
        way.flush(&mut stream.io)
    }));
    let mut received = Vec::new();
    let reading = async { stream.peer.take(6).read_to_end(&mut received).await.unwrap() };
    block_on(async { timeout(PATIENCE, reading).await }).expect("the peer waits for ever");
    match &received[..] {
        b"hello" => true,
        b"hello!" => false,
        _ => panic!("{received:?}"),
    }
}

/// Checks whether dropping `stream` unclosed ends it for the peer.
#[track_caller]
fn check_dropping<S: Writer>(mut stream: Stream<S>, way: Way, ends: bool, row: &str) {
    way.write_all(&mut stream.io, b"hello").unwrap();
    way.flush(&mut stream.io).unwrap();
    drop(stream.io);
    block_on(async {
        let mut received = [0; 5];
        timeout(PATIENCE, stream.peer.read_exact(&mut received)).await.unwrap().unwrap();
        assert_eq!(&received, b"hello");
        let patience = if ends { PATIENCE } else { MOMENT };
        let end = timeout(patience, stream.peer.read(&mut [0])).await;
        assert_eq!(end.is_ok_and(|n| n.unwrap() == 0), ends, "{row}: the end of file after dropping it");
        // Once everything is dropped, the stream ends in any case.
        drop(stream.rest);
        assert_eq!(timeout(PATIENCE, stream.peer.read(&mut [0])).await.unwrap().unwrap(), 0);
    });
}

/// Returns a row of the table, after checking every way of closing and dropping.
#[track_caller]
fn tried<S: Writer>(inside: &str, code: &str, make: impl Fn() -> io::Result<Stream<S>>, ends: [bool; 2]) -> String {
    let [by_closing, by_dropping] = ends;
    let row = format!("{inside}, {code}");
    for way in Way::ALL {
        assert_eq!(
            ends_by_closing(make().unwrap(), way),
            by_closing,
            "{row}, {way:?}: the end of file after closing it"
        );
        check_dropping(make().unwrap(), way, by_dropping, &row);
    }
    let [closing, dropping] = ends.map(|ends| if ends { "yes" } else { "**no**" });
    format!("| {inside} | `{code}` | {closing} | {dropping} |\n")
}

const PAGE: &str = include_str!("../../docs/CLOSING.md");

const YES: bool = true;
const NO: bool = false;

/// Takes the inner type, a stream of it, the code that wraps it, and whether closing and dropping
/// end the stream.
macro_rules! row {
    ($inside:literal, $stream:expr, |$t:ident| $code:expr, $ends:expr) => {
        tried(
            $inside,
            &stringify!($code).split_whitespace().collect::<Vec<_>>().join(" "),
            || {
                let Stream { io: $t, peer, rest } = $stream;
                Ok(Stream { io: $code, peer, rest })
            },
            $ends,
        )
    };
}

/// The table: by inner type and constructor, whether closing and dropping end the stream for the
/// peer.
fn closing_table() -> String {
    use smol::Async;
    #[cfg(unix)]
    use std::net::TcpStream as StdTcp;
    let rows = [
        row!("tokio's `TcpStream`", tokio_tcp(), |t| Shim::from_tokio(t), [YES, YES]),
        #[cfg(unix)]
        row!(
            "tokio's `UnixStream`",
            unix().map(|io| tokio::net::UnixStream::from_std(io).unwrap()),
            |t| Shim::from_tokio(t),
            [YES, YES]
        ),
        row!("tokio's `DuplexStream`", duplex(), |t| Shim::from_tokio(t), [YES, YES]),
        row!(
            "the `OwnedWriteHalf` of tokio's `TcpStream`",
            tokio_tcp().split(|io| {
                let (read, write) = io.into_split();
                (write, read)
            }),
            |t| Shim::from_tokio(t),
            [YES, YES]
        ),
        row!(
            "the `WriteHalf` of `tokio::io::split`, while the other half is alive",
            tokio_tcp().split(|io| {
                let (read, write) = tokio::io::split(io);
                (write, read)
            }),
            |t| Shim::from_tokio(t),
            [YES, NO]
        ),
        #[cfg(unix)]
        row!("tokio's `ChildStdin`", tokio_child(), |t| Shim::from_tokio(t), [NO, YES]),
        #[cfg(unix)]
        row!("tokio's `pipe::Sender`", pipe(), |t| Shim::from_tokio(t), [NO, YES]),
        row!("smol's `TcpStream`", smol_tcp(), |t| Shim::from_smol(t), [YES, YES]),
        row!("smol's `TcpStream`", smol_tcp(), |t| Shim::from_futures(t), [YES, YES]),
        row!(
            "smol's `TcpStream`, while a clone is alive",
            smol_tcp().split(|io| (io.clone(), io)),
            |t| Shim::from_smol(t),
            [YES, NO]
        ),
        #[cfg(unix)]
        row!("smol's `UnixStream`", smol_unix(), |t| Shim::from_smol(t), [YES, YES]),
        #[cfg(unix)]
        row!("smol's `UnixStream`", smol_unix(), |t| Shim::from_futures(t), [YES, YES]),
        row!("`Async<TcpStream>`", tcp().map(|io| Async::new(io).unwrap()), |t| Shim::from_smol(t), [YES, YES]),
        row!("`Async<TcpStream>`", tcp().map(|io| Async::new(io).unwrap()), |t| Shim::from_futures(t), [NO, YES]),
        #[cfg(unix)]
        row!("`Async<UnixStream>`", unix().map(|io| Async::new(io).unwrap()), |t| Shim::from_futures(t), [NO, YES]),
        row!(
            "the `WriteHalf` of futures' `split`, while the other half is alive",
            smol_tcp().split(|io| {
                let (read, write) = futures::AsyncReadExt::split(io);
                (write, read)
            }),
            |t| Shim::from_futures(t),
            [YES, NO]
        ),
        #[cfg(unix)]
        row!("smol's `ChildStdin`", smol_child(), |t| Shim::from_futures(t), [NO, YES]),
        #[cfg(unix)]
        row!("std's `ChildStdin`", std_child(), |t| Shim::from_futures(smol::Unblock::new(t)), [YES, YES]),
        row!(
            "async-std's `TcpStream`",
            tcp().map(async_std::net::TcpStream::from),
            |t| Shim::from_futures(t),
            [NO, YES]
        ),
        #[cfg(unix)]
        row!(
            "async-std's `TcpStream`",
            tcp().map(async_std::net::TcpStream::from),
            |t| Shim::from_smol(Async::new(StdTcp::from(OwnedFd::from(t)))?),
            [YES, YES]
        ),
        #[cfg(unix)]
        row!(
            "async-std's `UnixStream`",
            unix().map(async_std::os::unix::net::UnixStream::from),
            |t| Shim::from_futures(t),
            [NO, YES]
        ),
        row!("hyper's `Upgraded`", upgraded(), |t| Shim::from_hyper(t), [YES, YES]),
    ];
    let head = "| `t` is | wrapped by | closing ends the stream | dropping ends it |\n|---|---|---|---|\n";
    format!("{head}{}", rows.concat())
}

#[test]
#[cfg_attr(miri, ignore = "needs sockets and processes")]
fn closing_and_dropping_end_the_streams_that_the_table_says() {
    let runtime = runtime();
    let _entered = runtime.enter();
    let table = closing_table();
    println!("{table}");
    assert!(crate::support::has_table(PAGE, &table), "the page should have the table:\n{table}");
}

/// The advice for the sockets that closing does not end.
#[test]
#[cfg_attr(miri, ignore = "needs sockets")]
fn the_sockets_own_shutdown_ends_what_closing_does_not() {
    let runtime = runtime();
    let _entered = runtime.enter();
    block_on(async {
        let Stream { io, mut peer, .. } = tcp();
        let mut shim = Shim::from_futures(async_std::net::TcpStream::from(io)).for_tokio();
        shim.write_all(b"hello").await.unwrap();
        shim.shutdown().await.unwrap();
        shim.get_ref().shutdown(Shutdown::Write).unwrap();
        let mut received = Vec::new();
        timeout(PATIENCE, peer.read_to_end(&mut received)).await.unwrap().unwrap();
        assert_eq!(received, b"hello");
        drop(shim);
    });
}
