//! Scripted readers and recording writers, each with the traits of every ecosystem, and helpers.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};

use io_shim::{AsyncReadBuf, BorrowedCursor};

/// What a scripted reader does at one call.
#[derive(Clone, Debug)]
pub enum Step {
    /// Returns these bytes; the rest is kept for the next call.
    Data(Vec<u8>),
    /// As `Data`, but initializes the whole buffer first, as tokio readers that need a slice do.
    Initialized(Vec<u8>),
    /// Wakes the task and returns `Pending`.
    Pending,
    /// Fails.
    Error(io::ErrorKind),
}

/// A reader that follows a script and then reports the end of file. It counts its calls.
#[derive(Clone, Debug, Default)]
pub struct Script {
    pub steps: VecDeque<Step>,
    pub calls: usize,
    /// The length of each buffer that was offered.
    pub offers: Vec<usize>,
}

impl Script {
    pub fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Script { steps: steps.into_iter().collect(), ..Script::default() }
    }

    /// `count` reads of `len` bytes each.
    pub fn reads(count: usize, len: usize) -> Self {
        Script::new((0..count).map(|_| Step::Data(vec![1; len])))
    }

    /// Inserts a `Pending` before each step.
    pub fn with_pending(self) -> Self {
        Script::new(self.steps.into_iter().flat_map(|step| [Step::Pending, step]))
    }

    fn next(&mut self, cx: &mut Context<'_>, room: usize) -> Poll<io::Result<(Vec<u8>, bool)>> {
        self.calls += 1;
        self.offers.push(room);
        let (mut data, initializes) = match self.steps.pop_front() {
            None => return Poll::Ready(Ok((Vec::new(), false))),
            Some(Step::Pending) => {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Some(Step::Error(kind)) => return Poll::Ready(Err(kind.into())),
            Some(Step::Data(data)) => (data, false),
            Some(Step::Initialized(data)) => (data, true),
        };
        if data.len() > room {
            let rest = data.split_off(room);
            self.steps.push_front(if initializes { Step::Initialized(rest) } else { Step::Data(rest) });
        }
        Poll::Ready(Ok((data, initializes)))
    }
}

impl tokio::io::AsyncRead for Script {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (data, initializes) = std::task::ready!(self.next(cx, buf.remaining()))?;
        if initializes {
            buf.initialize_unfilled()[..data.len()].copy_from_slice(&data);
            buf.advance(data.len());
        } else {
            buf.put_slice(&data);
        }
        Poll::Ready(Ok(()))
    }
}

impl futures::io::AsyncRead for Script {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        let (data, _) = std::task::ready!(self.next(cx, slice.len()))?;
        slice[..data.len()].copy_from_slice(&data);
        Poll::Ready(Ok(data.len()))
    }
}

impl hyper::rt::Read for Script {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buf: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let (data, initializes) = std::task::ready!(self.next(cx, buf.remaining()))?;
        if initializes {
            // SAFETY: this initializes memory, and does not de-initialize any.
            unsafe { buf.as_mut() }.fill(MaybeUninit::new(0));
        }
        buf.put_slice(&data);
        Poll::Ready(Ok(()))
    }
}

impl io_shim::AsyncReadBuf for Script {
    fn poll_read_into(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let (data, initializes) = std::task::ready!(self.next(cx, cursor.capacity()))?;
        if initializes {
            cursor.ensure_init();
        }
        cursor.append(&data);
        Poll::Ready(Ok(()))
    }
}

/// A writer that records. It takes at most `most` bytes a call, and one slice a call unless
/// `vectors`.
#[derive(Clone, Debug)]
pub struct Sink {
    pub data: Vec<u8>,
    /// The bytes offered at each single write.
    pub writes: Vec<usize>,
    /// The slices offered at each vectored write.
    pub vectored_writes: Vec<usize>,
    pub flushes: usize,
    pub shutdowns: usize,
    pub most: usize,
    pub vectors: bool,
    /// Returns `Pending` at every other call.
    pub pending: Option<bool>,
}

impl Sink {
    pub fn new(vectors: bool) -> Self {
        Sink {
            data: Vec::new(),
            writes: Vec::new(),
            vectored_writes: Vec::new(),
            flushes: 0,
            shutdowns: 0,
            most: usize::MAX,
            vectors,
            pending: None,
        }
    }

    /// All writes, vectored or not.
    pub fn calls(&self) -> usize {
        self.writes.len() + self.vectored_writes.len()
    }

    fn is_pending(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(pending) = &mut self.pending else { return false };
        *pending = !*pending;
        if *pending {
            cx.waker().wake_by_ref();
        }
        *pending
    }

    fn write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.writes.push(data.len());
        if self.is_pending(cx) {
            return Poll::Pending;
        }
        let n = data.len().min(self.most);
        self.data.extend_from_slice(&data[..n]);
        Poll::Ready(Ok(n))
    }

    fn write_vectored(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.vectored_writes.push(bufs.len());
        if self.is_pending(cx) {
            return Poll::Pending;
        }
        let mut n = 0;
        for buf in bufs.iter().filter(|buf| !buf.is_empty()).take(if self.vectors { usize::MAX } else { 1 }) {
            let part = &buf[..buf.len().min(self.most - n)];
            self.data.extend_from_slice(part);
            n += part.len();
        }
        Poll::Ready(Ok(n))
    }

    fn flush(&mut self) -> Poll<io::Result<()>> {
        self.flushes += 1;
        Poll::Ready(Ok(()))
    }

    fn shutdown(&mut self) -> Poll<io::Result<()>> {
        self.shutdowns += 1;
        Poll::Ready(Ok(()))
    }
}

macro_rules! sink {
    ($trait:path, $close:ident $(, $query:ident)?) => {
        impl $trait for Sink {
            fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
                self.write(cx, data)
            }

            fn poll_write_vectored(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                self.write_vectored(cx, bufs)
            }

            fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.flush()
            }

            fn $close(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.shutdown()
            }

            $(fn $query(&self) -> bool {
                self.vectors
            })?
        }
    };
}

sink!(tokio::io::AsyncWrite, poll_shutdown, is_write_vectored);
sink!(futures::io::AsyncWrite, poll_close);
sink!(hyper::rt::Write, poll_shutdown, is_write_vectored);
sink!(io_shim::AsyncWrite, poll_shutdown, supports_vectored_writes);

/// A context whose waker does nothing.
pub fn context() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

/// How a call of [`Breaks`] ends.
pub type Outcome = fn() -> Poll<io::Result<()>>;

/// A reader that breaks its contract: each call with room fills the cursor, and then returns
/// `Pending` or an error, or panics. After the last call it reports the end of file.
pub struct Breaks(VecDeque<(Vec<u8>, Outcome)>);

impl Breaks {
    pub fn new<const N: usize>(calls: [(&[u8], Outcome); N]) -> Self {
        Breaks(calls.into_iter().map(|(data, outcome)| (data.to_vec(), outcome)).collect())
    }

    /// Fills the cursor once and returns `Pending`, without waking the task.
    pub fn pends(data: &[u8]) -> Self {
        Breaks::new([(data, || Poll::Pending)])
    }
}

impl AsyncReadBuf for Breaks {
    fn poll_read_into(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if cursor.capacity() == 0 {
            return Poll::Ready(Ok(()));
        }
        let Some((data, outcome)) = self.0.pop_front() else { return Poll::Ready(Ok(())) };
        cursor.append(&data);
        outcome()
    }
}

/// A slice-only reader that returns at most `n` bytes a call. It overwrites all that it is offered,
/// and counts the zeroes there: those bytes were zeroed since its last call.
pub struct CountsZeroes {
    pub n: usize,
    /// How many bytes are left.
    pub left: usize,
    /// Whether the last call was pending. If set, every other call is.
    pub pending: Option<bool>,
    pub zeroes: usize,
}

impl CountsZeroes {
    pub fn new(n: usize, left: usize) -> Self {
        CountsZeroes { n, left, pending: None, zeroes: 0 }
    }
}

impl futures::io::AsyncRead for CountsZeroes {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        self.zeroes += slice.iter().filter(|&&byte| byte == 0).count();
        slice.fill(SENTINEL);
        if let Some(pending) = &mut self.pending {
            *pending = !*pending;
            if *pending {
                return Poll::Pending;
            }
        }
        let n = self.n.min(self.left).min(slice.len());
        self.left -= n;
        Poll::Ready(Ok(n))
    }
}

/// A waker that counts.
#[derive(Default)]
pub struct Wakes(pub AtomicUsize);

impl Wakes {
    pub fn get(&self) -> usize {
        self.0.load(Relaxed)
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// Returns the value of a poll that must be ready.
#[track_caller]
pub fn ready<T>(poll: Poll<T>) -> T {
    match poll {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("not ready"),
    }
}

/// Returns the violation in an error that must be one.
#[track_caller]
pub fn violation<T: std::fmt::Debug>(result: io::Result<T>) -> io_shim::ContractViolation {
    let error = result.expect_err("a contract violation is an error");
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    *io_shim::ContractViolation::of(&error).expect("the error carries the violation")
}

/// Memory filled with sentinels, which differ from zeroes and from the data of every test.
pub const SENTINEL: u8 = 0xA5;

pub fn sentinels(len: usize) -> Vec<MaybeUninit<u8>> {
    vec![MaybeUninit::new(SENTINEL); len]
}

/// Returns how many bytes of memory made by [`sentinels`] are zero.
pub fn zeroes(memory: &[MaybeUninit<u8>]) -> usize {
    // SAFETY: the memory was initialized with sentinels, and nothing de-initializes it.
    memory.iter().filter(|byte| unsafe { byte.assume_init() } == 0).count()
}

/// Returns data without zeroes and without a short period.
pub fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i as u32).wrapping_mul(2_654_435_761).rotate_left(9) as u8 | 1).collect()
}

/// Returns the configuration of a property test with this many cases, unless `PROPTEST_CASES` is
/// set.
pub fn config(cases: u32) -> proptest::test_runner::Config {
    let default = proptest::test_runner::Config { failure_persistence: None, ..Default::default() };
    if std::env::var_os("PROPTEST_CASES").is_some() {
        default
    } else {
        proptest::test_runner::Config { cases, ..default }
    }
}
