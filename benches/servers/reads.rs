//! Reads on a smol socket into an empty buffer.
//!
//! Another thread sends the next message when the last one was read. The clock stops until the
//! whole message has arrived: as on a busy server, the time includes no sleeping and waking.

use std::hint::black_box;
use std::io::{self, Write as _};
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use io_shim::Shim;
use smol::Async;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio_util::compat::FuturesAsyncReadCompatExt as _;

use crate::http::DATA;
use crate::measure::{Effort, Loopback, clock_cost, compare, cpu};
use crate::native::Native;
use crate::peers::Peer;
use crate::tables::Row;

/// The peers, the native one first.
pub(crate) const PEERS: [Peer; 4] = [Peer::Native, Peer::Smol, Peer::Futures, Peer::Compat];

/// The lengths of messages.
const SIZES: [usize; 5] = [64, 1460, 4096, 16384, 65536];
/// The capacities of the buffer.
const CAPACITIES: [usize; 2] = [64 << 10, 1 << 20];
/// The number of messages in a round.
const MESSAGES: usize = 200;

/// Measures all cases.
pub(crate) fn measure(effort: Effort) -> io::Result<Vec<Row>> {
    let loopback = Loopback::new()?;
    let mut rows = Vec::new();
    for capacity in CAPACITIES {
        let mut buf = Vec::with_capacity(capacity);
        for size in SIZES {
            let outcome =
                compare(&PEERS, effort, MESSAGES, |peer, messages| run(peer, &loopback, size, messages, &mut buf))?;
            let case = format!("{size} bytes into {} KiB", capacity >> 10);
            rows.push(Row { case, outcome, targets: vec![(Peer::Smol, 1.05)] });
        }
    }
    Ok(rows)
}

/// Lets `peer` read that many messages, and returns the time.
fn run(peer: Peer, loopback: &Loopback, size: usize, messages: usize, buf: &mut Vec<u8>) -> io::Result<f64> {
    let (sender, receiver) = loopback.connect()?;
    let wanted = AtomicUsize::new(0);
    thread::scope(|scope| {
        let sender = scope.spawn(|| send(sender, size, messages, &wanted));
        // This other descriptor is used to query how much has arrived.
        let look = receiver.try_clone()?;
        let messages = Messages { size, messages, wanted: &wanted, look };
        let receiver = Async::new(receiver)?;
        let stream = |receiver| smol::net::TcpStream::from(receiver);
        let time = smol::block_on(async {
            match peer {
                Peer::Native => messages.read(Native::new(receiver), buf).await,
                Peer::Smol => messages.read(Shim::from_smol(stream(receiver)), buf).await,
                Peer::Futures => messages.read(Shim::from_futures(stream(receiver)), buf).await,
                Peer::Compat => messages.read(stream(receiver).compat(), buf).await,
                Peer::SmolHyper => unreachable!("it implements only hyper's traits"),
            }
        });
        sender.join().expect("the sender does not panic")?;
        time
    })
}

/// Sends each message when the receiver asks for it.
fn send(mut stream: TcpStream, size: usize, messages: usize, wanted: &AtomicUsize) -> io::Result<()> {
    for sent in 0..messages {
        while wanted.load(Ordering::Acquire) == sent {
            thread::yield_now();
        }
        stream.write_all(&DATA[..size])?;
    }
    Ok(())
}

/// The receiver's state.
struct Messages<'a> {
    size: usize,
    messages: usize,
    /// How many messages the receiver has asked for.
    wanted: &'a AtomicUsize,
    /// Another descriptor of the socket.
    look: TcpStream,
}

impl Messages<'_> {
    /// Reads all messages, and returns how long that took.
    async fn read<R: AsyncRead + Unpin>(&self, mut reader: R, buf: &mut Vec<u8>) -> io::Result<f64> {
        let clock_cost = clock_cost();
        let mut time = 0.0;
        for _ in 0..self.messages {
            self.wanted.fetch_add(1, Ordering::Release);
            while rustix::io::ioctl_fionread(self.look.as_fd())? < self.size as u64 {
                thread::yield_now();
            }
            buf.clear();
            let start = cpu();
            // This needs one read, unless the peer offers less than the buffer.
            while buf.len() < self.size {
                if reader.read_buf(buf).await? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            time += cpu() - start - clock_cost;
            black_box(&buf[..]);
        }
        Ok(time)
    }
}

impl Drop for Messages<'_> {
    fn drop(&mut self) {
        // If reading failed, the sender must not wait for ever.
        self.wanted.store(usize::MAX, Ordering::Release);
    }
}
