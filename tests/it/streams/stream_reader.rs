//! `Shim::from_stream`: a stream of bytes as a reader.

use std::io::{self, IoSliceMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;

use bytes::{Buf, Bytes};
use futures::StreamExt as _;
use io_shim::testing::conformance;
use io_shim::{AsyncBufRead, AsyncReadBuf, BorrowedBuf, Shim, StreamReader};
use tokio::io::AsyncReadExt as _;

use super::{Chunks, Item, Pair, chunks, pair};
use crate::mock::{Wakes, context, pattern, ready, sentinels, zeroes};

fn read(shim: &mut (impl AsyncReadBuf + Unpin), room: usize) -> Poll<io::Result<Vec<u8>>> {
    let mut memory = vec![std::mem::MaybeUninit::uninit(); room];
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    Pin::new(shim).poll_read_into(&mut context(), buf.unfilled()).map_ok(|()| buf.filled().to_vec())
}

fn fill(shim: &mut (impl AsyncBufRead + Unpin)) -> Poll<io::Result<Vec<u8>>> {
    Pin::new(shim).poll_fill_buf(&mut context()).map_ok(<[u8]>::to_vec)
}

#[test]
fn it_conforms_through_every_ecosystem() {
    conformance::read(|data| Shim::from_stream(chunks(data)));
    conformance::read(|data| Shim::from_tokio(Shim::from_stream(chunks(data)).for_tokio()));
    conformance::read(|data| Shim::from_futures(Shim::from_stream(chunks(data)).for_futures()));
    conformance::read(|data| Shim::from_futures_buf(Shim::from_stream(chunks(data)).for_futures()));
    conformance::read(|data| Shim::from_hyper(Shim::from_stream(chunks(data)).for_hyper()));
    conformance::buf_read(|data| Shim::from_stream(chunks(data)));
    conformance::buf_read(|data| Shim::from_tokio(Shim::from_stream(chunks(data)).for_tokio()));
    conformance::buf_read(|data| Shim::from_futures_buf(Shim::from_stream(chunks(data)).for_futures()));
}

#[test]
fn it_reads_what_tokio_util_reads_in_as_many_buffered_reads() {
    use tokio::io::AsyncBufRead;
    fn fills(mut reader: impl AsyncBufRead + Unpin) -> Vec<Poll<Vec<u8>>> {
        let mut fills = Vec::new();
        loop {
            let fill = Pin::new(&mut reader).poll_fill_buf(&mut context()).map(|fill| fill.unwrap().to_vec());
            let n = if let Poll::Ready(fill) = &fill { fill.len() } else { usize::MAX };
            fills.push(fill);
            match n {
                0 => return fills,
                usize::MAX => {}
                n => Pin::new(&mut reader).consume(n),
            }
        }
    }
    let data = pattern(50_000);
    let theirs = fills(tokio_util::io::StreamReader::new(chunks(&data)));
    assert!(theirs.len() > 30);
    assert!(fills(Shim::from_stream(chunks(&data))) == theirs);
}

#[test]
fn a_read_initialises_nothing_but_what_it_fills_and_takes_all_pieces_of_a_chunk() {
    let mut shim = Shim::from_stream(Chunks::new([Item::Chunk(pair("abc", "defg")), Item::Chunk(pair("h", ""))]));
    assert_eq!(shim.init_hint(1 << 16), 0);
    let mut memory = sentinels(1 << 16);
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    ready(Pin::new(&mut shim).poll_read_into(&mut context(), buf.unfilled())).unwrap();
    assert_eq!((buf.filled(), buf.init_len()), (&b"abcdefg"[..], 7));
    assert_eq!(zeroes(&memory), 0);
    assert_eq!(shim.get_ref().get_ref().polls, 1);
}

#[test]
fn a_vectored_read_fills_several_slices_from_several_pieces() {
    let mut shim = Shim::from_stream(Chunks::new([Item::Chunk(pair("abc", "defghij")), Item::End]));
    let mut slices = [[0; 2], [0; 2], [0; 2]];
    let [a, b, c] = &mut slices;
    let mut bufs = [
        IoSliceMut::new(a),
        IoSliceMut::new(&mut []),
        IoSliceMut::new(b),
        IoSliceMut::new(&mut []),
        IoSliceMut::new(c),
    ];
    assert!(shim.supports_vectored_reads());
    assert_eq!(ready(Pin::new(&mut shim).poll_read_into_vectored(&mut context(), &mut bufs)).unwrap(), 6);
    assert_eq!(&slices.concat(), b"abcdef");
    let mut more = [0; 3];
    let mut bufs = [IoSliceMut::new(&mut more[..1]), IoSliceMut::new(&mut [])];
    assert_eq!(ready(Pin::new(&mut shim).poll_read_into_vectored(&mut context(), &mut bufs)).unwrap(), 1);
    assert_eq!(ready(read(&mut shim, 100)).unwrap(), b"hij");
    assert_eq!((more[0], shim.get_ref().get_ref().polls), (b'g', 1));
}

#[test]
fn an_error_comes_after_all_bytes_before_it_and_before_all_bytes_after_it() {
    let items = || {
        [
            Item::Chunk(&b"abc"[..]),
            Item::Error(io::ErrorKind::ConnectionReset),
            Item::Pending,
            Item::Chunk(&b"d"[..]),
            Item::Error(io::ErrorKind::TimedOut),
            Item::End,
        ]
    };
    let mut shim = Shim::from_stream(Chunks::new(items()));
    assert_eq!(ready(read(&mut shim, 2)).unwrap(), b"ab");
    assert_eq!(ready(read(&mut shim, 2)).unwrap(), b"c");
    assert_eq!(ready(read(&mut shim, 2)).unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    assert!(read(&mut shim, 2).is_pending());
    assert_eq!(ready(read(&mut shim, 2)).unwrap(), b"d");
    assert_eq!(ready(read(&mut shim, 2)).unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_eq!(ready(read(&mut shim, 2)).unwrap(), b"");
    let mut shim = Shim::from_stream(Chunks::new(items()));
    assert_eq!(ready(fill(&mut shim)).unwrap(), b"abc");
    AsyncBufRead::consume(Pin::new(&mut shim), 3);
    assert_eq!(ready(fill(&mut shim)).unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    assert!(fill(&mut shim).is_pending());
    assert_eq!(ready(fill(&mut shim)).unwrap(), b"d");
}

#[test]
fn errors_that_become_io_errors_will_do() {
    struct Reason;
    impl From<Reason> for io::Error {
        fn from(_: Reason) -> Self {
            io::ErrorKind::QuotaExceeded.into()
        }
    }
    let mut shim = Shim::from_stream(futures::stream::iter([Ok(&b"a"[..]), Err(Reason)]));
    assert_eq!(ready(read(&mut shim, 2)).unwrap(), b"a");
    assert_eq!(ready(read(&mut shim, 2)).unwrap_err().kind(), io::ErrorKind::QuotaExceeded);
}

#[test]
fn after_the_end_the_stream_is_not_polled_again() {
    // The script panics when it is polled after its end.
    let mut shim = Shim::from_stream(Chunks::new([Item::Chunk(&b"a"[..]), Item::End]));
    assert_eq!(ready(read(&mut shim, 9)).unwrap(), b"a");
    for _ in 0..3 {
        assert_eq!(ready(read(&mut shim, 9)).unwrap(), b"");
        assert_eq!(ready(fill(&mut shim)).unwrap(), b"");
        assert_eq!(ready(Pin::new(&mut shim).poll_read_into_slice(&mut context(), &mut [0; 2])).unwrap(), 0);
    }
    assert_eq!(shim.get_ref().get_ref().polls, 2);
}

#[test]
fn an_empty_buffer_does_not_poll_the_stream() {
    let mut shim = Shim::from_stream(Chunks::<Bytes>::new([]));
    assert_eq!(ready(read(&mut shim, 0)).unwrap(), b"");
    let mut bufs = [IoSliceMut::new(&mut [])];
    assert_eq!(ready(Pin::new(&mut shim).poll_read_into_vectored(&mut context(), &mut bufs)).unwrap(), 0);
}

#[test]
fn a_stream_of_empty_chunks_lets_others_have_their_turn() {
    let empty = || Item::Chunk(Bytes::new());
    let mut shim = Shim::from_stream(Chunks::new((0..1000).map(|_| empty()).chain([Item::Chunk("a".into())])));
    let woken = std::sync::Arc::new(Wakes::default());
    let waker = woken.clone().into();
    let mut cx = std::task::Context::from_waker(&waker);
    let mut pending = 0;
    let mut byte = [0; 2];
    while Pin::new(&mut shim).poll_read_into_slice(&mut cx, &mut byte).is_pending() {
        pending += 1;
        assert_eq!(woken.0.load(std::sync::atomic::Ordering::Relaxed), pending);
    }
    assert_eq!((pending, byte[0]), (1000 / 64, b'a'));
}

#[test]
fn a_stream_that_panics_is_read_on() {
    let items = [Item::Chunk(&b"ab"[..]), Item::Panic, Item::Chunk(&b"c"[..]), Item::End];
    let mut shim = Shim::from_stream(Chunks::new(items));
    assert_eq!(ready(read(&mut shim, 9)).unwrap(), b"ab");
    assert!(catch_unwind(AssertUnwindSafe(|| read(&mut shim, 9))).is_err());
    assert_eq!(ready(read(&mut shim, 9)).unwrap(), b"c");
    assert_eq!(ready(read(&mut shim, 9)).unwrap(), b"");
}

#[test]
fn the_stream_and_the_rest_of_the_chunk_are_given_back() {
    let items = || Chunks::new([Item::Chunk(pair("abc", "de")), Item::Chunk(pair("f", "")), Item::End]);
    let mut shim = Shim::from_stream(items());
    assert_eq!(ready(read(&mut shim, 4)).unwrap(), b"abcd");
    let (stream, rest) = shim.into_inner().into_inner();
    assert_eq!((stream.items.len(), rest.unwrap().copy_to_bytes(1)), (2, Bytes::from("e")));
    let mut shim = Shim::from_stream(items());
    assert_eq!(ready(read(&mut shim, 5)).unwrap(), b"abcde");
    assert!(shim.into_inner().into_inner().1.is_none());
    assert!(StreamReader::new(items()).into_inner().1.is_none());
}

#[test]
#[should_panic(expected = "`consume` was called with more than `poll_fill_buf` returned")]
fn consuming_more_than_there_is_panics() {
    let mut shim = Shim::from_stream(Chunks::new([Item::Chunk(&b"abc"[..])]));
    ready(fill(&mut shim)).unwrap();
    AsyncBufRead::consume(Pin::new(&mut shim), 4);
}

#[cfg(not(target_family = "wasm"))]
#[test]
fn a_stream_that_cannot_be_moved_is_read_pinned() {
    let stream = futures::stream::unfold(3u8, |n| async move {
        tokio::task::yield_now().await;
        (n > 0).then(|| (io::Result::Ok(Bytes::from(vec![n; usize::from(n)])), n - 1))
    });
    let mut shim = Box::pin(Shim::from_stream(stream));
    let mut all = Vec::new();
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(shim.read_to_end(&mut all)).unwrap();
    assert_eq!(all, [3, 3, 3, 2, 2, 1]);
}

#[test]
fn a_message_body_is_read_to_a_string() {
    let body = http_body_util::BodyDataStream::new(http_body_util::Full::new(Bytes::from("hello")));
    let mut text = String::new();
    let stream = body.map(|chunk| io::Result::Ok(chunk.unwrap()));
    futures::executor::block_on(Shim::from_stream(stream).for_tokio().read_to_string(&mut text)).unwrap();
    assert_eq!(text, "hello");
}

#[test]
fn auto_traits_are_those_of_the_stream_and_its_chunks() {
    use crate::auto_traits::implements;
    use std::marker::PhantomPinned;
    use std::rc::Rc;
    assert!(implements!(Shim<StreamReader<u8, Bytes>>: Send + Sync + Unpin + std::fmt::Debug));
    assert!(implements!(StreamReader<u8, PhantomPinned>: Unpin));
    assert!(!implements!(StreamReader<PhantomPinned, Bytes>: Unpin));
    assert!(!implements!(StreamReader<u8, Rc<u8>>: Send));
    assert!(implements!(StreamReader<Chunks<Pair>, Pair>: AsyncReadBuf));
}
