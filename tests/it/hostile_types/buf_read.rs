//! Buffered readers that break their contracts, and the suite for wrappers around them.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use io_shim::{AsyncBufRead, AsyncReadBuf, BorrowedCursor};

use super::{AFTER, Calls, DATA, Dialect, Report, Seen, Wakes, faults, panic_quietly, provoke, see};

faults! {
    BufReadFault {
        Fails = "fails in `poll_fill_buf`",
        Pends = "returns `Pending` from `poll_fill_buf`",
        DropsTheWaker = "returns `Pending` and drops the waker",
        PanicsInFill = "panics in `poll_fill_buf`",
        PanicsInConsume = "panics in `consume`",
        EndsAndContinues = "reports the end, and continues after it",
        IgnoresConsume = "ignores `consume` and returns the same bytes again",
    }
}

impl BufReadFault {
    /// Returns the reason if these traits cannot express the fault.
    pub fn expressible(self, dialect: Dialect) -> Result<(), &'static str> {
        match dialect {
            Dialect::Hyper => Err("hyper has no such trait"),
            _ => Ok(()),
        }
    }
}

/// Has a [`BufReadFault`] at its first call of `poll_fill_buf` or `consume`, then delivers
/// [`AFTER`].
#[derive(Debug)]
pub struct HostileBufRead {
    fault: BufReadFault,
    buffer: &'static [u8],
    calls: Calls,
    consumed: bool,
}

impl HostileBufRead {
    fn fill(&mut self, cx: &Context<'_>) -> Poll<io::Result<&[u8]>> {
        if self.calls.next() > 0 {
            return Poll::Ready(Ok(self.buffer));
        }
        match self.fault {
            BufReadFault::Fails => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            BufReadFault::Pends | BufReadFault::DropsTheWaker => {
                let wakes = if self.fault == BufReadFault::Pends { Wakes::Once } else { Wakes::Never };
                provoke(wakes, cx, &mut Vec::new());
                Poll::Pending
            }
            BufReadFault::PanicsInFill => panic_quietly(),
            BufReadFault::EndsAndContinues => Poll::Ready(Ok(&[])),
            BufReadFault::PanicsInConsume | BufReadFault::IgnoresConsume => Poll::Ready(Ok(&[DATA; 4])),
        }
    }

    fn consume_some(&mut self, n: usize) {
        let first = !std::mem::replace(&mut self.consumed, true);
        match self.fault {
            BufReadFault::PanicsInConsume if first => panic_quietly(),
            BufReadFault::IgnoresConsume if first => {}
            _ => self.buffer = &self.buffer[n..],
        }
    }
}

macro_rules! buf_reads {
    ($($trait:path),*) => {$(
        impl $trait for HostileBufRead {
            fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
                self.get_mut().fill(cx)
            }

            fn consume(mut self: Pin<&mut Self>, n: usize) {
                self.consume_some(n);
            }
        }
    )*};
}

buf_reads!(AsyncBufRead, futures::io::AsyncBufRead, tokio::io::AsyncBufRead);

/// Reads through the buffer.
impl AsyncReadBuf for HostileBufRead {
    fn poll_read_into(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let chunk = std::task::ready!(this.fill(cx))?;
        let n = chunk.len().min(cursor.capacity());
        cursor.append(&chunk[..n]);
        this.consume_some(n);
        Poll::Ready(Ok(()))
    }
}

impl futures::io::AsyncRead for HostileBufRead {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        self.poll_read_into_slice(cx, slice)
    }
}

impl tokio::io::AsyncRead for HostileBufRead {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut tokio::io::ReadBuf<'_>) -> Poll<io::Result<()>> {
        io_shim::with_tokio_cursor(buf, |cursor| self.poll_read_into(cx, cursor))
    }
}

/// Checks a wrapper around buffered readers with every fault that `dialect` can express. `make`
/// wraps one.
pub fn buf_read<R: AsyncReadBuf + AsyncBufRead>(
    dialect: Dialect,
    mut make: impl FnMut(HostileBufRead) -> R,
) -> Vec<Report> {
    let mut reports = Vec::new();
    for &fault in BufReadFault::ALL.iter().filter(|fault| fault.expressible(dialect).is_ok()) {
        for call in ["poll_fill_buf", "read"] {
            let calls = Calls::default();
            let reader = HostileBufRead { fault, buffer: AFTER, calls: calls.clone(), consumed: false };
            let mut reader = Box::pin(make(reader));
            let wakes = fault != BufReadFault::DropsTheWaker;
            let mut slice = [0; 100];
            let seen = see(wakes, |cx| match call {
                "poll_fill_buf" => {
                    let poll = reader.as_mut().poll_fill_buf(cx).map_ok(|filled| {
                        assert!(
                            filled.iter().all(|&byte| byte == DATA),
                            "{fault:?}: the wrapper returned {filled:?}: it must return what the reader returned"
                        );
                        filled.len()
                    });
                    if let Poll::Ready(Ok(n)) = poll {
                        reader.as_mut().consume(n);
                    }
                    poll
                }
                _ => reader.as_mut().poll_read_into_slice(cx, &mut slice),
            });
            assert!(calls.made() > 0, "{fault:?}: the wrapper did not call the reader: it must, for each call");
            let mut received = Vec::new();
            for _ in 0..20 {
                match see(true, |cx| reader.as_mut().poll_read_into_slice(cx, &mut slice)) {
                    Seen::Ready(0) => break,
                    Seen::Ready(n) => received.extend_from_slice(&slice[..n]),
                    _ => {}
                }
            }
            reports.push(Report { fault: fault.name(), call, seen, recovered: received == AFTER });
        }
    }
    reports
}
