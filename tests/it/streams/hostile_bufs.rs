//! A `Buf` that breaks its contract causes an error, but no repeated byte and no endless loop. The
//! data after it is read and written.

use std::cell::Cell;
use std::io::{self, IoSlice, IoSliceMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;

use bytes::Buf;
use futures::Sink as _;
use io_shim::{AsyncBufRead, AsyncReadBuf, ByteSink, ContractViolation, Shim};

use super::{Chunks, Item};
use crate::mock::{Sink, context, ready, violation};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Lie {
    None,
    /// Data remains, but the chunk is empty.
    EmptyChunk,
    /// The chunk is longer than what remains.
    LongChunk,
    /// `advance` changes nothing.
    NoAdvance,
    /// `advance` skips more than requested.
    FastAdvance,
    /// More remains after `advance` than before.
    Grows,
    /// `advance` panics.
    Panics,
    /// `chunks_vectored` fills no slice.
    NoSlices,
    /// `chunks_vectored` reports more slices than there are.
    ManySlices,
    /// `chunks_vectored` returns the same piece repeatedly.
    RepeatedSlices,
}

const LIES: [Lie; 9] = [
    Lie::EmptyChunk,
    Lie::LongChunk,
    Lie::NoAdvance,
    Lie::FastAdvance,
    Lie::Grows,
    Lie::Panics,
    Lie::NoSlices,
    Lie::ManySlices,
    Lie::RepeatedSlices,
];

struct Liar {
    data: &'static [u8],
    lie: Lie,
    advanced: bool,
}

fn liar(data: &'static [u8], lie: Lie) -> Liar {
    Liar { data, lie, advanced: false }
}

impl Buf for Liar {
    fn remaining(&self) -> usize {
        match self.lie {
            Lie::LongChunk => self.data.len() / 2,
            Lie::Grows if self.advanced => usize::MAX,
            _ => self.data.len(),
        }
    }

    fn chunk(&self) -> &[u8] {
        if self.lie == Lie::EmptyChunk { &[] } else { self.data }
    }

    fn advance(&mut self, n: usize) {
        assert!(self.lie != Lie::Panics, "as it is meant to");
        self.advanced = true;
        let n = match self.lie {
            Lie::NoAdvance => 0,
            Lie::FastAdvance => self.data.len().min(n + 1),
            _ => n,
        };
        self.data = &self.data[n..];
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        if slices.is_empty() || !self.has_remaining() {
            return 0;
        }
        slices[0] = IoSlice::new(self.chunk());
        match self.lie {
            Lie::NoSlices => 0,
            Lie::ManySlices => slices.len() + 1,
            Lie::RepeatedSlices => {
                slices.fill(IoSlice::new(self.chunk()));
                slices.len()
            }
            _ => 1,
        }
    }
}

type Read = fn(Pin<&mut Shim<io_shim::StreamReader<Chunks<Liar>, Liar>>>) -> Poll<io::Result<Vec<u8>>>;

/// The ways to read, about 5 bytes each.
const READS: [Read; 3] = [
    |shim| {
        let mut slice = [0; 5];
        shim.poll_read_into_slice(&mut context(), &mut slice).map_ok(|n| slice[..n].to_vec())
    },
    |shim| {
        let (mut a, mut b) = ([0; 3], [0; 2]);
        let poll =
            shim.poll_read_into_vectored(&mut context(), &mut [IoSliceMut::new(&mut a), IoSliceMut::new(&mut b)]);
        poll.map_ok(|n| [&a[..], &b].concat()[..n].to_vec())
    },
    |mut shim| {
        let poll = shim.as_mut().poll_fill_buf(&mut context()).map_ok(|fill| fill[..fill.len().min(5)].to_vec());
        if let Poll::Ready(Ok(fill)) = &poll {
            shim.consume(fill.len());
        }
        poll
    },
];

#[test]
fn readers_report_them_and_go_on() {
    for read in READS {
        for lie in LIES {
            let items = [liar(b"before", Lie::None), liar(b"lie!lie!lie!", lie), liar(b"after", Lie::None)];
            let items = items.into_iter().map(Item::Chunk).chain([Item::End]);
            let mut shim = Shim::from_stream(Chunks::new(items));
            let (mut received, mut errors, mut panics) = (Vec::new(), 0, 0);
            for _ in 0..20 {
                match catch_unwind(AssertUnwindSafe(|| ready(read(Pin::new(&mut shim))))) {
                    Ok(Ok(data)) => received.extend(data),
                    Ok(Err(error)) => {
                        assert_eq!(ContractViolation::of(&error), Some(&ContractViolation::InconsistentBuf));
                        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
                        errors += 1;
                    }
                    Err(_) => panics += 1,
                }
            }
            assert!(received.starts_with(b"before") && received.ends_with(b"after"), "{lie:?}: {received:?}");
            assert!(received.len() <= 11 + 12, "{lie:?}: bytes were given twice");
            // A reader does not use `chunks_vectored`.
            let lies = !matches!(lie, Lie::NoSlices | Lie::ManySlices | Lie::RepeatedSlices);
            assert_eq!((errors, panics), (u32::from(lies), u32::from(lie == Lie::Panics)), "{lie:?}");
        }
    }
}

#[test]
fn sinks_report_them_and_write_everything_else_once() {
    for vectors in [true, false] {
        for most in [usize::MAX, 4] {
            for lie in LIES {
                let mut sink = ByteSink::new(Sink { most, ..Sink::new(vectors) });
                let items = [
                    liar(b"before", Lie::None),
                    liar(b"lie!lie!", lie),
                    liar(b"after", Lie::None),
                    liar(b"later", Lie::None),
                ];
                for item in items {
                    Pin::new(&mut sink).start_send(item).unwrap();
                }
                let (mut errors, mut panics, mut flushed) = (0, 0, false);
                for _ in 0..20 {
                    match catch_unwind(AssertUnwindSafe(|| ready(Pin::new(&mut sink).poll_flush(&mut context())))) {
                        Ok(Ok(())) => flushed = true,
                        Ok(Err(error)) => {
                            assert_eq!(ContractViolation::of(&error), Some(&ContractViolation::InconsistentBuf));
                            errors += 1;
                        }
                        Err(_) => panics += 1,
                    }
                }
                assert!(flushed && sink.queued() == 0, "{lie:?}");
                let (sink, rest) = sink.into_inner();
                assert!(rest.is_empty());
                let written = sink.data;
                assert!(written.starts_with(b"before") && written.ends_with(b"afterlater"), "{lie:?}: {written:?}");
                assert!(written.len() <= 16 + 8, "{lie:?}: bytes were written twice");
                // The sink uses `chunk` if `chunks_vectored` is inconsistent.
                let lies = match lie {
                    Lie::NoSlices | Lie::ManySlices | Lie::RepeatedSlices => false,
                    // A chunk that is written whole is not affected.
                    Lie::FastAdvance => most == 4,
                    _ => true,
                };
                assert_eq!(
                    (errors, panics),
                    (u32::from(lies), u32::from(lie == Lie::Panics)),
                    "{lie:?} {vectors} {most}"
                );
                if !lies {
                    assert_eq!(written, b"beforelie!lie!afterlater");
                }
            }
        }
    }
}

/// A `Buf` that panics when it is advanced or dropped.
#[derive(Debug)]
struct Panicking {
    data: &'static [u8],
    advance: bool,
    drop: bool,
    /// How many bytes remain after an advance, instead of the rest.
    more: usize,
}

fn sound(data: &'static [u8]) -> Panicking {
    Panicking { data, advance: false, drop: false, more: 0 }
}

impl Buf for Panicking {
    fn remaining(&self) -> usize {
        self.data.len()
    }

    fn chunk(&self) -> &[u8] {
        self.data
    }

    fn advance(&mut self, n: usize) {
        assert!(!self.advance, "as it is meant to");
        self.data = if self.more > 0 { &[1; 9][..self.more] } else { &self.data[n..] };
    }
}

impl Drop for Panicking {
    fn drop(&mut self) {
        assert!(!self.drop || std::thread::panicking(), "as it is meant to");
    }
}

/// Returns a sink in which these items are queued.
fn queued<B: Buf>(writer: Sink, items: impl IntoIterator<Item = B>) -> ByteSink<Sink, B> {
    let mut sink = ByteSink::new(writer);
    for item in items {
        Pin::new(&mut sink).start_send(item).unwrap();
    }
    sink
}

fn flush<B: Buf>(sink: &mut ByteSink<Sink, B>) -> io::Result<()> {
    ready(Pin::new(sink).poll_flush(&mut context()))
}

#[track_caller]
fn flush_panics<B: Buf>(sink: &mut ByteSink<Sink, B>) {
    assert!(catch_unwind(AssertUnwindSafe(|| flush(sink))).is_err());
}

#[test]
fn what_was_written_before_an_item_panicked_is_not_given_back() {
    // How much is written before the panic, and what is left: all of each item that was not begun,
    // and the rest of each sound item.
    for (most, written, queued_then, rest_then) in [
        (usize::MAX, &b"AAAABBBBCC"[..], 0, &[][..]),
        (4, b"AAAA", 6, &[&b"BBBB"[..], b"CC"]),
        (6, b"AAAABB", 4, &[b"BB", b"CC"]),
        (8, b"AAAABBBB", 2, &[b"CC"]),
        // What is left of the item that panicked is unknown.
        (3, b"AAA", 7, &[b"BBBB", b"CC"]),
    ] {
        let items = [Panicking { advance: true, ..sound(b"AAAA") }, sound(b"BBBB"), sound(b"CC")];
        let mut sink = queued(Sink { most, ..Sink::new(true) }, items);
        flush_panics(&mut sink);
        assert_eq!(sink.queued(), queued_then, "{most}");
        let (writer, rest) = sink.into_inner();
        assert_eq!(writer.data, written);
        assert_eq!(rest.iter().map(|item| item.data).collect::<Vec<_>>(), rest_then, "{most}");
    }
}

#[test]
fn a_sink_goes_on_after_an_item_that_panics_when_it_is_dropped() {
    for (most, calls) in [(usize::MAX, 1), (4, 2), (6, 2)] {
        let items = [Panicking { drop: true, ..sound(b"AAAA") }, sound(b"BBBB")];
        let mut sink = queued(Sink { most, ..Sink::new(true) }, items);
        flush_panics(&mut sink);
        assert_eq!(sink.queued(), 8 - most.min(8));
        flush(&mut sink).unwrap();
        let (writer, rest) = sink.into_inner();
        assert_eq!((&writer.data[..], writer.calls(), writer.flushes, rest.len()), (&b"AAAABBBB"[..], calls, 1, 0));
    }
}

#[test]
fn an_inconsistent_item_that_panics_when_it_is_dropped_is_told_of_once() {
    for vectors in [true, false] {
        // The inconsistency shows once the item is written in whole or in part.
        for most in [usize::MAX, 3] {
            let items = [Panicking { drop: true, more: 2, ..sound(b"AAAA") }, sound(b"BB")];
            let mut sink = queued(Sink { most, ..Sink::new(vectors) }, items);
            flush_panics(&mut sink);
            assert_eq!(violation(flush(&mut sink)), ContractViolation::InconsistentBuf);
            flush(&mut sink).unwrap();
            assert_eq!(sink.queued(), 0);
            let written = sink.into_inner().0.data;
            assert_eq!(written, if most == 3 { &b"AAABB"[..] } else { b"AAAABB" });
        }
    }
}

/// A `Buf` whose chunk is there at some calls, and empty at the others.
struct Varying {
    data: &'static [u8],
    calls: Cell<usize>,
    is_good: fn(usize) -> bool,
}

fn varying(is_good: fn(usize) -> bool) -> Varying {
    Varying { data: b"vary", calls: Cell::new(0), is_good }
}

fn unvarying(data: &'static [u8]) -> Varying {
    Varying { data, ..varying(|_| true) }
}

impl Buf for Varying {
    fn remaining(&self) -> usize {
        self.data.len()
    }

    fn chunk(&self) -> &[u8] {
        self.calls.set(self.calls.get() + 1);
        if (self.is_good)(self.calls.get()) { self.data } else { &[] }
    }

    fn advance(&mut self, n: usize) {
        self.data = &self.data[n..];
    }
}

#[test]
fn a_chunk_that_is_gone_at_the_next_call_is_not_taken_for_the_end() {
    let fill = |shim: &mut Shim<io_shim::StreamReader<Chunks<Varying>, Varying>>| {
        ready(Pin::new(shim).poll_fill_buf(&mut context())).map(<[u8]>::to_vec)
    };
    let stream = |is_good| {
        let items = [varying(is_good), unvarying(b"after")].map(Item::Chunk);
        Shim::from_stream(Chunks::new(items.into_iter().chain([Item::End])))
    };
    // The chunk is there at odd calls: at that of the first `fill_buf`, but not at that of the
    // second.
    let mut shim = stream(|call| call % 2 == 1);
    assert_eq!(fill(&mut shim).unwrap(), b"vary");
    assert_eq!(violation(fill(&mut shim)), ContractViolation::InconsistentBuf);
    assert_eq!(fill(&mut shim).unwrap(), b"after");
    // The chunk is there at even calls.
    let mut shim = stream(|call| call % 2 == 0);
    assert_eq!(violation(fill(&mut shim)), ContractViolation::InconsistentBuf);
    assert!(catch_unwind(AssertUnwindSafe(|| AsyncBufRead::consume(Pin::new(&mut shim), 1))).is_err());
    assert_eq!(fill(&mut shim).unwrap(), b"after");
    // A chunk that `fill_buf` found to be inconsistent is not returned.
    let mut shim = stream(|_| false);
    assert_eq!(violation(fill(&mut shim)), ContractViolation::InconsistentBuf);
    assert!(shim.into_inner().into_inner().1.is_none());
}

#[test]
fn a_chunk_that_is_gone_at_the_next_call_is_written_or_reported() {
    for vectors in [true, false] {
        let items = || [varying(|call| call == 1), unvarying(b"after")];
        let mut sink = queued(Sink::new(vectors), items());
        flush(&mut sink).unwrap();
        assert_eq!(sink.into_inner().0.data, b"varyafter");
        // The rest is requested again, and is not there.
        let mut sink = queued(Sink { most: 3, ..Sink::new(vectors) }, items());
        assert_eq!(violation(flush(&mut sink)), ContractViolation::InconsistentBuf);
        flush(&mut sink).unwrap();
        assert_eq!(sink.into_inner().0.data, b"varafter");
    }
}

#[test]
fn a_second_inconsistency_does_not_make_up_for_the_first() {
    /// Advances at every other call, by the sum of both requests.
    struct Late {
        data: &'static [u8],
        late: Option<usize>,
    }
    impl Buf for Late {
        fn remaining(&self) -> usize {
            self.data.len()
        }
        fn chunk(&self) -> &[u8] {
            self.data
        }
        fn advance(&mut self, n: usize) {
            match self.late.take() {
                None => self.late = Some(n),
                Some(late) => self.data = &self.data[late + n..],
            }
        }
    }
    let items = || Chunks::new([Item::Chunk(Late { data: b"abcdef", late: None }), Item::End]);
    let mut shim = Shim::from_stream(items());
    assert_eq!(ready(Pin::new(&mut shim).poll_fill_buf(&mut context())).unwrap(), b"abcdef");
    for _ in 0..2 {
        AsyncBufRead::consume(Pin::new(&mut shim), 2);
    }
    let mut slice = [0; 9];
    let result = ready(Pin::new(&mut shim).poll_read_into_slice(&mut context(), &mut slice));
    assert_eq!(violation(result), ContractViolation::InconsistentBuf);
    // The rest of the chunk is not returned either, because it could repeat bytes.
    let mut shim = Shim::from_stream(items());
    assert_eq!(ready(Pin::new(&mut shim).poll_read_into_slice(&mut context(), &mut slice[..2])).unwrap(), 2);
    assert!(shim.into_inner().into_inner().1.is_none());
}
