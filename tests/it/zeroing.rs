//! Exact counts of zeroed bytes: in fresh uninitialized buffers, zeroing follows what is read, not
//! what is offered.
//!
//! The reader counts. A slice in the caller's memory was zeroed completely, because that memory is
//! fresh at every poll; any other slice is the bounce buffer.

use std::cell::Cell;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use io_shim::{Offer, Shim};
use tokio::io::{AsyncRead, ReadBuf};

use crate::mock::context;

/// A futures-io reader that returns `n` bytes a call, and counts the offered bytes of the caller's
/// memory.
struct Counting {
    n: Box<dyn FnMut() -> usize>,
    pending: Option<bool>,
    memory: Rc<Cell<Range<usize>>>,
    zeroed: Rc<Cell<usize>>,
}

impl futures::io::AsyncRead for Counting {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        let memory = self.memory.take();
        if memory.contains(&slice.as_ptr().addr()) {
            self.zeroed.set(self.zeroed.get() + slice.len());
        }
        self.memory.set(memory);
        if let Some(pending) = &mut self.pending {
            *pending = !*pending;
            if *pending {
                return Poll::Pending;
            }
        }
        Poll::Ready(Ok((self.n)().min(slice.len())))
    }
}

/// Bytes zeroed and bytes returned.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    zeroed: usize,
    returned: usize,
}

/// Makes `reads` reads of `n` bytes each into fresh memory of `capacity` bytes. The first 16 are
/// counted separately.
fn count(offer: Offer, capacity: usize, pending: bool, reads: usize, n: impl FnMut() -> usize + 'static) -> [Count; 2] {
    let mut vec: Vec<u8> = Vec::with_capacity(capacity);
    let memory = &mut vec.spare_capacity_mut()[..capacity];
    let range = memory.as_ptr().addr()..memory.as_ptr().addr() + capacity;
    let zeroed = Rc::new(Cell::new(0));
    let reader = Counting {
        n: Box::new(n),
        pending: pending.then_some(false),
        memory: Rc::new(Cell::new(range)),
        zeroed: zeroed.clone(),
    };
    let mut shim = Shim::from_futures(reader).with_offer(offer);
    let mut counts = [Count::default(); 2];
    let mut ready = 0;
    while ready < reads {
        let count = &mut counts[usize::from(ready >= 16)];
        let mut buf = ReadBuf::uninit(memory);
        if Pin::new(&mut shim).poll_read(&mut context(), &mut buf).is_ready() {
            ready += 1;
            count.returned += buf.filled().len();
        }
        count.zeroed += zeroed.take();
    }
    counts
}

const CAPACITIES: [usize; 6] = [8 << 10, 16 << 10, 64 << 10, 100_000, 1 << 20, 16 << 20];

#[test]
fn steady_reads_of_two_kibibytes_or_more_zero_at_most_a_quarter_more_than_they_return() {
    for capacity in CAPACITIES {
        for n in [2048, 2049, 2100, 3000, 4096, 5000, 8191, 8192, 8193, 16 << 10, 40_000, 64 << 10, 300_000, 1 << 20] {
            for pending in [false, true] {
                let [first, later] = count(Offer::Predicted, capacity, pending, 80, move || n);
                let most = later.returned * if pending { 10 } else { 5 } / 4;
                assert!(later.zeroed <= most, "{capacity} {n} {pending}: {later:?}");
                // The extra zeroing of the first reads is also bounded.
                let most = first.returned * if pending { 10 } else { 5 } / 4 + (128 << 10);
                assert!(first.zeroed <= most, "{capacity} {n} {pending}: {first:?}");
            }
        }
    }
}

#[test]
fn smaller_reads_zero_nothing() {
    for capacity in CAPACITIES {
        for n in [1, 2, 64, 512, 1460, 1820, 1821, 2000, 2046, 2047] {
            for pending in [false, true] {
                let [first, later] = count(Offer::Predicted, capacity, pending, 80, move || n);
                assert_eq!(later.zeroed, 0, "{capacity} {n} {pending}: {later:?}");
                assert!(first.zeroed <= 128 << 10, "{capacity} {n} {pending}: {first:?}");
            }
        }
    }
}

#[test]
fn for_hyper_which_does_not_remember_nothing_is_zeroed_ahead() {
    for pending in [None, Some(false)] {
        for capacity in [8 << 10, 64 << 10] {
            let mut memory = Box::new_uninit_slice(capacity);
            let range = memory.as_ptr().addr()..memory.as_ptr().addr() + memory.len();
            let zeroed = Rc::new(Cell::new(0));
            let mut n = 0;
            // Some reads in place, so that the caller could seem to remember, then small ones.
            let n = Box::new(move || {
                n += 1;
                if n < 20 { 3000 } else { 100 }
            });
            let reader = Counting { n, pending, memory: Rc::new(Cell::new(range)), zeroed: zeroed.clone() };
            let mut shim = Shim::from_futures(reader).with_budget(0);
            for poll in 0..5000 {
                let mut buf = hyper::rt::ReadBuf::uninit(&mut memory);
                let _ = hyper::rt::Read::poll_read(Pin::new(&mut shim), &mut context(), buf.unfilled());
                let zeroed = zeroed.take();
                assert!(zeroed <= 8192 && (poll < 60 || zeroed == 0), "{zeroed} at poll {poll}");
            }
        }
    }
}

#[test]
fn a_bounce_zeroes_nothing_ever() {
    for capacity in CAPACITIES {
        for n in [1, 1460, 2048, 64 << 10] {
            let [first, later] = count(Offer::bounce(4096), capacity, true, 40, move || n);
            assert_eq!((first.zeroed, later.zeroed), (0, 0));
        }
    }
}

#[test]
fn one_frame_of_eight_mebibytes_in_small_reads_zeroes_little() {
    use futures::StreamExt as _;
    use tokio_util::codec::{FramedRead, LengthDelimitedCodec};

    /// Sends one frame, 1460 bytes a call, and counts what it is offered, except for the bounce
    /// buffer of 2048 bytes.
    struct Frame {
        sent: usize,
        zeroed: Rc<Cell<usize>>,
    }
    impl futures::io::AsyncRead for Frame {
        fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
            if slice.len() != 2048 {
                self.zeroed.set(self.zeroed.get() + slice.len());
            }
            let header = (8u32 << 20).to_be_bytes();
            let n = 1460.min(slice.len()).min((8 << 20) + 4 - self.sent);
            for (i, byte) in slice[..n].iter_mut().enumerate() {
                *byte = *header.get(self.sent + i).unwrap_or(&1);
            }
            self.sent += n;
            Poll::Ready(Ok(n))
        }
    }
    let zeroed = Rc::new(Cell::new(0));
    let shim = Shim::from_futures(Frame { sent: 0, zeroed: zeroed.clone() });
    let codec = LengthDelimitedCodec::builder().max_frame_length(9 << 20).new_codec();
    let frame = futures::executor::block_on(FramedRead::new(shim, codec).next()).unwrap().unwrap();
    assert_eq!(frame.len(), 8 << 20);
    assert!(zeroed.get() <= 64 << 10, "{}", zeroed.get());
}
