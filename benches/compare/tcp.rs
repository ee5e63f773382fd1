//! Times over loopback TCP.
//!
//! This thread reads, in a tokio runtime, and its CPU time is measured. Another thread sends.

use std::hint::black_box;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use tokio::net::TcpStream;
use tokio::runtime::Runtime;

use crate::consumers::{Consumer, Scratch};
use crate::measure::{Effort, Loopback, Outcome, compare_for, cpu};
use crate::peers::{self, Job, Peer};
use crate::socket::{Socket, Wanted};
use crate::source::{DATA, Sizes};

/// An order to the sender: chunks, each of which it sends when the reader asks for it.
struct Order {
    stream: std::net::TcpStream,
    sizes: Sizes,
    total: usize,
    wanted: Arc<Wanted>,
}

impl Order {
    fn send(mut self) -> io::Result<()> {
        let mut left = self.total;
        for &size in self.sizes.cycle().iter().cycle() {
            let n = size.min(left);
            if n == 0 {
                break;
            }
            self.wanted.wait_until_wanted();
            self.stream.write_all(&DATA[..n])?;
            left -= n;
            self.wanted.sent(n);
        }
        // The reader asks for the end of the stream, too.
        self.wanted.wait_until_wanted();
        drop(self.stream);
        self.wanted.sent(1);
        Ok(())
    }
}

/// Connections on which the sender waits for the reader.
#[derive(Debug)]
pub(crate) struct Paced {
    loopback: Loopback,
    sender: Sender<Order>,
    runtime: Runtime,
}

/// Reads everything and returns the time.
struct Timed<'a>(Consumer, &'a mut Scratch, &'a Runtime, &'a Wanted);

impl Job for Timed<'_> {
    type Output = f64;

    #[inline(never)]
    fn run<R: tokio::io::AsyncRead + Unpin + 'static>(self, reader: R) -> f64 {
        let start = cpu();
        black_box(self.2.block_on(self.0.consume(reader, self.1)));
        cpu() - start - self.3.waited()
    }
}

impl Paced {
    /// Starts the sender's thread.
    ///
    /// # Errors
    ///
    /// Returns an error if the listener or the runtime fails.
    pub(crate) fn new() -> io::Result<Self> {
        let (sender, orders) = channel::<Order>();
        thread::spawn(move || {
            for order in orders {
                if let Err(error) = order.send() {
                    eprintln!("compare: the sender failed: {error}");
                }
            }
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        Ok(Paced { loopback: Loopback::new()?, sender, runtime })
    }

    /// Compares all peers.
    ///
    /// # Errors
    ///
    /// Returns an error if a socket fails.
    pub(crate) fn measure(&self, consumer: Consumer, sizes: Sizes, effort: Effort) -> io::Result<Outcome<Peer>> {
        let peers = Peer::ALL;
        let mut scratch: Vec<_> = peers.iter().map(|_| consumer.scratch()).collect();
        let least = 64 * sizes.mean();
        compare_for(&peers, effort, (2e6, least), consumer.total(), |peer, total| {
            let _entered = self.runtime.enter();
            let (socket, wanted) = self.connect(sizes, total)?;
            let at = peers.iter().position(|other| *other == peer).expect("one of the peers");
            Ok(peers::run(peer, socket, Timed(consumer, &mut scratch[at], &self.runtime, &wanted)))
        })
    }

    /// Returns a connection on which `total` bytes arrive, within the runtime's context.
    fn connect(&self, sizes: Sizes, total: usize) -> io::Result<(Socket, Arc<Wanted>)> {
        let (stream, reader) = self.loopback.connect()?;
        reader.set_nonblocking(true)?;
        let wanted = Arc::<Wanted>::default();
        let socket = Socket::paced(TcpStream::from_std(reader)?, wanted.clone());
        let order = Order { stream, sizes, total, wanted: wanted.clone() };
        self.sender.send(order).map_err(io::Error::other)?;
        Ok((socket, wanted))
    }
}
