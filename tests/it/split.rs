//! The halves of one shim, in tasks and threads of their own: no wake-up is lost.
//!
//! hyper and hyper-util have no function that splits. hyper's traits are used between two shims,
//! and tokio's function splits the outer one.

use std::io::{self, Read, Write};
use std::sync::LazyLock;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt as _, join_all};
use hyper_util::rt::TokioIo;
use io_shim::Shim;
use io_shim::rt::{Embedded, TokioContext};
use tokio::runtime::{Builder, Runtime};
use tokio_util::compat::TokioAsyncReadCompatExt as _;

/// How many bytes go each way.
const TOTAL: usize = 4 << 20;
/// How long one exchange may take. It takes a fraction of a second, unless a wake-up is lost.
const LIMIT: Duration = Duration::from_secs(60);
/// The longest piece that is read or written in one call.
const LONGEST: usize = 4096;
/// How many bytes the pipes in memory hold.
const PIPE: usize = 3000;

type Task = BoxFuture<'static, ()>;

/// Each position differs from those near it, and the two directions differ from each other.
const PERIOD: usize = 65_537;
static PATTERN: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let byte = |i: usize| ((i % PERIOD) as u32).wrapping_mul(2_654_435_761).to_be_bytes()[0];
    (0..PERIOD + LONGEST).map(byte).collect()
});

/// One direction of an exchange: which bytes it consists of, and how long the pieces are.
#[derive(Clone, Copy)]
struct Direction(usize);

const THERE: Direction = Direction(1);
const BACK: Direction = Direction(30_000);

impl Direction {
    /// The bytes from position `at` on: `len` of them, unless fewer are left.
    fn bytes(self, at: usize, len: usize) -> &'static [u8] {
        &PATTERN[(self.0 + at) % PERIOD..][..len.min(TOTAL - at)]
    }

    /// The length of the next piece, from 1 to 4096.
    fn piece(self, at: usize) -> usize {
        (at ^ self.0).wrapping_mul(0x9E37_79B9) % 65_521 % LONGEST + 1
    }
}

/// Splits both ends of a stream by a function of an ecosystem, and makes a task of each half.
macro_rules! splits {
    ($name:ident, $ecosystem:ident, $split:path, $close:ident) => {
        fn $name<S>((one, two): (S, S)) -> Vec<Task>
        where
            S: $ecosystem::io::AsyncRead + $ecosystem::io::AsyncWrite + Send + Unpin + 'static,
        {
            use $ecosystem::io::{AsyncReadExt as _, AsyncWriteExt as _};

            async fn send(mut writer: impl $ecosystem::io::AsyncWrite + Unpin, direction: Direction) {
                let mut at = 0;
                while at < TOTAL {
                    let piece = direction.bytes(at, direction.piece(at));
                    writer.write_all(piece).await.unwrap();
                    at += piece.len();
                }
                writer.flush().await.unwrap();
                writer.$close().await.unwrap();
            }

            async fn receive(mut reader: impl $ecosystem::io::AsyncRead + Unpin, direction: Direction) {
                let (mut at, mut buf) = (0, [0; LONGEST]);
                loop {
                    let buf = &mut buf[..direction.piece(at + 1)];
                    let n = reader.read(buf).await.unwrap();
                    assert!(buf[..n] == *direction.bytes(at, n), "other bytes from {at} on");
                    at += n;
                    if n == 0 {
                        break;
                    }
                }
                assert_eq!(at, TOTAL);
            }

            let ((hears, says), (other_hears, other_says)) = ($split(one), $split(two));
            vec![
                send(says, THERE).boxed(),
                receive(hears, BACK).boxed(),
                send(other_says, BACK).boxed(),
                receive(other_hears, THERE).boxed(),
            ]
        }
    };
}

splits!(by_tokio, tokio, tokio::io::split, shutdown);
splits!(by_futures, futures, futures::io::AsyncReadExt::split, close);

/// The name of an executor, and how it runs tasks to their end.
type Executor = (&'static str, fn(Vec<Task>));

const EXECUTORS: [Executor; 4] = [
    ("tokio, multi-thread", |tasks| on_tokio(Builder::new_multi_thread().worker_threads(2).build().unwrap(), tasks)),
    ("tokio, `current_thread`", |tasks| on_tokio(Builder::new_current_thread().build().unwrap(), tasks)),
    ("smol, two threads", |tasks| {
        let executor = smol::Executor::new();
        let tasks: Vec<_> = tasks.into_iter().map(|task| executor.spawn(task)).collect();
        let (run, stop) = smol::channel::bounded::<()>(1);
        thread::scope(|scope| {
            for _ in 0..2 {
                // An error, when the other end is dropped.
                scope.spawn(|| smol::block_on(executor.run(stop.recv())).unwrap_err());
            }
            smol::block_on(join_all(tasks));
            drop(run);
        });
    }),
    ("futures' `block_on`, a thread each", |tasks| {
        let threads: Vec<_> =
            tasks.into_iter().map(|task| thread::spawn(|| futures::executor::block_on(task))).collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    }),
];

fn on_tokio(runtime: Runtime, tasks: Vec<Task>) {
    let tasks: Vec<_> = tasks.into_iter().map(|task| runtime.spawn(task)).collect();
    tasks.into_iter().for_each(|task| runtime.block_on(task).unwrap());
}

/// Sends and receives at both ends of what `pair` makes, on each executor, for each split.
#[track_caller]
fn exchange<S>(pair: impl Fn() -> (S, S))
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + futures::io::AsyncRead + futures::io::AsyncWrite,
    S: hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static,
{
    let through_hyper = |(one, two)| by_tokio((Shim::from_hyper(one), Shim::from_hyper(two)));
    for (executor, run) in EXECUTORS {
        for (split, tasks) in [
            ("tokio's split", by_tokio(pair())),
            ("futures' split", by_futures(pair())),
            ("tokio's split over hyper's traits", through_hyper(pair())),
        ] {
            let (send, receive) = channel();
            thread::spawn(move || {
                run(tasks);
                send.send(()).unwrap();
            });
            match receive.recv_timeout(LIMIT) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => panic!("{executor}, {split}: a wake-up was lost"),
                Err(RecvTimeoutError::Disconnected) => panic!("{executor}, {split}: see the panic above"),
            }
        }
    }
}

/// Two connected sockets of tokio's, whose runtime runs elsewhere.
fn tokio_sockets() -> (tokio::net::TcpStream, tokio::net::TcpStream) {
    let connects = async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let one = tokio::net::TcpStream::connect(listener.local_addr()?).await?;
        io::Result::Ok((one, listener.accept().await?.0))
    };
    Embedded::global().unwrap().handle().block_on(connects).unwrap()
}

#[cfg(unix)]
fn smol_sockets() -> (smol::net::unix::UnixStream, smol::net::unix::UnixStream) {
    smol::net::unix::UnixStream::pair().unwrap()
}

#[cfg(not(unix))]
fn smol_sockets() -> (smol::net::TcpStream, smol::net::TcpStream) {
    smol::block_on(async {
        let listener = smol::net::TcpListener::bind("127.0.0.1:0").await?;
        let one = smol::net::TcpStream::connect(listener.local_addr()?).await?;
        io::Result::Ok((one, listener.accept().await?.0))
    })
    .unwrap()
}

fn map<T, S>((one, two): (T, T), make: impl Fn(T) -> S) -> (S, S) {
    (make(one), make(two))
}

#[test]
#[cfg_attr(miri, ignore = "would take hours")]
fn halves_of_from_tokio_wake_each_other() {
    exchange(|| map(tokio::io::duplex(PIPE), Shim::from_tokio));
}

#[test]
#[cfg_attr(miri, ignore = "needs sockets")]
fn halves_of_from_tokio_over_a_socket_are_woken() {
    exchange(|| map(tokio_sockets(), Shim::from_tokio));
}

#[test]
#[cfg_attr(miri, ignore = "needs sockets")]
fn halves_of_from_tokio_in_a_context_are_woken() {
    let handle = Embedded::global().unwrap().handle();
    exchange(|| map(tokio_sockets(), |socket| Shim::from_tokio(TokioContext::new(socket, handle.clone()))));
    exchange(|| map(tokio::io::duplex(PIPE), |pipe| Shim::from_tokio(TokioContext::new(pipe, handle.clone()))));
}

#[test]
#[cfg_attr(miri, ignore = "would take hours")]
fn halves_of_from_futures_wake_each_other() {
    exchange(|| map(tokio::io::duplex(PIPE), |pipe| Shim::from_futures(pipe.compat())));
}

#[test]
#[cfg_attr(miri, ignore = "needs sockets")]
fn halves_of_from_futures_over_a_socket_are_woken() {
    exchange(|| map(smol_sockets(), Shim::from_futures));
}

#[test]
#[cfg_attr(miri, ignore = "needs sockets")]
fn halves_of_from_smol_are_woken() {
    exchange(|| map(smol_sockets(), Shim::from_smol));
}

#[test]
#[cfg_attr(miri, ignore = "would take hours")]
fn halves_of_from_hyper_wake_each_other() {
    exchange(|| map(tokio::io::duplex(PIPE), |pipe| Shim::from_hyper(TokioIo::new(pipe))));
}

#[test]
#[cfg_attr(miri, ignore = "would take hours")]
fn halves_of_new_wake_each_other() {
    exchange(|| map(tokio::io::duplex(PIPE), |pipe| Shim::new(Shim::from_tokio(pipe))));
}

/// Both ends of a stream in one type, which is always ready.
struct Memory {
    gives: Direction,
    given: usize,
    takes: Direction,
    taken: usize,
}

impl Read for Memory {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let bytes = self.gives.bytes(self.given, buf.len().min(LONGEST));
        buf[..bytes.len()].copy_from_slice(bytes);
        self.given += bytes.len();
        Ok(bytes.len())
    }
}

impl Write for Memory {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let data = &data[..data.len().min(LONGEST)];
        assert!(*data == *self.takes.bytes(self.taken, data.len()), "other bytes from {} on", self.taken);
        self.taken += data.len();
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        assert_eq!(self.taken, TOTAL);
        Ok(())
    }
}

#[test]
#[cfg_attr(miri, ignore = "would take hours")]
fn halves_of_allow_std_take_turns() {
    let memory = |gives, takes| Shim::allow_std(Memory { gives, given: 0, takes, taken: 0 });
    exchange(|| (memory(BACK, THERE), memory(THERE, BACK)));
}
