//! The model of reading: a scripted reader at the bottom of a random stack of conversions, and what its caller must see.

use std::cell::{Cell, UnsafeCell};
use std::collections::VecDeque;
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use io_shim::{AsyncBufRead, AsyncReadBuf, BorrowedBuf, BorrowedCursor, ContractViolation, Offer, Shim};
use tokio::io::ReadBuf;

use super::script::{Record, SCRIBBLE, SENTINEL, Woken, data, records, size};

// What a case says.

/// What the reader does at one call.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// Returns so many bytes, after initialising so many more; what does not fit is kept for the next call. None at all
    /// looks like the end of file, and is not.
    Data {
        len: usize,
        init: usize,
    },
    /// Is not ready, after initialising so many bytes.
    Pending {
        init: usize,
    },
    /// Fails, after initialising so many bytes.
    Error {
        init: usize,
    },
    Hostile(Hostile),
}

/// What no reader may do. What a trait cannot express becomes what is nearest to it.
#[derive(Clone, Copy, Debug)]
pub enum Hostile {
    /// Says that it read more than there is room for by this many, and one.
    ReturnMore(usize),
    ReturnHuge,
    /// Says that it read so many bytes, modulo one more than the room, and did not write them.
    Lie(usize),
    FillThenPending(usize),
    FillThenError(usize),
    FillThenPanic(usize),
    /// Puts another buffer in the place of the one that it was lent, with so many bytes filled.
    Swap(usize),
    SwapEmpty,
    /// Puts the same memory in its place, with the marks at the start, or the front of that memory.
    SwapSame(usize),
    SwapFront(usize),
    /// Fills, and takes back all but so many bytes.
    TakeBack(usize),
}

/// How a reader is wrapped.
#[derive(Clone, Copy, Debug)]
pub enum Layer {
    Tokio,
    Futures(Offer),
    Native,
    /// By way of a `BufReader` of this capacity.
    TokioBuf(usize),
    FuturesBuf(usize),
    /// A shim of a shim of a `BufReader`, so that the buffer is seen through both.
    TokioInFuturesBuf(usize),
    FuturesInTokioBuf(usize),
    /// A reader of one's own that takes from such a shim by `fill_buf` and `consume`.
    Filling(usize),
    /// A reader of one's own that limits what it passes on.
    Limited(usize),
    BoxedTokio,
    BoxedFutures,
    BoxedNative,
    PinnedNative,
}

/// Memory to read into.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub capacity: usize,
    /// How much of it is known to be initialised, as far as there is so much.
    pub init: usize,
    /// Memory that holds sentinels shows what was written past the marks; memory that holds nothing is for the checkers.
    pub sentinels: bool,
}

#[derive(Clone, Debug)]
pub enum Call {
    /// Takes new memory as the held buffer.
    Hold(Shape),
    /// Reads into the held buffer, or one for this call alone.
    Cursor {
        fresh: Option<Shape>,
        limit: Option<usize>,
    },
    Tokio {
        fresh: Option<Shape>,
    },
    Slice {
        len: usize,
        hub: bool,
    },
    Vectored {
        lens: Vec<usize>,
        hub: bool,
    },
}

#[derive(Clone, Debug)]
pub struct Case {
    /// From the inside out.
    pub layers: Vec<Layer>,
    /// Whether the reader fills more than one slice.
    pub vectored: bool,
    pub steps: Vec<Step>,
    pub calls: Vec<Call>,
}

impl Hostile {
    fn decode([_, kind, high, low]: Record) -> Self {
        let n = size(high, low);
        match kind % 11 {
            0 => Hostile::ReturnMore(n),
            1 => Hostile::ReturnHuge,
            2 => Hostile::Lie(n),
            3 => Hostile::FillThenPending(n),
            4 => Hostile::FillThenError(n),
            5 => Hostile::FillThenPanic(n),
            6 => Hostile::Swap(n),
            7 => Hostile::SwapEmpty,
            8 => Hostile::SwapSame(n),
            9 => Hostile::SwapFront(n),
            _ => Hostile::TakeBack(n),
        }
    }
}

impl Layer {
    fn decode([_, kind, high, low]: Record) -> Self {
        let n = size(high, low).max(1);
        match kind % 16 {
            0 | 1 => Layer::Tokio,
            2 | 3 => Layer::Futures(Offer::Predicted),
            4 => Layer::Futures(Offer::bounce(n)),
            5 => Layer::Futures(Offer::Whole),
            6 => Layer::Native,
            7 => Layer::TokioBuf(n),
            8 => Layer::FuturesBuf(n),
            9 => Layer::TokioInFuturesBuf(n),
            10 => Layer::FuturesInTokioBuf(n),
            11 => Layer::Filling(n),
            12 => Layer::Limited(n),
            13 => Layer::BoxedTokio,
            14 => Layer::BoxedFutures,
            _ if low % 2 == 0 => Layer::BoxedNative,
            _ => Layer::PinnedNative,
        }
    }

    /// Whether it may hold data back.
    fn buffers(self) -> bool {
        use Layer::*;
        matches!(self, TokioBuf(_) | FuturesBuf(_) | TokioInFuturesBuf(_) | FuturesInTokioBuf(_) | Filling(_))
    }

    /// The most that it lets through at once.
    fn narrowness(self) -> usize {
        use Layer::*;
        match self {
            Futures(Offer::Bounce(n)) => n.get(),
            TokioBuf(n) | FuturesBuf(n) | TokioInFuturesBuf(n) | FuturesInTokioBuf(n) | Filling(n) | Limited(n) => n,
            _ => usize::MAX,
        }
    }
}

impl Shape {
    fn decode([_, kind, high, low]: Record) -> Self {
        let capacity = size(high, low);
        let init = match kind / 16 % 4 {
            0 => capacity,
            1 => usize::from(low) * 8,
            _ => 0,
        };
        Shape { capacity, init, sentinels: kind >= 64 }
    }
}

impl Case {
    /// The case that records stand for; with `hostile`, the reader may be what no reader may be.
    pub fn decode(records: &[Record], hostile: bool) -> Self {
        let [depth, base, flags, size_of_base] = records.first().copied().unwrap_or_default();
        // A hostile reader is in a shim that looks at what it returns: others believe it.
        let base = match Layer::decode([0, base, size_of_base, flags]) {
            base if hostile && base.buffers() => Layer::Native,
            base => base,
        };
        let mut layers = vec![base];
        let depth = 1 + usize::from(depth % 4);
        let (mut steps, mut calls) = (Vec::new(), Vec::new());
        for &record in records.iter().skip(1) {
            let [tag, kind, high, low] = record;
            let init = usize::from(kind) * 4;
            let shape = Shape::decode(record);
            let fresh = (kind % 4 == 0).then_some(shape);
            match tag % 16 {
                0 if layers.len() < depth => layers.push(Layer::decode(record)),
                1 | 2 => steps.push(Step::Data { len: size(high, low), init: 0 }),
                3 => steps.push(Step::Data { len: size(high, low), init }),
                4 if kind % 4 == 0 => steps.push(Step::Error { init: init * usize::from(high % 2) }),
                4 | 5 => steps.push(Step::Pending { init: init * usize::from(high % 2) }),
                6 if hostile => steps.push(Step::Hostile(Hostile::decode(record))),
                7 | 8 => calls.push(Call::Hold(shape)),
                9 | 10 => calls.push(Call::Cursor { fresh, limit: (tag >= 128).then(|| size(low, kind)) }),
                11 | 12 => calls.push(Call::Tokio { fresh }),
                13 => calls.push(Call::Slice { len: size(high, low), hub: kind % 2 == 0 }),
                14 => {
                    let lens = [(kind, high), (high, low), (low, tag), (tag, kind), (high, kind)];
                    let lens = lens[..1 + usize::from(tag / 16) % 5].iter().map(|&(high, low)| size(high, low));
                    calls.push(Call::Vectored { lens: lens.collect(), hub: kind % 2 == 0 });
                }
                _ => {}
            }
        }
        // As much data as comes through in reasonable time.
        let narrowest = layers.iter().map(|layer| layer.narrowness()).min().unwrap_or(usize::MAX);
        let mut left = data().len().min(narrowest.saturating_mul(256));
        for step in &mut steps {
            if let Step::Data { len, .. } = step {
                *len = left.min(*len);
                left -= *len;
            }
        }
        Case { layers, vectored: flags % 2 == 0, steps, calls }
    }

    pub fn run(&self) {
        let mut caller = Caller::new(self);
        let mut held = Memory::new(Shape { capacity: 4096, init: 0, sentinels: true });
        for call in &self.calls {
            caller.call(call, &mut held);
        }
        // The rest, so that what was lost shows.
        let shape = |sentinels, capacity| Some(Shape { capacity, init: 0, sentinels });
        let rest = [
            Call::Cursor { fresh: shape(true, 9000), limit: None },
            Call::Tokio { fresh: shape(true, 40_000) },
            Call::Slice { len: 5000, hub: true },
            Call::Vectored { lens: vec![0, 3000, 0, 3000], hub: false },
        ];
        let total: usize = self.steps.iter().map(|step| if let Step::Data { len, .. } = step { *len } else { 0 }).sum();
        let mut rounds = 0;
        while caller.log.left.get() > 0 || (caller.received < total && !caller.is_astray()) {
            caller.call(&rest[rounds % rest.len()], &mut held);
            rounds += 1;
            if rounds > 4 * (total + self.steps.len()) {
                assert!(caller.is_astray(), "the data does not come");
                break; // A small buffer over a large one that was filled with who knows what takes too long.
            }
        }
        if !caller.is_astray() {
            assert_eq!(caller.log.given.get(), total);
            assert_eq!(caller.received, total, "data was lost or came twice");
        }
        held.check();
    }
}

/// Runs what the bytes say.
pub fn run(bytes: &[u8]) {
    let records = records(bytes);
    let hostile = records.first().is_some_and(|[.., flags, _]| flags & 2 != 0);
    Case::decode(&records, hostile).run();
}

// The reader.

/// What the reader has done, for its caller to see.
#[derive(Debug, Default)]
struct Log {
    given: Cell<usize>,
    pendings: Cell<usize>,
    errors: Cell<usize>,
    /// How often it returned nothing, although there was room.
    empties: Cell<usize>,
    hostile: Cell<usize>,
    /// Of these, what every conversion must notice.
    violations: Cell<usize>,
    /// How many bytes the last hostile call filled in a way that must reach the caller, if that can be told.
    filled: Cell<Option<usize>>,
    /// Steps left.
    left: Cell<usize>,
}

impl Log {
    /// Ready with so many bytes that must reach the caller.
    fn fill(&self, n: usize) -> Poll<usize> {
        self.filled.set(Some(n));
        Poll::Ready(n)
    }
}

fn bump(count: &Cell<usize>) {
    count.set(count.get() + 1);
}

struct Source {
    steps: VecDeque<Step>,
    vectored: bool,
    log: Rc<Log>,
}

/// What to do at a call.
enum Act {
    Give { bytes: &'static [u8], init: usize },
    Wait { init: usize },
    Fail { init: usize },
    Misbehave(Hostile),
}

fn failure() -> io::Error {
    io::ErrorKind::TimedOut.into()
}

fn panic_quietly() -> ! {
    panic::resume_unwind(Box::new("the reader panics"))
}

const FOREIGN: u8 = b'!';

/// Writes `bytes` to the slices, and `n` times `byte` after them, as far as there is room.
fn fill_slices(slices: &mut [&mut IoSliceMut<'_>], mut bytes: &[u8], byte: u8, mut n: usize) {
    for slice in slices {
        let (now, later) = bytes.split_at(bytes.len().min(slice.len()));
        slice[..now.len()].copy_from_slice(now);
        let end = slice.len().min(now.len() + n);
        slice[now.len()..end].fill(byte);
        n -= end - now.len();
        bytes = later;
    }
}

impl Source {
    fn next(&mut self, cx: &mut Context<'_>, room: usize) -> Act {
        let log = &*self.log;
        let act = match self.steps.pop_front() {
            None => Act::Give { bytes: &[], init: 0 },
            Some(Step::Data { len, init }) => {
                let n = len.min(room);
                if n < len {
                    self.steps.push_front(Step::Data { len: len - n, init });
                }
                let given = log.given.get();
                log.given.set(given + n);
                Act::Give { bytes: &data()[given..given + n], init }
            }
            Some(Step::Pending { init }) => {
                cx.waker().wake_by_ref();
                bump(&log.pendings);
                Act::Wait { init }
            }
            Some(Step::Error { init }) => {
                bump(&log.errors);
                Act::Fail { init }
            }
            Some(Step::Hostile(hostile)) => {
                cx.waker().wake_by_ref();
                bump(&log.hostile);
                log.filled.set(None);
                Act::Misbehave(hostile)
            }
        };
        if matches!(act, Act::Give { bytes: [], .. }) && room > 0 {
            bump(&log.empties);
        }
        log.left.set(self.steps.len());
        act
    }

    fn read_slices(&mut self, cx: &mut Context<'_>, bufs: &mut [IoSliceMut<'_>]) -> Poll<io::Result<usize>> {
        let used = if self.vectored { usize::MAX } else { 1 };
        let mut bufs: Vec<_> = bufs.iter_mut().filter(|buf| !buf.is_empty()).take(used).collect();
        let room = bufs.iter().map(|buf| buf.len()).sum();
        match self.next(cx, room) {
            Act::Give { bytes, init } => {
                fill_slices(&mut bufs, bytes, SCRIBBLE, init);
                Poll::Ready(Ok(bytes.len()))
            }
            Act::Wait { init } => {
                fill_slices(&mut bufs, &[], SCRIBBLE, init);
                Poll::Pending
            }
            Act::Fail { init } => {
                fill_slices(&mut bufs, &[], SCRIBBLE, init);
                Poll::Ready(Err(failure()))
            }
            Act::Misbehave(hostile) => match hostile {
                Hostile::Lie(n) => self.log.fill(n % (room + 1)).map(Ok),
                Hostile::FillThenPending(n) => {
                    fill_slices(&mut bufs, &[], FOREIGN, n);
                    self.log.filled.set(Some(0));
                    Poll::Pending
                }
                Hostile::FillThenError(n) => {
                    fill_slices(&mut bufs, &[], FOREIGN, n);
                    self.log.filled.set(Some(0));
                    Poll::Ready(Err(failure()))
                }
                Hostile::FillThenPanic(n) => {
                    fill_slices(&mut bufs, &[], FOREIGN, n);
                    panic_quietly()
                }
                Hostile::TakeBack(n) => {
                    fill_slices(&mut bufs, &[], FOREIGN, room);
                    self.log.fill(n.min(room)).map(Ok)
                }
                Hostile::ReturnMore(n) | Hostile::Swap(n) | Hostile::SwapSame(n) | Hostile::SwapFront(n) => {
                    // More than all slices have, those that it did not look at included.
                    bump(&self.log.violations);
                    Poll::Ready(Ok(usize::MAX / 2 + n))
                }
                Hostile::ReturnHuge | Hostile::SwapEmpty => {
                    bump(&self.log.violations);
                    Poll::Ready(Ok(usize::MAX))
                }
            },
        }
    }

    fn read_into_slice(&mut self, cx: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        let room = slice.len();
        let poll = self.read_slices(cx, &mut [IoSliceMut::new(slice)]);
        match poll {
            // Here the room is known, so the count may be just past it.
            Poll::Ready(Ok(n)) if n > room && n < usize::MAX => Poll::Ready(Ok(room + 1 + (n - usize::MAX / 2) % 2)),
            poll => poll,
        }
    }
}

impl tokio::io::AsyncRead for Source {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        fn init_to(buf: &mut ReadBuf<'_>, n: usize) {
            buf.initialize_unfilled_to(n.min(buf.remaining()));
        }
        fn fill(buf: &mut ReadBuf<'_>, n: usize) {
            buf.put_slice(&vec![FOREIGN; n.min(buf.remaining())]);
        }
        let room = buf.remaining();
        match self.next(cx, room) {
            Act::Give { bytes, init } => {
                if init > 0 {
                    init_to(buf, bytes.len() + init);
                }
                buf.put_slice(bytes);
                Poll::Ready(Ok(()))
            }
            Act::Wait { init } => {
                init_to(buf, init);
                Poll::Pending
            }
            Act::Fail { init } => {
                init_to(buf, init);
                Poll::Ready(Err(failure()))
            }
            Act::Misbehave(hostile) => {
                match hostile {
                    Hostile::FillThenPending(n) => {
                        fill(buf, n);
                        self.log.filled.set(Some(buf.filled().len()));
                        return Poll::Pending;
                    }
                    Hostile::FillThenError(n) => {
                        fill(buf, n);
                        return Poll::Ready(Err(failure()));
                    }
                    Hostile::FillThenPanic(n) => {
                        fill(buf, n);
                        panic_quietly()
                    }
                    Hostile::TakeBack(n) => {
                        fill(buf, room);
                        buf.clear();
                        buf.set_filled(room);
                        buf.set_filled(n.min(room));
                        self.log.filled.set(Some(buf.filled().len()));
                    }
                    Hostile::Lie(n) => {
                        buf.initialize_unfilled();
                        buf.set_filled(n % (room + 1));
                        self.log.filled.set(Some(buf.filled().len()));
                    }
                    Hostile::Swap(n) | Hostile::ReturnMore(n) => {
                        bump(&self.log.violations);
                        // One of the same length among others.
                        *buf = elsewhere(if n % 2 == 0 { room } else { n });
                        buf.set_filled(n.min(buf.capacity()));
                        return [Poll::Ready(Ok(())), Poll::Pending, Poll::Ready(Err(failure()))]
                            .into_iter()
                            .nth(n % 3)
                            .unwrap();
                    }
                    Hostile::SwapEmpty | Hostile::ReturnHuge => {
                        // An empty buffer in the place of an empty one does no harm.
                        if room > 0 {
                            bump(&self.log.violations);
                        }
                        *buf = ReadBuf::new(&mut []);
                    }
                    Hostile::SwapSame(n) => {
                        forge(buf, room);
                        fill(buf, n);
                        self.log.filled.set(Some(buf.filled().len()));
                    }
                    Hostile::SwapFront(n) => {
                        if room > 0 {
                            bump(&self.log.violations);
                        }
                        forge(buf, n % room.max(1));
                        fill(buf, n);
                    }
                }
                Poll::Ready(Ok(()))
            }
        }
    }
}

/// A buffer of this length over memory that has nothing to do with what was lent.
fn elsewhere(len: usize) -> ReadBuf<'static> {
    thread_local!(static ELSEWHERE: UnsafeCell<Vec<u8>> = UnsafeCell::new(vec![FOREIGN; 128 * 1024]));
    // SAFETY: the memory lives as long as the thread, which the buffer does not leave. One such buffer lives at a time: it
    // ends with the poll that it was swapped in.
    let memory: &'static mut Vec<u8> = unsafe { &mut *ELSEWHERE.with(UnsafeCell::get) };
    let len = len.min(memory.len());
    ReadBuf::new(&mut memory[..len])
}

/// Puts a buffer over the first `len` bytes of the same memory in the place of `buf`: what safe code does by leaking one.
fn forge(buf: &mut ReadBuf<'_>, len: usize) {
    // SAFETY: nothing is written to it here.
    let memory: *mut MaybeUninit<u8> = unsafe { buf.inner_mut() }.as_mut_ptr();
    // SAFETY: it is the front of what `buf` has borrowed, and `buf`, which is overwritten, no longer uses it.
    let memory = unsafe { std::slice::from_raw_parts_mut(memory, len) };
    *buf = ReadBuf::uninit(memory);
}

impl futures::io::AsyncRead for Source {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        self.read_into_slice(cx, slice)
    }

    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        self.read_slices(cx, bufs)
    }
}

impl AsyncReadBuf for Source {
    fn poll_read_into(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        fn init_to(cursor: &mut BorrowedCursor<'_>, n: usize) {
            cursor.ensure_init_to(n.min(cursor.capacity()));
        }
        fn fill(cursor: &mut BorrowedCursor<'_>, n: usize) {
            cursor.append(&vec![FOREIGN; n.min(cursor.capacity())]);
        }
        match self.next(cx, cursor.capacity()) {
            Act::Give { bytes, init } => {
                if init > 0 {
                    init_to(&mut cursor, bytes.len() + init);
                }
                cursor.append(bytes);
                Poll::Ready(Ok(()))
            }
            Act::Wait { init } => {
                init_to(&mut cursor, init);
                Poll::Pending
            }
            Act::Fail { init } => {
                init_to(&mut cursor, init);
                Poll::Ready(Err(failure()))
            }
            Act::Misbehave(hostile) => match hostile {
                Hostile::FillThenPending(n) | Hostile::Swap(n) => {
                    fill(&mut cursor, n);
                    self.log.filled.set(Some(cursor.written().len()));
                    Poll::Pending
                }
                Hostile::FillThenError(n) | Hostile::ReturnMore(n) => {
                    fill(&mut cursor, n);
                    Poll::Ready(Err(failure()))
                }
                Hostile::FillThenPanic(n) => {
                    fill(&mut cursor, n);
                    panic_quietly()
                }
                Hostile::Lie(n) | Hostile::SwapFront(n) => {
                    let n = n % (cursor.capacity() + 1);
                    cursor.ensure_init();
                    cursor.advance_checked(n);
                    self.log.fill(n).map(|_| Ok(()))
                }
                Hostile::TakeBack(n) | Hostile::SwapSame(n) => {
                    fill(&mut cursor, usize::MAX);
                    cursor.truncate_written(n);
                    self.log.fill(cursor.written().len()).map(|_| Ok(()))
                }
                Hostile::ReturnHuge | Hostile::SwapEmpty => {
                    fill(&mut cursor, usize::MAX);
                    cursor.truncate_written(0);
                    self.log.fill(0).map(|_| Ok(()))
                }
            },
        }
    }

    fn poll_read_into_slice(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slice: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.read_into_slice(cx, slice)
    }

    fn poll_read_into_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        self.read_slices(cx, bufs)
    }

    fn supports_vectored_reads(&self) -> bool {
        self.vectored
    }
}

// The stack.

/// A reader of all ecosystems.
trait Reader: tokio::io::AsyncRead + futures::io::AsyncRead + AsyncReadBuf {}

impl<T: tokio::io::AsyncRead + futures::io::AsyncRead + AsyncReadBuf> Reader for T {}

/// A stack of any height, which the traits of all ecosystems are implemented for, pinned pointers passing them on.
type Stack = Pin<Box<dyn Reader>>;

impl Layer {
    fn wrap<T: Reader + Unpin + 'static>(self, inner: T) -> Stack {
        fn tokio_buf<T: tokio::io::AsyncRead>(n: usize, inner: T) -> tokio::io::BufReader<T> {
            tokio::io::BufReader::with_capacity(n, inner)
        }
        fn futures_buf<T: futures::io::AsyncRead>(n: usize, inner: T) -> futures::io::BufReader<T> {
            futures::io::BufReader::with_capacity(n, inner)
        }
        match self {
            Layer::Tokio => Box::pin(Shim::from_tokio(inner)),
            Layer::Futures(offer) => Box::pin(Shim::from_futures(inner).with_offer(offer)),
            Layer::Native => Box::pin(Shim::new(inner)),
            Layer::TokioBuf(n) => Box::pin(Shim::from_tokio(tokio_buf(n, inner))),
            Layer::FuturesBuf(n) => Box::pin(Shim::from_futures_buf(futures_buf(n, inner))),
            Layer::TokioInFuturesBuf(n) => Box::pin(Shim::from_futures_buf(Shim::from_tokio(tokio_buf(n, inner)))),
            Layer::FuturesInTokioBuf(n) => Box::pin(Shim::from_tokio(Shim::from_futures_buf(futures_buf(n, inner)))),
            Layer::Filling(n) => {
                Box::pin(Shim::new(Filling { inner: Shim::new(Shim::from_tokio(tokio_buf(n, inner))), calls: 0 }))
            }
            Layer::Limited(n) => Box::pin(Shim::new(Limited { inner, n })),
            Layer::BoxedTokio => Box::pin(Shim::from_tokio(Box::new(inner) as Box<dyn tokio::io::AsyncRead + Unpin>)),
            Layer::BoxedFutures => {
                Box::pin(Shim::from_futures(Box::new(inner) as Box<dyn futures::io::AsyncRead + Unpin>))
            }
            Layer::BoxedNative => Box::pin(Shim::new(Box::new(inner) as Box<dyn AsyncReadBuf + Unpin>)),
            Layer::PinnedNative => Box::pin(Shim::new(Box::pin(inner) as Pin<Box<dyn AsyncReadBuf>>)),
        }
    }
}

struct Limited<T> {
    inner: T,
    n: usize,
}

impl<T: AsyncReadBuf + Unpin> AsyncReadBuf for Limited<T> {
    fn poll_read_into(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let (n, capacity) = (self.n, cursor.capacity());
        let poll = Pin::new(&mut self.inner).poll_read_into(cx, cursor.reborrow().limit(n));
        assert!(cursor.written().len() <= n, "more than the limit");
        assert_eq!(cursor.capacity(), capacity - cursor.written().len());
        poll
    }
}

struct Filling<T> {
    inner: T,
    calls: usize,
}

impl<T> AsyncReadBuf for Filling<T>
where
    T: tokio::io::AsyncBufRead + futures::io::AsyncBufRead + AsyncBufRead + Unpin,
{
    fn poll_read_into(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        self.calls += 1;
        let calls = self.calls;
        let inner = &mut self.inner;
        let chunk = ready!(match calls % 3 {
            0 => tokio::io::AsyncBufRead::poll_fill_buf(Pin::new(inner), cx),
            1 => futures::io::AsyncBufRead::poll_fill_buf(Pin::new(inner), cx),
            _ => AsyncBufRead::poll_fill_buf(Pin::new(inner), cx),
        })?;
        // Not always all of it.
        let n = chunk.len().div_ceil(1 + calls % 2).min(cursor.capacity());
        cursor.append(&chunk[..n]);
        match calls % 3 {
            0 => AsyncBufRead::consume(Pin::new(&mut self.inner), n),
            1 => tokio::io::AsyncBufRead::consume(Pin::new(&mut self.inner), n),
            _ => futures::io::AsyncBufRead::consume(Pin::new(&mut self.inner), n),
        }
        Poll::Ready(Ok(()))
    }
}

// The caller.

/// Memory of the caller's, what its marks are and what it must hold.
struct Memory {
    bytes: Box<[MaybeUninit<u8>]>,
    sentinels: bool,
    init: usize,
    /// What was read into it.
    filled: Vec<u8>,
}

/// How a read into memory ended.
struct Marks {
    poll: Read,
    filled: usize,
    init: usize,
    room: usize,
}

/// In pieces that are compared at once: byte by byte takes long in builds that are unoptimised or instrumented.
fn are_sentinels(bytes: &[u8]) -> bool {
    bytes.chunks(1024).all(|chunk| *chunk == [SENTINEL; 1024][..chunk.len()])
}

/// What a read returned; `None` where the reader panicked.
type Read = Option<Poll<io::Result<()>>>;

impl Memory {
    fn new(Shape { capacity, init, sentinels }: Shape) -> Self {
        let mut bytes = if sentinels {
            vec![MaybeUninit::new(SENTINEL); capacity].into_boxed_slice()
        } else {
            Box::new_uninit_slice(capacity)
        };
        let init = init.min(capacity);
        bytes[..init].fill(MaybeUninit::new(SENTINEL));
        Memory { bytes, sentinels, init, filled: Vec::new() }
    }

    /// Bytes that are initialised, says the buffer.
    fn get(&mut self, range: std::ops::Range<usize>) -> &mut [u8] {
        let bytes: *mut [MaybeUninit<u8>] = &mut self.bytes[range];
        // SAFETY: the layout is the same. If the bytes are not initialised, that is the bug that the checkers look for.
        unsafe { &mut *(bytes as *mut [u8]) }
    }

    fn room(&self) -> usize {
        self.bytes.len() - self.filled.len()
    }

    fn read_with_cursor(&mut self, stack: &mut Stack, cx: &mut Context<'_>, limit: Option<usize>) -> Marks {
        let (filled, init, room) = (self.filled.len(), self.init, self.room().min(limit.unwrap_or(usize::MAX)));
        let mut buf = BorrowedBuf::from(&mut self.bytes[..]);
        // SAFETY: that many bytes are initialised, said the buffer of the last read.
        unsafe { buf.set_init(init) };
        buf.unfilled().advance_checked(filled);
        let mut cursor = buf.unfilled();
        let inner = match limit {
            Some(n) => cursor.reborrow().limit(n),
            None => cursor.reborrow(),
        };
        let poll = panic::catch_unwind(AssertUnwindSafe(|| stack.as_mut().poll_read_into(cx, inner))).ok();
        let written = cursor.written().len();
        assert_eq!(buf.filled().len(), filled + written, "what was filled before was taken back");
        assert!(buf.init_len() <= init.max(filled + room), "initialised past the limit");
        Marks { poll, filled: buf.filled().len(), init: buf.init_len(), room }
    }

    fn read_with_tokio(&mut self, stack: &mut Stack, cx: &mut Context<'_>) -> Marks {
        let (filled, init, room) = (self.filled.len(), self.init, self.room());
        let mut buf = ReadBuf::uninit(&mut self.bytes);
        // SAFETY: that many bytes are initialised, said the buffer of the last read.
        unsafe { buf.assume_init(init) };
        buf.set_filled(filled);
        let read = || tokio::io::AsyncRead::poll_read(stack.as_mut(), cx, &mut buf);
        let poll = panic::catch_unwind(AssertUnwindSafe(read)).ok();
        Marks { poll, filled: buf.filled().len(), init: buf.initialized().len(), room }
    }

    /// Takes over the marks, after checking them against the memory, and returns what was read.
    ///
    /// The watermark has to be what is truly initialised. It shows in the memory: what nobody wrote to holds sentinels,
    /// and whoever writes, writes something else.
    fn update(&mut self, marks: &Marks, hostile: bool) -> Vec<u8> {
        let (filled_before, init_before) = (self.filled.len(), self.init);
        let &Marks { filled, init, room, .. } = marks;
        assert!(filled >= filled_before && filled - filled_before <= room, "the count is out of bounds");
        assert!(filled <= init && init_before <= init && init <= self.bytes.len(), "the watermark is out of bounds");

        let mut earlier = std::mem::take(&mut self.filled);
        assert!(self.get(0..filled_before) == earlier, "earlier bytes were changed");
        let bytes = self.get(filled_before..filled).to_vec();
        earlier.extend_from_slice(&bytes);
        self.filled = earlier;
        self.init = init;

        let newly = self.get(filled_before.max(init_before)..init);
        assert!(!newly.contains(&SENTINEL), "the watermark is above what is initialised");
        // Zeroes of earlier reads have been covered with sentinels.
        let again = self.get(filled.min(init_before)..init_before);
        assert!(!again.contains(&0), "what was initialised was zeroed");
        self.get(filled..init).fill(SENTINEL);
        if self.sentinels {
            let rest = init..self.bytes.len();
            let rest = self.get(rest);
            // Hostile readers hide what they wrote to.
            assert!(hostile || are_sentinels(rest), "what was initialised was forgotten");
            rest.fill(SENTINEL);
        }
        bytes
    }

    /// Whether the bytes are still what was read.
    fn check(&mut self) {
        let filled = std::mem::take(&mut self.filled);
        assert!(self.get(0..filled.len()) == filled, "bytes were changed after they were read");
        self.filled = filled;
    }
}

struct Caller {
    stack: Stack,
    /// Whether a layer may hold data back.
    buffers: bool,
    log: Rc<Log>,
    woken: Arc<Woken>,
    waker: Waker,
    /// How much data has arrived, in calls in which the reader was honest.
    received: usize,
    /// Polls in a row in which a layer yielded, and how many there may be.
    yields: usize,
    most_yields: usize,
}

/// What was known of the reader before a call.
struct Before {
    given: usize,
    pendings: usize,
    errors: usize,
    empties: usize,
    hostile: usize,
    violations: usize,
}

impl Caller {
    fn new(case: &Case) -> Self {
        let log = Rc::new(Log::default());
        log.left.set(case.steps.len());
        let steps = case.steps.iter().copied().collect();
        let source = Source { steps, vectored: case.vectored, log: Rc::clone(&log) };
        let (base, layers) = case.layers.split_first().expect("a case has a layer");
        let stack = layers.iter().fold(base.wrap(source), |stack, layer| layer.wrap(stack));
        let (woken, waker) = Woken::new();
        let buffers = case.layers.iter().any(|layer| layer.buffers());
        Caller { stack, buffers, log, woken, waker, received: 0, yields: 0, most_yields: 3 * case.layers.len() }
    }

    /// Whether the order of the data is beyond knowing.
    fn is_astray(&self) -> bool {
        self.buffers && self.log.hostile.get() > 0
    }

    fn call(&mut self, call: &Call, held: &mut Memory) {
        let log = &self.log;
        let before = Before {
            given: log.given.get(),
            pendings: log.pendings.get(),
            errors: log.errors.get(),
            empties: log.empties.get(),
            hostile: log.hostile.get(),
            violations: log.violations.get(),
        };
        match call {
            Call::Hold(shape) => {
                held.check();
                *held = Memory::new(*shape);
            }
            Call::Cursor { fresh: Some(shape), .. } | Call::Tokio { fresh: Some(shape) } => {
                self.read(call, &mut Memory::new(*shape), &before);
            }
            Call::Cursor { .. } | Call::Tokio { .. } => {
                self.read(call, held, &before);
                if held.room() == 0 {
                    *held = Memory::new(Shape { capacity: held.bytes.len(), init: 0, sentinels: held.sentinels });
                }
            }
            Call::Slice { len, .. } => self.read_slices(call, &[*len], &before),
            Call::Vectored { lens, .. } => self.read_slices(call, lens, &before),
        }
    }

    fn read(&mut self, call: &Call, memory: &mut Memory, before: &Before) {
        let mut cx = Context::from_waker(&self.waker);
        let hint = self.stack.init_hint(memory.room());
        assert!(hint <= memory.room(), "more would be initialised than there is");
        let marks = match call {
            Call::Cursor { limit, .. } => memory.read_with_cursor(&mut self.stack, &mut cx, *limit),
            _ => memory.read_with_tokio(&mut self.stack, &mut cx),
        };
        let bytes = memory.update(&marks, self.log.hostile.get() > before.hostile);
        self.judge(before, marks.poll, &bytes, marks.room);
    }

    fn read_slices(&mut self, call: &Call, lens: &[usize], before: &Before) {
        let mut cx = Context::from_waker(&self.waker);
        let stack = self.stack.as_mut();
        let mut memory: Vec<_> = lens.iter().map(|&len| vec![SENTINEL; len]).collect();
        let room = lens.iter().sum();
        let read = || match call {
            Call::Slice { hub: true, .. } => stack.poll_read_into_slice(&mut cx, &mut memory[0]),
            Call::Slice { hub: false, .. } => futures::io::AsyncRead::poll_read(stack, &mut cx, &mut memory[0]),
            _ => {
                let mut bufs: Vec<_> = memory.iter_mut().map(|bytes| IoSliceMut::new(bytes)).collect();
                if let Call::Vectored { hub: true, .. } = call {
                    AsyncReadBuf::poll_read_into_vectored(stack, &mut cx, &mut bufs)
                } else {
                    futures::io::AsyncRead::poll_read_vectored(stack, &mut cx, &mut bufs)
                }
            }
        };
        let poll = panic::catch_unwind(AssertUnwindSafe(read)).ok();
        let n = if let Some(Poll::Ready(Ok(n))) = poll { n } else { 0 };
        assert!(n <= room, "the count is out of bounds");
        let mut bytes = memory.concat();
        bytes.truncate(n);
        self.judge(before, poll.map(|poll| poll.map_ok(drop)), &bytes, room);
    }

    /// Checks what the caller sees against what the reader did.
    fn judge(&mut self, before: &Before, poll: Read, bytes: &[u8], room: usize) {
        let log = &self.log;
        let woken = self.woken.take();
        let yielded = matches!(poll, Some(Poll::Pending)) && log.pendings.get() == before.pendings;
        self.yields = if yielded { self.yields + 1 } else { 0 };
        if log.hostile.get() > before.hostile {
            if log.violations.get() > before.violations {
                let Some(Poll::Ready(Err(error))) = &poll else { panic!("a violation was not noticed: {poll:?}") };
                assert_eq!(error.kind(), io::ErrorKind::InvalidData);
                assert!(ContractViolation::of(error).is_some(), "an error hides the violation");
                assert!(bytes.is_empty(), "data was believed that is not there");
            }
            if let (Some(filled), false) = (log.filled.get(), self.buffers) {
                assert_eq!(bytes.len(), filled, "what was filled did not arrive");
            }
            return;
        }
        let pending = log.pendings.get() - before.pendings;
        let failed = log.errors.get() - before.errors;
        match poll.expect("nobody panicked but the conversion") {
            Poll::Pending => {
                assert_eq!(failed, 0, "a failure was swallowed");
                // A layer that was ready often enough yields, at most once each, before anything is called.
                assert!(self.yields <= self.most_yields, "nobody waits");
                assert!(pending == 1 || log.given.get() == before.given, "it read, and yields");
                assert!(woken, "the waker was lost");
                assert!(bytes.is_empty(), "not ready, with data");
            }
            Poll::Ready(Err(error)) => {
                assert_eq!((pending, failed), (0, 1), "nobody failed but the conversion: {error}");
                assert_eq!(error.kind(), failure().kind());
                assert!(bytes.is_empty(), "an error, with data");
            }
            Poll::Ready(Ok(())) => {
                assert_eq!((pending, failed), (0, 0), "an outcome was swallowed");
                let at_end = bytes.is_empty() && room > 0;
                assert!(!at_end || log.empties.get() > before.empties || self.is_astray(), "an end that is none");
            }
        }
        if !self.buffers {
            // A shim holds no data: what was given in this call is what arrived, whatever happened before.
            assert!(*bytes == data()[before.given..log.given.get()], "the data differs");
        } else if !self.is_astray() {
            assert!(*bytes == data()[self.received..][..bytes.len()], "the data differs");
        }
        self.received += bytes.len();
    }
}
