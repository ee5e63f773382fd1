//! std's types: through io-shim's synchronous traits in both directions, and in asynchronous code.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Cursor, ErrorKind, IoSlice, IoSliceMut, Read, Seek, SeekFrom, Write};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use io_shim::testing::conformance;
use io_shim::{
    AsyncBufRead, AsyncReadBuf, AsyncSeek, AsyncWrite, BorrowedBuf, BorrowedCursor, ContractViolation, Offer, ReadBuf,
    Shim, WriteVectored, spare,
};

use crate::hostile_types as hostile;
use crate::mock::{Script, Sink, Step, context, ready, violation};
use crate::suites::script;
use crate::support::sync_async::{AsStd, InAsync};

/// Returns a std type that reports `Pending` as `Interrupted`, which callers retry.
fn interrupted<T>(inner: T) -> AsStd<T> {
    AsStd(inner, ErrorKind::Interrupted)
}

#[test]
fn std_readers_conform() {
    conformance::read(|data| InAsync(Shim::from_std(interrupted(script(data)))));
    conformance::read(|data| InAsync(Shim::from_std_buf(BufReader::new(interrupted(script(data))))));
    conformance::read(|data| InAsync(Shim::from_std(Shim::from_std(interrupted(script(data))))));
    conformance::read(|data| InAsync(Shim::new(Shim::from_std(interrupted(script(data))))));
    conformance::read(|data| Shim::allow_std(interrupted(script(data))));
    conformance::read(|data| Shim::from_tokio(Shim::allow_std(interrupted(script(data)))).for_futures());
    conformance::read(|data| Shim::from_futures(Shim::allow_std(data_of(data))).for_hyper());
}

fn data_of(data: &[u8]) -> Cursor<Vec<u8>> {
    Cursor::new(data.to_vec())
}

#[test]
fn std_writers_conform() {
    for vectors in [true, false] {
        for most in [usize::MAX, 333] {
            for pending in [None, Some(false)] {
                let sink = || interrupted(Sink { most, pending, ..Sink::new(vectors) });
                conformance::write(|| InAsync(Shim::from_std(sink())), |shim| shim.0.into_inner().0.data);
                conformance::write(
                    || InAsync(Shim::new(Shim::from_std(sink()))),
                    |shim| shim.0.into_inner().into_inner().0.data,
                );
                conformance::write(|| Shim::allow_std(sink()), |shim| shim.into_inner().0.data);
                conformance::write(
                    || Shim::from_tokio(Shim::allow_std(sink())),
                    |shim| shim.into_inner().into_inner().0.data,
                );
            }
        }
    }
}

#[test]
fn std_buffered_readers_conform() {
    conformance::buf_read(|data| InAsync(Shim::from_std(BufReader::new(interrupted(script(data))))));
    conformance::buf_read(|data| InAsync(Shim::from_std_buf(BufReader::new(interrupted(script(data))))));
    conformance::buf_read(|data| InAsync(Shim::new(data_of(data))));
    conformance::buf_read(|data| Shim::allow_std(BufReader::new(interrupted(script(data)))));
}

#[test]
fn std_seekers_conform() {
    conformance::seek(|data| InAsync(Shim::from_std(data_of(data))));
    conformance::seek(|data| InAsync(Shim::from_std_buf(data_of(data))));
    conformance::seek(|data| InAsync(Shim::new(data_of(data))));
    conformance::seek(|data| Shim::allow_std(data_of(data)));
    conformance::seek(|data| Shim::from_tokio(Shim::allow_std(data_of(data))).for_tokio());
}

#[test]
fn hostile_std_types_do_no_harm() {
    use hostile::Dialect::Futures;
    let evil = |evil| AsStd(evil, ErrorKind::WouldBlock);
    let mut reports = hostile::read(Futures, |reader| InAsync(Shim::from_std(AsStd(reader, ErrorKind::WouldBlock))));
    reports.extend(hostile::read(Futures, |reader| InAsync(Shim::new(Shim::from_std(evil(reader))))));
    reports.extend(hostile::read(Futures, |reader| Shim::allow_std(AsStd(reader, ErrorKind::WouldBlock))));
    reports.extend(hostile::write(Futures, |writer| InAsync(Shim::from_std(AsStd(writer, ErrorKind::WouldBlock)))));
    reports.extend(hostile::write(Futures, |writer| Shim::allow_std(AsStd(writer, ErrorKind::WouldBlock))));
    reports.extend(hostile::buf_read(Futures, |reader| Shim::allow_std(AsStd(reader, ErrorKind::WouldBlock))));
    reports
        .extend(hostile::buf_read(Futures, |reader| InAsync(Shim::from_std_buf(AsStd(reader, ErrorKind::WouldBlock)))));
    assert!(reports.len() > 300, "{}", reports.len());
    assert!(reports.iter().all(|report| report.recovered));
}

/// How often each byte of memory was zeroed, by its address. No memory that is counted is freed
/// before the end.
type Zeroed = Rc<RefCell<BTreeMap<usize, usize>>>;

/// Counts the zeroes in a slice, and overwrites them, so that each is counted once.
fn look(zeroed: &Zeroed, slice: &mut [u8]) {
    for byte in slice.iter_mut().filter(|byte| **byte == 0) {
        *byte = SCRIBBLE;
        *zeroed.borrow_mut().entry(std::ptr::from_mut(byte).addr()).or_default() += 1;
    }
}

/// A byte that is never in the data of these tests, like zero.
const SCRIBBLE: u8 = 0x5A;

/// A slice-only reader that overwrites the whole slice, as a decoder may that uses it as scratch
/// space.
struct Scribbling<R> {
    inner: R,
    zeroed: Zeroed,
}

impl<R: Read> Read for Scribbling<R> {
    fn read(&mut self, slice: &mut [u8]) -> io::Result<usize> {
        look(&self.zeroed, slice);
        self.inner.read(slice)
    }
}

impl<R: futures::io::AsyncRead + Unpin> futures::io::AsyncRead for Scribbling<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        slice: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        look(&self.zeroed, slice);
        Pin::new(&mut self.inner).poll_read(cx, slice)
    }
}

/// Returns the two parts of a chain: 300,000 bytes without a zero.
fn parts() -> [Vec<u8>; 2] {
    [100_000, 200_000].map(|len: usize| (0..len).map(|i| (i % 89) as u8 + 1).collect())
}

const TAKEN: usize = 290_000;

/// What a stack of readers zeroed while 290,000 bytes were read through it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Counts {
    /// Bytes of the caller's memory.
    callers: usize,
    /// Bytes of the layers' own buffers.
    inside: usize,
    /// Bytes that were zeroed more than once, anywhere.
    twice: usize,
}

/// Reads to the end, into buffers of 64 KiB and in pieces of several sizes, and checks the data.
fn drain(zeroed: &Zeroed, mut read: impl FnMut(BorrowedCursor<'_>) -> io::Result<()>) -> Counts {
    let mut buffers: Vec<Vec<MaybeUninit<u8>>> = Vec::new();
    let mut received = Vec::new();
    let mut sizes = [100, 3000, 1, 40_000, 8192].into_iter().cycle();
    let mut end = false;
    while !end {
        buffers.push(vec![MaybeUninit::new(SCRIBBLE); 64 << 10]);
        let memory = buffers.last_mut().unwrap();
        let (mut filled, mut init) = (0, 0);
        while filled < 64 << 10 && !end {
            let mut buf = BorrowedBuf::from(&mut memory[filled..]);
            // SAFETY: the buffer of the last round reported that many initialized bytes.
            unsafe { buf.set_init(init - filled) };
            let mut cursor = buf.unfilled().limit(sizes.next().unwrap());
            read(cursor.reborrow()).unwrap();
            end = cursor.written().is_empty();
            (filled, init) = (filled + buf.filled().len(), filled + buf.init_len());
            let mut whole = BorrowedBuf::from(&mut memory[..]);
            // SAFETY: the memory was made of initialized bytes, and nothing de-initializes it.
            unsafe { whole.set_init(64 << 10) };
            look(zeroed, &mut whole.unfilled().init_mut()[filled..]);
        }
        // SAFETY: the memory was made of initialized bytes, and nothing de-initializes it.
        received.extend(memory[..filled].iter().map(|byte| unsafe { byte.assume_init() }));
    }
    assert!(received == parts().concat()[..TAKEN], "the data differs");
    let ranges: Vec<_> = buffers.iter().map(|memory| memory.as_ptr_range()).collect();
    let is_callers =
        |address: &usize| ranges.iter().any(|range| (range.start.addr()..range.end.addr()).contains(address));
    let zeroed = zeroed.borrow();
    let callers = zeroed.keys().filter(|address| is_callers(address)).count();
    Counts { callers, inside: zeroed.len() - callers, twice: zeroed.values().filter(|&&times| times > 1).count() }
}

/// `Take` over `BufReader` over a slice-only reader over `Chain`, synchronous and asynchronous.
fn layered(capacity: usize) -> [(&'static str, Counts); 5] {
    let [one, two] = parts();
    let zeroed = || Zeroed::default();
    let chain = || Read::chain(Cursor::new(one.clone()), Cursor::new(two.clone()));
    let async_chain = || {
        let two = futures::io::Cursor::new(two.clone());
        futures::AsyncReadExt::chain(futures::io::Cursor::new(one.clone()), two)
    };

    let stds = {
        let zeroed = zeroed();
        let inner = Scribbling { inner: chain(), zeroed: zeroed.clone() };
        let mut stack = Shim::from_std(BufReader::with_capacity(capacity, inner).take(TAKEN as u64));
        drain(&zeroed, |cursor| ReadBuf::read_into(&mut stack, cursor))
    };
    let shims = {
        let zeroed = zeroed();
        let inner = Shim::from_std(Scribbling { inner: Shim::from_std(chain()), zeroed: zeroed.clone() });
        let mut stack = Shim::from_std(BufReader::with_capacity(capacity, inner).take(TAKEN as u64));
        drain(&zeroed, |cursor| ReadBuf::read_into(&mut stack, cursor))
    };
    let tokios = {
        let zeroed = zeroed();
        let inner = Shim::from_futures(Scribbling { inner: async_chain(), zeroed: zeroed.clone() }).for_tokio();
        let inner = tokio::io::BufReader::with_capacity(capacity, inner);
        let mut stack = Shim::from_tokio(tokio::io::AsyncReadExt::take(inner, TAKEN as u64));
        drain(&zeroed, |cursor| at_last(cursor, |cursor| Pin::new(&mut stack).poll_read_into(&mut context(), cursor)))
    };
    let futures = {
        let zeroed = zeroed();
        let inner = Shim::from_futures(Scribbling { inner: async_chain(), zeroed: zeroed.clone() }).for_futures();
        let inner = futures::io::BufReader::with_capacity(capacity, inner);
        let mut stack = Shim::from_futures(futures::AsyncReadExt::take(inner, TAKEN as u64));
        drain(&zeroed, |cursor| at_last(cursor, |cursor| Pin::new(&mut stack).poll_read_into(&mut context(), cursor)))
    };
    let io_shim = {
        let zeroed = zeroed();
        let inner = Shim::from_futures(Scribbling { inner: async_chain(), zeroed: zeroed.clone() }).for_tokio();
        let mut stack = Take(Shim::from_tokio(tokio::io::BufReader::with_capacity(capacity, inner)), TAKEN);
        drain(&zeroed, |cursor| at_last(cursor, |cursor| Pin::new(&mut stack).poll_read_into(&mut context(), cursor)))
    };
    [("std", stds), ("std, shims in between", shims), ("tokio", tokios), ("futures-io", futures), ("io-shim", io_shim)]
}

/// Polls until it is ready: a shim that was ready often enough yields.
fn at_last(
    mut cursor: BorrowedCursor<'_>,
    mut poll: impl FnMut(BorrowedCursor<'_>) -> Poll<io::Result<()>>,
) -> io::Result<()> {
    (0..3).find_map(|_| if let Poll::Ready(result) = poll(cursor.reborrow()) { Some(result) } else { None }).unwrap()
}

/// `Take` by io-shim's trait: a limited cursor keeps the watermark of its parent.
struct Take<R>(R, usize);

impl<R: AsyncReadBuf + Unpin> AsyncReadBuf for Take<R> {
    fn poll_read_into(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        mut cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let limit = self.1;
        let poll = Pin::new(&mut self.0).poll_read_into(cx, cursor.reborrow().limit(limit));
        self.1 -= cursor.written().len();
        poll
    }
}

#[test]
fn no_byte_is_zeroed_twice_in_a_layered_stack_of_either_world() {
    let counts = |callers, inside| Counts { callers, inside, twice: 0 };
    // With std's own `read_buf`, its `BufReader` copies, too. Its buffer forgets what a shim has
    // initialized, unless that is all of it.
    let real = cfg!(io_shim_std_read_buf);
    let std_through = if real { counts(0, 49_152) } else { counts(62_815, 49_152) };
    // The buffer is larger than all reads, so that each goes through it. The layer above copies if
    // it can read from a buffer.
    let through = layered(48 << 10);
    let expected = [
        ("std", std_through),
        ("std, shims in between", Counts { twice: if real { 32_768 } else { 0 }, ..std_through }),
        ("tokio", counts(0, 49_152)),
        ("futures-io", counts(62_815, 49_152)),
        ("io-shim", counts(0, 49_152)),
    ];
    assert_eq!(through, expected);
    // Most reads are larger than the buffer and bypass it: each byte of the caller's memory is
    // zeroed once. The exception is tokio's own `Take`, whose `ReadBuf::take` forgets what is
    // initialized; no shim is involved.
    let past = layered(512);
    let expected = [
        ("std", counts(if real { 309_761 } else { 310_785 }, 512)),
        ("std, shims in between", counts(if real { 257_024 } else { 310_785 }, 512)),
        ("tokio", Counts { twice: 352, ..counts(257_024, 512) }),
        ("futures-io", counts(310_785, 512)),
        ("io-shim", counts(257_024, 512)),
    ];
    assert_eq!(past, expected);
}

#[test]
fn a_line_and_then_the_rest_lose_nothing() {
    let data: Vec<u8> = (0..20_000).map(|i| if i % 97 == 96 { b'\n' } else { b'a' + (i % 23) as u8 }).collect();
    // A `BufReader` around a shim, read through another shim around it.
    let inner = Shim::from_std(interrupted(script(&data)));
    let mut outer = Shim::from_std(BufReader::with_capacity(64, inner));
    let mut received = Vec::new();
    for i in 0.. {
        let before = received.len();
        match i % 3 {
            0 => {
                let mut line = String::new();
                outer.read_line(&mut line).unwrap();
                received.extend_from_slice(line.as_bytes());
            }
            1 => {
                received.reserve_exact(50);
                ReadBuf::read_into(&mut outer, spare(&mut received).unfilled().limit(50)).unwrap();
            }
            _ => {
                let mut piece = [0; 33];
                let n = outer.read(&mut piece).unwrap();
                received.extend_from_slice(&piece[..n]);
            }
        }
        if received.len() == before {
            break;
        }
    }
    assert!(received == data, "the data differs");
}

#[test]
fn reading_to_the_end_appends_and_zeroes_nothing_of_a_native_reader() {
    /// Appends, and checks that it never sees an initialized byte that it did not write.
    struct Native(Cursor<Vec<u8>>);
    impl ReadBuf for Native {
        fn read_into(&mut self, cursor: BorrowedCursor<'_>) -> io::Result<()> {
            assert!(cursor.init_len() == 0 || cursor.capacity() == 32, "memory was zeroed: {cursor:?}");
            ReadBuf::read_into(&mut self.0, cursor.limit(777))
        }
    }
    let data = parts().concat();
    let mut vec = b"before".to_vec();
    assert_eq!(Shim::new(Native(data_of(&data))).read_to_end(&mut vec).unwrap(), data.len());
    assert!(vec.strip_prefix(b"before") == Some(&data[..]));
    // A vector that is exactly large enough does not grow.
    let mut vec = Vec::with_capacity(data.len());
    Shim::new(Native(data_of(&data))).read_to_end(&mut vec).unwrap();
    assert_eq!((vec.len(), vec.capacity()), (data.len(), data.len()));
    // An empty vector does not grow if there is no data.
    let mut vec = Vec::new();
    assert_eq!(Shim::new(&b""[..]).read_to_end(&mut vec).unwrap(), 0);
    assert_eq!(vec.capacity(), 0);
}

#[test]
fn an_error_on_the_way_to_the_end_keeps_what_was_read() {
    let steps =
        [Step::Data(b"abc".to_vec()), Step::Pending, Step::Error(ErrorKind::TimedOut), Step::Data(b"de".to_vec())];
    let mut shim = Shim::from_std(interrupted(Script::new(steps)));
    let mut vec = b">".to_vec();
    assert_eq!(shim.read_to_end(&mut vec).unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(vec, b">abc");
    assert_eq!(shim.read_to_end(&mut vec).unwrap(), 2);
    assert_eq!(vec, b">abcde");
}

#[test]
fn nothing_is_lost_when_there_is_no_memory_to_read_to_the_end() {
    let data = parts().concat();
    for capacity in [0, 10, 100] {
        let mut shim = Shim::new(data_of(&data));
        let mut vec = vec![0; capacity];
        let error = crate::alloc::with_no_more_than(1000, || shim.read_to_end(&mut vec)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutOfMemory);
        assert!(vec.len() > capacity, "it has no more to read than it has room for");
        shim.read_to_end(&mut vec).unwrap();
        assert!(vec[capacity..] == data, "the data differs");
    }
}

#[test]
fn what_a_reader_fills_before_it_fails_is_kept_however_large_the_vector_is() {
    /// Fills the cursor and returns an error, which breaks the contract.
    struct Both;
    impl ReadBuf for Both {
        fn read_into(&mut self, mut cursor: BorrowedCursor<'_>) -> io::Result<()> {
            cursor.append(b"abc");
            Err(ErrorKind::TimedOut.into())
        }
    }
    for capacity in [0, 10, 100] {
        let mut vec = Vec::with_capacity(capacity);
        assert_eq!(Shim::new(Both).read_to_end(&mut vec).unwrap_err().kind(), ErrorKind::TimedOut);
        assert_eq!(vec, b"abc");
    }
}

#[test]
fn what_is_not_text_leaves_the_string_as_it_was() {
    let mut string = String::from("before ");
    assert_eq!(Shim::from_std("grün".as_bytes()).read_to_string(&mut string).unwrap(), 5);
    assert_eq!(string, "before grün");
    let error = Shim::from_std(&b"ab\xFF"[..]).read_to_string(&mut string).unwrap_err();
    assert_eq!((error.kind(), &*string), (ErrorKind::InvalidData, "before grün"));
    assert_eq!(
        error.to_string(),
        "the stream is not UTF-8 after the first 2 bytes that were read: read bytes with `read_to_end`, and decode them",
    );
    // Text that was read before an error or a panic stays in the string.
    let steps = [Step::Data(b"!".to_vec()), Step::Error(ErrorKind::TimedOut)];
    let error = Shim::from_std(interrupted(Script::new(steps))).read_to_string(&mut string).unwrap_err();
    assert_eq!((error.kind(), &*string), (ErrorKind::TimedOut, "before grün!"));
    struct Panics(usize);
    impl Read for Panics {
        fn read(&mut self, slice: &mut [u8]) -> io::Result<usize> {
            self.0 += 1;
            assert!(self.0 < 3, "a hostile panic");
            slice[0] = b'?';
            Ok(1)
        }
    }
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _ = Shim::from_std(Panics(0)).read_to_string(&mut string);
    }));
    assert!(panicked.is_err());
    assert_eq!(string, "before grün!");
}

#[test]
fn an_interrupted_call_is_repeated_and_a_blocking_one_is_an_error_with_advice() {
    let steps = || [Step::Pending, Step::Pending, Step::Data(b"abc".to_vec())];
    let mut slice = [0; 8];
    let mut shim = Shim::from_std(interrupted(Script::new(steps())));
    assert_eq!(shim.read(&mut slice).unwrap(), 3);
    assert_eq!(shim.get_ref().0.calls, 3);
    let mut shim = Shim::allow_std(interrupted(Script::new(steps())));
    assert_eq!(ready(Pin::new(&mut shim).poll_read_into_slice(&mut context(), &mut slice)).unwrap(), 3);

    let mut shim = Shim::allow_std(AsStd(Script::new(steps()), ErrorKind::WouldBlock));
    for _ in 0..2 {
        let mut vec = Vec::with_capacity(10);
        let poll = Pin::new(&mut shim).poll_read_into(&mut context(), spare(&mut vec).unfilled());
        let error = ready(poll).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        assert!(error.to_string().contains("spawn_blocking"), "{error}");
        let source = std::error::Error::source(&error).expect("the original").to_string();
        assert_eq!(source, io::Error::from(ErrorKind::WouldBlock).to_string());
    }
    // The error loses no data.
    assert_eq!(ready(Pin::new(&mut shim).poll_read_into_slice(&mut context(), &mut slice)).unwrap(), 3);
    // The same for every other call.
    let blocked = || AsStd(Sink { pending: Some(false), ..Sink::new(true) }, ErrorKind::WouldBlock);
    let mut shim = Shim::allow_std(blocked());
    let error = ready(Pin::new(&mut shim).poll_write(&mut context(), b"abc")).unwrap_err();
    assert!(error.to_string().contains("allow_std"), "{error}");
    let mut shim = Shim::allow_std(blocked());
    let bufs = [IoSlice::new(b"abc"), IoSlice::new(b"def")];
    let error = ready(AsyncWrite::poll_write_vectored(Pin::new(&mut shim), &mut context(), &bufs)).unwrap_err();
    assert!(error.to_string().contains("allow_std"), "{error}");
    // A synchronous caller gets the plain error, which it can handle.
    let mut shim = Shim::from_std(blocked());
    assert!(shim.write(b"abc").unwrap_err().get_ref().is_none());
}

#[test]
fn a_buffered_read_that_was_interrupted_wakes_the_task() {
    struct Interrupted(bool);
    impl Read for Interrupted {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            unreachable!()
        }
    }
    impl BufRead for Interrupted {
        fn fill_buf(&mut self) -> io::Result<&[u8]> {
            self.0 = !self.0;
            if self.0 { Err(ErrorKind::Interrupted.into()) } else { Ok(b"abc") }
        }
        fn consume(&mut self, _: usize) {}
    }
    let chunk = futures::executor::block_on(async {
        let mut shim = Shim::allow_std(Interrupted(false));
        std::future::poll_fn(|cx| Pin::new(&mut shim).poll_fill_buf(cx).map_ok(<[u8]>::to_vec)).await
    });
    assert_eq!(chunk.unwrap(), b"abc");
    let mut vec = Vec::with_capacity(2);
    ReadBuf::read_into(&mut Shim::from_std_buf(Interrupted(false)), spare(&mut vec).unfilled()).unwrap();
    assert_eq!(vec, b"ab");
}

#[test]
fn counts_that_lie_are_errors() {
    struct Liar;
    impl Read for Liar {
        fn read(&mut self, slice: &mut [u8]) -> io::Result<usize> {
            Ok(slice.len() + 1)
        }
    }
    impl Write for Liar {
        fn write(&mut self, data: &[u8]) -> io::Result<usize> {
            Ok(data.len() + 1)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let lie = ContractViolation::ReadTooMuch { returned: 6, offered: 5 };
    assert_eq!(violation(Shim::from_std(Liar).read(&mut [0; 5])), lie);
    let mut vec = Vec::with_capacity(5);
    let mut shim = Shim::from_std(Liar);
    // std's default `read_buf` panics.
    if !cfg!(io_shim_std_read_buf) {
        assert_eq!(violation(ReadBuf::read_into(&mut shim, spare(&mut vec).unfilled().limit(5))), lie);
    }
    assert_eq!(violation(Read::read_vectored(&mut shim, &mut [IoSliceMut::new(&mut [0; 5])])), lie);
    assert!(vec.is_empty());
    let lie = ContractViolation::WroteTooMuch { returned: 4, offered: 3 };
    assert_eq!(violation(Shim::from_std(Liar).write(b"abc")), lie);
    assert_eq!(violation(ready(Pin::new(&mut Shim::allow_std(Liar)).poll_write(&mut context(), b"abc"))), lie);
}

#[test]
fn vectored_writes_are_learned_and_gathered() {
    let bufs = [b"one".as_slice(), b"two", b"three"].map(IoSlice::new);
    let mut vectors = Shim::from_std(interrupted(Sink::new(true)));
    assert!(WriteVectored::supports_vectored_writes(&vectors));
    for _ in 0..5 {
        assert_eq!(vectors.write_vectored(&bufs).unwrap(), 11);
    }
    assert_eq!((vectors.get_ref().0.vectored_writes.len(), vectors.get_ref().0.writes.len()), (5, 0));
    let mut single = Shim::from_std(interrupted(Sink::new(false)));
    let counts: Vec<_> = (0..5).map(|_| single.write_vectored(&bufs).unwrap()).collect();
    assert_eq!(counts, [3, 3, 11, 11, 11]);
    assert!(!WriteVectored::supports_vectored_writes(&single.with_write_vectored(false)));
    let allowed = Shim::allow_std(interrupted(Sink::new(false)));
    assert!(allowed.supports_vectored_writes() && !allowed.with_write_vectored(false).supports_vectored_writes());
}

#[test]
fn vectored_reads_are_learned() {
    let mut shim = Shim::from_std(interrupted(Script::reads(5, 4)));
    let (mut one, mut two) = ([0; 4], [0; 4]);
    let mut expected = [true, true, false].into_iter();
    for _ in 0..3 {
        assert_eq!(Some(ReadBuf::supports_vectored_reads(&shim)), expected.next());
        let mut bufs = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)];
        assert_eq!(Read::read_vectored(&mut shim, &mut bufs).unwrap(), 4);
    }
}

#[test]
fn a_buffered_reader_reads_into_several_slices_in_one_call() {
    let mut shim = Shim::from_std_buf(BufReader::new(&b"abcdef"[..]));
    let (mut one, mut two) = ([0; 4], [0; 4]);
    let mut bufs = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)];
    assert!(ReadBuf::supports_vectored_reads(&shim));
    assert_eq!(ReadBuf::read_into_vectored(&mut shim, &mut bufs).unwrap(), 6);
    assert_eq!((&one, &two[..2]), (b"abcd", &b"ef"[..]));
    let writer = Shim::from_std_buf(Vec::<u8>::new());
    assert!(WriteVectored::supports_vectored_writes(&writer));
    assert!(!WriteVectored::supports_vectored_writes(&writer.with_write_vectored(false)));
}

#[test]
fn an_offer_is_followed() {
    let whole = Shim::from_std(io::empty()).with_offer(Offer::Whole);
    assert_eq!(ReadBuf::init_hint(&whole, 1 << 20), 1 << 20);
    let bounce = Shim::allow_std(io::empty()).with_offer(Offer::bounce(9));
    assert_eq!(AsyncReadBuf::init_hint(&bounce, 1 << 20), 0);
}

#[test]
fn a_relative_seek_keeps_the_buffer_inside() {
    struct Counted(Cursor<Vec<u8>>, usize);
    impl Read for Counted {
        fn read(&mut self, slice: &mut [u8]) -> io::Result<usize> {
            self.1 += 1;
            self.0.read(slice)
        }
    }
    impl Seek for Counted {
        fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
            self.0.seek(position)
        }
    }
    let mut shim = Shim::from_std(BufReader::new(Counted(Cursor::new((0..100).collect()), 0)));
    let mut byte = [0];
    for expected in [0, 11, 22] {
        shim.read_exact(&mut byte).unwrap();
        assert_eq!(byte, [expected]);
        shim.seek_relative(10).unwrap();
    }
    assert_eq!((shim.stream_position().unwrap(), shim.get_ref().get_ref().1), (33, 1));
    shim.rewind().unwrap();
    shim.read_exact(&mut byte).unwrap();
    assert_eq!(byte, [0]);
    // The same in asynchronous code.
    let mut shim = Shim::allow_std(shim.into_inner());
    assert_eq!(ready(Pin::new(&mut shim).poll_seek(&mut context(), SeekFrom::End(-1))).unwrap(), 99);
}

#[test]
fn one_reader_of_ones_own_is_stds_type_too() {
    let mut shim = Shim::new(Cursor::new(b"a line\nrest".to_vec()));
    let mut line = String::new();
    assert_eq!(shim.read_line(&mut line).unwrap(), 7);
    let mut rest = String::new();
    shim.read_to_string(&mut rest).unwrap();
    assert_eq!((&*line, &*rest), ("a line\n", "rest"));
    assert_eq!(Seek::seek(&mut shim, SeekFrom::Start(2)).unwrap(), 2);
    shim.write_all(b"LINE").unwrap();
    assert!(WriteVectored::supports_vectored_writes(&shim));
    assert_eq!(shim.into_inner().into_inner(), b"a LINE\nrest");
}
