//! Buffered readers that break their contracts, and putting them inside a wrapper.

use std::boxed::Box;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::vec::Vec;

use super::reader::faults;
use super::{AFTER, Calls, DATA, Dialect, Report, Seen, Wakes, panic_quietly, provoke, see};
use crate::buf::BorrowedCursor;
use crate::hub::{AsyncFillBuf, AsyncReadBuf};

faults! {
    /// How a buffered reader breaks its contract, or goes to the limits of it.
    FillFault {
        Fails = "fails to fill",
        Pends = "is not ready to fill",
        DropsTheWaker = "is not ready to fill and drops the waker",
        PanicsInFill = "panics in a fill",
        PanicsInConsume = "panics when consumed",
        EndsAndContinues = "is empty, and full later",
        IgnoresConsume = "gives the same bytes again",
    }
}

impl FillFault {
    /// Whether the fault can be expressed by these traits, or why not.
    ///
    /// # Errors
    ///
    /// The reason, in words.
    pub fn expressible(self, dialect: Dialect) -> Result<(), &'static str> {
        match dialect {
            Dialect::Hyper => Err("hyper has no such trait"),
            _ => Ok(()),
        }
    }
}

/// A buffered reader, by tokio's traits, those of futures-io and the hub's, that has a [`FillFault`] at its first fill, and
/// then gives [`AFTER`].
#[derive(Debug)]
pub struct HostileFill {
    fault: FillFault,
    buffer: &'static [u8],
    calls: Calls,
    consumed: bool,
}

impl HostileFill {
    fn fill(&mut self, cx: &Context<'_>) -> Poll<io::Result<&[u8]>> {
        if self.calls.next() > 0 {
            return Poll::Ready(Ok(self.buffer));
        }
        match self.fault {
            FillFault::Fails => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            FillFault::Pends | FillFault::DropsTheWaker => {
                let wakes = if self.fault == FillFault::Pends { Wakes::Once } else { Wakes::Never };
                provoke(wakes, cx, &mut Vec::new());
                Poll::Pending
            }
            FillFault::PanicsInFill => panic_quietly(),
            FillFault::EndsAndContinues => Poll::Ready(Ok(&[])),
            FillFault::PanicsInConsume | FillFault::IgnoresConsume => Poll::Ready(Ok(&[DATA; 4])),
        }
    }

    fn consume_some(&mut self, n: usize) {
        let first = !std::mem::replace(&mut self.consumed, true);
        match self.fault {
            FillFault::PanicsInConsume if first => panic_quietly(),
            FillFault::IgnoresConsume if first => {}
            _ => self.buffer = &self.buffer[n..],
        }
    }
}

macro_rules! fills {
    ($($trait:path),*) => {$(
        impl $trait for HostileFill {
            fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
                self.get_mut().fill(cx)
            }

            fn consume(mut self: Pin<&mut Self>, n: usize) {
                self.consume_some(n);
            }
        }
    )*};
}

fills!(AsyncFillBuf);

/// Reads go by way of the buffer.
impl AsyncReadBuf for HostileFill {
    fn poll_read_buf(
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

#[cfg(feature = "futures")]
mod futures_dialect {
    use super::*;

    fills!(futures_io::AsyncBufRead);

    impl futures_io::AsyncRead for HostileFill {
        fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
            self.poll_read_slice(cx, slice)
        }
    }
}

#[cfg(feature = "tokio")]
mod tokio_dialect {
    use super::*;

    fills!(tokio::io::AsyncBufRead);

    impl tokio::io::AsyncRead for HostileFill {
        fn poll_read(
            self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &mut tokio::io::ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            crate::with_tokio_cursor(buf, |cursor| self.poll_read_buf(cx, cursor))
        }
    }
}

/// Checks a wrapper around buffered readers that break their contract in every way that `dialect`, the traits by which it
/// calls them, can express. `make` wraps one.
///
/// # Panics
///
/// Panics if the wrapper does harm: see [the list](super).
pub fn fill<R: AsyncReadBuf + AsyncFillBuf>(dialect: Dialect, mut make: impl FnMut(HostileFill) -> R) -> Vec<Report> {
    let mut reports = Vec::new();
    for &fault in FillFault::ALL.iter().filter(|fault| fault.expressible(dialect).is_ok()) {
        for call in ["fill", "read"] {
            let calls = Calls::default();
            let reader = HostileFill { fault, buffer: AFTER, calls: calls.clone(), consumed: false };
            let mut reader = Box::pin(make(reader));
            let wakes = fault != FillFault::DropsTheWaker;
            let mut slice = [0; 100];
            let seen = see(wakes, |cx| match call {
                "fill" => {
                    let poll = reader.as_mut().poll_fill_buf(cx).map_ok(|filled| {
                        assert!(
                            filled.iter().all(|&byte| byte == DATA),
                            "{fault:?}: the wrapper gave {filled:?}: it must give what the reader filled"
                        );
                        filled.len()
                    });
                    if let Poll::Ready(Ok(n)) = poll {
                        reader.as_mut().consume(n);
                    }
                    poll
                }
                _ => reader.as_mut().poll_read_slice(cx, &mut slice),
            });
            assert!(calls.made() > 0, "{fault:?}: the wrapper did not call the reader: it must, for each fill");
            let mut received = Vec::new();
            for _ in 0..20 {
                match see(true, |cx| reader.as_mut().poll_read_slice(cx, &mut slice)) {
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
