//! The suite for wrappers around hostile writers.

use std::io::IoSlice;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use io_shim::AsyncWrite;

use super::writer::{HostileWriter, Operation};
use super::{AFTER, Calls, Dialect, Report, Seen, WriteFault, see};

/// Checks a wrapper around writers with every fault that `dialect` can express. `make` wraps one.
///
/// A vectored write, and nothing else, may return a count beyond what was given.
pub fn write<W: AsyncWrite>(dialect: Dialect, mut make: impl FnMut(HostileWriter) -> W) -> Vec<Report> {
    let mut reports = Vec::new();
    for &fault in WriteFault::ALL.iter().filter(|fault| fault.expressible(dialect).is_ok()) {
        let calls: &[Call] = match fault.operation() {
            Operation::Write => &[Call::Single, Call::Vectored, Call::Empty],
            Operation::Flush => &[Call::Flush],
            Operation::Shutdown => &[Call::Shutdown],
        };
        for &call in calls {
            let (made, taken) = (Calls::default(), Arc::new(Mutex::new(Vec::new())));
            let mut writer = Box::pin(make(HostileWriter::new(fault, made.clone(), Arc::clone(&taken))));
            let _ = writer.supports_vectored_writes();
            let seen = call.make(fault, &mut writer);
            assert!(
                made.made() > 0 || call == Call::Empty,
                "{fault:?}: the wrapper did not call the writer: it must, for each write"
            );
            let recovered = recovers(&mut writer, &taken);
            reports.push(Report { fault: fault.name(), call: call.name(), seen, recovered });
        }
    }
    reports
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    Single,
    Vectored,
    Empty,
    Flush,
    Shutdown,
}

impl Call {
    fn name(self) -> &'static str {
        match self {
            Call::Single => "one slice",
            Call::Vectored => "several slices",
            Call::Empty => "no data",
            Call::Flush => "flush",
            Call::Shutdown => "shutdown",
        }
    }

    fn make<W: AsyncWrite>(self, fault: WriteFault, writer: &mut Pin<Box<W>>) -> Seen {
        let bufs = [IoSlice::new(b""), IoSlice::new(b"first"), IoSlice::new(b"second")];
        let seen = see(fault.wakes(), |cx| match self {
            Call::Single => writer.as_mut().poll_write(cx, b"data"),
            Call::Vectored => writer.as_mut().poll_write_vectored(cx, &bufs),
            Call::Empty => writer.as_mut().poll_write(cx, b""),
            Call::Flush => writer.as_mut().poll_flush(cx).map_ok(|()| 0),
            Call::Shutdown => writer.as_mut().poll_shutdown(cx).map_ok(|()| 0),
        });
        match (self, &seen) {
            (Call::Single, Seen::Ready(n)) => {
                assert!(*n <= 4, "{fault:?}: the wrapper returned {n} for 4 bytes: it must check the count")
            }
            (Call::Empty, Seen::Ready(n)) => {
                assert_eq!(*n, 0, "{fault:?}: the wrapper returned {n} for no data: it must check the count")
            }
            _ => {}
        }
        seen
    }
}

/// Returns whether the writer accepts [`AFTER`] from here on, and what arrives ends with it.
fn recovers<W: AsyncWrite>(writer: &mut Pin<Box<W>>, taken: &Mutex<Vec<u8>>) -> bool {
    let mut rest = AFTER;
    let mut flushed = false;
    for _ in 0..20 {
        if rest.is_empty() {
            if let Seen::Ready(_) = see(true, |cx| writer.as_mut().poll_flush(cx).map_ok(|()| 0)) {
                flushed = true;
                break;
            }
        } else if let Seen::Ready(n) = see(true, |cx| writer.as_mut().poll_write(cx, rest)) {
            assert!(n <= rest.len(), "the wrapper returned {n} for {} bytes: it must check the count", rest.len());
            rest = &rest[n..];
        }
    }
    flushed && taken.lock().unwrap_or_else(|error| error.into_inner()).ends_with(AFTER)
}
