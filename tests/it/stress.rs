//! Many loopback connections through stacks of three shims, under faults: every byte is accounted for, and so is memory.
//!
//! Each end of a connection is a tokio or a smol socket below three shims of random kinds. Layers in between delay,
//! shorten, disturb and fail what passes, and the ends read and write by means that change from poll to poll. All choices
//! follow from a seed, which a failure names: `STRESS_SEED` sets it.

use std::fmt::Write as _;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::net;
use std::num::NonZeroUsize;
use std::os::fd::AsFd;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use futures::future::{Either, join, select};
use futures::stream::{self, StreamExt as _};
use io_shim::{BorrowedBuf, BorrowedCursor, Offer, Shim, spare};
use tokio::io::ReadBuf;

use crate::alloc::heap;

/// How long one connection may take: under a memory checker all of them together take half a minute.
const DEADLINE: Duration = Duration::from_secs(120);
/// The most that is written or read in one call.
const MOST: usize = 16 * 1024;
/// What readers leave behind what they filled, as they may.
const JUNK: u8 = 0xEE;
/// What stands before and after memory that is lent, and has to stay.
const GUARD: u8 = 0xA5;

#[test]
#[cfg_attr(miri, ignore = "needs sockets")]
fn twenty_connections() {
    let load = Load { connections: 20, at_once: 20, longest: 32 * 1024 };
    run(seed() ^ 1, Load { longest: 256, ..load });
    println!("{}", measured(seed(), load));
}

/// It looks at the memory of the process, so no other test may run beside it. `--nocapture` shows what it did.
#[test]
#[ignore = "takes about 30 seconds; .ci/deep runs it"]
fn a_thousand_connections() {
    let load = Load { connections: 1000, at_once: 250, longest: 128 * 1024 };
    run(seed() ^ 1, Load { connections: 500, ..load });
    let (before, start) = (resident(), Instant::now());
    let total = measured(seed(), load);
    let (after, seconds) = (resident(), start.elapsed().as_secs_f64());
    println!("{total}; resident {before} KiB before, {after} KiB after; {seconds:.1} s");
    // A tenth and a little, for what the allocator keeps and for the counters of the kernel, which lag behind.
    assert!(after <= before + before / 10 + 2048, "resident memory has grown from {before} to {after} KiB");
}

fn seed() -> u64 {
    std::env::var("STRESS_SEED").map_or(0x10_5111, |seed| seed.parse().expect("STRESS_SEED is a number"))
}

/// The resident memory of this process in KiB; 0 where the system does not say.
pub fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.map_or(0, |line| line.trim().trim_end_matches(" kB").parse().unwrap())
}

/// How much to do.
#[derive(Clone, Copy)]
struct Load {
    connections: u64,
    at_once: usize,
    /// The longest message, in bytes.
    longest: usize,
}

/// Runs all connections, and sees to it that the heap is what it was. What is allocated once, another run has to have
/// allocated before.
fn measured(seed: u64, load: Load) -> Total {
    let before = heap();
    let mut total = run(seed, load);
    total.grown = heap().wrapping_sub(before) as isize;
    // The deadline of a connection hands a waker to the thread of smol's reactor. The 72 bytes of a future in a box that
    // it keeps alive are freed over there, where they are not counted.
    let tolerance = 16 * 1024 + 100 * total.connections;
    assert!(total.grown.unsigned_abs() as u64 <= tolerance, "STRESS_SEED={seed}: heap {:+} bytes", total.grown);
    assert_eq!(total.connections, load.connections);
    total
}

/// Runs all connections, on this thread.
fn run(seed: u64, load: Load) -> Total {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
    let connections = stream::iter(0..load.connections).map(|index| {
        let listener = &listener;
        // In a box, so that a waker that outlives it keeps no more than a few words.
        Box::pin(async move {
            let result = connection(Rng::new(seed, index), listener, load.longest).await;
            result.unwrap_or_else(|what| panic!("STRESS_SEED={seed}, connection {index}: {what}"))
        })
    });
    runtime.block_on(connections.buffer_unordered(load.at_once).fold(Total::default(), async |total, one| total + one))
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    /// Each end says all that it has to say and hears all that the other says.
    Whole,
    /// One end resets the connection in the middle.
    Reset,
    /// One end is dropped in the middle.
    Dropped,
}

async fn connection(mut rng: Rng, listener: &net::TcpListener, longest: usize) -> Result<Total, String> {
    let fate = match rng.below(8) {
        0 => Fate::Reset,
        1 => Fate::Dropped,
        _ => Fate::Whole,
    };
    let mut lens = [rng.message(longest), rng.message(longest)];
    let mut quota = [None, None];
    if fate != Fate::Whole {
        lens[0] += 1;
        quota[rng.below(2)] = Some(rng.below(lens[0] + lens[1]));
    }
    let keys = [rng.next(), rng.next()];
    let mut ends = Vec::new();
    for (side, socket) in pair(listener).map_err(|error| error.to_string())?.into_iter().enumerate() {
        if rng.one_in(2) {
            set_send_buffer(&socket, 1 << (12 + rng.below(6)));
        }
        if fate == Fate::Reset && quota[side].is_some() {
            reset_when_closed(&socket);
        }
        let faults = Arc::new(Faults::default());
        let (name, io) = stack(&mut rng, socket, &faults).map_err(|error| error.to_string())?;
        let flow = |side: usize| Flow { key: keys[side], len: lens[side], at: 0, over: false };
        ends.push(End {
            name,
            io,
            rng: rng.fork(),
            faults,
            fate,
            quota: quota[side],
            outgoing: flow(side),
            incoming: flow(1 - side),
            held: Held::default(),
            pendings: 0,
            retried: 0,
            failures: 0,
        });
    }
    let describe = format!("{fate:?}, {lens:?} bytes, quota {quota:?}, {} and {}", ends[0].name, ends[1].name);
    let mut tasks = ends.into_iter().map(|end| Task(tokio::spawn(end.run())));
    let both = join(tasks.next().unwrap(), tasks.next().unwrap());
    let (one, two) = match select(pin!(both), smol::Timer::after(DEADLINE)).await {
        Either::Left((both, _)) => both,
        Either::Right(_) => return Err(format!("not done after {DEADLINE:?}: {describe}")),
    };
    // If one end fails, the other hears of it, and which was first is not known.
    let outcomes = match (one, two) {
        (Ok(one), Ok(two)) => [one, two],
        (Err(what), Ok(_)) | (Ok(_), Err(what)) => return Err(format!("{what}: {describe}")),
        (Err(one), Err(two)) => return Err(format!("{one}; and {two}: {describe}")),
    };
    let mut total = Total { connections: 1, ..Total::default() };
    for side in 0..2 {
        let (sent, received) = (outcomes[side].sent, outcomes[1 - side].received);
        let lost = sent.checked_sub(received).ok_or_else(|| format!("{received} arrived of {sent}: {describe}"))?;
        if fate == Fate::Whole && lost > 0 {
            return Err(format!("{lost} of {sent} were lost: {describe}"));
        }
        total.sent[side] = sent as u64;
        total.received[side] = received as u64;
        total.lost[side] = lost as u64;
        total.failures += outcomes[side].failures as u64;
        for (sum, count) in total.faults.iter_mut().zip(outcomes[side].faults) {
            *sum += count;
        }
        // Whoever stays hears of a reset, one way or the other.
        if fate == Fate::Reset && quota[side].is_none() && outcomes[side].failures == 0 {
            return Err(format!("no error after a reset: {describe}"));
        }
    }
    match fate {
        Fate::Whole => {}
        Fate::Reset => total.resets = 1,
        Fate::Dropped => total.drops = 1,
    }
    Ok(total)
}

/// A task that does not outlive its handle.
struct Task(tokio::task::JoinHandle<Result<Outcome, String>>);

impl Future for Task {
    type Output = Result<Outcome, String>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map(|result| result.unwrap_or_else(|panic| Err(panic.to_string())))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

// Sockets.

/// Both ends of a connection.
fn pair(listener: &net::TcpListener) -> io::Result<[net::TcpStream; 2]> {
    let one = net::TcpStream::connect(listener.local_addr()?)?;
    loop {
        let (two, address) = listener.accept()?;
        if address == one.local_addr()? {
            return Ok([one, two]);
        }
    }
}

/// The socket once more, to set its options.
fn options(socket: &impl AsFd) -> tokio::net::TcpSocket {
    let copy = socket.as_fd().try_clone_to_owned().unwrap();
    tokio::net::TcpSocket::from_std_stream(copy.into())
}

fn set_send_buffer(socket: &impl AsFd, len: u32) {
    options(socket).set_send_buffer_size(len).unwrap();
}

#[allow(deprecated, reason = "with a duration of zero nothing blocks, and `set_zero_linger` asks for a newer tokio")]
fn reset_when_closed(socket: &impl AsFd) {
    options(socket).set_linger(Some(Duration::ZERO)).unwrap();
}

// Stacks.

/// A reader and writer of every ecosystem.
trait Io:
    tokio::io::AsyncRead
    + tokio::io::AsyncWrite
    + futures::io::AsyncRead
    + futures::io::AsyncWrite
    + io_shim::AsyncReadBuf
    + io_shim::AsyncWrite
    + Send
    + Unpin
{
}

impl<T> Io for T where
    T: tokio::io::AsyncRead
        + tokio::io::AsyncWrite
        + futures::io::AsyncRead
        + futures::io::AsyncWrite
        + io_shim::AsyncReadBuf
        + io_shim::AsyncWrite
        + Send
        + Unpin
{
}

type Stack = Box<dyn Io>;

/// A socket below three shims, with one to three layers of faults in between, and the names of all of them.
fn stack(rng: &mut Rng, socket: net::TcpStream, faults: &Arc<Faults>) -> io::Result<(String, Stack)> {
    // Each bit is a place for faults: at the socket, above the first shim, above the second.
    let places = 1 + rng.below(7);
    let mut name = String::new();
    let mut io: Stack = if rng.one_in(2) {
        socket.set_nonblocking(true)?;
        let socket = tokio::net::TcpStream::from_std(socket)?;
        name.push_str("tokio");
        if places & 1 != 0 {
            let faulty = Fault::new(rng, faults, &mut name, socket);
            from_tokio(faulty, &mut name)
        } else {
            from_tokio(socket, &mut name)
        }
    } else {
        let socket = smol::net::TcpStream::try_from(socket)?;
        name.push_str("smol");
        if places & 1 != 0 {
            let faulty = Fault::new(rng, faults, &mut name, socket);
            from_futures(rng, faulty, &mut name)
        } else {
            from_futures(rng, socket, &mut name)
        }
    };
    for place in [2, 4] {
        if places & place != 0 {
            io = Box::new(Fault::new(rng, faults, &mut name, io));
        }
        io = shim(rng, io, &mut name);
    }
    Ok((name, io))
}

fn from_tokio<T>(io: T, name: &mut String) -> Stack
where
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    name.push_str(" | from_tokio");
    Box::new(Shim::from_tokio(io))
}

fn from_futures<T>(rng: &mut Rng, io: T, name: &mut String) -> Stack
where
    T: futures::io::AsyncRead + futures::io::AsyncWrite + Send + Unpin + 'static,
{
    let (offer, vectored) = (rng.offer(), !rng.one_in(4));
    let _ = write!(name, " | from_futures, {offer:?}, {vectored}");
    Box::new(Shim::from_futures(io).with_offer(offer).with_write_vectored(vectored))
}

/// A shim of any kind.
fn shim(rng: &mut Rng, io: Stack, name: &mut String) -> Stack {
    let capacity = 1 + rng.size(MOST);
    match rng.below(7) {
        0 | 1 => from_tokio(io, name),
        2 | 3 => from_futures(rng, io, name),
        4 => {
            name.push_str(" | new");
            Box::new(Shim::new(io))
        }
        5 => {
            let _ = write!(name, " | from_tokio over a `BufReader` of {capacity}");
            Box::new(Shim::from_tokio(tokio::io::BufReader::with_capacity(capacity, io)))
        }
        _ => {
            let _ = write!(name, " | from_futures_buf, {capacity}");
            Box::new(Shim::from_futures_buf(futures::io::BufReader::with_capacity(capacity, io)))
        }
    }
}

// Faults.

/// What the layers of one end did.
#[derive(Default)]
struct Faults {
    pendings: AtomicU64,
    errors: AtomicU64,
    spurious: AtomicU64,
    short_reads: AtomicU64,
    short_writes: AtomicU64,
    empty: AtomicU64,
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

/// The error that asks the caller to try again.
#[derive(Debug)]
struct TryAgain;

impl std::fmt::Display for TryAgain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("try again")
    }
}

impl std::error::Error for TryAgain {}

fn is_try_again(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Other && error.get_ref().is_some_and(|inner| inner.is::<TryAgain>())
}

/// Is of the ecosystems that `T` is of, and a nuisance, but within the contract.
struct Fault<T> {
    io: T,
    rng: Rng,
    faults: Arc<Faults>,
    /// How many calls more will not be ready.
    storm: usize,
    /// Whether it takes and fills more than one slice in one call.
    vectors: bool,
    /// One call in so many is the start of a storm.
    stormy: usize,
    /// One transfer in so many is not shortened.
    long: usize,
}

impl<T: Unpin> Fault<T> {
    fn new(rng: &mut Rng, faults: &Arc<Faults>, name: &mut String, io: T) -> Self {
        let mut rng = rng.fork();
        let (vectors, stormy, long) = (rng.one_in(2), 10 + rng.size(100), 1 + rng.below(4));
        let _ = write!(name, " | fault, vectors: {vectors}");
        Fault { io, rng, faults: faults.clone(), storm: 0, vectors, stormy, long }
    }

    fn io(&mut self) -> Pin<&mut T> {
        Pin::new(&mut self.io)
    }

    /// Is not ready, or fails, or neither.
    fn disturb(&mut self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        if self.storm == 0 && self.rng.one_in(self.stormy) {
            self.storm = 1 + self.rng.size(100);
        }
        if self.storm > 0 {
            self.storm -= 1;
            count(&self.faults.pendings);
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.rng.one_in(40) {
            count(&self.faults.errors);
            return Poll::Ready(Err(io::Error::other(TryAgain)));
        }
        if self.rng.one_in(10) {
            count(&self.faults.spurious);
            cx.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }

    /// How much of `room` to use, and whether to call with nothing first.
    fn shorten(&mut self, room: usize, counter: impl FnOnce(&Faults) -> &AtomicU64) -> (usize, bool) {
        let most = if self.rng.one_in(self.long) { room } else { room.min(1 + self.rng.size(4096)) };
        if most < room {
            count(counter(&self.faults));
        }
        let empty = self.rng.one_in(32);
        if empty {
            count(&self.faults.empty);
        }
        (most, empty)
    }

    fn leaves_junk(&mut self) -> bool {
        self.rng.one_in(4)
    }
}

fn short_reads(faults: &Faults) -> &AtomicU64 {
    &faults.short_reads
}

fn short_writes(faults: &Faults) -> &AtomicU64 {
    &faults.short_writes
}

/// The first `most` bytes of the slices.
fn front<'a>(bufs: &'a [IoSlice<'_>], mut most: usize) -> Vec<IoSlice<'a>> {
    let mut shortened = |buf: &'a IoSlice<'_>| {
        let n = buf.len().min(most);
        most -= n;
        IoSlice::new(&buf[..n])
    };
    bufs.iter().map(&mut shortened).collect()
}

/// The first `most` bytes of the slices.
fn front_mut<'a>(bufs: &'a mut [IoSliceMut<'_>], mut most: usize) -> Vec<IoSliceMut<'a>> {
    let mut shortened = |buf: &'a mut IoSliceMut<'_>| {
        let n = buf.len().min(most);
        most -= n;
        IoSliceMut::new(&mut buf[..n])
    };
    bufs.iter_mut().map(&mut shortened).collect()
}

/// Shortens a read into a slice and leaves junk behind what it filled; both hub and futures-io read so.
fn read_front<T: Unpin>(
    fault: &mut Fault<T>,
    cx: &mut Context<'_>,
    slice: &mut [u8],
    read: impl Fn(Pin<&mut T>, &mut Context<'_>, &mut [u8]) -> Poll<io::Result<usize>>,
) -> Poll<io::Result<usize>> {
    ready!(fault.disturb(cx))?;
    let (most, empty) = fault.shorten(slice.len(), short_reads);
    if empty {
        ready!(read(fault.io(), cx, &mut []))?;
    }
    let poll = read(fault.io(), cx, &mut slice[..most]);
    if fault.leaves_junk() {
        let filled = if let Poll::Ready(Ok(n)) = poll { n } else { 0 };
        slice[filled.min(most)..].fill(JUNK);
    }
    poll
}

impl<T: tokio::io::AsyncRead + Unpin> tokio::io::AsyncRead for Fault<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        ready!(self.disturb(cx))?;
        let (most, empty) = self.shorten(buf.remaining(), short_reads);
        if empty {
            ready!(tokio::io::AsyncRead::poll_read(self.io(), cx, &mut ReadBuf::new(&mut [])))?;
        }
        if self.rng.one_in(8) {
            buf.initialize_unfilled();
        }
        let mut part = buf.take(most);
        let poll = tokio::io::AsyncRead::poll_read(self.io(), cx, &mut part);
        let (filled, init) = (part.filled().len(), part.initialized().len());
        // SAFETY: `part` is the front of the unfilled part of `buf`, and says that this much is initialised.
        unsafe { buf.assume_init(init) };
        buf.advance(filled);
        if self.leaves_junk() {
            buf.initialize_unfilled().fill(JUNK);
        }
        poll
    }
}

impl<T: futures::io::AsyncRead + Unpin> futures::io::AsyncRead for Fault<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        read_front(&mut self, cx, slice, futures::io::AsyncRead::poll_read)
    }

    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        if !self.vectors {
            let first = bufs.iter_mut().find(|buf| !buf.is_empty());
            return futures::io::AsyncRead::poll_read(self, cx, first.map_or(&mut [], |buf| buf));
        }
        ready!(self.disturb(cx))?;
        let (most, empty) = self.shorten(bufs.iter().map(|buf| buf.len()).sum(), short_reads);
        if empty {
            ready!(futures::io::AsyncRead::poll_read_vectored(self.io(), cx, &mut []))?;
        }
        futures::io::AsyncRead::poll_read_vectored(self.io(), cx, &mut front_mut(bufs, most))
    }
}

impl<T: io_shim::AsyncReadBuf + Unpin> io_shim::AsyncReadBuf for Fault<T> {
    fn poll_read_into(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.disturb(cx))?;
        let (most, empty) = self.shorten(cursor.capacity(), short_reads);
        if empty {
            ready!(self.io().poll_read_into(cx, cursor.reborrow().limit(0)))?;
        }
        if self.rng.one_in(8) {
            cursor.ensure_init();
        }
        let poll = self.io().poll_read_into(cx, cursor.reborrow().limit(most));
        if self.leaves_junk() {
            cursor.ensure_init().fill(JUNK);
        }
        poll
    }

    fn poll_read_into_slice(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slice: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        read_front(&mut self, cx, slice, io_shim::AsyncReadBuf::poll_read_into_slice)
    }

    fn poll_read_into_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        if !self.vectors {
            let first = bufs.iter_mut().find(|buf| !buf.is_empty());
            return self.poll_read_into_slice(cx, first.map_or(&mut [], |buf| buf));
        }
        ready!(self.disturb(cx))?;
        let (most, empty) = self.shorten(bufs.iter().map(|buf| buf.len()).sum(), short_reads);
        if empty {
            ready!(io_shim::AsyncReadBuf::poll_read_into_vectored(self.io(), cx, &mut []))?;
        }
        io_shim::AsyncReadBuf::poll_read_into_vectored(self.io(), cx, &mut front_mut(bufs, most))
    }

    fn supports_vectored_reads(&self) -> bool {
        self.vectors && self.io.supports_vectored_reads()
    }

    fn init_hint(&self, capacity: usize) -> usize {
        self.io.init_hint(capacity)
    }
}

macro_rules! faulty_writer {
    ($trait:path, $close:ident $(, $query:ident)?) => {
        impl<T: $trait + Unpin> $trait for Fault<T> {
            fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
                ready!(self.disturb(cx))?;
                let (most, empty) = self.shorten(data.len(), short_writes);
                if empty {
                    ready!(<T as $trait>::poll_write(self.io(), cx, &[]))?;
                }
                <T as $trait>::poll_write(self.io(), cx, &data[..most])
            }

            fn poll_write_vectored(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                if !self.vectors {
                    let first = bufs.iter().find(|buf| !buf.is_empty());
                    return <Self as $trait>::poll_write(self, cx, first.map_or(&[], |buf| buf));
                }
                ready!(self.disturb(cx))?;
                let (most, empty) = self.shorten(bufs.iter().map(|buf| buf.len()).sum(), short_writes);
                if empty {
                    ready!(<T as $trait>::poll_write_vectored(self.io(), cx, &[]))?;
                }
                <T as $trait>::poll_write_vectored(self.io(), cx, &front(bufs, most))
            }

            fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                ready!(self.disturb(cx))?;
                <T as $trait>::poll_flush(self.io(), cx)
            }

            fn $close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                ready!(self.disturb(cx))?;
                <T as $trait>::$close(self.io(), cx)
            }

            $(fn $query(&self) -> bool {
                self.vectors && <T as $trait>::$query(&self.io)
            })?
        }
    };
}

faulty_writer!(tokio::io::AsyncWrite, poll_shutdown, is_write_vectored);
faulty_writer!(futures::io::AsyncWrite, poll_close);
faulty_writer!(io_shim::AsyncWrite, poll_shutdown, supports_vectored_writes);

// Ends.

/// One direction of a connection, seen from one end.
struct Flow {
    /// What the bytes are made of.
    key: u64,
    len: usize,
    /// How far it is.
    at: usize,
    /// Whether the stream was ended, or has failed.
    over: bool,
}

impl Flow {
    /// The next `len` bytes.
    fn next(&self, len: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(len + 8);
        for word in self.at / 8..(self.at + len).div_ceil(8) {
            bytes.extend_from_slice(&mix(self.key.wrapping_add(word as u64)).to_le_bytes());
        }
        bytes.drain(..self.at % 8);
        bytes.truncate(len);
        bytes
    }

    /// Takes note of bytes that arrived.
    fn check(&mut self, bytes: &[u8]) -> Result<(), String> {
        if bytes.len() > self.len - self.at {
            return Err(format!("{} bytes arrived after {} of {}", bytes.len(), self.at, self.len));
        }
        let expected = self.next(bytes.len());
        if let Some(i) = (0..bytes.len()).find(|&i| bytes[i] != expected[i]) {
            let (found, at) = (bytes[i], self.at + i);
            return Err(format!("{found:#x} arrived as byte {at} of {}, not {:#x}", self.len, expected[i]));
        }
        self.at += bytes.len();
        Ok(())
    }
}

/// A buffer that is held from one read to the next, until it is full.
#[derive(Default)]
struct Held {
    memory: Vec<MaybeUninit<u8>>,
    init: usize,
    /// What was filled.
    filled: Vec<u8>,
}

impl Held {
    /// Reads into what is left of the buffer, and gives the result and the room there was.
    fn poll(
        &mut self,
        capacity: usize,
        read: impl FnOnce(&mut ReadBuf<'_>) -> Poll<io::Result<()>>,
    ) -> (Poll<io::Result<()>>, usize, Vec<u8>) {
        if self.filled.len() == self.memory.len() {
            *self = Held { memory: Box::new_uninit_slice(capacity).into_vec(), ..Held::default() };
        }
        let mut buf = ReadBuf::uninit(&mut self.memory);
        // SAFETY: the same buffer said so at the end of the last read.
        unsafe { buf.assume_init(self.init) };
        buf.set_filled(self.filled.len());
        let room = buf.remaining();
        let poll = read(&mut buf);
        let (before, new) = buf.filled().split_at(self.filled.len());
        assert_eq!(before, self.filled, "what was filled before has changed");
        let new = new.to_vec();
        self.init = buf.initialized().len();
        self.filled.extend_from_slice(&new);
        (poll, room, new)
    }
}

/// One end of a connection.
struct End {
    name: String,
    io: Stack,
    rng: Rng,
    faults: Arc<Faults>,
    fate: Fate,
    /// After how many bytes, in both directions together, this end breaks the connection.
    quota: Option<usize>,
    outgoing: Flow,
    incoming: Flow,
    held: Held,
    pendings: u64,
    retried: u64,
    failures: usize,
}

/// What became of an end.
struct Outcome {
    sent: usize,
    received: usize,
    failures: usize,
    faults: [u64; FAULTS.len()],
}

impl End {
    /// Sends and receives until both directions are over or it is time to break the connection.
    async fn run(mut self) -> Result<Outcome, String> {
        let result = std::future::poll_fn(|cx| self.poll(cx)).await;
        let End { name, faults, outgoing, incoming, pendings, retried, failures, .. } = self;
        result.map_err(|what| format!("{what}, in {name}"))?;
        let counts = [
            &faults.pendings,
            &faults.errors,
            &faults.spurious,
            &faults.short_reads,
            &faults.short_writes,
            &faults.empty,
        ];
        let counts = counts.map(|counter| counter.load(Relaxed));
        if counts[0] > pendings || counts[1] != retried {
            let [made, errors, ..] = counts;
            return Err(format!("of {made} `Pending` {pendings} were seen, of {errors} errors {retried}, in {name}"));
        }
        Ok(Outcome { sent: outgoing.at, received: incoming.at, failures, faults: counts })
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), String>> {
        for _ in 0..16 {
            if self.quota.is_some_and(|quota| self.outgoing.at + self.incoming.at >= quota) {
                return Poll::Ready(Ok(()));
            }
            if self.outgoing.over && self.incoming.over {
                return Poll::Ready(Ok(()));
            }
            let mut waits = true;
            if !self.outgoing.over {
                waits &= self.send(cx)?.is_pending();
            }
            if !self.incoming.over {
                waits &= self.receive(cx)?.is_pending();
            }
            if waits {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Sees to an error, which is right if it was made here or the other end broke the connection.
    fn failed(&mut self, error: io::Error) -> Result<bool, String> {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected};
        if is_try_again(&error) {
            self.retried += 1;
            return Ok(false);
        }
        let broken = matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected);
        if self.fate == Fate::Whole || self.quota.is_some() || !broken {
            return Err(format!("{error:?} after {} bytes out, {} bytes in", self.outgoing.at, self.incoming.at));
        }
        self.failures += 1;
        Ok(true)
    }

    /// Writes by some means, once, or ends the stream if all is written.
    fn send(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), String>> {
        let left = self.outgoing.len - self.outgoing.at;
        if left == 0 && self.quota.is_some() {
            // It will break the connection, and so does not end it before.
            return Poll::Pending;
        }
        let (closes, flushes) = (left == 0, self.rng.one_in(64));
        let empty = self.rng.one_in(32);
        let data = self.outgoing.next(if empty { 0 } else { left.min(1 + self.rng.size(MOST)) });
        let means = self.rng.below(6);
        let io = Pin::new(&mut self.io);
        let poll = if closes || flushes {
            match (means / 2, closes) {
                (0, true) => tokio::io::AsyncWrite::poll_shutdown(io, cx),
                (1, true) => futures::io::AsyncWrite::poll_close(io, cx),
                (_, true) => io_shim::AsyncWrite::poll_shutdown(io, cx),
                (0, false) => tokio::io::AsyncWrite::poll_flush(io, cx),
                (1, false) => futures::io::AsyncWrite::poll_flush(io, cx),
                (_, false) => io_shim::AsyncWrite::poll_flush(io, cx),
            }
            .map_ok(|()| None)
        } else {
            let mut slices = Vec::new();
            let mut rest = &data[..];
            for _ in 0..self.rng.below(6) {
                let (slice, after) = rest.split_at(self.rng.below(rest.len() + 1));
                slices.push(IoSlice::new(slice));
                rest = after;
            }
            slices.push(IoSlice::new(rest));
            match means {
                0 => tokio::io::AsyncWrite::poll_write(io, cx, &data),
                1 => tokio::io::AsyncWrite::poll_write_vectored(io, cx, &slices),
                2 => futures::io::AsyncWrite::poll_write(io, cx, &data),
                3 => futures::io::AsyncWrite::poll_write_vectored(io, cx, &slices),
                4 => io_shim::AsyncWrite::poll_write(io, cx, &data),
                _ => io_shim::AsyncWrite::poll_write_vectored(io, cx, &slices),
            }
            .map_ok(Some)
        };
        match poll {
            Poll::Pending => {
                self.pendings += 1;
                return Poll::Pending;
            }
            Poll::Ready(Err(error)) => self.outgoing.over = self.failed(error)?,
            Poll::Ready(Ok(None)) => self.outgoing.over = closes,
            Poll::Ready(Ok(Some(n))) if n > data.len() || n == 0 && !data.is_empty() => {
                return Poll::Ready(Err(format!("a write took {n} of {} bytes", data.len())));
            }
            Poll::Ready(Ok(Some(n))) => self.outgoing.at += n,
        }
        Poll::Ready(Ok(()))
    }

    /// Reads by some means, once.
    fn receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), String>> {
        let mut room = if self.rng.one_in(32) { 0 } else { 1 + self.rng.size(MOST) };
        let means = self.rng.below(9);
        let io = Pin::new(&mut self.io);
        let (poll, data) = match means {
            0 => {
                let mut memory = Box::new_uninit_slice(room);
                let mut buf = ReadBuf::uninit(&mut memory);
                let poll = tokio::io::AsyncRead::poll_read(io, cx, &mut buf);
                (poll, buf.filled().to_vec())
            }
            1 => {
                let mut memory = vec![0; room];
                let mut buf = ReadBuf::new(&mut memory);
                let poll = tokio::io::AsyncRead::poll_read(io, cx, &mut buf);
                (poll, buf.filled().to_vec())
            }
            2 => {
                let data;
                let poll;
                (poll, room, data) = self.held.poll(room, |buf| tokio::io::AsyncRead::poll_read(io, cx, buf));
                (poll, data)
            }
            3 => {
                let mut memory = Box::new_uninit_slice(room);
                let mut buf = BorrowedBuf::from(&mut memory[..]);
                let poll = io_shim::AsyncReadBuf::poll_read_into(io, cx, buf.unfilled());
                (poll, buf.filled().to_vec())
            }
            4 => {
                let mut memory = Vec::with_capacity(8 + room);
                memory.extend([GUARD; 8]);
                let mut spare = spare(&mut memory);
                room = spare.unfilled().capacity();
                let poll = io_shim::AsyncReadBuf::poll_read_into(io, cx, spare.unfilled());
                drop(spare);
                assert_eq!(memory[..8], [GUARD; 8], "what was there before has changed");
                (poll, memory.split_off(8))
            }
            _ => {
                let mut memory = vec![GUARD; 8 + room + 8];
                let mut rest = &mut memory[8..][..room];
                let poll = match means {
                    5 => futures::io::AsyncRead::poll_read(io, cx, rest),
                    6 => io_shim::AsyncReadBuf::poll_read_into_slice(io, cx, rest),
                    _ => {
                        let mut slices = Vec::new();
                        for _ in 0..self.rng.below(6) {
                            let (slice, after) = rest.split_at_mut(self.rng.below(rest.len() + 1));
                            slices.push(IoSliceMut::new(slice));
                            rest = after;
                        }
                        slices.push(IoSliceMut::new(rest));
                        match means {
                            7 => futures::io::AsyncRead::poll_read_vectored(io, cx, &mut slices),
                            _ => io_shim::AsyncReadBuf::poll_read_into_vectored(io, cx, &mut slices),
                        }
                    }
                };
                assert_eq!(memory[..8], [GUARD; 8], "memory before the slice has changed");
                assert_eq!(memory[8 + room..], [GUARD; 8], "memory after the slice has changed");
                let n = if let Poll::Ready(Ok(n)) = poll { n } else { 0 };
                if n > room {
                    return Poll::Ready(Err(format!("a read of {room} bytes gave {n}")));
                }
                (poll.map_ok(drop), memory[8..][..n].to_vec())
            }
        };
        if !matches!(poll, Poll::Ready(Ok(()))) && !data.is_empty() {
            return Poll::Ready(Err(format!("{} bytes came with {poll:?}", data.len())));
        }
        match poll {
            Poll::Pending => {
                self.pendings += 1;
                return Poll::Pending;
            }
            Poll::Ready(Err(error)) => self.incoming.over = self.failed(error)?,
            Poll::Ready(Ok(())) if room > 0 && data.is_empty() => {
                let Flow { at, len, .. } = self.incoming;
                if at < len && (self.fate == Fate::Whole || self.quota.is_some()) {
                    return Poll::Ready(Err(format!("the stream ended after {at} of {len} bytes")));
                }
                self.incoming.over = true;
            }
            Poll::Ready(Ok(())) => self.incoming.check(&data)?,
        }
        Poll::Ready(Ok(()))
    }
}

// Sums.

const FAULTS: [&str; 6] =
    ["Pending", "errors retried", "spurious wake-ups", "short reads", "short writes", "empty calls"];

/// What happened in all.
#[derive(Clone, Debug, Default)]
struct Total {
    connections: u64,
    resets: u64,
    drops: u64,
    /// Bytes, each way.
    sent: [u64; 2],
    received: [u64; 2],
    lost: [u64; 2],
    failures: u64,
    faults: [u64; FAULTS.len()],
    /// What of the heap was not given back, in bytes.
    grown: isize,
}

impl std::ops::Add for Total {
    type Output = Total;

    fn add(self, other: Total) -> Total {
        let both = |one: [u64; 2], two: [u64; 2]| [one[0] + two[0], one[1] + two[1]];
        Total {
            connections: self.connections + other.connections,
            resets: self.resets + other.resets,
            drops: self.drops + other.drops,
            sent: both(self.sent, other.sent),
            received: both(self.received, other.received),
            lost: both(self.lost, other.lost),
            failures: self.failures + other.failures,
            faults: std::array::from_fn(|i| self.faults[i] + other.faults[i]),
            grown: self.grown + other.grown,
        }
    }
}

impl std::fmt::Display for Total {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Total { connections, resets, drops, sent, received, lost, failures, faults, grown } = self;
        write!(
            f,
            "{connections} connections, {resets} reset and {drops} dropped ({failures} errors of those); \
             bytes each way: sent {sent:?} = received {received:?} + lost with a connection {lost:?}"
        )?;
        FAULTS.iter().zip(faults).try_for_each(|(name, count)| write!(f, "; {count} {name}"))?;
        write!(f, "; heap {grown:+} bytes")
    }
}

// Chance.

fn mix(x: u64) -> u64 {
    let x = x.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

struct Rng(u64);

impl Rng {
    fn new(seed: u64, index: u64) -> Self {
        Rng(mix(seed) ^ mix(!index))
    }

    fn fork(&mut self) -> Self {
        Rng(mix(self.next()))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(1);
        mix(self.0)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// A number below `most`, of any magnitude.
    fn size(&mut self, most: usize) -> usize {
        let magnitude = self.below(most.ilog2() as usize + 1);
        self.below(1 << magnitude)
    }

    /// The length of a message, which may be empty.
    fn message(&mut self, longest: usize) -> usize {
        match self.below(16) {
            0 => 0,
            1..8 => self.size(longest),
            _ => self.below(longest),
        }
    }

    fn offer(&mut self) -> Offer {
        match self.below(4) {
            0 => Offer::Bounce(NonZeroUsize::new(1 + self.size(MOST)).unwrap()),
            1 => Offer::Whole,
            _ => Offer::Predicted,
        }
    }
}
