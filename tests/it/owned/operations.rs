//! The operations on owned buffers: no data is lost, and each resumes where it stopped.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use io_shim::owned::{self, EndedEarly, LimitExceeded, blocking};
use io_shim::{AsyncReadBuf, AsyncWrite, BorrowedCursor, ContractViolation, ReadBuf, Shim, TrackedBuf};
use proptest::prelude::*;

use crate::mock::{Breaks, CountsZeroes, Script, Sink, Step, config, context, pattern};

/// Returns a reader of the data in parts of `len` bytes.
fn parts(data: &[u8], len: usize) -> Script {
    Script::new(data.chunks(len).map(|part| Step::Data(part.to_vec())))
}

/// Polls to the end, and returns the output and the number of polls.
fn drive<F: Future>(future: F) -> (F::Output, usize) {
    let mut future = pin!(future);
    for polls in 1.. {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context()) {
            return (output, polls);
        }
    }
    unreachable!()
}

fn done<F: Future>(future: F) -> F::Output {
    drive(future).0
}

/// Polls once, and drops the future if it is pending.
fn once<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut context()) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// A scripted reader with io-shim's synchronous trait.
struct Blocking(Script);

impl ReadBuf for Blocking {
    fn read_into(&mut self, cursor: BorrowedCursor<'_>) -> io::Result<()> {
        match Pin::new(&mut self.0).poll_read_into(&mut context(), cursor) {
            Poll::Ready(result) => result,
            Poll::Pending => panic!("not ready"),
        }
    }
}

#[test]
fn read_buf_makes_the_room_and_counts() {
    let mut reader = Script::new([Step::Pending, Step::Data(pattern(10)), Step::Data(pattern(10))]);
    let mut buf = TrackedBuf::from(&b">"[..]);
    assert!(once(owned::read_buf(&mut reader, &mut buf, 20)).is_none());
    assert_eq!(done(owned::read_buf(&mut reader, &mut buf, 20)).unwrap(), 10);
    assert!(reader.offers.iter().all(|&offer| offer >= 20), "{:?}", reader.offers);
    // The room is never empty, because an empty read would look like the end of file.
    let mut full = TrackedBuf::from(pattern(5));
    assert_eq!(done(owned::read_buf(&mut reader, &mut full, 0)).unwrap(), 5.min(full.capacity() - 5));
    done(owned::read_to_end(&mut reader, &mut full)).unwrap();
    assert_eq!(done(owned::read_buf(&mut reader, &mut buf, 1)).unwrap(), 0);
    assert_eq!(buf[1..], pattern(10));
    assert_eq!(full[5..], pattern(10));
}

#[test]
fn read_exact_goes_on_after_being_given_up_and_reads_nothing_beyond() {
    let data = pattern(1000);
    let mut reader = parts(&data, 7).with_pending();
    let mut buf = TrackedBuf::new();
    let mut given_up = 0;
    while once(owned::read_exact(&mut reader, &mut buf, 900)).is_none() {
        given_up += 1;
    }
    assert!(given_up > 100);
    assert_eq!(buf, data[..900]);
    // The data is already there.
    let calls = reader.calls;
    done(owned::read_exact(&mut reader, &mut buf, 900)).unwrap();
    assert_eq!(reader.calls, calls);
    buf.consume(890);
    done(owned::read_exact(&mut reader, &mut buf, 30)).unwrap();
    assert_eq!(buf, data[890..920]);
}

#[test]
fn read_exact_says_how_many_of_how_many_there_were_and_keeps_them() {
    let check = |error: io::Error, buf: &TrackedBuf| {
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(error.to_string(), "the stream ended after 12 of 20 bytes");
        assert_eq!(EndedEarly::of(&error).map(|early| (early.held, early.wanted)), Some((12, 20)));
        assert_eq!(buf[2..], pattern(10));
    };
    let mut buf = TrackedBuf::from(&b"ab"[..]);
    check(done(owned::read_exact(&mut parts(&pattern(10), 3), &mut buf, 20)).unwrap_err(), &buf);
    let mut buf = TrackedBuf::from(&b"ab"[..]);
    check(blocking::read_exact(&mut Blocking(parts(&pattern(10), 3)), &mut buf, 20).unwrap_err(), &buf);
    assert!(EndedEarly::of(&io::ErrorKind::UnexpectedEof.into()).is_none());
}

#[test]
fn an_announced_length_allocates_what_arrives_and_no_more() {
    let mut buf = TrackedBuf::new();
    done(owned::read_exact(&mut parts(&pattern(10), 3), &mut buf, usize::MAX)).unwrap_err();
    assert_eq!(buf.capacity(), 64 << 10);
    done(owned::read_exact(&mut parts(&pattern(1 << 20), 5000), &mut buf, usize::MAX / 2)).unwrap_err();
    assert!(buf.capacity() <= 4 * buf.len(), "{}", buf.capacity());
    // A length of less than 64 KiB is allocated exactly.
    let mut buf = TrackedBuf::new();
    done(owned::read_exact(&mut parts(&pattern(5000), 300), &mut buf, 5000)).unwrap();
    assert_eq!(buf.capacity(), 5000);
}

#[test]
fn read_to_end_keeps_what_was_read_when_it_is_given_up_or_fails() {
    let data = pattern(5000);
    let mut reader = parts(&data, 33).with_pending();
    reader.steps.insert(100, Step::Error(io::ErrorKind::TimedOut));
    reader.steps.insert(110, Step::Error(io::ErrorKind::Interrupted));
    let mut buf = TrackedBuf::new();
    let mut counted = 0;
    let error = loop {
        let before = buf.len();
        match once(owned::read_to_end(&mut reader, &mut buf)) {
            None => counted += buf.len() - before,
            Some(result) => break result.unwrap_err(),
        }
    };
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    // The failed call already read the last part.
    assert_eq!((buf.len(), counted), (50 * 33, 49 * 33));
    let read = done(owned::read_to_end(&mut reader, &mut buf)).unwrap();
    assert_eq!((buf.len(), read), (5000, 5000 - 50 * 33));
    assert_eq!(buf, data);
}

#[test]
fn a_buffer_of_the_right_size_is_not_made_larger() {
    for size in [1, 31, 32, 33, 5000] {
        let data = pattern(size);
        let mut buf = TrackedBuf::from(data.clone());
        buf.clear();
        let (capacity, address) = (buf.capacity(), buf.as_ptr());
        assert_eq!(done(owned::read_to_end(&mut parts(&data, 100), &mut buf)).unwrap(), size);
        assert_eq!((buf.capacity(), buf.as_ptr(), buf.len()), (capacity, address, size));
        // One byte too many is not lost.
        buf.clear();
        let longer = pattern(size + 1);
        assert_eq!(blocking::read_to_end(&mut Blocking(parts(&longer, size)), &mut buf).unwrap(), size + 1);
        assert_eq!(buf, longer);
    }
}

#[test]
fn a_buffer_grows_to_a_few_times_what_there_is_and_in_few_steps() {
    let mut buf = TrackedBuf::new();
    done(owned::read_to_end(&mut parts(&pattern(100), 7), &mut buf)).unwrap();
    assert_eq!(buf.capacity(), 1024);
    let data = pattern(1 << 20);
    let mut reader: &[u8] = &data;
    let before = crate::alloc::allocations();
    let mut buf = TrackedBuf::new();
    done(owned::read_to_end(&mut reader, &mut buf)).unwrap();
    assert_eq!(crate::alloc::allocations() - before, 12);
    assert_eq!(buf.capacity(), 2 << 20);
}

#[test]
fn a_maximum_is_kept_and_the_byte_that_passed_it_is_there() {
    let data = pattern(1000);
    for most in [0, 1, 31, 32, 998, 999] {
        let mut reader = parts(&data, 70);
        let mut buf = TrackedBuf::new();
        let error = done(owned::read_to_end_within(&mut reader, &mut buf, most)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(LimitExceeded::of(&error).map(|exceeded| exceeded.most), Some(most));
        assert_eq!(error.to_string(), format!("the stream is longer than {most} bytes"));
        assert_eq!(buf, data[..most + 1]);
        assert_eq!(buf.capacity(), most + 1);
        // A second call reads nothing and loses nothing; the reader can continue.
        let calls = reader.calls;
        done(owned::read_to_end_within(&mut reader, &mut buf, most)).unwrap_err();
        assert_eq!(reader.calls, calls);
        done(owned::read_to_end(&mut reader, &mut buf)).unwrap();
        assert_eq!(buf, data);

        let mut buf = TrackedBuf::new();
        let error = blocking::read_to_end_within(&mut Blocking(parts(&data, 70)), &mut buf, most).unwrap_err();
        assert_eq!((LimitExceeded::of(&error).is_some(), &buf[..]), (true, &data[..most + 1]));
    }
    for most in [1000, 1001, usize::MAX] {
        let mut reader = parts(&data, 70).with_pending();
        let mut buf = TrackedBuf::new();
        let mut count = None;
        while count.is_none() {
            count = once(owned::read_to_end_within(&mut reader, &mut buf, most));
        }
        assert!(count.unwrap().is_ok());
        assert_eq!(buf, data);
        assert!(buf.capacity() <= 2048.min(most.saturating_add(1)));
    }
}

#[test]
fn a_copy_writes_all_flushes_and_leaves_the_buffer_for_the_next() {
    let data = pattern(100_000);
    let mut buf = TrackedBuf::with_capacity(10_000);
    for _ in 0..3 {
        let mut writer = Sink::new(false);
        assert_eq!(done(owned::copy(&mut &data[..], &mut writer, &mut buf)).unwrap(), 100_000);
        assert!(writer.data == data && buf.is_empty());
        assert_eq!((writer.calls(), writer.flushes, writer.shutdowns), (10, 1, 0));
        assert_eq!(buf.capacity(), 10_000);
    }
    let mut writer = Vec::new();
    assert_eq!(blocking::copy(&mut &data[..], &mut writer, &mut buf).unwrap(), 100_000);
    assert!(writer == data);
    let mut buf = TrackedBuf::from(&b"abc"[..]);
    assert_eq!(blocking::copy(&mut &data[..], &mut writer, &mut buf).unwrap(), 100_003);
    assert_eq!(buf.capacity(), 8 << 10);
}

#[test]
fn a_copy_over_a_slice_only_reader_zeroes_its_buffer_once_for_all_streams() {
    let mut buf = TrackedBuf::with_capacity(64 << 10);
    let mut zeroed = 0;
    for _ in 0..4 {
        let mut reader = Shim::from_futures(CountsZeroes::new(usize::MAX, 1 << 20));
        assert_eq!(done(owned::copy(&mut reader, &mut io::sink(), &mut buf)).unwrap(), 1 << 20);
        zeroed += reader.get_ref().zeroes;
    }
    assert_eq!(zeroed, 64 << 10);
}

#[test]
fn a_copy_flushes_when_the_reader_has_nothing_to_give() {
    let mut reader =
        Script::new([Step::Data(pattern(10)), Step::Pending, Step::Pending, Step::Data(pattern(5)), Step::Pending]);
    let mut writer = Sink::new(false);
    let mut buf = TrackedBuf::new();
    let (copied, polls) = drive(owned::copy(&mut reader, &mut writer, &mut buf));
    assert_eq!((copied.unwrap(), polls), (15, 4));
    // Flushes after 10 bytes, after 5 more, and at the end. It does not flush again at the second
    // `Pending`.
    assert_eq!(writer.flushes, 3);
}

#[test]
fn a_copy_that_was_given_up_after_writing_flushes_when_it_goes_on() {
    let mut reader = Script::new([Step::Pending]);
    let mut writer = Sink::new(false);
    let mut buf = TrackedBuf::new();
    assert!(once(owned::copy(&mut reader, &mut writer, &mut buf)).is_none());
    assert_eq!(writer.flushes, 1);
}

#[test]
fn a_copy_reads_on_while_the_writer_is_not_ready() {
    let mut reader = parts(&pattern(4000), 1000);
    let mut writer = Sink::new(false);
    writer.pending = Some(false);
    let mut buf = TrackedBuf::new();
    done(owned::copy(&mut reader, &mut writer, &mut buf)).unwrap();
    assert_eq!(writer.data, pattern(4000));
    assert_eq!(writer.writes, [1000, 2000, 1000, 2000]);
}

#[test]
fn a_writer_that_takes_nothing_or_lies_ends_the_copy_with_the_data_in_the_buffer() {
    let mut buf = TrackedBuf::new();
    let mut full = Sink::new(false);
    full.most = 0;
    let error = done(owned::copy(&mut &b"hello"[..], &mut full, &mut buf)).unwrap_err();
    assert_eq!((error.kind(), &buf[..]), (io::ErrorKind::WriteZero, &b"hello"[..]));

    struct Liar;
    impl io::Write for Liar {
        fn write(&mut self, data: &[u8]) -> io::Result<usize> {
            Ok(data.len() + 1)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let error = blocking::copy(&mut &b", world"[..], &mut Liar, &mut buf).unwrap_err();
    assert!(matches!(ContractViolation::of(&error), Some(ContractViolation::WroteTooMuch { returned: 6, offered: 5 })));
    assert_eq!(buf, b"hello");
    let mut writer = Vec::new();
    assert_eq!(blocking::copy(&mut &b", world"[..], &mut writer, &mut buf).unwrap(), 12);
    assert_eq!(writer, b"hello, world");
}

#[test]
fn interrupted_reads_and_writes_are_tried_again() {
    struct Interrupted(bool, Vec<u8>);
    impl io::Write for Interrupted {
        fn write(&mut self, data: &[u8]) -> io::Result<usize> {
            self.0 = !self.0;
            if self.0 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            self.1.extend_from_slice(&data[..1]);
            Ok(1)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let interrupted = || Step::Error(io::ErrorKind::Interrupted);
    let reader =
        || Blocking(Script::new([interrupted(), Step::Data(b"ab".into()), interrupted(), Step::Data(b"c".into())]));
    let mut writer = Interrupted(false, Vec::new());
    let mut buf = TrackedBuf::new();
    assert_eq!(blocking::copy(&mut reader(), &mut writer, &mut buf).unwrap(), 3);
    assert_eq!(writer.1, b"abc");
    blocking::read_exact(&mut reader(), &mut buf, 3).unwrap();
    assert_eq!(blocking::read_to_end(&mut reader(), &mut buf).unwrap(), 3);
    assert_eq!(blocking::read_to_end_within(&mut reader(), &mut buf, 9).unwrap(), 3);
    assert_eq!(buf, b"abcabcabc");
    let error = blocking::read_buf(&mut reader(), &mut buf, 1).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::Interrupted);
}

#[test]
fn an_interrupted_flush_is_tried_again() {
    /// Returns `Interrupted` at every other flush.
    #[derive(Default)]
    struct Interrupted(Vec<u8>, usize);
    impl io::Write for Interrupted {
        fn write(&mut self, data: &[u8]) -> io::Result<usize> {
            self.0.write(data)
        }
        fn flush(&mut self) -> io::Result<()> {
            self.1 += 1;
            if self.1 % 2 == 1 { Err(io::ErrorKind::Interrupted.into()) } else { Ok(()) }
        }
    }
    impl AsyncWrite for Interrupted {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(io::Write::write(&mut *self, data))
        }
        fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(io::Write::flush(&mut *self))
        }
        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            panic!("shut down by a copy")
        }
    }
    // Flushes while the reader is pending, and at the end.
    let mut reader = Script::new([Step::Data(pattern(10)), Step::Pending, Step::Data(pattern(5))]);
    let (mut writer, mut buf) = (Interrupted::default(), TrackedBuf::new());
    let (copied, polls) = drive(owned::copy(&mut reader, &mut writer, &mut buf));
    assert_eq!((copied.unwrap(), polls, writer.0.len(), writer.1), (15, 2, 15, 4));
    let mut writer = Interrupted::default();
    assert_eq!(blocking::copy(&mut &b"abc"[..], &mut writer, &mut buf).unwrap(), 3);
    assert_eq!((&writer.0[..], writer.1), (&b"abc"[..], 2));
}

#[test]
fn more_room_than_memory_can_have_panics_and_the_data_is_as_it_was() {
    let mut buf = TrackedBuf::from(&b">abc"[..]);
    buf.consume(1);
    for least in [usize::MAX, isize::MAX as usize] {
        assert!(catch_unwind(AssertUnwindSafe(|| once(owned::read_buf(&mut &b"d"[..], &mut buf, least)))).is_err());
        assert!(catch_unwind(AssertUnwindSafe(|| blocking::read_buf(&mut &b"d"[..], &mut buf, least))).is_err());
        assert_eq!(buf, b"abc");
    }
}

#[test]
fn what_a_reader_fills_against_its_contract_is_kept_too() {
    let mut reader = Breaks::new([
        (b"a", || Poll::Pending),
        (b"b", || Poll::Ready(Err(io::ErrorKind::TimedOut.into()))),
        (b"c", || panic!("in a reader")),
        (b"d", || Poll::Ready(Ok(()))),
    ]);
    let mut buf = TrackedBuf::new();
    // `Pending` with data counts as data, because the waker may not be registered.
    let error = once(owned::read_to_end(&mut reader, &mut buf)).unwrap().unwrap_err();
    assert_eq!((error.kind(), &buf[..]), (io::ErrorKind::TimedOut, &b"ab"[..]));
    assert!(catch_unwind(AssertUnwindSafe(|| once(owned::read_to_end(&mut reader, &mut buf)))).is_err());
    assert_eq!(buf, b"abc");
    assert_eq!(done(owned::read_to_end(&mut reader, &mut buf)).unwrap(), 1);
    assert_eq!(buf, b"abcd");
}

#[test]
fn a_reader_that_fills_all_the_room_and_is_interrupted_does_not_end_a_copy() {
    let (mut writer, mut buf) = (Vec::new(), TrackedBuf::with_capacity(10_000));
    let full = pattern(buf.capacity());
    let mut reader = Breaks::new([
        (&full, || Poll::Ready(Err(io::ErrorKind::Interrupted.into()))),
        (b"more", || Poll::Ready(Ok(()))),
    ]);
    let wanted = [&full[..], b"more"].concat();
    let copied = once(owned::copy(&mut reader, &mut writer, &mut buf)).unwrap().unwrap();
    assert_eq!(copied, wanted.len() as u64);
    assert!(writer == wanted);
}

#[test]
fn the_futures_are_send_if_the_reader_is() {
    fn check<T: Send>(_: T) {}
    let (mut reader, mut writer, mut buf) = (tokio::io::empty(), Vec::new(), TrackedBuf::new());
    let mut shim = Shim::from_tokio(&mut reader);
    check(owned::read_to_end(&mut shim, &mut buf));
    check(owned::read_exact(&mut shim, &mut buf, 1));
    check(owned::read_to_end_within(&mut shim, &mut buf, 1));
    check(owned::read_buf(&mut shim, &mut buf, 1));
    check(owned::copy(&mut shim, &mut writer, &mut buf));
}

/// A step of a stream.
fn step() -> impl Strategy<Value = Option<usize>> {
    prop_oneof![2 => Just(None), 5 => (0usize..200).prop_map(Some), 1 => (0usize..20_000).prop_map(Some)]
}

proptest! {
    #![proptest_config(config(128))]

    /// Copies a stream of any parts and waits into any writer. Each call is dropped at every
    /// `Pending`.
    #[test]
    fn a_copy_that_is_given_up_again_and_again_loses_and_repeats_nothing(
        steps in prop::collection::vec(step(), 0..30), most in 1usize..5000, waits: bool, capacity in 0usize..20_000,
    ) {
        let data = pattern(steps.iter().flatten().sum());
        let mut rest = &data[..];
        let steps = steps.iter().filter(|step| **step != Some(0)).map(|step| match step {
            None => Step::Pending,
            Some(n) => {
                let (part, more) = rest.split_at(*n);
                rest = more;
                Step::Data(part.to_vec())
            }
        });
        let mut reader = Script::new(steps);
        let mut writer = Sink::new(false);
        (writer.most, writer.pending) = (most, waits.then_some(false));
        let mut buf = TrackedBuf::with_capacity(capacity);
        while once(owned::copy(&mut reader, &mut writer, &mut buf)).map(Result::unwrap).is_none() {}
        prop_assert!(buf.is_empty());
        prop_assert_eq!(writer.data, data);
        prop_assert!(writer.flushes > 0);
    }

    /// The same for several reading operations.
    #[test]
    fn reads_that_are_given_up_again_and_again_lose_and_repeat_nothing(
        len in 0usize..30_000, part in 1usize..3000, capacity in 0usize..40_000, exact in 0usize..30_000, sliced: bool,
    ) {
        fn read<R: AsyncReadBuf + Unpin>(reader: &mut R, buf: &mut TrackedBuf, exact: usize) -> Vec<u8> {
            while once(owned::read_exact(reader, buf, exact)).map(Result::unwrap).is_none() {}
            assert!(buf.len() == exact);
            let mut all = buf.to_vec();
            buf.consume(exact);
            while once(owned::read_to_end(reader, buf)).map(Result::unwrap).is_none() {}
            all.extend_from_slice(buf);
            all
        }
        let data = pattern(len);
        let exact = exact.min(len);
        let mut buf = TrackedBuf::with_capacity(capacity);
        let script = parts(&data, part).with_pending();
        let all = if sliced {
            read(&mut Shim::from_futures(script), &mut buf, exact)
        } else {
            read(&mut Shim::from_tokio(script), &mut buf, exact)
        };
        prop_assert!(all == data);
    }
}
