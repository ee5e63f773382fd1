//! At the end of a thread, after tokio's thread-local was destroyed, everything that needs no
//! runtime still works.
//!
//! A panic at that point aborts the process, so each test runs in a process of its own.

use std::cell::RefCell;
use std::io::{self, BufRead as _, Read, Write};
use std::sync::mpsc::channel;
use std::thread;

use futures::FutureExt as _;
use io_shim::rt::{BlockOn, Embedded, TokioContext};
use io_shim::{AsyncReadBuf, AsyncWrite, Shim};
use tokio::io::AsyncWriteExt as _;
use tokio::runtime::{Builder, Handle};

use super::{MOMENT, PATIENCE, in_time, socket};
use crate::support::process::in_its_own_process;
use crate::tokio_context::{ALL, Probe, call_all};

/// Work that runs at the end of its thread.
struct AtEnd(Option<Box<dyn FnOnce()>>);

impl Drop for AtEnd {
    fn drop(&mut self) {
        self.0.take().unwrap()();
    }
}

thread_local! {
    static AT_END: RefCell<Option<AtEnd>> = const { RefCell::new(None) };
}

/// Runs `work` at the end of a thread, in the destructor of a thread-local that is first used
/// between `before` and `after`.
fn at_the_end_of<R: Send + 'static>(
    before: impl FnOnce() + Send + 'static,
    work: impl FnOnce() -> R + Send + 'static,
    after: impl FnOnce() + Send + 'static,
) -> R {
    let (send, receive) = channel();
    thread::spawn(move || {
        // Destructors run in the reverse order of the first use.
        before();
        AT_END.set(Some(AtEnd(Some(Box::new(move || send.send(work()).unwrap())))));
        after();
    })
    .join()
    .unwrap();
    receive.recv().unwrap()
}

/// Initializes tokio's thread-local.
fn use_tokio() {
    Builder::new_current_thread().build().unwrap().block_on(async {});
}

/// Initializes tokio's thread-local and the one of `TokioContext`.
fn use_a_context() {
    let runtime = Builder::new_current_thread().build().unwrap();
    assert!(TokioContext::new(async {}, runtime.handle().clone()).now_or_never().is_some());
}

/// Runs `work` on a thread whose tokio thread-local was destroyed.
fn after_tokio<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> R {
    at_the_end_of(
        || {},
        || {
            assert!(Handle::try_current().unwrap_err().is_thread_local_destroyed());
            work()
        },
        use_tokio,
    )
}

/// Sends "last\nwords", waits for the answer "re\nply", and ends the stream.
fn converse<T: AsyncReadBuf + AsyncWrite + Unpin>(mut io: BlockOn<T>) -> io::Result<()> {
    io.write_all(b"last\nwords")?;
    io.flush()?;
    let mut answer = [0; 6];
    io.read_exact(&mut answer)?;
    assert_eq!(&answer, b"re\nply");
    io.shutdown()
}

/// Runs the peer of [`converse`] on a thread, with a pause before the answer.
fn answer(mut peer: impl Read + Write + Send + 'static) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let mut heard = [0; 10];
        peer.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"last\nwords");
        thread::sleep(MOMENT);
        peer.write_all(b"re\nply").unwrap();
        assert_eq!(peer.read(&mut heard).unwrap(), 0);
    })
}

#[test]
fn block_on_with_a_handle_needs_none_at_the_end_of_a_thread() {
    in_its_own_process("executors::thread_end::child_that_blocks_on_with_a_handle");
}

#[test]
#[ignore = "run by a test, in a process of its own"]
fn child_that_blocks_on_with_a_handle() {
    in_time(|| {
        let runtime = Embedded::new().unwrap();
        let handle = runtime.handle();

        // A pipe smaller than the message.
        let (one, two) = tokio::io::duplex(4);
        let peer = answer(BlockOn::new(Shim::from_tokio(two)));
        let one = BlockOn::with_handle(Shim::from_tokio(one), handle.clone());
        after_tokio(move || converse(one)).unwrap();
        peer.join().unwrap();

        // A socket whose runtime runs on another thread.
        let (stream, peer) = socket(&runtime);
        let peer = answer(peer);
        let stream = BlockOn::with_handle(Shim::from_tokio(stream.into_inner()), handle.clone());
        after_tokio(move || converse(stream)).unwrap();
        peer.join().unwrap();

        // Lines, which come from a buffer.
        let (one, mut two) = tokio::io::duplex(64);
        let one = tokio::io::BufReader::new(one);
        let one = BlockOn::with_handle(Shim::from_tokio(one), handle.clone());
        let peer = thread::spawn(move || {
            thread::sleep(MOMENT);
            pollster::block_on(two.write_all(b"line\nrest")).unwrap();
        });
        let lines = after_tokio(move || one.lines().collect::<io::Result<Vec<_>>>()).unwrap();
        assert_eq!(lines, ["line", "rest"]);
        peer.join().unwrap();
    });
}

#[test]
fn a_context_calls_its_type_without_a_runtime_at_the_end_of_a_thread() {
    in_its_own_process("executors::thread_end::child_that_uses_contexts");
}

#[test]
#[ignore = "run by a test, in a process of its own"]
fn child_that_uses_contexts() {
    in_time(|| {
        let runtime = Embedded::new().unwrap();
        let handle = runtime.handle();

        // Polls each method by hand, before and after tokio's thread-local was destroyed.
        let nothing: fn() = || {};
        let order = [
            (nothing, use_tokio as fn(), None),
            (nothing, use_a_context, None),
            (use_tokio, nothing, Some(handle.id())),
            (use_tokio, use_a_context, Some(handle.id())),
            (use_a_context, nothing, Some(handle.id())),
        ];
        for (index, (before, after, id)) in order.into_iter().enumerate() {
            let (probe, calls) = Probe::new();
            let mut within = Box::pin(TokioContext::new(probe, handle.clone()));
            at_the_end_of(before, move || call_all(within.as_mut()), after);
            let wanted: Vec<_> = ALL.iter().chain(&["drop"]).map(|method| (*method, id)).collect();
            assert_eq!(calls.take(), wanted, "order {index}");
        }

        // Blocks, with and without a handle around the context.
        for with_handle in [false, true] {
            let (one, two) = tokio::io::duplex(4);
            let (stream, peer) = socket(&runtime);
            let peers = [answer(BlockOn::new(Shim::from_tokio(two))), answer(peer)];
            let one = Shim::from_tokio(TokioContext::new(one, handle.clone()));
            let stream = Shim::from_tokio(stream);
            let handle = handle.clone();
            after_tokio(move || {
                if with_handle {
                    converse(BlockOn::with_handle(one, handle.clone()))?;
                    converse(BlockOn::with_handle(stream, handle))
                } else {
                    converse(BlockOn::new(one))?;
                    converse(BlockOn::new(stream))
                }
            })
            .unwrap();
            peers.into_iter().for_each(|peer| peer.join().unwrap());
        }
    });
}

#[test]
fn a_runtime_is_dropped_and_not_started_at_the_end_of_a_thread() {
    in_its_own_process("executors::thread_end::child_that_ends_a_runtime");
}

#[test]
#[ignore = "run by a test, in a process of its own"]
fn child_that_ends_a_runtime() {
    in_time(|| {
        let runtime = Embedded::new().unwrap();
        let task = runtime.handle().spawn(std::future::pending::<()>());
        after_tokio(move || drop(runtime));
        assert!(pollster::block_on(task).unwrap_err().is_cancelled());

        let runtime = Embedded::new().unwrap();
        after_tokio(move || runtime.shutdown_timeout(PATIENCE));

        let error = after_tokio(|| Embedded::new().map(drop)).unwrap_err();
        assert!(error.to_string().contains("destroyed"), "{error:?}");
    });
}
