//! A TCP proxy with a tokio socket on one side and a smol socket on the other.
//!
//! `tokio::io::copy_bidirectional` copies in both directions between a tokio socket and a smol
//! socket wrapped by `Shim::from_smol`.
//!
//! * If one side ends its sending half, the proxy ends it on the other side. The opposite direction
//!   continues.
//! * An error on one side closes the other.
//! * A connection without traffic is closed after an idle timeout.
//!
//! ```text
//! cargo run --example proxy --features full -- 127.0.0.1:8081 127.0.0.1:8080
//! ```

use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use io_shim::{AsyncReadBuf, AsyncWrite, BorrowedCursor, Shim, delegate};
use tokio::io::copy_bidirectional_with_sizes;
use tokio::net::{TcpListener, TcpStream};

/// The default idle timeout of a connection.
const IDLE: Duration = Duration::from_secs(60);
/// The buffer size for each direction, in bytes.
const BUFFER: usize = 64 * 1024;

/// The totals of all connections.
#[derive(Default)]
struct Totals {
    connections: AtomicU64,
    failed: AtomicU64,
    to_target: AtomicU64,
    to_client: AtomicU64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(address), Some(target)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: proxy ADDR:PORT TARGET:PORT [IDLE_SECONDS]");
        std::process::exit(2);
    };
    let target: SocketAddr = target.parse().map_err(io::Error::other)?;
    let idle = arguments.next().map_or(Ok(IDLE), |seconds| seconds.parse().map(Duration::from_secs_f64));
    let idle = idle.map_err(io::Error::other)?;
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    let totals = Arc::new(Totals::default());
    // Created once: a new future in each iteration would miss a Ctrl-C between two iterations.
    let mut interrupted = pin!(tokio::signal::ctrl_c());
    loop {
        tokio::select! {
            biased;
            result = &mut interrupted => {
                result?;
                break;
            }
            accepted = listener.accept() => {
                let (client, peer) = accepted?;
                tokio::spawn(connection(client, peer, target, idle, Arc::clone(&totals)));
            }
        }
    }
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    println!(
        "{} connections, {} failed; {} bytes to the target, {} to clients",
        count(&totals.connections),
        count(&totals.failed),
        count(&totals.to_target),
        count(&totals.to_client)
    );
    Ok(())
}

async fn connection(client: TcpStream, peer: SocketAddr, target: SocketAddr, idle: Duration, totals: Arc<Totals>) {
    totals.connections.fetch_add(1, Ordering::Relaxed);
    match forward(client, target, idle, &totals).await {
        Ok((sent, received)) => println!("{peer}: {sent} bytes sent, {received} received"),
        Err(error) => {
            totals.failed.fetch_add(1, Ordering::Relaxed);
            println!("{peer}: {error}");
        }
    }
}

async fn forward(
    mut client: TcpStream,
    target: SocketAddr,
    idle: Duration,
    totals: &Arc<Totals>,
) -> io::Result<(u64, u64)> {
    client.set_nodelay(true)?;
    // smol's reactor runs on its own thread and wakes tokio tasks like any other.
    let stream = smol::net::TcpStream::connect(target).await?;
    stream.set_nodelay(true)?;
    let moved = Arc::new(AtomicU64::new(0));
    let target = Watched { inner: Shim::from_smol(stream), totals: Arc::clone(totals), moved: Arc::clone(&moved) };
    let mut target = Shim::new(target).for_tokio();
    let copying = copy_bidirectional_with_sizes(&mut client, &mut target, BUFFER, BUFFER);
    tokio::select! {
        result = copying => result,
        () = is_idle(&moved, idle) => Err(io::Error::new(io::ErrorKind::TimedOut, "idle timeout")),
    }
}

/// Completes after `idle` without traffic. Checks ten times per period.
async fn is_idle(moved: &AtomicU64, idle: Duration) {
    let (mut before, mut rounds) = (0, 0);
    while rounds < 10 {
        tokio::time::sleep(idle / 10).await;
        let now = moved.load(Ordering::Relaxed);
        rounds = if now == before { rounds + 1 } else { 0 };
        before = now;
    }
}

/// Counts bytes. It uses io-shim's traits, so it can wrap any type that implements them.
#[pin_project::pin_project]
struct Watched<T> {
    #[pin]
    inner: T,
    totals: Arc<Totals>,
    moved: Arc<AtomicU64>,
}

impl<T: AsyncReadBuf> AsyncReadBuf for Watched<T> {
    fn poll_read_into(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.project();
        let poll = this.inner.poll_read_into(cx, cursor.reborrow());
        let read = cursor.written().len() as u64;
        this.moved.fetch_add(read, Ordering::Relaxed);
        this.totals.to_client.fetch_add(read, Ordering::Relaxed);
        poll
    }

    delegate!(AsyncReadBuf { init_hint }: |this| this.project().inner, |this| &this.inner);
}

impl<T: AsyncWrite> AsyncWrite for Watched<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.project();
        let written = ready!(this.inner.poll_write(cx, data))?;
        this.moved.fetch_add(written as u64, Ordering::Relaxed);
        this.totals.to_target.fetch_add(written as u64, Ordering::Relaxed);
        Poll::Ready(Ok(written))
    }

    delegate!(AsyncWrite { poll_flush, poll_shutdown }: |this| this.project().inner, |this| &this.inner);
}
