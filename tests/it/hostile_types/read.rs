//! The suite for wrappers around hostile readers.

use std::io::IoSliceMut;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::Poll;

use io_shim::{AsyncReadBuf, BorrowedBuf};

use super::{AFTER, Calls, DATA, Dialect, FOREIGN, HostileReader, ReadFault, Report, Seen, see};

/// Checks a wrapper around readers with every fault that `dialect` can express. `make` wraps one.
pub fn read<R: AsyncReadBuf>(dialect: Dialect, mut make: impl FnMut(HostileReader) -> R) -> Vec<Report> {
    let mut reports = Vec::new();
    for &fault in ReadFault::ALL.iter().filter(|fault| fault.expressible(dialect).is_ok()) {
        for call in [Call::Cursor, Call::Slice, Call::Vectored, Call::Empty] {
            let calls = Calls::default();
            let mut reader = Box::pin(make(HostileReader::new(fault, calls.clone())));
            // Either answer is fine, but a caller must be able to follow the hint.
            let _ = reader.supports_vectored_reads();
            let hint = reader.init_hint(64);
            assert!(hint <= 64, "{fault:?}: the wrapper hints at {hint} bytes of 64: it must hint at 64 at most");
            let seen = call.make(fault, &mut reader);
            assert!(
                calls.made() > 0 || call == Call::Empty,
                "{fault:?}: the wrapper did not call the reader: it must, for each read"
            );
            let recovered = recovers(&mut reader);
            reports.push(Report { fault: fault.name(), call: call.name(), seen, recovered });
        }
    }
    a_huge_buffer_is_read_into(&mut make);
    reports
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    Cursor,
    Slice,
    Vectored,
    Empty,
}

impl Call {
    fn name(self) -> &'static str {
        match self {
            Call::Cursor => "cursor",
            Call::Slice => "slice",
            Call::Vectored => "several slices",
            Call::Empty => "empty buffer",
        }
    }

    fn make<R: AsyncReadBuf>(self, fault: ReadFault, reader: &mut Pin<Box<R>>) -> Seen {
        match self {
            Call::Cursor => into_cursor(fault, reader),
            Call::Slice => into_slice(fault, reader),
            Call::Vectored => into_slices(fault, reader),
            Call::Empty => see(fault.wakes(), |cx| {
                let mut buf = BorrowedBuf::from(&mut [][..] as &mut [u8]);
                reader.as_mut().poll_read_into(cx, buf.unfilled()).map_ok(|()| 0)
            }),
        }
    }
}

/// Checks that what counts as filled is the caller's memory and, if the reader counted correctly,
/// what it delivered. Looking at each byte shows a memory checker whether it is initialized.
fn check(fault: ReadFault, filled: &[u8]) {
    no_foreign_bytes(fault, filled);
    if fault.is_honest() {
        assert!(
            filled.iter().all(|&byte| byte == DATA),
            "{fault:?}: the wrapper passed on {filled:?}: it must pass on what the reader delivered"
        );
    }
}

#[track_caller]
fn no_foreign_bytes(fault: ReadFault, bytes: &[u8]) {
    assert!(
        bytes.iter().all(|&byte| byte != FOREIGN),
        "{fault:?}: the wrapper shows foreign bytes: it must check which buffer came back"
    );
}

fn into_cursor<R: AsyncReadBuf>(fault: ReadFault, reader: &mut Pin<Box<R>>) -> Seen {
    let mut memory = [MaybeUninit::uninit(); 64];
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    buf.unfilled().append(b"kept");
    let seen = see(fault.wakes(), |cx| reader.as_mut().poll_read_into(cx, buf.unfilled()).map_ok(|()| 0));
    assert_eq!(&buf.filled()[..4], b"kept", "{fault:?}: the wrapper touched bytes before the cursor: they must stay");
    check(fault, &buf.filled()[4..]);
    let filled = buf.filled().len() - 4;
    no_foreign_bytes(fault, buf.unfilled().init_mut());
    if let Seen::Ready(_) = seen { Seen::Ready(filled) } else { seen }
}

fn into_slice<R: AsyncReadBuf>(fault: ReadFault, reader: &mut Pin<Box<R>>) -> Seen {
    let mut memory = [b'.'; 68];
    memory[..4].copy_from_slice(b"kept");
    memory[64..].copy_from_slice(b"kept");
    let slice = &mut memory[4..64];
    let seen = see(fault.wakes(), |cx| reader.as_mut().poll_read_into_slice(cx, slice));
    if let Seen::Ready(n) = seen {
        assert!(
            n <= slice.len(),
            "{fault:?}: the wrapper returned {n} for a slice of {}: it must check the count",
            slice.len(),
        );
        check(fault, &slice[..n]);
    }
    no_foreign_bytes(fault, slice);
    assert_eq!(
        (&memory[..4], &memory[64..]),
        (&b"kept"[..], &b"kept"[..]),
        "{fault:?}: the wrapper touched bytes around the slice: they must stay"
    );
    seen
}

fn into_slices<R: AsyncReadBuf>(fault: ReadFault, reader: &mut Pin<Box<R>>) -> Seen {
    let (mut first, mut second) = ([b'.'; 32], [b'.'; 32]);
    let mut bufs = [IoSliceMut::new(&mut []), IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
    let seen = see(fault.wakes(), |cx| reader.as_mut().poll_read_into_vectored(cx, &mut bufs));
    let both = [first, second].concat();
    if let Seen::Ready(n) = seen {
        assert!(n <= both.len(), "{fault:?}: the wrapper returned {n} for slices of 64: it must check the count");
        check(fault, &both[..n]);
    }
    no_foreign_bytes(fault, &both);
    seen
}

/// Returns whether the reader delivers [`AFTER`] from here on, and then its end.
fn recovers<R: AsyncReadBuf>(reader: &mut Pin<Box<R>>) -> bool {
    let mut received = Vec::new();
    let mut slice = [0; 100];
    for _ in 0..20 {
        match see(true, |cx| reader.as_mut().poll_read_into_slice(cx, &mut slice)) {
            Seen::Ready(0) => break,
            Seen::Ready(n) => received.extend_from_slice(&slice[..n]),
            _ => {}
        }
    }
    // A wrapper with a buffer may deliver what the first call read only now.
    received.ends_with(AFTER) && received[..received.len() - AFTER.len()].iter().all(|&byte| byte == DATA)
}

/// A wrapper must not touch a gibibyte of memory only because it is offered.
fn a_huge_buffer_is_read_into<R: AsyncReadBuf>(make: &mut dyn FnMut(HostileReader) -> R) {
    let calls = Calls::default();
    calls.next();
    let mut reader = Box::pin(make(HostileReader::new(ReadFault::Fails, calls)));
    let mut memory: Vec<u8> = Vec::with_capacity(1 << 30);
    let mut buf = BorrowedBuf::from(memory.spare_capacity_mut());
    let seen = see(true, |cx| {
        loop {
            let filled = buf.filled().len();
            match reader.as_mut().poll_read_into(cx, buf.unfilled()) {
                Poll::Ready(Ok(())) if buf.filled().len() > filled => {}
                other => return other.map_ok(|()| 0),
            }
        }
    });
    assert_eq!(
        (seen, buf.filled()),
        (Seen::Ready(0), AFTER),
        "the wrapper failed for a gibibyte of room, which it must not touch"
    );
}
