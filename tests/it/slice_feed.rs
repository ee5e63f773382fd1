//! `SliceFeed`: what it offers, what it zeroes, what it learns, and that it checks every count.

use std::io;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;

use io_shim::{BorrowedBuf, ContractViolation, Offer, SliceFeed};

use crate::alloc::heap;
use crate::mock::{ready, sentinels, violation, zeroes};

fn bounce(size: usize) -> Offer {
    Offer::bounce(size)
}

/// Reads `n` bytes into fresh memory of `capacity` bytes. Returns the length of the offer and the
/// bytes zeroed beyond `n`.
fn read_fresh(feed: &mut SliceFeed, capacity: usize, n: usize) -> (usize, usize) {
    let mut memory = sentinels(capacity);
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    let mut offered = 0;
    feed.read(buf.unfilled(), |slice| {
        offered = slice.len();
        slice[..n].fill(1);
        Ok(n)
    })
    .unwrap();
    assert_eq!(buf.filled(), vec![1; n]);
    (offered, zeroes(&memory))
}

#[test]
fn an_initialised_buffer_is_offered_whole_by_every_policy() {
    for offer in [Offer::Predicted, bounce(16), Offer::Whole] {
        let mut bytes = [7; 4096];
        let mut buf = BorrowedBuf::from(&mut bytes[..]);
        let mut feed = SliceFeed::new(offer);
        feed.read(buf.unfilled(), |slice| {
            assert_eq!(slice, [7; 4096]);
            Ok(10)
        })
        .unwrap();
        assert_eq!(buf.filled().len(), 10);
    }
}

#[test]
fn predicted_offers_a_window_of_a_large_buffer() {
    let mut feed = SliceFeed::default();
    assert_eq!(feed.init_hint(1 << 20), 8192);
    assert_eq!(read_fresh(&mut feed, 1 << 20, 5000), (8192, 3192));
    assert_eq!(feed.init_hint(100), 100);
    assert_eq!(read_fresh(&mut feed, 100, 100), (100, 0));
}

#[test]
fn predicted_grows_with_full_reads_and_shrinks_with_small_ones() {
    let mut feed = SliceFeed::default();
    read_fresh(&mut feed, 1 << 20, 8192);
    assert_eq!(feed.init_hint(1 << 20), 32 * 1024);
    for _ in 0..4 {
        read_fresh(&mut feed, 1 << 20, 3200);
    }
    assert_eq!(feed.init_hint(1 << 20), 3400);
}

#[test]
fn predicted_bounces_small_reads_and_zeroes_nothing_then() {
    let mut feed = SliceFeed::default();
    for _ in 0..4 {
        read_fresh(&mut feed, 1 << 16, 100);
    }
    assert_eq!(feed.init_hint(1 << 16), 0);
    for n in [1, 100, 2047] {
        assert_eq!(read_fresh(&mut feed, 1 << 16, n), (2048, 0));
    }
    // A full bounce buffer suggests that more data is available.
    assert_eq!(read_fresh(&mut feed, 1 << 16, 2048), (2048, 0));
    assert_eq!(feed.init_hint(1 << 16), 8192);
}

#[test]
fn nothing_is_learned_from_pending_errors_empty_buffers_or_the_end() {
    let mut feed = SliceFeed::default();
    for _ in 0..8 {
        let mut memory = [MaybeUninit::uninit(); 9000];
        let mut buf = BorrowedBuf::from(&mut memory[..]);
        assert!(feed.poll(buf.unfilled(), |_| Poll::Pending).is_pending());
        assert!(feed.read(buf.unfilled(), |_| Err(io::ErrorKind::Other.into())).is_err());
        feed.read(buf.unfilled(), |_| Ok(0)).unwrap();
        feed.read(buf.unfilled().limit(0), |slice| Ok(slice.len())).unwrap();
        assert_eq!((buf.filled().len(), buf.init_len()), (0, 8192));
    }
    assert_eq!(feed.init_hint(usize::MAX), 8192);
}

#[test]
fn bounce_zeroes_nothing_of_the_callers_memory() {
    let mut feed = SliceFeed::new(bounce(1000));
    assert_eq!(feed.init_hint(1 << 16), 0);
    for n in [0, 1, 1000, 10] {
        assert_eq!(read_fresh(&mut feed, 1 << 16, n), (1000, 0));
    }
    assert_eq!(read_fresh(&mut feed, 10, 10), (10, 0));
}

#[test]
fn whole_offers_everything() {
    let mut feed = SliceFeed::new(Offer::Whole);
    assert_eq!(feed.init_hint(70_000), 70_000);
    assert_eq!(read_fresh(&mut feed, 70_000, 3), (70_000, 69_997));
}

#[test]
fn one_buffer_is_not_zeroed_twice_whatever_the_policy() {
    for offer in [Offer::Predicted, bounce(64), Offer::Whole] {
        let mut feed = SliceFeed::new(offer);
        let mut memory = sentinels(100_000);
        let mut buf = BorrowedBuf::from(&mut memory[..]);
        let mut zeroed = 0;
        for n in (0..200).map(|i| i * 7 % 450) {
            let known = buf.init_len();
            feed.read(buf.unfilled(), |slice| {
                let n = n.min(slice.len());
                slice[..n].fill(1);
                Ok(n)
            })
            .unwrap();
            zeroed += buf.init_len() - known;
            let filled = buf.filled().len();
            assert!(buf.filled().iter().all(|&byte| byte == 1), "at {filled}");
            // Marks the bytes that were zeroed and not filled, so that zeroing them again would
            // show.
            buf.unfilled().init_mut().fill(2);
        }
        assert_eq!(zeroed, buf.init_len());
    }
}

#[test]
fn a_count_beyond_the_slice_is_an_error_and_changes_nothing() {
    for offer in [Offer::Predicted, bounce(64), Offer::Whole] {
        for excess in [1, usize::MAX - 8192] {
            let mut feed = SliceFeed::new(offer);
            let mut memory = sentinels(8192);
            let mut buf = BorrowedBuf::from(&mut memory[..]);
            buf.unfilled().append(b"kept");
            let mut offered = 0;
            let result = feed.read(buf.unfilled(), |slice| {
                offered = slice.len();
                Ok(slice.len() + excess)
            });
            let expected = ContractViolation::ReadTooMuch { returned: offered + excess, offered };
            assert_eq!(violation(result), expected);
            assert_eq!(buf.filled(), b"kept");
            feed.read(buf.unfilled(), |_| Ok(1)).unwrap();
        }
    }
}

#[test]
fn a_count_for_an_empty_buffer_is_an_error() {
    let mut buf = BorrowedBuf::from(&mut [][..] as &mut [u8]);
    let result = ready(SliceFeed::default().poll(buf.unfilled(), |_| Poll::Ready(Ok(1))));
    assert_eq!(violation(result), ContractViolation::ReadTooMuch { returned: 1, offered: 0 });
}

#[test]
fn a_panic_leaves_feed_and_buffer_usable() {
    for offer in [Offer::Predicted, bounce(64), Offer::Whole] {
        let mut feed = SliceFeed::new(offer);
        let mut memory = sentinels(8192);
        let mut buf = BorrowedBuf::from(&mut memory[..]);
        buf.unfilled().append(b"kept");
        let read = || feed.read(buf.unfilled(), |_| panic!("in a reader"));
        assert!(catch_unwind(AssertUnwindSafe(read)).is_err());
        feed.read(buf.unfilled(), |slice| {
            slice[0] = b'!';
            Ok(1)
        })
        .unwrap();
        assert_eq!(buf.filled(), b"kept!");
    }
}

#[test]
fn memory_is_allocated_only_for_a_bounce_and_freed_with_the_feed() {
    let before = heap();
    let mut feed = SliceFeed::default();
    let mut memory = [MaybeUninit::uninit(); 4096];
    for round in 0..6 {
        assert_eq!(heap().wrapping_sub(before), if round > 4 { 2048 } else { 0 });
        let mut buf = BorrowedBuf::from(&mut memory[..]);
        feed.read(buf.unfilled(), |_| Ok(1)).unwrap();
    }
    let clone = feed.clone();
    assert_eq!(heap().wrapping_sub(before), 2048);
    drop((feed, clone));
    let mut feed = SliceFeed::new(bounce(300));
    assert_eq!(heap(), before);
    feed.read(BorrowedBuf::from(&mut memory[..]).unfilled(), |_| Ok(1)).unwrap();
    assert_eq!(heap().wrapping_sub(before), 300);
}

#[test]
fn a_clone_has_the_policy_and_nothing_learned() {
    let mut feed = SliceFeed::default();
    read_fresh(&mut feed, 1 << 20, 8192);
    assert_eq!(feed.clone().init_hint(1 << 20), 8192);
    let mut feed = SliceFeed::new(bounce(300));
    read_fresh(&mut feed, 1 << 20, 300);
    assert_eq!((feed.offer(), feed.clone().offer()), (bounce(300), bounce(300)));
    assert_eq!(SliceFeed::new(Offer::Whole).clone().offer(), Offer::Whole);
    assert!(format!("{:?}", SliceFeed::default()).contains("8192"));
}
