//! Types of one executor on another, with real sockets, files, timers and threads:
//! `rt::TokioContext` and `rt::Embedded`.

mod documented_table;
mod embedded;
mod smol_in_tokio;
mod spawning;
mod thousand_connections;
#[cfg(target_os = "linux")]
mod thread_count;
#[cfg(target_os = "linux")]
mod thread_end;
mod tokio_types_on_smol;
mod unusual_runtimes;

use std::net::TcpListener;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use futures::future::{Either, select};
use io_shim::rt::{Embedded, TokioContext};
use tokio::net::TcpStream;

/// How long an expected event may take, on a busy machine or under a memory checker.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long to wait for an event that must not happen.
const MOMENT: Duration = Duration::from_millis(150);

/// Runs `work` on a thread of its own, and panics if it takes too long.
#[track_caller]
fn in_time<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> R {
    let (send, receive) = channel();
    let thread = thread::spawn(move || send.send(work()));
    match receive.recv_timeout(PATIENCE) {
        Ok(result) => result,
        Err(RecvTimeoutError::Timeout) => panic!("it hangs"),
        Err(RecvTimeoutError::Disconnected) => std::panic::resume_unwind(thread.join().unwrap_err()),
    }
}

/// Returns the output of `future` if it is ready within a moment.
async fn within_a_moment<F: Future + Unpin>(future: F) -> Option<F::Output> {
    match select(future, smol::Timer::after(MOMENT)).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}

/// Waits until `condition` holds.
#[track_caller]
fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// Returns a tokio socket of `runtime`, and its peer.
fn socket(runtime: &Embedded) -> (TokioContext<TcpStream>, std::net::TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (socket, _) = listener.accept().unwrap();
    socket.set_nonblocking(true).unwrap();
    let _entered = runtime.handle().enter();
    (TokioContext::try_current(TcpStream::from_std(socket).unwrap()).unwrap(), peer)
}
