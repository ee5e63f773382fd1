//! A thousand connections between programs on different executors: every byte arrives, and no task,
//! thread or descriptor is left.
#![cfg(target_os = "linux")]

use std::fs::read_dir;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use futures::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use io_shim::Shim;
use io_shim::rt::{Embedded, TokioContext};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

use super::{in_time, wait_until};
use crate::support::process::{in_its_own_process, threads};

#[test]
fn a_thousand_connections_between_executors() {
    in_its_own_process("executors::thousand_connections::child_with_a_thousand_connections");
}

/// Counts the threads, descriptors and tasks of its process.
#[test]
#[ignore = "run by a test, in a process of its own"]
fn child_with_a_thousand_connections() {
    const CONNECTIONS: usize = 1000;
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    let both = |connections| {
        in_time(move || {
            let sent = clients_on_smol(connections, servers_on_tokio(connections));
            assert!(sent >= connections);
            let sent = clients_on_tokio(connections, servers_on_smol(connections));
            assert!(sent >= connections);
        });
        assert_eq!(TASKS.load(Relaxed), 0, "a task is left");
    };
    let at_first = threads().len();
    both(3);
    // The thread of smol's reactor stays from its first use on.
    wait_until("the executors' threads end", || threads().len() == at_first + 1);
    let descriptors = || read_dir("/proc/self/fd").unwrap().count();
    let before = descriptors();
    both(CONNECTIONS);
    wait_until("the executors' threads end", || threads().len() == at_first + 1);
    assert_eq!(descriptors(), before);
}

/// The number of tasks that are alive.
static TASKS: AtomicUsize = AtomicUsize::new(0);

/// Counts as a task while it is alive.
struct Task;

impl Task {
    fn new() -> Self {
        TASKS.fetch_add(1, Relaxed);
        Task
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        TASKS.fetch_sub(1, Relaxed);
    }
}

/// A task can be joined shortly before its runtime removes it.
fn no_task_is_left(runtime: Runtime) {
    wait_until("no task is left", || runtime.handle().metrics().num_alive_tasks() == 0);
}

/// Returns what a connection sends in a round.
fn message(connection: usize, round: usize) -> Vec<u8> {
    let seed = (connection * 8 + round) as u32;
    let len = 1 + seed.wrapping_mul(2_654_435_761) % 12_000;
    (0..len).map(|i| (i ^ seed).wrapping_mul(2_654_435_761).to_be_bytes()[1]).collect()
}

/// Echoes what it receives, and returns the number of bytes.
async fn echo(_task: Task, stream: impl AsyncRead + AsyncWrite) -> usize {
    let (reader, mut writer) = stream.split();
    let echoed = futures::io::copy(reader, &mut writer).await.unwrap();
    writer.close().await.unwrap();
    echoed as usize
}

/// Sends messages, checks that exactly they come back, and returns the number of bytes.
async fn ask(_task: Task, connection: usize, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> usize {
    let mut sent = 0;
    for round in 0..4 {
        let message = message(connection, round);
        stream.write_all(&message).await.unwrap();
        stream.flush().await.unwrap();
        let mut back = vec![0; message.len()];
        stream.read_exact(&mut back).await.unwrap();
        assert!(back == message, "connection {connection}, round {round}");
        sent += message.len();
    }
    stream.close().await.unwrap();
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
    sent
}

/// The address of a server, and the channel that reports the echoed bytes when all connections have
/// ended.
type Server = (SocketAddr, Receiver<usize>);

/// tokio's sockets on tokio's executor, as streams of futures-io.
fn servers_on_tokio(connections: usize) -> Server {
    let (listens, address) = channel();
    let (ended, end) = channel();
    thread::spawn(move || {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let total = runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            listens.send(listener.local_addr().unwrap()).unwrap();
            let mut echoes = tokio::task::JoinSet::new();
            for _ in 0..connections {
                let (stream, _) = listener.accept().await.unwrap();
                echoes.spawn(echo(Task::new(), Shim::from_tokio(stream).for_futures()));
            }
            echoes.join_all().await.into_iter().sum()
        });
        no_task_is_left(runtime);
        ended.send(total).unwrap();
    });
    (address.recv().unwrap(), end)
}

/// tokio's sockets on smol's executor, in a context.
fn servers_on_smol(connections: usize) -> Server {
    let (listens, address) = channel();
    let (ended, end) = channel();
    thread::spawn(move || {
        let embedded = Embedded::new().unwrap();
        let handle = embedded.handle();
        let executor = smol::Executor::new();
        let total = smol::block_on(executor.run(async {
            let listener = TokioContext::new(TcpListener::bind("127.0.0.1:0"), handle.clone()).await.unwrap();
            listens.send(listener.local_addr().unwrap()).unwrap();
            let mut echoes = Vec::new();
            for _ in 0..connections {
                let (stream, _) = TokioContext::new(listener.accept(), handle.clone()).await.unwrap();
                let stream = Shim::from_tokio(TokioContext::new(stream, handle.clone())).for_futures();
                echoes.push(executor.spawn(echo(Task::new(), stream)));
            }
            stream::iter(echoes).then(|echo| echo).fold(0, |sum, n| async move { sum + n }).await
        }));
        assert!(executor.is_empty());
        ended.send(total).unwrap();
    });
    (address.recv().unwrap(), end)
}

/// All connections are open before the first byte is sent. Several are made at a time.
const AT_ONCE: usize = 50;

/// tokio's sockets on smol's executor, in a context.
fn clients_on_smol(connections: usize, (address, end): Server) -> usize {
    let embedded = Embedded::new().unwrap();
    let handle = embedded.handle();
    let executor = smol::Executor::new();
    let sent: usize = smol::block_on(executor.run(async {
        let connect = |_| TokioContext::new(TcpStream::connect(address), handle.clone());
        let open: Vec<_> = stream::iter(0..connections).map(connect).buffered(AT_ONCE).try_collect().await.unwrap();
        let asks = open.into_iter().enumerate().map(|(connection, stream)| {
            let stream = Shim::from_tokio(TokioContext::new(stream, handle.clone())).for_futures();
            executor.spawn(ask(Task::new(), connection, stream))
        });
        let asks: Vec<_> = asks.collect();
        stream::iter(asks).then(|ask| ask).fold(0, |sum, n| async move { sum + n }).await
    }));
    assert!(executor.is_empty());
    assert_eq!(end.recv().unwrap(), sent);
    sent
}

/// smol's sockets on tokio's executor.
fn clients_on_tokio(connections: usize, (address, end): Server) -> usize {
    let runtime = Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let sent: usize = runtime.block_on(async {
        let connect = |_| smol::net::TcpStream::connect(address);
        let open: Vec<_> = stream::iter(0..connections).map(connect).buffered(AT_ONCE).try_collect().await.unwrap();
        let mut asks = tokio::task::JoinSet::new();
        for (connection, stream) in open.into_iter().enumerate() {
            asks.spawn(ask(Task::new(), connection, Shim::from_smol(stream).for_futures()));
        }
        asks.join_all().await.into_iter().sum()
    });
    no_task_is_left(runtime);
    assert_eq!(end.recv().unwrap(), sent);
    sent
}
