//! The second table: how many bytes the shim zeroes if every poll passes a new buffer.
//!
//! This is the worst case. A buffer that is used again keeps its initialized length, and none of
//! its bytes is zeroed twice.
//!
//! Here each poll passes 64 KiB that count as uninitialized and are filled with a sentinel. Bytes
//! that are zero afterwards were zeroed by the shim. The reader counts them where it writes data;
//! the caller counts them after the data.

use std::io;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use io_shim::{AsyncReadBuf, BorrowedCursor, Ecosystem, Offer, Shim};
use tokio::io::ReadBuf;

/// The size of every buffer.
const SIZE: usize = 64 * 1024;
/// The initial value of every byte of a buffer. It is neither 0 nor [`DATA`].
const SENTINEL: u8 = 0xA5;
const DATA: u8 = 0xD7;

/// The number of polls, and how many of them the shim may use to learn the size of reads.
const POLLS: usize = 1000;
const LEARNING: usize = 100;

/// The number of bytes per read: the payload of one network packet, and a long read.
const PER_READ: [usize; 2] = [1460, MOST];
const MOST: usize = 16 * 1024;

pub(crate) fn print_table() -> io::Result<()> {
    println!("Bytes zeroed per poll, each with a new buffer of {} KiB", SIZE / 1024);
    println!();
    println!("{:<39} {:>24}   {:>24}", "", "reads of 1460 bytes", "reads of 16 KiB");
    println!("{0:<39} {1:>7} {2:>7} {3:>8}   {1:>7} {2:>7} {3:>8}", "direction", "first", "later", "per byte");

    let bounce = Offer::bounce(16 * 1024);
    row("tokio -> tokio", |reader| tokio_caller(Shim::from_tokio(reader)))?;
    row("tokio -> futures (*)", |reader| futures_caller(Shim::from_tokio(reader)))?;
    row("futures -> futures (*)", |reader| futures_caller(Shim::from_futures(reader)))?;
    row("futures -> tokio, Offer::Predicted", |reader| tokio_caller(Shim::from_futures(reader)))?;
    row("futures -> tokio, Offer::Bounce(16 KiB)", |reader| {
        tokio_caller(Shim::from_futures(reader).with_offer(bounce))
    })?;
    row("futures -> tokio, Offer::Whole", |reader| tokio_caller(Shim::from_futures(reader).with_offer(Offer::Whole)))?;
    row("io-shim -> tokio", |reader| tokio_caller(Shim::new(reader)))?;
    row("io-shim -> futures (*)", |reader| futures_caller(Shim::new(reader)))?;

    println!();
    println!("first: the first poll; later: each poll after the first {LEARNING}; per byte: later, per byte returned.");
    println!("(*) futures-io callers pass initialized memory, so the shim zeroes nothing.");
    Ok(())
}

/// The result of one poll: how many bytes were zeroed and how many were returned.
type Sample = (usize, usize);

/// Polls a reader of each size through the function that `caller` returns, and prints the figures.
fn row<C: FnMut() -> io::Result<Sample>>(direction: &str, caller: impl Fn(Reader) -> C) -> io::Result<()> {
    let mut figures = Vec::new();
    for per_read in PER_READ {
        let mut poll = caller(Reader { per_read, returned: 0, address: 0, under: 0 });
        let samples = (0..POLLS).map(|_| poll()).collect::<io::Result<Vec<_>>>()?;
        let (first, later) = (samples[0].0, &samples[LEARNING..]);
        let zeroed: usize = later.iter().map(|sample| sample.0).sum();
        let returned: usize = later.iter().map(|sample| sample.1).sum();
        figures.push(format!("{first:>7} {:>7} {:>8.2}", zeroed / later.len(), zeroed as f64 / returned as f64));
    }
    println!("{direction:<39} {}", figures.join("   "));
    Ok(())
}

/// Returns a caller that passes tokio's buffer over uninitialized memory.
fn tokio_caller<E: Ecosystem>(shim: Shim<Reader, E>) -> impl FnMut() -> io::Result<Sample>
where
    Shim<Reader, E>: tokio::io::AsyncRead,
{
    // Each poll must be one read, so the shim must not yield.
    let mut shim = shim.with_budget(0);
    let mut memory = vec![MaybeUninit::uninit(); SIZE];
    move || {
        memory.fill(MaybeUninit::new(SENTINEL));
        let place = place(&memory);
        let mut buf = ReadBuf::uninit(&mut memory);
        let poll = tokio::io::AsyncRead::poll_read(Pin::new(&mut shim), &mut context(), &mut buf);
        expect_ready(poll)?;
        // Safe code sees only the initialized part. It includes everything that the shim zeroed.
        let (data, rest) = buf.initialized().split_at(buf.filled().len());
        sample(&shim, place, data, rest)
    }
}

/// Returns a caller that passes an initialized slice, the only buffer of futures-io.
fn futures_caller<E: Ecosystem>(shim: Shim<Reader, E>) -> impl FnMut() -> io::Result<Sample>
where
    Shim<Reader, E>: futures::io::AsyncRead,
{
    let mut shim = shim.with_budget(0);
    let mut memory = vec![SENTINEL; SIZE];
    move || {
        memory.fill(SENTINEL);
        let poll = futures::io::AsyncRead::poll_read(Pin::new(&mut shim), &mut context(), &mut memory);
        let returned = expect_ready(poll)?;
        let (data, rest) = memory.split_at(returned);
        sample(&shim, place(&memory), data, rest)
    }
}

/// Counts the zeroed bytes before `data` was written and in the `rest` of a buffer at `place`.
fn sample<E: Ecosystem>(shim: &Shim<Reader, E>, place: Range<usize>, data: &[u8], rest: &[u8]) -> io::Result<Sample> {
    let reader = shim.get_ref();
    if data.len() != reader.returned || data.iter().any(|&byte| byte != DATA) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the caller did not get what the reader returned"));
    }
    // Another address is the shim's bounce buffer, which is zeroed only once.
    let under = if place.contains(&reader.address) { reader.under } else { 0 };
    Ok((under + zeroes(rest), data.len()))
}

/// A reader of every ecosystem. The constructor of the shim selects one.
struct Reader {
    per_read: usize,
    /// The number of bytes that the last read returned.
    returned: usize,
    /// The address at which the last read wrote.
    address: usize,
    /// The number of zero bytes there before the last read.
    under: usize,
}

impl Reader {
    /// Returns how many bytes the next read writes to a buffer of `capacity` bytes.
    ///
    /// `initialized` is the front of that buffer. Records what the read will overwrite.
    fn next(&mut self, capacity: usize, initialized: &[u8]) -> usize {
        let n = self.per_read.min(capacity);
        self.returned = n;
        self.address = initialized.as_ptr().addr();
        self.under = zeroes(&initialized[..n.min(initialized.len())]);
        n
    }
}

impl tokio::io::AsyncRead for Reader {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let n = self.next(buf.remaining(), &buf.initialized()[buf.filled().len()..]);
        buf.put_slice(&[DATA; MOST][..n]);
        Poll::Ready(Ok(()))
    }
}

impl futures::io::AsyncRead for Reader {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        let n = self.next(slice.len(), slice);
        slice[..n].fill(DATA);
        Poll::Ready(Ok(n))
    }
}

impl AsyncReadBuf for Reader {
    fn poll_read_into(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let n = self.next(cursor.capacity(), cursor.init_mut());
        cursor.append(&[DATA; MOST][..n]);
        Poll::Ready(Ok(()))
    }
}

/// Returns the addresses of `memory`.
fn place<T>(memory: &[T]) -> Range<usize> {
    let Range { start, end } = memory.as_ptr_range();
    start.addr()..end.addr()
}

fn zeroes(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte == 0).count()
}

fn expect_ready<T>(poll: Poll<io::Result<T>>) -> io::Result<T> {
    match poll {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::Error::other("a reader that never waits returned `Pending`")),
    }
}

fn context() -> Context<'static> {
    Context::from_waker(Waker::noop())
}
