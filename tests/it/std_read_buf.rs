//! std's own `read_buf`, both ways. These tests need `--cfg io_shim_std_read_buf`, and with it a
//! nightly toolchain: `.ci/run std_read_buf` runs them.

use std::cell::RefCell;
use std::io::{self, BorrowedBuf as StdBuf, BorrowedCursor as StdCursor, BufRead, BufReader, Cursor, Read, Write};
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;

use io_shim::rt::BlockOn;
use io_shim::{AsyncReadBuf, BorrowedBuf, ContractViolation, Offer, ReadBuf, Shim, with_hyper_cursor};
use proptest::prelude::*;

use crate::hostile::leak;
use crate::hostile_types::panic_quietly;
use crate::mock::{SENTINEL, Script, config, context, ready, sentinels, violation, zeroes};
use crate::watermark::{check, steps};

/// What one call of a [`Told`] reader does. Numbers are counts of bytes.
#[derive(Clone, Debug)]
enum Does {
    /// std's default: reads into a slice.
    Default(usize),
    /// As the default, and fails.
    DefaultFails,
    /// As the default, and reports one byte more than fits.
    DefaultReportsTooMuch,
    /// Appends, as a reader with a `read_buf` of its own does.
    Appends(usize),
    /// Appends and fails.
    AppendsAndFails(usize, io::ErrorKind),
    AppendsAndPanics(usize),
    /// Counts one byte more than fits.
    CountsTooMuch,
    /// De-initializes all of a cursor that is not marked as initialized, and fills it with
    /// a few bytes. std's contract allows that.
    Deinitializes(usize),
    /// Lets the default read into a buffer over the front of the cursor.
    Nests(usize),
    /// Appends some bytes, and then reads by the default into the rest.
    AppendsThenDefault(usize),
    /// Exchanges the buffer behind a cursor, which std notices.
    Exchanges,
}

/// A call of a [`Told`] reader: the method, and how many bytes were offered.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Call {
    Slice(usize),
    Cursor(usize),
}
use Call::{Cursor as InCursor, Slice};

type Calls = Rc<RefCell<Vec<Call>>>;

/// A std reader that does what it is told, the last of it for good. The data are ones.
struct Told {
    script: Vec<Does>,
    calls: Calls,
}

impl Told {
    fn new(script: impl Into<Vec<Does>>) -> (Self, Calls) {
        let calls = Calls::default();
        (Told { script: script.into(), calls: calls.clone() }, calls)
    }

    fn next(&mut self) -> Does {
        if self.script.len() > 1 { self.script.remove(0) } else { self.script[0].clone() }
    }

    /// What the method `read` does, also if std's default calls it.
    fn fill(does: Does, slice: &mut [u8]) -> io::Result<usize> {
        use Does::*;
        let n = match does {
            DefaultFails => return Err(io::ErrorKind::TimedOut.into()),
            DefaultReportsTooMuch => return Ok(slice.len() + 1),
            Default(n) | Appends(n) | Deinitializes(n) | Nests(n) | AppendsThenDefault(n) => n,
            _ => 1,
        };
        let n = n.min(slice.len());
        slice[..n].fill(1);
        Ok(n)
    }
}

impl Read for Told {
    fn read(&mut self, slice: &mut [u8]) -> io::Result<usize> {
        self.calls.borrow_mut().push(Slice(slice.len()));
        Self::fill(self.next(), slice)
    }

    fn read_buf(&mut self, mut cursor: StdCursor<'_>) -> io::Result<()> {
        use Does::*;
        self.calls.borrow_mut().push(InCursor(cursor.capacity()));
        let does = self.next();
        match does {
            Default(_) | DefaultFails | DefaultReportsTooMuch => {
                // The same as std's default.
                let n = Self::fill(does, cursor.ensure_init())?;
                cursor.advance_checked(n);
            }
            Appends(n) => cursor.append(&vec![1; n.min(cursor.capacity())]),
            AppendsAndFails(n, kind) => {
                cursor.append(&vec![1; n.min(cursor.capacity())]);
                return Err(kind.into());
            }
            AppendsAndPanics(n) => {
                cursor.append(&vec![1; n.min(cursor.capacity())]);
                panic_quietly()
            }
            CountsTooMuch => {
                let too_much = cursor.capacity() + 1;
                // SAFETY: there is none; this reader breaks its contract.
                unsafe { cursor.advance(too_much) };
            }
            Deinitializes(n) => {
                if !cursor.is_init() {
                    // SAFETY: the cursor is not marked as initialized.
                    unsafe { cursor.as_mut() }.fill(MaybeUninit::uninit());
                }
                cursor.append(&vec![1; n.min(cursor.capacity())]);
            }
            Nests(n) => {
                // SAFETY: nothing uninitialized is written.
                let memory = unsafe { cursor.as_mut() };
                let front = n.min(memory.len());
                let mut inner = StdBuf::from(&mut memory[..front]);
                Read::read_buf(&mut io::repeat(1), inner.unfilled())?;
                assert_eq!(inner.len(), front);
                // SAFETY: the inner buffer counts them as filled.
                unsafe { cursor.advance(front) };
            }
            AppendsThenDefault(n) => {
                cursor.append(&vec![1; n.min(cursor.capacity())]);
                let n = Self::fill(does, cursor.ensure_init())?;
                cursor.advance_checked(n);
            }
            Exchanges => {
                cursor.append(&[1]);
                let other = leak(vec![0; 7].into_boxed_slice());
                let exchange = || cursor.with_unfilled_buf(|buf| *buf = StdBuf::from(other));
                assert!(catch_unwind(AssertUnwindSafe(exchange)).is_err());
            }
        }
        Ok(())
    }
}

const LARGE: usize = 128 << 10;
/// What is offered to a reader of which nothing is known.
const FIRST: usize = 8 << 10;

/// Reads into a fresh buffer of 128 KiB. Returns the number of bytes that were filled, that count
/// as initialized, and that were zeroed.
fn read_fresh(reader: &mut impl ReadBuf) -> (io::Result<()>, usize, usize, usize) {
    let mut memory = sentinels(LARGE);
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    let result = reader.read_into(buf.unfilled());
    let (filled, init) = (buf.filled().len(), buf.init_len());
    assert_eq!(buf.filled(), vec![1; filled]);
    (result, filled, init, zeroes(&memory))
}

/// Reads six times into fresh buffers through `from_std` and through `allow_std`, and returns the
/// calls of the reader. Both must make the same.
fn calls_of(script: &[Does], wrap: impl Fn(Told) -> Box<dyn Read>) -> Vec<Call> {
    let (told, calls) = Told::new(script);
    let mut shim = Shim::from_std(wrap(told));
    (0..6).for_each(|_| drop(read_fresh(&mut shim)));

    let (told, async_calls) = Told::new(script);
    let mut shim = BlockOn::new(Shim::allow_std(wrap(told)));
    (0..6).for_each(|_| drop(read_fresh(&mut shim)));
    assert_eq!(calls, async_calls);
    calls.take()
}

#[test]
fn a_reader_is_classified_by_its_first_reads() {
    use Does::*;
    let plain = |told| Box::new(told) as Box<dyn Read>;
    let short = |told| Box::new(Read::take(told, 5000)) as Box<dyn Read>;
    let long = |told| Box::new(Read::take(told, 1 << 40)) as Box<dyn Read>;
    let slices = [InCursor(FIRST), Slice(FIRST), Slice(FIRST)];
    let cursors = [InCursor(FIRST), InCursor(LARGE), InCursor(LARGE), InCursor(LARGE)];

    assert_eq!(calls_of(&[Default(3000)], plain)[..3], slices);
    assert_eq!(calls_of(&[Default(3000)], long)[..3], slices);
    assert_eq!(calls_of(&[Default(3000)], short), [InCursor(5000), Slice(2000)]);
    assert_eq!(calls_of(&[Appends(3000)], plain)[..4], cursors);
    assert_eq!(calls_of(&[Appends(3000)], long)[..4], cursors);
    assert_eq!(calls_of(&[Appends(3000)], short), [InCursor(5000), InCursor(2000)]);
    assert_eq!(calls_of(&[Nests(3000)], plain)[..4], cursors);
    assert_eq!(calls_of(&[AppendsThenDefault(3000)], plain)[..3], slices);
    assert_eq!(calls_of(&[Deinitializes(3000)], plain)[..4], cursors);
    // A reader that fills the whole part shows what it is, too.
    assert_eq!(calls_of(&[Default(FIRST)], plain)[..2], slices[..2]);
    assert_eq!(calls_of(&[Appends(FIRST)], plain)[..4], cursors);
    // Failures show it as well. The end of the stream does not.
    assert_eq!(calls_of(&[DefaultFails, Default(3000)], plain)[..3], slices);
    assert_eq!(calls_of(&[AppendsAndFails(5, io::ErrorKind::TimedOut), Appends(3000)], plain)[..4], cursors);
    assert_eq!(calls_of(&[Appends(0), Default(3000)], plain)[..3], [InCursor(FIRST), InCursor(FIRST), Slice(FIRST)]);
}

#[test]
fn a_reader_that_changes_its_mind_gets_slices_for_good() {
    use Does::*;
    let plain = |told| Box::new(told) as Box<dyn Read>;
    let calls = calls_of(&[Appends(9), Appends(9), Default(3000), Appends(3000)], plain);
    assert_eq!(calls, [InCursor(FIRST), InCursor(LARGE), InCursor(LARGE), Slice(FIRST), Slice(FIRST), Slice(FIRST)]);
    // A wrong class costs one buffer. All of it is initialized then, and counts as that.
    let (told, _) = Told::new([Appends(9), Default(3000)]);
    let mut shim = Shim::from_std(told);
    assert!(matches!(read_fresh(&mut shim), (Ok(()), 9, 9, 0)));
    let (result, filled, init, zeroed) = read_fresh(&mut shim);
    assert_eq!((result.is_ok(), filled, init, zeroed), (true, 3000, LARGE, LARGE - 3000));
    assert!(matches!(read_fresh(&mut shim), (Ok(()), 3000, FIRST, 5192)));
}

#[test]
fn a_call_that_is_interrupted_zeroes_nothing_twice() {
    let (told, calls) = Told::new([Does::AppendsAndFails(9, io::ErrorKind::Interrupted), Does::Appends(5)]);
    assert!(matches!(read_fresh(&mut Shim::from_std(told)), (Ok(()), 14, 14, 0)));
    // Nine bytes are filled. The cursor behind them counts nothing as initialized.
    assert_eq!(*calls.borrow(), [InCursor(FIRST), InCursor(LARGE - 9)]);
    struct Interrupted(usize);
    impl Read for Interrupted {
        fn read(&mut self, slice: &mut [u8]) -> io::Result<usize> {
            // Each byte that is zeroed is covered. If it is zeroed again, this counts it again.
            self.0 += slice.iter().filter(|byte| **byte == 0).count();
            slice.fill(1);
            if self.0 < 2 * FIRST && slice.len() == FIRST && self.0 > 0 {
                self.0 += 2 * FIRST;
                return Err(io::ErrorKind::Interrupted.into());
            }
            Ok(3)
        }
    }
    let mut shim = Shim::from_std(Interrupted(0));
    assert!(matches!(read_fresh(&mut shim), (Ok(()), 3, FIRST, 0)));
    assert_eq!(shim.get_ref().0, 3 * FIRST);
}

#[test]
fn initialized_memory_and_bounce_buffers_are_passed_as_slices() {
    let (told, calls) = Told::new([Does::Appends(100)]);
    let mut shim = Shim::from_std(told).with_offer(Offer::bounce(500));
    assert!(matches!(read_fresh(&mut shim), (Ok(()), 100, 100, 0)));
    let mut shim = shim.with_offer(Offer::Whole);
    assert!(matches!(read_fresh(&mut shim), (Ok(()), 100, 100, 0)));
    assert_eq!(shim.init_hint(LARGE), 0);
    let mut bytes = [0; 300];
    shim.read_into(BorrowedBuf::from(&mut bytes[..]).unfilled()).unwrap();
    shim.read_into(BorrowedBuf::from(&mut [0; 0][..]).unfilled()).unwrap();
    assert_eq!(*calls.borrow(), [Slice(500), InCursor(LARGE), Slice(300), Slice(0)]);
    // Settings discard what was learned.
    let mut shim = shim.with_offer(Offer::Predicted);
    assert_eq!(shim.init_hint(LARGE), FIRST);
    drop(read_fresh(&mut shim));
    assert_eq!(calls.borrow()[4], InCursor(FIRST));
}

#[test]
fn what_is_counted_as_initialized_stays_so() {
    // The reader de-initializes what std lets it. The front of the buffer is initialized.
    let (told, calls) = Told::new([Does::Deinitializes(20)]);
    let mut shim = Shim::from_std(told);
    drop(read_fresh(&mut shim));
    let mut memory = [MaybeUninit::uninit(); 9000];
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    buf.unfilled().ensure_init_to(100).fill(7);
    shim.read_into(buf.unfilled()).unwrap();
    assert_eq!(calls.borrow()[1..], [Slice(FIRST)]);
    let init = buf.init_len();
    assert_eq!(buf.unfilled().init_mut()[..80], [7; 80]);
    // The checkers of memory look at each byte here.
    assert!(buf.unfilled().init_mut().iter().all(|&byte| byte == 7 || byte == 0));
    assert_eq!(init, FIRST);
}

#[test]
fn hostile_readers_of_stds_cursor_do_no_harm() {
    use Does::*;
    let read = |first: Does| {
        let (told, _) = Told::new([first, Appends(10)]);
        let mut shim = Shim::from_std(told);
        let mut memory = sentinels(LARGE);
        let mut buf = BorrowedBuf::from(&mut memory[..]);
        buf.unfilled().append(b"kept");
        let result = catch_unwind(AssertUnwindSafe(|| shim.read_into(buf.unfilled())));
        assert_eq!(&buf.filled()[..4], b"kept");
        let filled = buf.filled().len() - 4;
        if matches!(&result, Ok(Err(error)) if ContractViolation::of(error).is_some()) {
            assert_eq!(buf.init_len(), 4, "counted as initialized");
        }
        // The shim goes on.
        assert!(read_fresh(&mut shim).0.is_ok());
        (result, filled)
    };
    // std's own check. A shim cannot tell that panic from another one of the reader.
    assert!(matches!(read(DefaultReportsTooMuch), (Err(_), 0)));
    let (result, filled) = read(CountsTooMuch);
    assert_eq!(violation(result.unwrap()), ContractViolation::ReadTooMuch { returned: FIRST + 1, offered: FIRST });
    assert_eq!(filled, 0);
    assert!(matches!(read(AppendsAndPanics(5)), (Err(_), 0)));
    assert!(matches!(read(Exchanges), (Ok(Ok(())), 1)));
    // What was read before an error is kept.
    let (result, filled) = read(AppendsAndFails(5, io::ErrorKind::TimedOut));
    assert_eq!((result.unwrap().unwrap_err().kind(), filled), (io::ErrorKind::TimedOut, 5));
    assert!(matches!(read(Nests(30)), (Ok(Ok(())), 30)));
    assert!(matches!(read(DefaultFails), (Ok(Err(_)), 0)));
}

#[test]
fn stds_own_readers_zero_nothing() {
    let ones = vec![1; 100_000];
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&ones).unwrap();
    io::Seek::rewind(&mut file).unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut sender = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    sender.write_all(&ones).unwrap();
    let socket = listener.accept().unwrap().0;
    let readers: [Box<dyn Read>; 6] = [
        Box::new(file),
        Box::new(socket),
        Box::new(Cursor::new(ones.clone())),
        Box::new(&[1; 100_000][..]),
        Box::new(BufReader::new(Cursor::new(ones.clone()))),
        Box::new(Read::chain(Cursor::new(ones.clone()), Cursor::new(ones)).take(100_000)),
    ];
    for reader in readers {
        let (mut total, mut shim) = (0, Shim::from_std(reader));
        while total < 100_000 {
            let (result, filled, init, zeroed) = read_fresh(&mut shim);
            result.unwrap();
            assert!(filled > 0);
            assert_eq!((init, zeroed), (filled, 0));
            total += filled;
        }
    }
}

#[test]
fn memory_is_read_in_asynchronous_code_without_zeroing() {
    let mut shim = Shim::allow_std(Read::chain(Cursor::new([1; 3000]), &[1; 70_000][..]));
    let mut total = 0;
    while total < 73_000 {
        let mut memory = sentinels(LARGE);
        let mut buf = tokio::io::ReadBuf::uninit(&mut memory);
        ready(tokio::io::AsyncRead::poll_read(Pin::new(&mut shim), &mut context(), &mut buf)).unwrap();
        let filled = buf.filled().len();
        assert_eq!(buf.initialized().len(), filled);
        assert_eq!(zeroes(&memory), 0);
        total += filled;
    }
}

#[test]
fn the_budget_is_charged_for_what_a_read_moved() {
    /// Makes 60 reads of `len` bytes, after `before` bytes in the same cursor. Returns which of
    /// them yielded.
    fn yields(mut reader: impl AsyncReadBuf + Unpin, before: usize, len: usize) -> Vec<usize> {
        let mut is_pending = |read: &usize| {
            let mut memory = sentinels(before + len);
            let mut buf = BorrowedBuf::from(&mut memory[..]);
            let mut cursor = buf.unfilled().limit(if *read == 0 { before + 8191 } else { before + len });
            cursor.append(&vec![1; before]);
            Pin::new(&mut reader).poll_read_into(&mut context(), cursor).is_pending()
        };
        (0..60).filter(|read| is_pending(read)).collect()
    }
    let ones = vec![1; 1_000_000];
    // One byte more would cost another unit.
    assert_eq!(yields(Shim::allow_std(&ones[..]).with_budget(20), 8191, 8191), [20, 41]);
    let expected = yields(Shim::new(&ones[..]).with_budget(20), 0, 16_384);
    assert_eq!((expected[0], yields(Shim::allow_std(&ones[..]).with_budget(20), 0, 16_384)), (8, expected));
}

/// A std reader of `n` bytes a call that only takes slices. It counts the zeroes of its slices, and
/// covers them.
struct Pieces {
    n: usize,
    zeroed: usize,
}

impl Read for Pieces {
    fn read(&mut self, slice: &mut [u8]) -> io::Result<usize> {
        self.zeroed += slice.iter().filter(|byte| **byte == 0).count();
        slice.iter_mut().filter(|byte| **byte == 0).for_each(|byte| *byte = SENTINEL);
        let n = self.n.min(slice.len());
        slice[..n].fill(1);
        Ok(n)
    }
}

/// The same for futures-io.
impl futures::io::AsyncRead for Pieces {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        slice: &mut [u8],
    ) -> std::task::Poll<io::Result<usize>> {
        std::task::Poll::Ready(Read::read(&mut *self, slice))
    }
}

/// Reads into a fresh std buffer of 128 KiB, and returns how many bytes were filled.
fn fresh_std(reader: &mut impl Read) -> usize {
    let mut memory = sentinels(LARGE);
    let mut buf = StdBuf::from(&mut memory[..]);
    reader.read_buf(buf.unfilled()).unwrap();
    let filled = buf.len();
    assert_eq!(buf.filled(), vec![1; filled]);
    assert_eq!(zeroes(&memory), 0, "zeroed, and not offered to the reader");
    filled
}

/// Reads a hundred times through `reader`, after a few reads that are not counted. Returns how many
/// bytes were zeroed, and how many were returned.
fn count<R: Read>(mut reader: R, zeroed: impl Fn(&R) -> usize) -> (usize, usize) {
    (0..16).for_each(|_| assert!(fresh_std(&mut reader) > 0));
    let before = zeroed(&reader);
    let returned = (0..100).map(|_| fresh_std(&mut reader)).sum();
    (zeroed(&reader) - before, returned)
}

#[test]
fn a_slice_only_reader_zeroes_about_what_it_reads_of_stds_cursor() {
    for n in [1, 1460, 4096, 65_536] {
        let pieces = || Pieces { n, zeroed: 0 };
        // std's default zeroes all that the reader does not fill, and what it fills.
        assert_eq!(count(pieces(), |pieces| pieces.zeroed).0, 100 * LARGE);
        for (zeroed, returned) in [
            count(Shim::from_std(pieces()), |shim| shim.get_ref().zeroed),
            count(BlockOn::new(Shim::from_futures(pieces())), |shim| shim.get_ref().get_ref().zeroed),
            count(BlockOn::new(Shim::from_tokio(Shim::allow_std(pieces()))), |shim| {
                shim.get_ref().get_ref().get_ref().zeroed
            }),
            count(Shim::from_std(Shim::from_std(pieces())), |shim| shim.get_ref().get_ref().zeroed),
            count(Read::take(Shim::from_std(pieces()), 1 << 40), |take| take.get_ref().get_ref().zeroed),
        ] {
            assert_eq!(returned, 100 * n);
            assert!(zeroed as f64 <= 1.25 * returned as f64, "{n}: {zeroed} for {returned}");
        }
    }
}

#[test]
fn stds_flag_says_whether_all_is_initialized() {
    // The caller says so: the reader gets all of it as one slice, and nothing is zeroed.
    let (told, calls) = Told::new([Does::Appends(10)]);
    let mut shim = Shim::from_std(told);
    let mut bytes = [SENTINEL; 3000];
    let mut buf = StdBuf::from(&mut bytes[..]);
    shim.read_buf(buf.unfilled()).unwrap();
    assert_eq!((buf.len(), buf.is_init(), calls.take()), (10, true, vec![Slice(3000)]));

    // The shim says so if it has initialized all, and not if it has initialized a part.
    for (capacity, is_init) in [(5000, true), (FIRST, true), (FIRST + 1, false)] {
        let mut shim = BlockOn::new(Shim::from_futures(Pieces { n: 5000, zeroed: 0 }));
        let mut memory = sentinels(capacity);
        let mut buf = StdBuf::from(&mut memory[..]);
        shim.read_buf(buf.unfilled()).unwrap();
        assert_eq!((buf.len(), buf.is_init()), (5000, is_init));
        // A caller that uses the buffer again has it zeroed again only if it could not be told.
        shim.read_buf(buf.clear().unfilled()).unwrap();
        assert_eq!(shim.get_ref().get_ref().zeroed, if is_init { capacity } else { 2 * FIRST });
    }

    // std's `BufReader` remembers it for its own buffer.
    let mut reader = BufReader::new(Shim::from_std(Pieces { n: 1460, zeroed: 0 }));
    for _ in 0..100 {
        assert_eq!(reader.fill_buf().unwrap().len(), 1460);
        reader.consume(1460);
    }
    assert_eq!(reader.get_ref().get_ref().zeroed, 8192);
}

#[test]
fn a_shim_around_a_shim_uses_the_mark_and_not_the_flag() {
    // Which of both zeroes does not matter: the inner shim has all of the cursor, and predicts.
    let mut shim = Shim::from_std(BlockOn::new(Shim::from_futures(Pieces { n: FIRST, zeroed: 0 })));
    for _ in 0..4 {
        assert!(matches!(read_fresh(&mut shim).0, Ok(())));
    }
    assert_eq!(shim.init_hint(LARGE), 0);

    // A reader of tokio's that fills the whole first part is not taken for std's default.
    let data = [1; 20_000];
    let mut shim = Shim::from_std(BlockOn::new(Shim::from_tokio(&data[..])));
    for expected in [FIRST, 20_000 - FIRST, 0] {
        let (result, filled, init, zeroed) = read_fresh(&mut shim);
        result.unwrap();
        assert_eq!((filled, init, zeroed), (expected, expected, 0));
    }
}

#[test]
fn a_cursor_of_stds_is_read_exactly_and_to_the_end_of_the_stream() {
    let mut shim = BlockOn::new(Shim::from_futures(&[1; 100][..]));
    let mut memory = sentinels(64);
    let mut buf = StdBuf::from(&mut memory[..]);
    shim.read_buf_exact(buf.unfilled()).unwrap();
    assert_eq!(buf.filled(), [1; 64]);
    buf.clear();
    let error = shim.read_buf_exact(buf.unfilled()).unwrap_err();
    assert_eq!((error.kind(), buf.len()), (io::ErrorKind::UnexpectedEof, 36));
    shim.read_buf(buf.unfilled()).unwrap();
    assert_eq!(buf.len(), 36);
}

#[test]
fn a_panic_fills_nothing_of_stds_cursor() {
    let (told, _) = Told::new([Does::AppendsAndPanics(5), Does::Appends(3)]);
    let mut shim = Shim::from_std(told);
    let mut memory = sentinels(64);
    let mut buf = StdBuf::from(&mut memory[..]);
    buf.unfilled().append(b"kept");
    assert!(catch_unwind(AssertUnwindSafe(|| shim.read_buf(buf.unfilled()))).is_err());
    assert_eq!((buf.filled(), buf.is_init()), (&b"kept"[..], false));
    shim.read_buf(buf.unfilled()).unwrap();
    assert_eq!(buf.filled(), b"kept\x01\x01\x01");
}

/// A foreign std reader that passes its cursor on in two parts.
struct InParts<R>(R);

impl<R: Read> Read for InParts<R> {
    fn read(&mut self, slice: &mut [u8]) -> io::Result<usize> {
        self.0.read(slice)
    }

    fn read_buf(&mut self, mut cursor: StdCursor<'_>) -> io::Result<()> {
        let before = cursor.written();
        let half = cursor.capacity().div_ceil(2);
        cursor.with_unfilled_buf(|buf| {
            // SAFETY: nothing uninitialized is written.
            let memory = unsafe { buf.unfilled().as_mut().as_mut_ptr() };
            // SAFETY: the memory is borrowed exclusively by `buf`, which is not used meanwhile.
            let mut part = StdBuf::from(unsafe { std::slice::from_raw_parts_mut(memory, half) });
            let result = self.0.read_buf(part.unfilled());
            let n = part.len();
            // SAFETY: the part counts them as filled.
            unsafe { buf.unfilled().advance(n) };
            result
        })?;
        // The rest, if there was as much as fits, or nothing.
        if cursor.written() - before == half { self.0.read_buf(cursor) } else { Ok(()) }
    }
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn nothing_is_zeroed_twice_through_layers_with_stds_cursor(steps in steps(), capacity in 1usize..70_000) {
        let script = || Script::new(steps.clone());
        let std_script = || BlockOn::new(Shim::from_futures(script()));
        // std -> tokio -> std
        check(Shim::allow_std(BlockOn::new(Shim::from_tokio(Shim::allow_std(std_script())))), &steps, capacity);
        // hyper -> std -> tokio
        check(Shim::from_hyper(Shim::allow_std(BlockOn::new(Shim::from_tokio(script())))), &steps, capacity);
        // tokio -> std -> hyper -> futures-io
        let hyper = Shim::from_hyper(Shim::from_futures(script()));
        check(Shim::from_tokio(Shim::allow_std(BlockOn::new(hyper))), &steps, capacity);
        check(Shim::allow_std(Shim::from_std(std_script())), &steps, capacity);
        check(Shim::allow_std(Read::take(std_script(), u64::MAX)), &steps, capacity);
        check(Shim::allow_std(InParts(std_script())), &steps, capacity);
        check(Shim::allow_std(std_script()).with_offer(Offer::Whole), &steps, capacity);
        check(Shim::allow_std(std_script()).with_offer(Offer::bounce(999)), &steps, capacity);
    }
}

#[test]
fn hypers_record_reaches_through_stds_cursor() {
    // A std reader is called with a part of the memory of a hyper reader that a shim called.
    struct Foreign<R>(R);
    impl<R: Read + Unpin> hyper::rt::Read for Foreign<R> {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
            buf: hyper::rt::ReadBufCursor<'_>,
        ) -> std::task::Poll<io::Result<()>> {
            with_hyper_cursor(buf, |mut cursor| {
                // SAFETY: nothing uninitialized is written.
                let mut buf = StdBuf::from(unsafe { cursor.as_mut() });
                let result = self.0.read_buf(buf.unfilled());
                let n = buf.len();
                // SAFETY: std's buffer counts them as filled.
                unsafe { cursor.advance(n) };
                std::task::Poll::Ready(result)
            })
        }
    }
    let mut shim =
        BlockOn::new(Shim::from_hyper(Foreign(BlockOn::new(Shim::from_futures(Pieces { n: 5, zeroed: 0 })))));
    let mut memory = sentinels(10_000);
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    for _ in 0..3 {
        shim.read_into(buf.unfilled()).unwrap();
    }
    // Each read makes sure that 8 KiB are initialized.
    assert_eq!((buf.filled().len(), buf.init_len()), (15, FIRST + 10));
    assert_eq!(shim.get_ref().get_ref().0.get_ref().get_ref().zeroed, FIRST + 10);
}
