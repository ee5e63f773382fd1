//! Measures the CPU time of reading and answering over a compio socket, in four ways:
//!
//! * by compio's own traits,
//! * by the traits of futures-io, which compio's `AsyncStream` implements,
//! * by tokio's `AsyncRead`, through a shim around an `AsyncStream`, with a copy,
//! * by tokio's `AsyncBufRead`, through the same shim, without a copy.
//!
//! The four take turns. The program prints the medians.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use compio::BufResult;
use compio::io::compat::AsyncStream;
use compio::io::{AsyncRead as _, AsyncWriteExt as _};
use io_shim::Shim;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _};

const ROUNDS: usize = 11;

/// What the peer does.
#[derive(Clone, Copy)]
struct Load {
    name: &'static str,
    /// The length of a message.
    message: usize,
    /// How many messages it sends.
    count: usize,
    /// Whether it waits for an answer to each message.
    answered: bool,
}

const LOADS: [Load; 3] = [
    Load { name: "a stream, read by 64 KiB", message: 64 * 1024, count: 8000, answered: false },
    Load { name: "a stream, read by 8 KiB", message: 8 * 1024, count: 40_000, answered: false },
    Load { name: "1460 bytes, each answered", message: 1460, count: 40_000, answered: true },
];

impl Load {
    /// The length of every buffer.
    fn buffer(self) -> usize {
        self.message.max(8 * 1024)
    }
}

fn cpu_time() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is valid.
    assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) }, 0);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn send(mut peer: TcpStream, load: Load) {
    let mut message = vec![7; load.message];
    for _ in 0..load.count {
        peer.write_all(&message).unwrap();
        if load.answered {
            peer.read_exact(&mut message).unwrap();
        }
    }
}

async fn native(mut socket: compio::net::TcpStream, load: Load) -> usize {
    let (mut total, mut buffer) = (0, Vec::with_capacity(load.buffer()));
    loop {
        buffer.clear();
        let BufResult(n, read) = socket.read(buffer).await;
        buffer = read;
        total += n.unwrap();
        if buffer.is_empty() {
            return total;
        }
        if load.answered {
            let BufResult(written, back) = socket.write_all(buffer).await;
            written.unwrap();
            buffer = back;
        }
    }
}

async fn stream(socket: compio::net::TcpStream, load: Load) -> usize {
    use futures_util::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut socket = Box::pin(AsyncStream::with_capacity(load.buffer(), socket));
    let (mut total, mut buffer) = (0, vec![0; load.buffer()]);
    loop {
        let n = socket.read(&mut buffer).await.unwrap();
        total += n;
        if n == 0 {
            return total;
        }
        if load.answered {
            socket.write_all(&buffer[..n]).await.unwrap();
            socket.flush().await.unwrap();
        }
    }
}

fn tokios(socket: compio::net::TcpStream, load: Load) -> impl tokio::io::AsyncBufRead + tokio::io::AsyncWrite + Unpin {
    Shim::from_futures_buf(Box::pin(AsyncStream::with_capacity(load.buffer(), socket))).for_tokio()
}

async fn shim(socket: compio::net::TcpStream, load: Load) -> usize {
    let mut socket = tokios(socket, load);
    let (mut total, mut buffer) = (0, Vec::with_capacity(load.buffer()));
    loop {
        buffer.clear();
        total += socket.read_buf(&mut buffer).await.unwrap();
        if buffer.is_empty() {
            return total;
        }
        if load.answered {
            socket.write_all(&buffer).await.unwrap();
            socket.flush().await.unwrap();
        }
    }
}

async fn shim_lends(socket: compio::net::TcpStream, load: Load) -> usize {
    let mut socket = tokios(socket, load);
    let mut total = 0;
    loop {
        let data = socket.fill_buf().await.unwrap();
        let n = data.len();
        total += n;
        if n == 0 {
            return total;
        }
        // An answer must be copied, because the socket that writes it also holds it.
        let answer = load.answered.then(|| data.to_vec());
        socket.consume(n);
        if let Some(answer) = answer {
            socket.write_all(&answer).await.unwrap();
            socket.flush().await.unwrap();
        }
    }
}

fn measured(load: Load, read: impl AsyncFnOnce(compio::net::TcpStream, Load) -> usize) -> f64 {
    let runtime = compio::runtime::Runtime::new().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    peer.set_nodelay(true).unwrap();
    let (socket, _) = listener.accept().unwrap();
    socket.set_nodelay(true).unwrap();
    let sending = std::thread::spawn(move || send(peer, load));
    let before = cpu_time();
    let total = runtime.block_on(async { read(compio::net::TcpStream::from_std(socket).unwrap(), load).await });
    let used = cpu_time() - before;
    assert_eq!(total, load.message * load.count);
    sending.join().unwrap();
    used
}

fn main() {
    println!("compio's driver is {:?}", compio::runtime::Runtime::new().unwrap().driver_type());
    for load in LOADS {
        let mut used = [const { Vec::new() }; 4];
        for _ in 0..ROUNDS {
            used[0].push(measured(load, native));
            used[1].push(measured(load, stream));
            used[2].push(measured(load, shim));
            used[3].push(measured(load, shim_lends));
        }
        let [native, stream, shim, lends] = used.map(|mut used| {
            used.sort_by(f64::total_cmp);
            used[ROUNDS / 2]
        });
        println!(
            "{}: native {native:.3} s, `AsyncStream` {:.2} times that, a shim around it {:.2} times, without a copy {:.2} times",
            load.name,
            stream / native,
            shim / native,
            lends / native
        );
    }
}
