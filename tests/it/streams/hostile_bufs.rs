//! A `Buf` that lies does no harm: an error, no byte twice, no endless loop, and what comes after it is read and written.

use std::io::{self, IoSlice, IoSliceMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;

use bytes::Buf;
use futures::Sink as _;
use io_shim::{AsyncFillBuf, AsyncReadBuf, ByteSink, ContractViolation, Shim};

use super::{Chunks, Item};
use crate::mock::{Sink, context, ready};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Lie {
    None,
    /// There is more, and the next chunk is empty.
    EmptyChunk,
    /// The chunk is longer than what remains.
    LongChunk,
    /// Nothing ever changes.
    NoAdvance,
    /// More is skipped than was asked for.
    FastAdvance,
    /// More remains after an advance.
    Grows,
    /// `advance` panics.
    Panics,
    /// `chunks_vectored` fills no slice.
    NoSlices,
    /// `chunks_vectored` says that it filled more slices than there are.
    ManySlices,
    /// `chunks_vectored` gives the same piece over and over.
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

/// The ways to read, each of some 5 bytes.
const READS: [Read; 3] = [
    |shim| {
        let mut slice = [0; 5];
        shim.poll_read_slice(&mut context(), &mut slice).map_ok(|n| slice[..n].to_vec())
    },
    |shim| {
        let (mut a, mut b) = ([0; 3], [0; 2]);
        let poll = shim.poll_read_vectored(&mut context(), &mut [IoSliceMut::new(&mut a), IoSliceMut::new(&mut b)]);
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
                // `chunk` can be relied on where `chunks_vectored` cannot.
                let lies = match lie {
                    Lie::NoSlices | Lie::ManySlices | Lie::RepeatedSlices => false,
                    // Nothing is skipped of what is written at once.
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
