//! No peer starves a task: a time limit around an endless job fires, however fast the peer is.
//!
//! A task that never returns `Pending` keeps its executor's thread for ever. So each case runs in a
//! process of its own, which the system kills when it has used too much CPU time.
#![cfg(unix)]

use std::convert::Infallible;
use std::io::{self, IoSlice, IoSliceMut, Read as _, Write as _};
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::pin::{Pin, pin};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{LazyLock, Mutex};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::{Either, poll_fn, select as either};
use futures::stream;
use futures::{SinkExt as _, StreamExt as _};
use io_shim::rt::{Embedded, TokioContext};
use io_shim::{ByteSink, ByteStream, Shim, TrackedBuf, owned};
use rustix::process::{Resource, Rlimit};
use tokio::net::TcpStream;

use crate::support::endless::Memory;

/// The time limit around each job.
const LIMIT: Duration = Duration::from_millis(150);
/// The latest time at which the limit must have fired.
const LATEST: Duration = Duration::from_secs(1);
/// After how many seconds of its CPU time the system kills a child.
const PATIENCE: u64 = 3;
/// How many children run at once.
const AT_ONCE: usize = 2;
/// The environment variable that names the case of a child.
const VARIABLE: &str = "IO_SHIM_STARVATION";

/// Time since a job was started, by the clock or by the CPU time of the process, whichever is less:
/// a task that starves others uses both. On a busy machine, one that does not uses little of the
/// second.
#[derive(Clone, Copy)]
struct Watch {
    clock: Instant,
    cpu: Duration,
}

impl Watch {
    fn start() -> Self {
        Watch { clock: Instant::now(), cpu: cpu_time() }
    }

    fn elapsed(&self) -> Duration {
        self.clock.elapsed().min(cpu_time() - self.cpu)
    }
}

fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// A job that would run for ever.
type Job = Pin<Box<dyn Future<Output = Infallible> + Send>>;

/// A situation, a constructor, and the job.
struct Case {
    situation: &'static str,
    constructor: &'static str,
    make: fn() -> Job,
}

/// Crosses constructors with situations, which are functions in `situations`.
macro_rules! cases {
    ($($constructor:literal, $make:expr => $($situation:ident)*;)*) => {
        &[$($(Case {
            situation: stringify!($situation),
            constructor: $constructor,
            make: || Box::pin(async { situations::$situation($make).await }),
        },)*)*]
    };
}

/// `Memory` has the traits of every ecosystem, and the constructor decides which of them are used.
static CASES: &[Case] = cases! {
    "from_tokio(memory)", Shim::from_tokio(Memory::new()) =>
        read_4 read_64k read_1m read_vectored futures_read_4 hyper_read_4
        write_16 write_vectored futures_write_16 hyper_write_16 select poll_both
        lines futures_lines fill_and_consume tokio_buf_reader_lines futures_buf_reader_lines
        tokio_copy tokio_copy_to futures_copy futures_copy_to owned_copy owned_copy_to;
    "from_futures(memory)", Shim::from_futures(Memory::new()) =>
        read_4 read_64k read_1m read_vectored futures_read_4 hyper_read_4
        write_16 write_vectored futures_write_16 hyper_write_16 select poll_both
        lines futures_lines fill_and_consume tokio_buf_reader_lines futures_buf_reader_lines
        tokio_copy tokio_copy_to futures_copy futures_copy_to owned_copy owned_copy_to
        chunks send feed forward;
    "from_futures_buf(memory)", Shim::from_futures_buf(Memory::new()) => read_4 read_1m read_vectored lines write_16;
    "from_hyper(memory)", Shim::from_hyper(Memory::new()) =>
        read_4 read_64k read_1m write_16 write_vectored select poll_both;
    "new(memory)", Shim::new(Memory::new()) =>
        read_4 read_64k read_1m read_vectored hyper_read_4 write_16 write_vectored hyper_write_16 select poll_both
        lines futures_lines fill_and_consume;
    "allow_std(memory)", Shim::allow_std(Memory::new()) =>
        read_4 read_64k read_1m read_vectored write_16 write_vectored select poll_both look_both
        lines futures_lines fill_and_consume tokio_buf_reader_lines futures_buf_reader_lines
        tokio_copy tokio_copy_to futures_copy futures_copy_to owned_copy owned_copy_to;
    "from_stream(64 bytes)", Shim::from_stream(chunks_of(64)) =>
        read_4 read_64k read_vectored lines futures_lines fill_and_consume tokio_copy owned_copy;
    "from_stream(1 MiB)", Shim::from_stream(chunks_of(1 << 20)) => read_4 read_64k read_1m;
    "from_sink(drain)", Shim::from_sink(drain()) => write_16 write_vectored futures_write_16 tokio_copy_to owned_copy_to;
    "from_tokio(memory), 1 byte a call", Shim::from_tokio(Memory::one_byte()) => read_to_end futures_read_to_end;
    "from_futures(memory), 1 byte a call", Shim::from_futures(Memory::one_byte()) => read_to_end futures_read_to_end;
    "from_tokio(failing)", Shim::from_tokio(Memory::failing()) => read_errors write_errors;
    "from_futures(failing)", Shim::from_futures(Memory::failing()) => read_errors write_errors;
    "new(failing)", Shim::new(Memory::failing()) => read_errors write_errors;
    "allow_std(failing)", Shim::allow_std(Memory::failing()) => read_errors write_errors;
    "from_futures(empty)", Shim::from_futures(Memory::empty()) => read_ends;
    "allow_std(empty)", Shim::allow_std(Memory::empty()) => read_ends;
    "from_tokio(tokio's socket)", Shim::from_tokio(tokio_socket().await) =>
        read_4 read_64k read_1m futures_read_4 write_16 futures_write_16 select futures_copy chunks send;
    "from_futures(smol's socket)", Shim::from_futures(smol_socket().await) =>
        read_4 read_64k read_1m write_16 select tokio_copy tokio_buf_reader_lines;
    "from_smol(smol's socket)", Shim::from_smol(smol_socket().await) =>
        read_4 read_64k read_1m read_vectored write_16 write_vectored select tokio_buf_reader_lines
        futures_buf_reader_lines tokio_copy futures_copy owned_copy chunks send;
    "from_hyper(hyper's socket)", Shim::from_hyper(hyper_util::rt::TokioIo::new(tokio_socket().await)) =>
        read_4 read_64k write_16 select;
    "no shim", Memory::new() =>
        owned_read_buf owned_read_exact owned_copy owned_copy_to chunks send feed forward;
    "no shim, 1 byte a call", Memory::one_byte() => owned_read_to_end owned_read_to_end_within;
    "no shim, interrupted", Memory::interrupted() => owned_read_to_end;
};

/// Runs a job beside a time limit, and returns how long it took until the job was gone.
struct Executor {
    name: &'static str,
    run: fn(Job) -> Duration,
}

static EXECUTORS: &[Executor] = &[
    Executor { name: "tokio", run: tokio_timeout },
    Executor { name: "smol", run: |job| smol::block_on(limited(job)) },
    Executor { name: "tokio, abort", run: tokio_abort },
    Executor { name: "tokio, 1 worker", run: tokio_worker },
    Executor { name: "smol, spawned", run: smol_spawned },
    Executor { name: "futures", run: |job| futures::executor::block_on(limited(job)) },
    Executor { name: "pollster", run: |job| pollster::block_on(limited(job)) },
];

/// Every case runs on the first two executors. Where the others add something, they run it, too.
fn executors(case: &Case) -> &'static [Executor] {
    const EVERYWHERE: [&str; 6] = [
        "from_futures(memory)",
        "allow_std(memory)",
        "from_stream(64 bytes)",
        "from_sink(drain)",
        "from_tokio(tokio's socket)",
        "from_smol(smol's socket)",
    ];
    match case.situation {
        "read_4" | "write_16" if EVERYWHERE.contains(&case.constructor) => EXECUTORS,
        _ => &EXECUTORS[..2],
    }
}

fn one_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn tokio_timeout(job: Job) -> Duration {
    one_thread().block_on(async {
        let start = Watch::start();
        let Err(_) = tokio::time::timeout(LIMIT, job).await;
        start.elapsed()
    })
}

/// Another task of the thread sleeps, and the job is aborted.
fn tokio_abort(job: Job) -> Duration {
    one_thread().block_on(async {
        let start = Watch::start();
        let job = tokio::spawn(job);
        tokio::spawn(tokio::time::sleep(Duration::from_millis(10))).await.unwrap();
        let of_other_task = start.elapsed();
        tokio::time::sleep(LIMIT).await;
        job.abort();
        let Err(error) = job.await;
        assert!(error.is_cancelled(), "{error}");
        assert!(of_other_task < LATEST, "another task's 10 ms took {of_other_task:?}");
        start.elapsed()
    })
}

fn tokio_worker(job: Job) -> Duration {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let limited = runtime.spawn(async {
        let start = Watch::start();
        let Err(_) = tokio::time::timeout(LIMIT, job).await;
        start.elapsed()
    });
    runtime.block_on(limited).unwrap()
}

/// The time limit on an executor that has none of its own.
async fn limited(job: Job) -> Duration {
    let start = Watch::start();
    match either(job, smol::Timer::after(LIMIT)).await {
        Either::Left((never, _)) => match never {},
        Either::Right(_) => start.elapsed(),
    }
}

/// Another task of smol's only thread sleeps, and the job is cancelled.
fn smol_spawned(job: Job) -> Duration {
    smol::block_on(async {
        let start = Watch::start();
        let job = smol::spawn(job);
        smol::spawn(async { smol::Timer::after(Duration::from_millis(10)).await }).await;
        let of_other_task = start.elapsed();
        smol::Timer::after(LIMIT).await;
        assert!(job.cancel().await.is_none());
        assert!(of_other_task < LATEST, "another task's 10 ms took {of_other_task:?}");
        start.elapsed()
    })
}

#[test]
#[cfg_attr(miri, ignore = "needs processes")]
fn no_peer_starves_a_task() {
    let all: Vec<_> =
        CASES.iter().flat_map(|case| executors(case).iter().map(move |executor| (case, executor))).collect();
    let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(vec![None; all.len()]));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((at, (case, executor))) = all.iter().enumerate().nth(next.fetch_add(1, Relaxed)) {
                    outcomes.lock().unwrap()[at] = run_child(&name(case, executor));
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().unwrap();
    let starved: Vec<_> = all.iter().zip(&outcomes).filter(|(_, outcome)| !is_good(**outcome)).collect();
    let names: Vec<_> = starved.iter().map(|((case, executor), _)| name(case, executor)).collect();
    assert!(starved.is_empty(), "{} of {} starved:\n{}", starved.len(), all.len(), names.join("\n"));
}

/// Runs one case, in a process of its own.
#[test]
#[ignore = "run by a test, in a process of its own"]
fn child_with_one_case() {
    let wanted = std::env::var(VARIABLE).expect("the name of a case");
    let limit = Rlimit { current: Some(PATIENCE), maximum: Some(PATIENCE + 1) };
    rustix::process::setrlimit(Resource::Cpu, limit).unwrap();
    for case in CASES {
        if let Some(executor) = executors(case).iter().find(|executor| name(case, executor) == wanted) {
            println!("took {}", (executor.run)((case.make)()).as_millis());
            return;
        }
    }
    panic!("there is no case `{wanted}`");
}

fn name(case: &Case, executor: &Executor) -> String {
    format!("{}: {}: {}", case.situation, case.constructor, executor.name)
}

/// Returns how long the case took in a process of its own, or `None` if it had to be killed.
fn run_child(case: &str) -> Option<Duration> {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["starvation::child_with_one_case", "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .env(VARIABLE, case)
        .output()
        .unwrap();
    if output.status.signal().is_some() {
        return None;
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let took = said.lines().find_map(|line| line.rsplit_once("took ")?.1.parse().ok());
    let errors = String::from_utf8_lossy(&output.stderr);
    Some(Duration::from_millis(took.unwrap_or_else(|| panic!("{case} failed:\n{said}{errors}"))))
}

fn is_good(outcome: Option<Duration>) -> bool {
    outcome.is_some_and(|took| took < LATEST)
}

/// Returns the address of a peer that sends and receives as much as it can.
fn peer() -> SocketAddr {
    static ADDRESS: LazyLock<SocketAddr> = LazyLock::new(|| {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for socket in listener.incoming() {
                let mut sends = socket.unwrap();
                let mut takes = sends.try_clone().unwrap();
                thread::spawn(move || {
                    let mut bytes = vec![b'x'; 1 << 20];
                    bytes.iter_mut().skip(15).step_by(16).for_each(|byte| *byte = b'\n');
                    while sends.write_all(&bytes).is_ok() {}
                });
                thread::spawn(move || {
                    let mut bytes = vec![0; 1 << 20];
                    while takes.read(&mut bytes).is_ok_and(|n| n > 0) {}
                });
            }
        });
        address
    });
    *ADDRESS
}

async fn smol_socket() -> smol::net::TcpStream {
    smol::net::TcpStream::connect(peer()).await.unwrap()
}

/// Returns a tokio socket, which only a runtime can make.
async fn tokio_socket() -> TcpStream {
    if tokio::runtime::Handle::try_current().is_ok() {
        return TcpStream::connect(peer()).await.unwrap();
    }
    TokioContext::new(TcpStream::connect(peer()), Embedded::global().unwrap().handle().clone()).await.unwrap()
}

fn chunks_of(len: usize) -> impl futures::Stream<Item = io::Result<Bytes>> + Send + Unpin {
    let mut chunk = vec![b'x'; len];
    chunk[len - 1] = b'\n';
    stream::repeat(Bytes::from(chunk)).map(Ok)
}

fn drain() -> impl futures::Sink<Bytes, Error = io::Error> + Send + Unpin {
    futures::sink::drain().sink_map_err(|never| match never {})
}

/// The jobs. None of them ends, and each checks that it moves bytes.
mod situations {
    use super::*;

    async fn read<R: tokio::io::AsyncRead + Unpin>(mut reader: R, each: usize) -> Infallible {
        let mut bytes = vec![0; each];
        loop {
            assert!(tokio::io::AsyncReadExt::read(&mut reader, &mut bytes).await.unwrap() > 0);
        }
    }

    pub async fn read_4(reader: impl tokio::io::AsyncRead + Unpin) -> Infallible {
        read(reader, 4).await
    }

    pub async fn read_64k(reader: impl tokio::io::AsyncRead + Unpin) -> Infallible {
        read(reader, 64 << 10).await
    }

    pub async fn read_1m(reader: impl tokio::io::AsyncRead + Unpin) -> Infallible {
        read(reader, 1 << 20).await
    }

    /// tokio has no vectored reads.
    pub async fn read_vectored(mut reader: impl futures::AsyncRead + Unpin) -> Infallible {
        let (mut one, mut two) = ([0; 4], [0; 4]);
        loop {
            let mut bufs = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)];
            assert!(futures::AsyncReadExt::read_vectored(&mut reader, &mut bufs).await.unwrap() > 0);
        }
    }

    pub async fn futures_read_4(mut reader: impl futures::AsyncRead + Unpin) -> Infallible {
        loop {
            assert!(futures::AsyncReadExt::read(&mut reader, &mut [0; 4]).await.unwrap() > 0);
        }
    }

    pub async fn hyper_read_4(mut reader: impl hyper::rt::Read + Unpin) -> Infallible {
        loop {
            let mut bytes = [0; 4];
            let mut buf = hyper::rt::ReadBuf::new(&mut bytes);
            poll_fn(|cx| Pin::new(&mut reader).poll_read(cx, buf.unfilled())).await.unwrap();
            assert!(!buf.filled().is_empty());
        }
    }

    pub async fn read_errors(mut reader: impl tokio::io::AsyncRead + Unpin) -> Infallible {
        loop {
            assert!(tokio::io::AsyncReadExt::read(&mut reader, &mut [0; 4]).await.is_err());
        }
    }

    /// Follows a growing file: reads again at its end.
    pub async fn read_ends(mut reader: impl tokio::io::AsyncRead + Unpin) -> Infallible {
        loop {
            assert_eq!(tokio::io::AsyncReadExt::read(&mut reader, &mut [0; 4]).await.unwrap(), 0);
        }
    }

    pub async fn read_to_end(mut reader: impl tokio::io::AsyncRead + Unpin) -> Infallible {
        tokio::io::AsyncReadExt::read_to_end(&mut reader, &mut Vec::new()).await.unwrap();
        unreachable!("an endless stream ended")
    }

    pub async fn futures_read_to_end(mut reader: impl futures::AsyncRead + Unpin) -> Infallible {
        futures::AsyncReadExt::read_to_end(&mut reader, &mut Vec::new()).await.unwrap();
        unreachable!("an endless stream ended")
    }

    pub async fn write_16(mut writer: impl tokio::io::AsyncWrite + Unpin) -> Infallible {
        loop {
            assert!(tokio::io::AsyncWriteExt::write(&mut writer, &[1; 16]).await.unwrap() > 0);
        }
    }

    pub async fn write_vectored(mut writer: impl tokio::io::AsyncWrite + Unpin) -> Infallible {
        loop {
            let bufs = [IoSlice::new(&[1; 8]), IoSlice::new(&[2; 8])];
            assert!(tokio::io::AsyncWriteExt::write_vectored(&mut writer, &bufs).await.unwrap() > 0);
        }
    }

    pub async fn futures_write_16(mut writer: impl futures::AsyncWrite + Unpin) -> Infallible {
        loop {
            futures::AsyncWriteExt::write_all(&mut writer, &[1; 16]).await.unwrap();
        }
    }

    pub async fn hyper_write_16(mut writer: impl hyper::rt::Write + Unpin) -> Infallible {
        loop {
            assert!(poll_fn(|cx| Pin::new(&mut writer).poll_write(cx, &[1; 16])).await.unwrap() > 0);
        }
    }

    pub async fn write_errors(mut writer: impl tokio::io::AsyncWrite + Unpin) -> Infallible {
        loop {
            assert!(tokio::io::AsyncWriteExt::write(&mut writer, &[1; 16]).await.is_err());
        }
    }

    /// A write that is always ready must not keep the task going while the reads yield.
    pub async fn select<S: tokio::io::AsyncRead + tokio::io::AsyncWrite>(stream: S) -> Infallible {
        let (mut reader, mut writer) = tokio::io::split(stream);
        let mut bytes = [0; 16];
        loop {
            let read = pin!(tokio::io::AsyncReadExt::read(&mut reader, &mut bytes));
            let write = pin!(tokio::io::AsyncWriteExt::write(&mut writer, &[1; 16]));
            let n = either(read, write).await.factor_first().0;
            assert!(n.unwrap() > 0);
        }
    }

    /// Polls both at every turn and goes on while either is ready, as state machines do. It returns
    /// `Pending` only if both yield in the same turn. They start one read apart.
    pub async fn poll_both<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>(mut stream: S) -> Infallible {
        let mut bytes = [0; 16];
        tokio::io::AsyncReadExt::read(&mut stream, &mut bytes).await.unwrap();
        loop {
            poll_fn(|cx| {
                let mut buf = tokio::io::ReadBuf::new(&mut bytes);
                let read = Pin::new(&mut stream).poll_read(cx, &mut buf);
                let write = Pin::new(&mut stream).poll_write(cx, &[1; 16]);
                if read.is_ready() || write.is_ready() { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
        }
    }

    /// The same with `fill_buf` in place of reads.
    pub async fn look_both<S: io_shim::AsyncBufRead + io_shim::AsyncWrite + Unpin>(mut stream: S) -> Infallible {
        Pin::new(&mut stream).consume(1);
        loop {
            poll_fn(|cx| {
                let look = Pin::new(&mut stream).poll_fill_buf(cx).map_ok(<[u8]>::len);
                if look.is_ready() {
                    Pin::new(&mut stream).consume(1);
                }
                let write = Pin::new(&mut stream).poll_write(cx, &[1; 16]);
                if look.is_ready() || write.is_ready() { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
        }
    }

    pub async fn lines(reader: impl tokio::io::AsyncBufRead + Unpin) -> Infallible {
        let mut lines = tokio::io::AsyncBufReadExt::lines(reader);
        loop {
            lines.next_line().await.unwrap().expect("an endless stream");
        }
    }

    pub async fn futures_lines(reader: impl futures::AsyncBufRead + Unpin) -> Infallible {
        let mut lines = futures::AsyncBufReadExt::lines(reader);
        loop {
            lines.next().await.expect("an endless stream").unwrap();
        }
    }

    pub async fn tokio_buf_reader_lines(reader: impl tokio::io::AsyncRead + Unpin) -> Infallible {
        lines(tokio::io::BufReader::new(reader)).await
    }

    pub async fn futures_buf_reader_lines(reader: impl futures::AsyncRead + Unpin) -> Infallible {
        futures_lines(futures::io::BufReader::new(reader)).await
    }

    pub async fn fill_and_consume(mut reader: impl io_shim::AsyncBufRead + Unpin) -> Infallible {
        loop {
            let filled = poll_fn(|cx| Pin::new(&mut reader).poll_fill_buf(cx).map_ok(<[u8]>::len)).await;
            assert!(filled.unwrap() > 0);
            Pin::new(&mut reader).consume(1);
        }
    }

    pub async fn tokio_copy(mut reader: impl tokio::io::AsyncRead + Unpin) -> Infallible {
        tokio::io::copy(&mut reader, &mut Memory::new()).await.unwrap();
        unreachable!("an endless stream ended")
    }

    pub async fn tokio_copy_to(mut writer: impl tokio::io::AsyncWrite + Unpin) -> Infallible {
        tokio::io::copy(&mut Memory::new(), &mut writer).await.unwrap();
        unreachable!("an endless stream ended")
    }

    pub async fn futures_copy(reader: impl futures::AsyncRead + Unpin) -> Infallible {
        futures::io::copy(reader, &mut Memory::new()).await.unwrap();
        unreachable!("an endless stream ended")
    }

    pub async fn futures_copy_to(mut writer: impl futures::AsyncWrite + Unpin) -> Infallible {
        futures::io::copy(Memory::new(), &mut writer).await.unwrap();
        unreachable!("an endless stream ended")
    }

    pub async fn owned_copy(mut reader: impl io_shim::AsyncReadBuf + Unpin) -> Infallible {
        owned::copy(&mut reader, &mut Memory::new(), &mut TrackedBuf::new()).await.unwrap();
        unreachable!("an endless stream ended")
    }

    pub async fn owned_copy_to(mut writer: impl io_shim::AsyncWrite + Unpin) -> Infallible {
        owned::copy(&mut Memory::new(), &mut writer, &mut TrackedBuf::new()).await.unwrap();
        unreachable!("an endless stream ended")
    }

    pub async fn owned_read_buf(mut reader: impl io_shim::AsyncReadBuf + Unpin) -> Infallible {
        let mut buf = TrackedBuf::new();
        loop {
            assert!(owned::read_buf(&mut reader, &mut buf, 64).await.unwrap() > 0);
            buf.consume(buf.len());
        }
    }

    pub async fn owned_read_exact(mut reader: impl io_shim::AsyncReadBuf + Unpin) -> Infallible {
        let mut buf = TrackedBuf::new();
        loop {
            owned::read_exact(&mut reader, &mut buf, 64).await.unwrap();
            buf.consume(64);
        }
    }

    pub async fn owned_read_to_end(mut reader: impl io_shim::AsyncReadBuf + Unpin) -> Infallible {
        owned::read_to_end(&mut reader, &mut TrackedBuf::new()).await.unwrap();
        unreachable!("an endless stream ended")
    }

    pub async fn owned_read_to_end_within(mut reader: impl io_shim::AsyncReadBuf + Unpin) -> Infallible {
        owned::read_to_end_within(&mut reader, &mut TrackedBuf::new(), usize::MAX).await.unwrap();
        unreachable!("an endless stream ended")
    }

    pub async fn chunks(reader: impl io_shim::AsyncReadBuf) -> Infallible {
        let mut chunks = pin!(ByteStream::new(reader));
        loop {
            chunks.next().await.expect("an endless stream").unwrap();
        }
    }

    pub async fn send(writer: impl io_shim::AsyncWrite) -> Infallible {
        let mut sink = pin!(ByteSink::new(writer));
        loop {
            sink.send(Bytes::from_static(&[1; 16])).await.unwrap();
        }
    }

    pub async fn feed(writer: impl io_shim::AsyncWrite) -> Infallible {
        let mut sink = pin!(ByteSink::new(writer));
        loop {
            sink.feed(Bytes::from_static(&[1; 16])).await.unwrap();
        }
    }

    pub async fn forward(reader: impl io_shim::AsyncReadBuf) -> Infallible {
        ByteStream::new(reader).forward(ByteSink::new(Memory::new())).await.unwrap();
        unreachable!("an endless stream ended")
    }
}
