//! `BlockOn`: asynchronous readers and writers in synchronous code, and each cell of the table in
//! its docs.

use std::io::{self, BufRead, BufReader, IoSlice, Read, Seek, SeekFrom, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::mpsc;
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use io_shim::rt::BlockOn;
use io_shim::testing::conformance;
use io_shim::{AsyncBufRead, AsyncReadBuf, AsyncWrite, BorrowedCursor, ReadBuf, Shim, WriteVectored, spare};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::runtime::{Builder, Runtime};

use crate::hostile_types as hostile;
use crate::mock::{Breaks, Script, Sink, Step};
use crate::suites::script;
use crate::support::sync_async::InAsync;

/// How long an expected event may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long to wait for an event that must not happen.
const MOMENT: Duration = Duration::from_millis(150);

#[test]
fn what_blocks_conforms() {
    conformance::read(|data| InAsync(BlockOn::new(script(data))));
    conformance::read(|data| InAsync(Shim::new(BlockOn::new(Shim::from_futures(script(data))))));
    conformance::read(|data| InAsync(Shim::from_std(BlockOn::new(Shim::from_tokio(script(data))))));
    conformance::buf_read(|data| InAsync(BlockOn::new(Shim::from_tokio(tokio::io::BufReader::new(script(data))))));
    conformance::seek(|data| InAsync(BlockOn::new(io::Cursor::new(data.to_vec()))));
    for vectors in [true, false] {
        let sink = || Sink { pending: Some(false), ..Sink::new(vectors) };
        conformance::write(|| InAsync(BlockOn::new(sink())), |shim| shim.0.into_inner().data);
    }
    let mut reports = hostile::read(hostile::Dialect::IoShim, |evil| InAsync(BlockOn::new(AtOnce(evil))));
    reports.extend(hostile::write(hostile::Dialect::IoShim, |evil| Closing(BlockOn::new(AtOnce(evil)))));
    assert!(reports.iter().all(|report| report.recovered));
}

/// A `BlockOn` as an asynchronous type, with `poll_shutdown`, which no trait of std has.
struct Closing<W>(BlockOn<W>);

impl<W: AsyncWrite + Unpin> AsyncWrite for Closing<W> {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.0.write(data))
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.flush())
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.shutdown())
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.0.write_vectored(bufs))
    }

    fn supports_vectored_writes(&self) -> bool {
        WriteVectored::supports_vectored_writes(&self.0)
    }
}

/// Returns an error instead of `Pending`: a hostile reader may never wake the thread.
struct AtOnce<R>(R);

fn at_once<T>(poll: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
    match poll {
        Poll::Pending => Poll::Ready(Err(io::ErrorKind::WouldBlock.into())),
        ready => ready,
    }
}

impl<R: AsyncReadBuf + Unpin> AsyncReadBuf for AtOnce<R> {
    fn poll_read_into(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        at_once(Pin::new(&mut self.0).poll_read_into(cx, cursor))
    }

    fn poll_read_into_slice(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slice: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        at_once(Pin::new(&mut self.0).poll_read_into_slice(cx, slice))
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for AtOnce<W> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        at_once(Pin::new(&mut self.0).poll_write(cx, data))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        at_once(Pin::new(&mut self.0).poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        at_once(Pin::new(&mut self.0).poll_shutdown(cx))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        at_once(Pin::new(&mut self.0).poll_write_vectored(cx, bufs))
    }

    fn supports_vectored_writes(&self) -> bool {
        self.0.supports_vectored_writes()
    }
}

/// Reads, on the calling thread, what `feed` sends once the read has begun.
fn read_waiting<R: Read>(mut reader: R, feed: impl FnOnce() + Send) -> String {
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(20));
            feed();
        });
        let mut received = [0; 5];
        reader.read_exact(&mut received).unwrap();
        String::from_utf8(received.to_vec()).unwrap()
    })
}

/// Returns a reader in memory and a closure that sends to it from any thread.
fn pipe() -> (BlockOn<Shim<tokio::io::DuplexStream, io_shim::Tokio>>, impl FnOnce() + Send) {
    let (mut one, two) = tokio::io::duplex(64);
    (BlockOn::new(Shim::from_tokio(two)), move || futures::executor::block_on(one.write_all(b"hello")).unwrap())
}

/// Reads from memory on the calling thread.
fn waits() -> &'static str {
    let (reader, feed) = pipe();
    assert_eq!(read_waiting(reader, feed), "hello");
    "waits"
}

/// Checks that the read panics with tokio's message and leaves the reader usable elsewhere.
fn panics() -> &'static str {
    let (mut reader, feed) = pipe();
    let panic = catch_unwind(AssertUnwindSafe(|| reader.read(&mut [0]))).unwrap_err();
    let message = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    let message = message.unwrap();
    assert!(message.starts_with("Cannot start a runtime from within a runtime."), "{message}");
    let received = thread::scope(|scope| scope.spawn(|| read_waiting(reader, feed)).join().unwrap());
    assert_eq!(received, "hello");
    "panics"
}

/// Returns whether a task that was spawned before runs while this thread waits.
fn waits_alone(spawn: impl FnOnce(Box<dyn FnOnce() + Send>)) -> &'static str {
    let (ran, runs) = mpsc::channel();
    // After the wait the receiver is gone.
    spawn(Box::new(move || ran.send(()).unwrap_or_default()));
    waits();
    assert!(runs.try_recv().is_err(), "another task ran meanwhile");
    "waits; nothing else runs on that thread"
}

fn multi_thread() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// A read through a runtime that no thread drives: it sees data only once a thread drives the
/// runtime.
fn waits_for_a_driver() -> &'static str {
    let runtime = current_thread();
    let (mut sender, receiver) = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sender = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let receiver = listener.accept().await.unwrap().0;
        // Clears the readiness that tokio assumes for a new socket.
        assert_eq!(receiver.try_read(&mut [0]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        (sender, receiver)
    });
    let mut reader = BlockOn::with_handle(Shim::from_tokio(receiver), runtime.handle().clone());
    let (done, is_done) = mpsc::channel();
    let reading = thread::spawn(move || {
        let mut received = [0; 5];
        let result = reader.read_exact(&mut received);
        done.send(()).unwrap();
        result.map(|()| received)
    });
    sender.write_all(b"hello").unwrap();
    assert!(is_done.recv_timeout(MOMENT).is_err(), "somebody drove the runtime");
    let end = std::time::Instant::now() + PATIENCE;
    while is_done.try_recv().is_err() {
        assert!(std::time::Instant::now() < end, "driving the runtime did not help");
        runtime.block_on(async { tokio::time::sleep(Duration::from_millis(5)).await });
    }
    assert_eq!(&reading.join().unwrap().unwrap(), b"hello");
    "waits until a thread drives it"
}

/// Builds the table in the docs by performing each of its rows.
fn table() -> String {
    let smol = || {
        let executor = smol::LocalExecutor::new();
        smol::block_on(executor.run(async {
            waits_alone(|ran| executor.spawn(async move { ran() }).detach());
            // Both in a task and in the future passed to `block_on`.
            executor.spawn(async { waits() }).await;
        }));
        "waits; nothing else runs on that thread"
    };
    let futures = || {
        let mut pool = futures::executor::LocalPool::new();
        let spawner = pool.spawner();
        pool.run_until(async {
            waits_alone(|ran| futures::task::LocalSpawnExt::spawn_local(&spawner, async move { ran() }).unwrap());
        });
        pollster::block_on(async { waits() });
        "waits; nothing else runs on that thread"
    };
    let tasks = || {
        for runtime in [multi_thread(), current_thread()] {
            runtime.block_on(async { panics() });
            runtime.block_on(runtime.spawn(async { panics() })).unwrap();
        }
        "panics"
    };
    let rows: [(&str, &str); 8] = [
        ("on a separate thread, or in `main`", thread::spawn(waits).join().unwrap()),
        ("in tokio's `spawn_blocking`", {
            let runtimes = [multi_thread(), current_thread()];
            runtimes.map(|runtime| runtime.block_on(runtime.spawn_blocking(waits)).unwrap())[1]
        }),
        ("in tokio's `block_in_place`", {
            let runtime = multi_thread();
            runtime.block_on(runtime.spawn(async { tokio::task::block_in_place(waits) })).unwrap()
        }),
        ("in smol's `unblock`", smol::block_on(smol::unblock(waits))),
        ("in a tokio task, or in `Runtime::block_on`", tasks()),
        ("in a smol task, or in smol's `block_on`", smol()),
        ("in the `block_on` of `futures::executor` or pollster", futures()),
        ("with the handle of a `current_thread` runtime that no thread drives", waits_for_a_driver()),
    ];
    let mut table = String::from("/// | called | what happens |\n/// |---|---|\n");
    rows.iter().for_each(|(called, happens)| table.push_str(&format!("/// | {called} | {happens} |\n")));
    table
}

#[test]
fn the_table_of_the_docs_is_true() {
    let table = table();
    assert!(include_str!("../../src/rt/block_on.rs").contains(&table), "the table should read:\n{table}");
}

#[test]
fn a_tokio_socket_is_read_and_written_from_any_thread_by_a_handle() {
    let runtime = multi_thread();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let echo = runtime.spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let (mut reader, mut writer) = socket.split();
        tokio::io::copy(&mut reader, &mut writer).await.unwrap()
    });
    let socket = runtime.block_on(tokio::net::TcpStream::connect(address)).unwrap();
    let mut stream = BlockOn::with_handle(Shim::from_tokio(socket), runtime.handle().clone());
    let mut expected = Vec::new();
    for i in 0..50u8 {
        stream.write_all(&[i; 1000]).unwrap();
        expected.extend_from_slice(&[i; 1000]);
    }
    assert!(WriteVectored::supports_vectored_writes(&stream));
    assert_eq!(stream.write_vectored(&[IoSlice::new(b"one"), IoSlice::new(b"two")]).unwrap(), 6);
    expected.extend_from_slice(b"onetwo");
    stream.flush().unwrap();
    stream.shutdown().unwrap();
    let mut received = Vec::new();
    stream.read_to_end(&mut received).unwrap();
    assert!(received == expected, "the data differs");
    assert_eq!(runtime.block_on(echo).unwrap(), 50_006);
}

#[test]
fn timers_of_tokio_run_by_a_handle() {
    /// Becomes ready after a timer.
    struct Slow(Pin<Box<dyn Future<Output = ()>>>);
    impl AsyncReadBuf for Slow {
        fn poll_read_into(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            mut cursor: BorrowedCursor<'_>,
        ) -> Poll<io::Result<()>> {
            self.0.as_mut().poll(cx).map(|()| {
                cursor.append(b"late");
                Ok(())
            })
        }
    }
    let runtime = multi_thread();
    // Created at the first poll because it needs the context.
    let slow = Slow(Box::pin(async { tokio::time::sleep(Duration::from_millis(5)).await }));
    let mut slow = BlockOn::with_handle(slow, runtime.handle().clone());
    let mut received = [0; 4];
    slow.read_exact(&mut received).unwrap();
    assert_eq!(&received, b"late");
}

#[test]
fn a_runtime_that_was_shut_down_is_an_error_and_no_hang() {
    let runtime = multi_thread();
    let (socket, _peer) = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (listener.accept().await.unwrap().0, peer)
    });
    let mut stream = BlockOn::with_handle(Shim::from_tokio(socket), runtime.handle().clone());
    let reading = thread::spawn(move || (stream.read(&mut [0; 8]), stream));
    thread::sleep(Duration::from_millis(30));
    drop(runtime);
    let (result, mut stream) = reading.join().unwrap();
    assert!(result.is_err(), "{result:?}");
    assert!(stream.read(&mut [0; 8]).is_err());
}

#[test]
fn one_that_waits_inside_another_takes_no_wake_up_from_it() {
    /// Reads from a pipe after a blocking read of another pipe, which receives its wake-ups first.
    struct Nested {
        outer: Shim<tokio::io::DuplexStream, io_shim::Tokio>,
        inner: Option<BlockOn<Shim<tokio::io::DuplexStream, io_shim::Tokio>>>,
    }
    impl AsyncReadBuf for Nested {
        fn poll_read_into(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            cursor: BorrowedCursor<'_>,
        ) -> Poll<io::Result<()>> {
            let poll = Pin::new(&mut self.outer).poll_read_into(cx, cursor);
            if poll.is_pending() {
                if let Some(mut inner) = self.inner.take() {
                    inner.read_exact(&mut [0; 5]).unwrap();
                }
            }
            poll
        }
    }
    let (mut outer, two) = tokio::io::duplex(64);
    let (mut inner, three) = tokio::io::duplex(64);
    let mut nested =
        BlockOn::new(Nested { outer: Shim::from_tokio(two), inner: Some(BlockOn::new(Shim::from_tokio(three))) });
    let received = read_waiting(&mut nested, move || {
        futures::executor::block_on(outer.write_all(b"outer")).unwrap();
        thread::sleep(Duration::from_millis(30));
        futures::executor::block_on(inner.write_all(b"inner")).unwrap();
        thread::sleep(Duration::from_millis(30));
    });
    assert_eq!(received, "outer");
}

/// A minimal executor parks its thread. One unpark may stand for several wake-ups, but none may be
/// lost.
#[test]
fn an_executor_around_it_keeps_its_wake_ups() {
    struct Unpark(thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.unpark();
        }
    }
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        let (mut reader, feed) = pipe();
        let waker = std::task::Waker::from(std::sync::Arc::new(Unpark(thread::current())));
        let (mut polls, mut feed) = (0, Some(feed));
        let mut poll = || {
            polls += 1;
            if polls == 2 {
                return Poll::Ready(());
            }
            let (waker, feed) = (waker.clone(), feed.take().unwrap());
            // Wakes the executor while it waits for the reader, then wakes the reader.
            thread::spawn(move || {
                thread::sleep(Duration::from_millis(20));
                waker.wake();
                thread::sleep(Duration::from_millis(20));
                feed();
            });
            reader.read_exact(&mut [0; 5]).unwrap();
            Poll::Pending
        };
        while poll().is_pending() {
            thread::park();
        }
        done.send(()).unwrap();
    });
    is_done.recv_timeout(PATIENCE).expect("the wake-up of the executor was taken");
}

#[test]
fn lines_are_read_from_an_asynchronous_buffer_and_nothing_is_lost() {
    let (mut one, two) = tokio::io::duplex(7);
    let sending = thread::spawn(move || {
        futures::executor::block_on(async {
            one.write_all("first\nsecond, which is longer\nthe rest".as_bytes()).await.unwrap();
        });
    });
    let mut reader = BlockOn::new(Shim::from_tokio(tokio::io::BufReader::with_capacity(5, two)));
    let mut lines = String::new();
    reader.read_line(&mut lines).unwrap();
    reader.read_line(&mut lines).unwrap();
    // Reads past the lines through io-shim's traits, and the rest asynchronously.
    let mut some = Vec::with_capacity(3);
    ReadBuf::read_into(&mut reader, spare(&mut some).unfilled()).unwrap();
    let mut rest = String::from_utf8(some).unwrap();
    let mut inner = reader.into_inner().for_tokio();
    futures::executor::block_on(inner.read_to_string(&mut rest)).unwrap();
    assert_eq!((&*lines, &*rest), ("first\nsecond, which is longer\n", "the rest"));
    sending.join().unwrap();
}

#[test]
fn a_thread_that_takes_over_is_woken_itself() {
    let (mut one, two) = tokio::io::duplex(64);
    let mut reader = BlockOn::new(Shim::from_tokio(two));
    for i in 0..3u8 {
        reader = thread::scope(|scope| {
            let reading = scope.spawn(move || {
                let mut byte = [0];
                reader.read_exact(&mut byte).unwrap();
                assert_eq!(byte, [i]);
                reader
            });
            thread::sleep(Duration::from_millis(10));
            futures::executor::block_on(one.write_all(&[i])).unwrap();
            reading.join().unwrap()
        });
    }
}

#[test]
fn a_clone_waits_for_itself_in_the_same_runtime() {
    let runtime = multi_thread();
    let mut one = BlockOn::with_handle(io::Cursor::new(b"abc".to_vec()), runtime.handle().clone());
    let mut two = one.clone();
    assert_eq!(AsRef::<io::Cursor<_>>::as_ref(&two).position(), 0);
    AsMut::<io::Cursor<_>>::as_mut(&mut two).set_position(2);
    let (mut first, mut last) = ([0], [0]);
    one.read_exact(&mut first).unwrap();
    two.read_exact(&mut last).unwrap();
    assert_eq!((first, last), ([b'a'], [b'c']));
}

#[test]
fn seeks_and_vectored_reads_and_errors_pass_through() {
    let mut cursor = BlockOn::new(io::Cursor::new(b"0123456789".to_vec()));
    assert_eq!(cursor.seek(SeekFrom::End(-3)).unwrap(), 7);
    let mut rest = String::new();
    cursor.read_to_string(&mut rest).unwrap();
    assert_eq!((&*rest, cursor.stream_position().unwrap()), ("789", 10));
    assert_eq!(cursor.seek(SeekFrom::Current(-100)).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    let script = Script::new([Step::Pending, Step::Error(io::ErrorKind::TimedOut), Step::Data(b"x".to_vec())]);
    let mut reader = BufReader::new(BlockOn::new(script));
    assert_eq!(reader.fill_buf().unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_eq!(reader.fill_buf().unwrap(), b"x");
}

#[test]
fn a_reader_that_fills_and_is_not_ready_is_not_waited_for() {
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        let mut read = Vec::with_capacity(8);
        // Bytes from before the call are no reason to return.
        read.push(b'>');
        ReadBuf::read_into(&mut BlockOn::new(Breaks::pends(b"ab")), spare(&mut read).unfilled()).unwrap();
        let mut slice = [0; 8];
        let n = BlockOn::new(Breaks::pends(b"ab")).read(&mut slice).unwrap();
        done.send((read, slice[..n].to_vec())).unwrap();
    });
    assert_eq!(is_done.recv_timeout(PATIENCE).expect("it waits"), (b">ab".to_vec(), b"ab".to_vec()));
}

#[test]
fn a_buffer_that_is_taken_back_is_an_error_and_no_hang() {
    /// Returns `Pending` again after it was ready.
    struct Fickle(usize);
    impl AsyncReadBuf for Fickle {
        fn poll_read_into(self: Pin<&mut Self>, _: &mut Context<'_>, _: BorrowedCursor<'_>) -> Poll<io::Result<()>> {
            unreachable!()
        }
    }
    impl AsyncBufRead for Fickle {
        fn poll_fill_buf(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
            self.0 += 1;
            if self.0 % 2 == 0 { Poll::Pending } else { Poll::Ready(Ok(b"abc")) }
        }
        fn consume(self: Pin<&mut Self>, _: usize) {}
    }
    let error = BlockOn::new(Fickle(0)).fill_buf().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    assert_eq!(
        error.to_string(),
        "the inner reader returned 3 buffered bytes and then `Pending`: `poll_fill_buf` must return the same bytes until \
         `consume` takes them",
    );
}
