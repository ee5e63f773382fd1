//! The scripted reader, with the traits of every ecosystem.

use std::cell::{Cell, UnsafeCell};
use std::collections::VecDeque;
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::panic;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use io_shim::{AsyncReadBuf, BorrowedCursor};
use tokio::io::ReadBuf;

use super::super::script::{SCRIBBLE, data};
use super::case::{Hostile, Step};

/// What the reader did, for the caller to compare.
#[derive(Debug, Default)]
pub struct Log {
    pub given: Cell<usize>,
    pub pendings: Cell<usize>,
    pub errors: Cell<usize>,
    /// How often it returned no data although there was room.
    pub empties: Cell<usize>,
    pub hostile: Cell<usize>,
    /// How many of these every conversion must notice.
    pub violations: Cell<usize>,
    /// How many bytes of the last hostile call must reach the caller, if known.
    pub filled: Cell<Option<usize>>,
    /// The number of steps left.
    pub left: Cell<usize>,
}

impl Log {
    /// Returns `Ready` with this many bytes, which must reach the caller.
    fn fill(&self, n: usize) -> Poll<usize> {
        self.filled.set(Some(n));
        Poll::Ready(n)
    }
}

fn bump(count: &Cell<usize>) {
    count.set(count.get() + 1);
}

pub struct Source {
    pub steps: VecDeque<Step>,
    pub vectored: bool,
    pub log: Rc<Log>,
}

/// What to do at a call.
enum Act {
    Give { bytes: &'static [u8], init: usize },
    Wait { init: usize },
    Fail { init: usize },
    Misbehave(Hostile),
}

pub fn failure() -> io::Error {
    io::ErrorKind::TimedOut.into()
}

fn panic_quietly() -> ! {
    panic::resume_unwind(Box::new("the reader panics"))
}

const FOREIGN: u8 = b'!';

/// Writes `bytes` to the slices, then `byte` up to `n` times after them, as far as there is room.
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
                    // More than all slices together, including those that were ignored.
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
            // The room is known here, so the count may be just past it.
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
                        // Sometimes a buffer of the same length.
                        *buf = elsewhere(if n % 2 == 0 { room } else { n });
                        buf.set_filled(n.min(buf.capacity()));
                        return [Poll::Ready(Ok(())), Poll::Pending, Poll::Ready(Err(failure()))]
                            .into_iter()
                            .nth(n % 3)
                            .unwrap();
                    }
                    Hostile::SwapEmpty | Hostile::ReturnHuge => {
                        // Exchanging an empty buffer for an empty one does no harm.
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

/// Returns a buffer of this length over memory that is unrelated to the caller's.
fn elsewhere(len: usize) -> ReadBuf<'static> {
    thread_local!(static ELSEWHERE: UnsafeCell<Vec<u8>> = UnsafeCell::new(vec![FOREIGN; 128 * 1024]));
    // SAFETY: the memory lives as long as the thread, which the buffer does not leave. Only one
    // such buffer lives at a time: it ends with the poll in which it was exchanged.
    let memory: &'static mut Vec<u8> = unsafe { &mut *ELSEWHERE.with(UnsafeCell::get) };
    let len = len.min(memory.len());
    ReadBuf::new(&mut memory[..len])
}

/// Replaces `buf` with a buffer over the first `len` bytes of the same memory. Safe code can do
/// this by leaking a buffer.
fn forge(buf: &mut ReadBuf<'_>, len: usize) {
    // SAFETY: nothing is written here.
    let memory: *mut MaybeUninit<u8> = unsafe { buf.inner_mut() }.as_mut_ptr();
    // SAFETY: it is the front of the memory that `buf` borrows, and `buf`, which is overwritten, no
    // longer uses it.
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
