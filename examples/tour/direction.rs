//! [`Direction`]: the sockets, the time and the table row of one direction.

use std::io::{self, ErrorKind, IsTerminal as _};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use io_shim::Shim;

use crate::counted::{Calls, Counted};
use crate::verify::{MIB, Verify, data};

type TokioSocket = Counted<tokio::net::TcpStream>;
type SmolSocket = Counted<smol::net::TcpStream>;

/// One direction: its name and its counters.
pub(crate) struct Direction {
    name: &'static str,
    calls: Arc<Calls>,
}

impl Direction {
    pub(crate) fn new(name: &'static str) -> Self {
        Direction { name, calls: Arc::default() }
    }

    /// Returns both ends of a connection, as tokio sockets.
    pub(crate) async fn tokio_sockets(&self) -> io::Result<(TokioSocket, TokioSocket)> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let near = tokio::net::TcpStream::connect(listener.local_addr()?).await?;
        let (far, _) = listener.accept().await?;
        Ok((Counted::new(near, &self.calls), Counted::new(far, &self.calls)))
    }

    /// Returns both ends of a connection, as smol sockets.
    pub(crate) async fn smol_sockets(&self) -> io::Result<(SmolSocket, SmolSocket)> {
        let listener = smol::net::TcpListener::bind("127.0.0.1:0").await?;
        let near = smol::net::TcpStream::connect(listener.local_addr()?).await?;
        let (far, _) = listener.accept().await?;
        Ok((Counted::new(near, &self.calls), Counted::new(far, &self.calls)))
    }

    /// Returns the writer at the receiving end, for every ecosystem.
    pub(crate) fn verify(&self) -> Shim<Verify> {
        Shim::new(Verify::new(io::stdout().is_terminal().then_some(self.name)))
    }

    /// Runs both ends, each in its own task, and prints the row.
    pub(crate) async fn run(
        self,
        send: impl Future<Output = io::Result<()>> + Send + 'static,
        receive: impl Future<Output = io::Result<()>> + Send + 'static,
    ) -> io::Result<()> {
        data(); // Generates the data before the clock starts.
        let start = Instant::now();
        let (send, receive) = (tokio::spawn(send), tokio::spawn(receive));
        let (sent, received) = (send.await?, receive.await?);
        let elapsed = start.elapsed();

        if io::stdout().is_terminal() {
            print!("\r\x1B[K"); // Erases the progress line.
        }
        let result = match sent {
            // After a broken connection, the receiver's error is the cause.
            Err(error) if !matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => Err(error),
            sent => received.and(sent),
        };
        result.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", self.name)))?;

        let mib = data().len() as f64 / MIB as f64;
        let (reads, writes) = (&self.calls.reads, &self.calls.writes);
        print_row(
            self.name,
            &format!("{mib:.1}"),
            &format!("{:.0}", mib / elapsed.as_secs_f64()),
            &reads.load(Ordering::Relaxed).to_string(),
            &writes.load(Ordering::Relaxed).to_string(),
        );
        Ok(())
    }
}

pub(crate) fn print_head() {
    print_row("direction", "MiB moved", "MiB/s", "read calls", "write calls");
}

fn print_row(direction: &str, mib: &str, rate: &str, reads: &str, writes: &str) {
    println!("{direction:<34} {mib:>9} {rate:>7} {reads:>11} {writes:>12}");
}
