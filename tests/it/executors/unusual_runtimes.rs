//! Unusual situations: no runtime, a runtime that has ended or that no thread drives, blocking in
//! place, other threads.

use std::io::{self, Read as _, SeekFrom, Write as _};
use std::net::TcpListener;
use std::pin::pin;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use futures::future::FutureExt as _;
use futures::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
use io_shim::Shim;
use io_shim::rt::{Embedded, TokioContext};
use tokio::net::TcpStream;
use tokio::runtime::Builder;

use super::{PATIENCE, in_time, socket, within_a_moment};

/// Returns the message that `work` panics with.
fn panic_of<R>(work: impl FnOnce() -> R) -> String {
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).err().expect("a panic");
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).expect("a message")
}

#[test]
fn without_a_context_tokio_says_that_there_is_no_reactor() {
    let connect = || smol::block_on(TcpStream::connect("127.0.0.1:1"));
    let sleep = || smol::block_on(async { tokio::time::sleep(Duration::ZERO).await });
    let open = || smol::block_on(tokio::fs::File::open("/"));
    let wanted = "there is no reactor running, must be called from the context of a Tokio 1.x runtime";
    assert_eq!(panic_of(connect), wanted);
    assert_eq!(panic_of(sleep), wanted);
    assert_eq!(panic_of(open), wanted);
    // `try_current` reports it before anything is polled, and without a panic.
    assert!(TokioContext::try_current(async { TcpStream::connect("127.0.0.1:1").await }).is_err());
}

/// Checks that the result is one of tokio's errors for a runtime that has ended.
fn assert_gone<T: std::fmt::Debug>(result: io::Result<T>) {
    let error = result.expect_err("its runtime is gone");
    let text = error.to_string();
    let known = ["is being shutdown", "background task failed", "was cancelled"];
    assert!(known.iter().any(|known| text.contains(known)), "{text}");
    assert_eq!(error.kind(), io::ErrorKind::Other);
}

#[test]
fn sockets_whose_runtime_is_shut_down_return_errors() {
    in_time(|| {
        let runtime = Embedded::new().unwrap();
        let (stream, mut peer) = socket(&runtime);
        let mut stream = Shim::from_tokio(stream).for_futures();
        peer.write_all(b"hello").unwrap();
        let handle = runtime.handle().clone();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        smol::block_on(stream.read_exact(&mut [0; 5])).unwrap();
        // Waits for the end, because a ready socket works until the runtime's thread has ended.
        runtime.shutdown_timeout(PATIENCE);
        smol::block_on(async {
            // Every operation fails, repeatedly, even when data has arrived.
            peer.write_all(b"more").unwrap();
            for _ in 0..2 {
                assert_gone(stream.read(&mut [0; 5]).await);
                assert_gone(stream.write(b"data").await);
                assert_gone(stream.write_vectored(&[io::IoSlice::new(b"da"), io::IoSlice::new(b"ta")]).await);
            }
            // These wait for nothing, so they succeed.
            stream.flush().await.unwrap();
            stream.close().await.unwrap();
            assert_gone(TokioContext::new(TcpStream::connect(address), handle).await);
        });
        drop(stream);
        let mut rest = Vec::new();
        // The socket closes with an end of file or a reset, because it had unread data.
        let _ = peer.read_to_end(&mut rest);
        assert!(rest.is_empty());
    });
}

#[test]
fn a_read_that_waits_is_woken_when_its_runtime_is_shut_down() {
    in_time(|| {
        let runtime = Embedded::new().unwrap();
        let (stream, _peer) = socket(&runtime);
        let mut stream = Shim::from_tokio(stream).for_futures();
        let (waits, waiting) = channel();
        let reader = thread::spawn(move || {
            smol::block_on(async {
                let mut byte = [0];
                let mut read = pin!(stream.read(&mut byte));
                assert!(read.as_mut().now_or_never().is_none());
                waits.send(()).unwrap();
                read.await
            })
        });
        waiting.recv().unwrap();
        drop(runtime);
        assert_gone(reader.join().unwrap());
    });
}

#[test]
fn files_whose_runtime_is_shut_down_return_errors() {
    in_time(|| {
        let runtime = Embedded::new().unwrap();
        let handle = runtime.handle().clone();
        let mut named = tempfile::NamedTempFile::new().unwrap();
        named.write_all(&[7; 100]).unwrap();
        let path = named.path().to_owned();
        let options = tokio::fs::File::options().read(true).write(true).clone();
        let open = || TokioContext::new(options.open(path.clone()), handle.clone());
        let within = |file| Shim::from_tokio(TokioContext::new(file, handle.clone())).for_futures();
        smol::block_on(async {
            let mut reader = within(open().await.unwrap());
            let mut writer = within(open().await.unwrap());
            let mut seeker = within(open().await.unwrap());
            reader.read_exact(&mut [0; 10]).await.unwrap();
            runtime.shutdown_timeout(PATIENCE);
            for _ in 0..2 {
                assert_gone(writer.write(b"data").await);
                assert_gone(seeker.seek(SeekFrom::Start(5)).await);
            }
            // Data that was read ahead can still be taken.
            let mut rest = Vec::new();
            let end = reader.read_to_end(&mut rest).await;
            assert!(rest.len() <= 90 && rest.iter().all(|&byte| byte == 7));
            assert_gone(end);
            assert_gone(open().await);
        });
        assert_eq!(std::fs::read(path).unwrap(), [7; 100]);
    });
}

#[test]
fn a_handle_kept_beyond_its_runtime_makes_contexts_of_errors() {
    in_time(|| {
        let handle = Embedded::new().unwrap().handle().clone();
        smol::block_on(async {
            assert_gone(TokioContext::new(TcpStream::connect("127.0.0.1:1"), handle.clone()).await);
            assert_gone(TokioContext::new(tokio::fs::read("/proc/self/stat"), handle.clone()).await);
            assert!(handle.spawn(async { 1 }).await.unwrap_err().is_cancelled());
            assert!(handle.spawn_blocking(|| 1).await.unwrap_err().is_cancelled());
            // Code that needs nothing of the runtime still works.
            assert_eq!(TokioContext::new(async { 1 }, handle.clone()).await, 1);
            let (mut one, two) = tokio::io::duplex(8);
            tokio::io::AsyncWriteExt::write_all(&mut one, b"hello").await.unwrap();
            let mut two = Shim::from_tokio(TokioContext::new(two, handle.clone())).for_futures();
            two.read_exact(&mut [0; 5]).await.unwrap();
        });
        // A timer cannot return an error, so it panics.
        let sleep = TokioContext::new(async { tokio::time::sleep(Duration::from_millis(1)).await }, handle);
        assert!(panic_of(|| smol::block_on(sleep)).contains("is being shutdown"));
        assert!(tokio::runtime::Handle::try_current().is_err());
    });
}

#[test]
fn nothing_becomes_ready_on_a_current_thread_runtime_that_nobody_drives() {
    in_time(|| {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let handle = runtime.handle().clone();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut peer = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let accepted = listener.accept().unwrap().0;
        accepted.set_nonblocking(true).unwrap();
        let stream = {
            let _entered = handle.enter();
            TcpStream::from_std(accepted).unwrap()
        };
        let mut stream = Shim::from_tokio(TokioContext::new(stream, handle.clone())).for_futures();
        peer.write_all(b"hello").unwrap();
        let sleep = async { tokio::time::sleep(Duration::from_millis(1)).await };
        let mut sleep = Box::pin(TokioContext::new(sleep, handle.clone()));
        let mut task = handle.spawn(async { 1 });
        let mut bytes = [0; 5];
        let mut read = Box::pin(stream.read_exact(&mut bytes));
        smol::block_on(async {
            assert!(within_a_moment(&mut read).await.is_none(), "there is data, but no thread sees it");
            assert!(within_a_moment(&mut sleep).await.is_none());
            assert!(within_a_moment(&mut task).await.is_none());
            // Files only wait for threads.
            let name = TokioContext::new(tokio::fs::read("/proc/self/comm"), handle.clone());
            if cfg!(target_os = "linux") {
                assert!(!name.await.unwrap().is_empty());
            }
        });
        // All of them continue once a thread drives the runtime.
        let (stop, stopped) = futures::channel::oneshot::channel::<()>();
        let driver = thread::spawn(move || runtime.block_on(stopped));
        smol::block_on(async {
            read.await.unwrap();
            sleep.await;
            assert_eq!(task.await.unwrap(), 1);
        });
        assert_eq!(&bytes, b"hello");
        assert!(!driver.is_finished());
        drop(stop);
        assert!(driver.join().unwrap().is_err());
    });
}

#[test]
fn block_in_place_blocks_the_calling_thread() {
    in_time(|| {
        let runtime = Embedded::new().unwrap();
        let handle = runtime.handle().clone();
        let here = thread::current().id();
        let blocking = async { tokio::task::block_in_place(|| thread::current().id()) };
        assert_eq!(smol::block_on(TokioContext::new(blocking, handle.clone())), here);
        let blocking = async { tokio::task::block_in_place(|| thread::current().id()) };
        assert_eq!(pollster::block_on(TokioContext::new(blocking, handle.clone())), here);

        // On a worker, another thread takes over the worker's tasks: blocked code can wait for
        // spawned tasks.
        let (send, receive) = channel();
        let inner = handle.clone();
        let task = handle.spawn(async move {
            inner.spawn(async move { send.send(5) });
            tokio::task::block_in_place(move || receive.recv_timeout(PATIENCE).unwrap())
        });
        assert_eq!(smol::block_on(task).unwrap(), 5);

        // tokio refuses within a `current_thread` runtime, even in the context of another runtime.
        let current = Builder::new_current_thread().build().unwrap();
        let blocking = TokioContext::new(async { tokio::task::block_in_place(|| 1) }, handle);
        assert!(
            panic_of(|| current.block_on(blocking)).contains("can call blocking only when running on the multi-thread")
        );
    });
}

#[test]
fn a_socket_moves_between_threads_and_executors() {
    in_time(|| {
        let runtime = Embedded::new().unwrap();
        let (stream, mut peer) = socket(&runtime);
        let mut stream = Shim::from_tokio(stream).for_futures();
        for round in 0..30u8 {
            let (mut moved, (waits, waiting)) = (stream, channel());
            let thread = thread::spawn(move || {
                let exchange = async {
                    let mut byte = [0];
                    let read = moved.read_exact(&mut byte);
                    waits.send(()).unwrap();
                    read.await.unwrap();
                    moved.write_all(&[byte[0] + 100]).await.unwrap();
                };
                match round % 4 {
                    0 => smol::block_on(exchange),
                    1 => futures::executor::block_on(exchange),
                    2 => pollster::block_on(exchange),
                    // In the context of another runtime.
                    _ => Builder::new_current_thread().build().unwrap().block_on(exchange),
                }
                moved
            });
            waiting.recv().unwrap();
            peer.write_all(&[round]).unwrap();
            let mut answer = [0];
            peer.read_exact(&mut answer).unwrap();
            assert_eq!(answer, [round + 100]);
            stream = thread.join().unwrap();
        }
    });
}
