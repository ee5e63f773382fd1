//! A hyper server on smol under many connections at once.

use std::convert::Infallible;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use io_shim::Shim;
use io_shim::rt::SmolTimer;

/// Returns the resident memory of this process in KiB, after the allocator returned freed memory to
/// the system.
fn resident() -> u64 {
    // SAFETY: trimming has no preconditions.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    unsafe {
        libc::malloc_trim(0)
    };
    super::resident()
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let body = request.into_body().collect().await.map_or(0, |body| body.to_bytes().len());
    Ok(Response::new(Full::from(format!("{path} {body}"))))
}

/// Accepts connections until it is cancelled.
async fn serve(listener: smol::net::TcpListener, executor: &smol::Executor<'_>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let serving =
            http1::Builder::new().timer(SmolTimer).serve_connection(Shim::from_smol(stream), service_fn(answer));
        executor.spawn(async { serving.await.unwrap() }).detach();
    }
}

/// Sends one request and checks its response.
fn ask(socket: &mut TcpStream, connection: usize, request: usize) {
    let body = vec![b'b'; (connection * 31 + request * 97) % 1500];
    let head = format!("POST /{connection}/{request} HTTP/1.1\r\nhost: l\r\ncontent-length: {}\r\n\r\n", body.len());
    socket.write_all(&[head.as_bytes(), &body].concat()).unwrap();
    let wanted = format!("/{connection}/{request} {}", body.len());
    let mut received = Vec::new();
    let mut chunk = [0; 2048];
    loop {
        let n = socket.read(&mut chunk).unwrap();
        assert!(n > 0, "connection {connection} ended at request {request}");
        received.extend_from_slice(&chunk[..n]);
        if let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") {
            if received.len() >= end + 4 + wanted.len() {
                assert!(received.starts_with(b"HTTP/1.1 200 OK\r\n"));
                assert_eq!(&received[end + 4..], wanted.as_bytes());
                return;
            }
        }
    }
}

/// Opens all connections at once. Each client thread serves its share of them in turn.
fn run(address: SocketAddr, connections: usize, requests: usize) {
    const CLIENTS: usize = 4;
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            scope.spawn(move || {
                let mine = (client..connections).step_by(CLIENTS);
                let mut sockets: Vec<_> = mine
                    .map(|connection| {
                        let socket = TcpStream::connect(address).unwrap();
                        socket.set_nodelay(true).unwrap();
                        (connection, socket)
                    })
                    .collect();
                for request in 0..requests {
                    for (connection, socket) in &mut sockets {
                        ask(socket, *connection, request);
                    }
                }
            });
        }
    });
}

/// Calls `work` with the address of a server, then stops the server.
fn with_server(work: impl FnOnce(SocketAddr)) {
    let executor = Arc::new(smol::Executor::new());
    let listener = smol::block_on(smol::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = smol::channel::bounded::<()>(1);
    let server = thread::spawn({
        let executor = Arc::clone(&executor);
        move || {
            let accepting = executor.spawn({
                let executor = Arc::clone(&executor);
                async move { serve(listener, &executor).await }
            });
            let _ = smol::block_on(executor.run(stopped.recv()));
            drop(accepting);
        }
    });
    work(address);
    stop.send_blocking(()).unwrap();
    server.join().unwrap();
}

/// Checks that `memory`, which measures the whole process, does not grow. No other test may run at
/// the same time.
fn measured(connections: usize, requests: usize, memory: fn() -> u64) {
    with_server(|address| {
        // Allocates what is allocated once and kept.
        run(address, connections.min(100), 5);
        // The server drops its ends after the clients dropped theirs.
        let later = || {
            thread::sleep(Duration::from_millis(50));
            memory()
        };
        let (mut before, mut last) = (later(), u64::MAX);
        while before < last {
            (last, before) = (before, later());
        }
        run(address, connections, requests);
        let mut after = later();
        for _ in 0..1200 {
            if after <= before + before / 10 {
                break;
            }
            after = later();
        }
        println!("{connections} connections, {requests} requests each; {before} KiB before, {after} KiB after");
        assert!(after <= before + before / 10, "memory has grown from {before} to {after} KiB");
    });
}

#[test]
fn fifty_connections() {
    with_server(|address| run(address, 50, 10));
}

#[test]
fn memory_of_fifty_connections_is_given_back() {
    crate::support::process::in_its_own_process("stress::hyper_on_smol::child_with_fifty_connections");
}

#[test]
#[ignore = "run by a test, in a process of its own"]
fn child_with_fifty_connections() {
    // Not `resident`: a sanitizer keeps freed memory for a while, and so few connections need
    // little memory.
    measured(50, 10, || (crate::alloc::process_heap() / 1024) as u64);
}

#[test]
#[ignore = "takes about a minute; .ci/deep runs it"]
fn five_thousand_keep_alive_connections() {
    #[cfg(unix)]
    raise_the_limit_of_descriptors();
    measured(5000, 200, resident);
}

#[cfg(unix)]
fn raise_the_limit_of_descriptors() {
    let (soft, hard) = {
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
        (limit.current.unwrap_or(u64::MAX), limit.maximum)
    };
    if soft < 10_100 {
        let raised = rustix::process::Rlimit { current: Some(10_100), maximum: hard };
        rustix::process::setrlimit(rustix::process::Resource::Nofile, raised).expect("10,100 file descriptors");
    }
}
