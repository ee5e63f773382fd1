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
fn full_reads_into_initialized_buffers_teach_nothing() {
    let mut feed = SliceFeed::default();
    read_in_turn(&mut feed, 1 << 16, &[100], 100);
    let mut bytes = [7; 8192];
    for _ in 0..10 {
        feed.read(BorrowedBuf::from(&mut bytes[..]).unfilled(), |slice| Ok(slice.len())).unwrap();
    }
    assert_eq!(read_fresh(&mut feed, 1 << 16, 100), (2048, 0));
}

#[test]
fn initialized_slices_between_new_buffers_are_not_taken_for_the_same_buffer() {
    let mut feed = SliceFeed::default();
    let (mut wasted, mut header) = (0, [7; 10]);
    for _ in 0..10_000 {
        wasted += read_in_turn(&mut feed, 1 << 16, &[100], 1);
        feed.read(BorrowedBuf::from(&mut header[..]).unfilled(), |slice| Ok(slice.len())).unwrap();
    }
    assert_eq!(wasted, 4 * (8192 - 100));
}

#[test]
fn sizes_that_jump_are_not_copied_for_a_caller_that_remembers() {
    let mut feed = SliceFeed::default();
    let mut memory = Box::new_uninit_slice(8 << 20);
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    let sizes = [100, 3000, 20_000, 65_536].into_iter().cycle().take(200);
    let copied = sizes.filter(|&n| read_on(&mut feed, &mut buf, n)).count();
    assert_eq!(copied, 0);
}

#[test]
fn predicted_bounces_small_reads_and_zeroes_nothing_then() {
    let mut feed = SliceFeed::default();
    for _ in 0..4 {
        read_fresh(&mut feed, 1 << 16, 100);
    }
    assert_eq!(feed.init_hint(1 << 16), 0);
    // The same holds when the waste of the first reads is forgotten.
    read_in_turn(&mut feed, 1 << 16, &[100], 100);
    for n in [1, 100, 2047] {
        assert_eq!(read_fresh(&mut feed, 1 << 16, n), (2048, 0));
    }
    // A full bounce buffer suggests that more data is available. It may be a burst, so the next
    // read gets a larger bounce buffer, unless the caller's buffer is small.
    let mut small = feed.clone();
    assert_eq!(read_fresh(&mut feed, 1 << 16, 2048), (2048, 0));
    assert_eq!(feed.init_hint(1 << 16), 0);
    assert_eq!(read_fresh(&mut feed, 1 << 16, 10_000), (65_536, 0));
    read_in_turn(&mut small, 1 << 14, &[100], 100);
    assert_eq!(read_fresh(&mut small, 1 << 14, 2048), (2048, 0));
    assert_eq!(small.init_hint(1 << 14), 8192);
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

/// Reads up to `n` bytes into the rest of `buf`. Returns whether they were copied from a bounce
/// buffer.
fn read_on(feed: &mut SliceFeed, buf: &mut BorrowedBuf<'_>, n: usize) -> bool {
    let free = buf.filled().as_ptr_range().end;
    let mut offered = std::ptr::null();
    feed.read(buf.unfilled(), |slice| {
        offered = slice.as_ptr();
        Ok(n.min(slice.len()))
    })
    .unwrap();
    offered != free
}

/// Reads `total` bytes, `n` at a time, into one buffer. Returns how many reads were copied, and how
/// many bytes were zeroed and not filled.
fn read_remembering(feed: &mut SliceFeed, total: usize, n: usize) -> (usize, usize) {
    let mut memory = Box::new_uninit_slice(total + (1 << 20));
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    let mut copied = 0;
    while buf.filled().len() < total {
        copied += usize::from(read_on(feed, &mut buf, n));
    }
    (copied, buf.init_len() - buf.filled().len())
}

/// Reads the sizes in turn, as many times, into new buffers. What does not fit is read next.
/// Returns how many bytes were zeroed and not filled.
fn read_in_turn(feed: &mut SliceFeed, capacity: usize, sizes: &[usize], times: usize) -> usize {
    let mut memory = Box::new_uninit_slice(capacity);
    let mut wasted = 0;
    for &size in sizes.iter().cycle().take(times * sizes.len()) {
        let mut left = size;
        while left > 0 {
            let mut buf = BorrowedBuf::from(&mut memory[..]);
            read_on(feed, &mut buf, left);
            left -= buf.filled().len();
            wasted += buf.init_len() - buf.filled().len();
        }
    }
    wasted
}

#[test]
fn what_a_caller_that_remembers_reads_is_zeroed_once_and_seldom_copied() {
    // 1 MiB. Without credit, reads are copied: about 16 KiB in all.
    let read = |n| read_remembering(&mut SliceFeed::default(), 1 << 20, n);
    let sizes = [1, 64, 1460, 4096, 64 << 10];
    assert_eq!(sizes.map(read), [(10_236, 14_664), (156, 21_696), (4, 64_076), (0, 16_384), (0, 4096)]);
}

#[test]
fn zeroing_ahead_for_a_new_buffer_wastes_at_most_a_quarter_of_what_was_returned() {
    for n in [1, 64, 100, 1460, 3000] {
        for total in [10_000, 20_000, 50_000, 200_000, 1 << 20] {
            let mut feed = SliceFeed::default();
            let (_, wasted) = read_remembering(&mut feed, total, n);
            assert!(wasted <= (total / 4).max(8192), "{n} {total}: {wasted}");
            // Then come new buffers: the caller does not remember any more.
            let fresh = read_in_turn(&mut feed, 1 << 20, &[100], 1000);
            assert!(fresh <= 4 * 8192, "{n} {total}: {fresh}");
        }
    }
}

#[test]
fn a_caller_that_remembers_and_forgets_in_turn_wastes_at_most_a_quarter() {
    for n in [1, 64, 100, 1000] {
        for streak in [2, 3, 10, 1000] {
            let mut feed = SliceFeed::default();
            let (mut returned, mut wasted) = (0, 0);
            for _ in 0..100 {
                let total = streak * n;
                wasted += read_remembering(&mut feed, total, n).1;
                returned += total;
            }
            // The first reads zero 8 KiB each, until they have shown that they are short.
            assert!(wasted <= returned / 4 + 4 * 8192, "{n} {streak}: {wasted} of {returned}");
        }
    }
}

#[test]
fn while_sizes_jump_reads_are_copied_through_64_kibibytes() {
    let jumping = [100, 3000, 20_000, 65_536];
    let alternating = [100, 65_536];
    for (sizes, capacity, wasted) in [
        (&jumping[..], 64 << 10, 382_738),
        (&jumping, 1 << 20, 432_810),
        (&alternating, 64 << 10, 355_148),
        (&alternating, 1 << 20, 380_628),
    ] {
        let before = heap();
        let mut feed = SliceFeed::default();
        assert_eq!(read_in_turn(&mut feed, capacity, sizes, 8), wasted, "{sizes:?} into {capacity}");
        assert_eq!(heap().wrapping_sub(before), 65_536);
        assert_eq!(feed.init_hint(capacity), 0);
        // As long as they jump, nothing more is zeroed.
        assert_eq!(read_in_turn(&mut feed, capacity, sizes, 1000), 0);
        // When sizes settle, the memory is given back.
        read_in_turn(&mut feed, capacity, &[30_000], 40);
        assert_eq!(heap(), before);
        read_in_turn(&mut feed, capacity, &[100], 400);
        assert_eq!(heap().wrapping_sub(before), 2048);
        // A long flow is a burst at first. Then it is read in place.
        read_in_turn(&mut feed, capacity, &[8 << 20], 1);
        assert_eq!(heap(), before);
    }
}

#[test]
fn sizes_that_jump_from_time_to_time_waste_little() {
    for (burst, most) in [(10_000, 0.1), (64 << 10, 0.15), (300_000, 0.05), (1 << 20, 1.0), (10 << 20, 0.2)] {
        for small in [4, 10, 100, 1000] {
            let mut sizes = vec![100; small];
            sizes.push(burst);
            // Not much more than 10 MiB in all, since the checkers are slow.
            let times = ((10 << 20) / burst).clamp(2, 100);
            let wasted = read_in_turn(&mut SliceFeed::default(), 1 << 20, &sizes, times);
            let returned = times * sizes.iter().sum::<usize>();
            let ratio = wasted as f64 / returned as f64;
            assert!(ratio <= most, "{small} times 100 bytes, then {burst}: {ratio}");
        }
    }
}

#[test]
fn steady_sizes_never_cost_64_kibibytes() {
    for capacity in [8 << 10, 64 << 10, 1 << 20] {
        for n in [1, 100, 1460, 2048, 4096, 8193, 16 << 10, 40_000, 64 << 10] {
            let before = heap();
            let mut feed = SliceFeed::default();
            for _ in 0..200 {
                read_in_turn(&mut feed, capacity, &[n], 1);
                assert!(heap().wrapping_sub(before) <= 2048, "{n} into {capacity}");
            }
        }
    }
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
