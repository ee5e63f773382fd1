//! Time over loopback TCP: the reader in a runtime on this thread, whose CPU time is measured; the sender on another.

use std::hint::black_box;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use tokio::net::TcpSocket;
use tokio::runtime::Runtime;

use crate::clock::cpu;
use crate::consumers::{Consumer, Scratch};
use crate::measure::{Effort, Outcome, compare};
use crate::peers::{self, Job, Peer};
use crate::socket::{Socket, Wanted};
use crate::source::{DATA, Sizes};

/// What the sender is asked for: chunks, each sent when the reader asks for it.
struct Order {
    stream: std::net::TcpStream,
    sizes: Sizes,
    total: usize,
    wanted: Arc<Wanted>,
}

impl Order {
    fn send(mut self) -> io::Result<()> {
        self.stream.set_nodelay(true)?;
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
        // The end is sent when it is wanted, too.
        self.wanted.wait_until_wanted();
        drop(self.stream);
        self.wanted.sent(1);
        Ok(())
    }
}

/// The two ends.
#[derive(Debug)]
pub(crate) struct Loopback {
    listener: TcpListener,
    sender: Sender<Order>,
    runtime: Runtime,
}

/// Reads all, and takes the time.
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

impl Loopback {
    /// A listener, and a thread that sends.
    ///
    /// # Errors
    ///
    /// Those of the socket and the runtime.
    pub(crate) fn new() -> io::Result<Self> {
        let (sender, orders) = channel::<Order>();
        thread::spawn(move || {
            for order in orders {
                if let Err(error) = order.send() {
                    eprintln!("compare: the sender failed: {error}");
                }
            }
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        Ok(Loopback { listener, sender, runtime })
    }

    /// Compares all peers.
    ///
    /// # Panics
    ///
    /// If a socket fails.
    pub(crate) fn measure(&self, consumer: Consumer, sizes: Sizes, effort: Effort) -> Outcome {
        let peers = Peer::ALL;
        let mut scratch: Vec<_> = peers.iter().map(|_| consumer.scratch()).collect();
        let least = 64 * sizes.mean();
        compare(&peers, effort, (2e6, least), consumer.total(), |peer, total| {
            let (socket, wanted) = self.connect(sizes, total).expect("loopback sockets do not fail");
            let at = peers.iter().position(|other| *other == peer).expect("one of the peers");
            let _entered = self.runtime.enter();
            peers::run(peer, socket, Timed(consumer, &mut scratch[at], &self.runtime, &wanted))
        })
    }

    /// A connection on which `total` bytes arrive.
    fn connect(&self, sizes: Sizes, total: usize) -> io::Result<(Socket, Arc<Wanted>)> {
        // Large enough for any chunk, so that all of it has arrived when it is read.
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(2 << 20)?;
        let reader = self.runtime.block_on(socket.connect(self.listener.local_addr()?))?;
        let (stream, _) = self.listener.accept()?;
        let wanted = Arc::<Wanted>::default();
        let socket = Socket::paced(reader, wanted.clone());
        let order = Order { stream, sizes, total, wanted: wanted.clone() };
        self.sender.send(order).map_err(io::Error::other)?;
        Ok((socket, wanted))
    }
}
