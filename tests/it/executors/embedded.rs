//! `Embedded`: it starts on request and ends when its owner is dropped, wherever that is.

use std::future::pending;
use std::io::Read as _;
use std::sync::mpsc::channel;
use std::time::Duration;

use io_shim::rt::{Embedded, TokioContext};
use tokio::io::AsyncWriteExt as _;
use tokio::runtime::{Builder, Handle};

use super::{MOMENT, PATIENCE, in_time, wait_until};

#[test]
fn it_has_timers_sockets_and_one_worker() {
    in_time(|| {
        let runtime = Embedded::new().unwrap();
        assert_eq!(runtime.handle().metrics().num_workers(), 1);
        assert_eq!(runtime.handle().runtime_flavor(), tokio::runtime::RuntimeFlavor::MultiThread);
        let name = runtime.handle().spawn(async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
            std::thread::current().name().map(str::to_owned)
        });
        assert_eq!(pollster::block_on(name).unwrap().as_deref(), Some("io-shim-tokio"));
    });
}

/// Sends a message when it is dropped.
struct Told(std::sync::mpsc::Sender<()>);

impl Drop for Told {
    fn drop(&mut self) {
        // Some tests drop the receiver: they only check that nothing panics.
        let _ = self.0.send(());
    }
}

/// Returns a runtime with a task that waits forever, and a receiver that learns when that task
/// ends.
fn busy() -> (Embedded, std::sync::mpsc::Receiver<()>) {
    let (told, ended) = channel();
    let told = Told(told);
    let runtime = Embedded::new().unwrap();
    runtime.handle().spawn(async move {
        let _told = told;
        pending::<()>().await;
    });
    (runtime, ended)
}

#[test]
fn it_ends_with_its_owner_outside_and_inside_of_any_executor() {
    in_time(|| {
        let check = |runs: &dyn Fn(Embedded)| {
            let (runtime, ended) = busy();
            runs(runtime);
            ended.recv_timeout(PATIENCE).expect("its tasks are dropped");
        };
        check(&|runtime| drop(runtime));
        check(&|runtime| smol::block_on(async { drop(runtime) }));
        check(&|runtime| futures::executor::block_on(async { drop(runtime) }));
        let current = Builder::new_current_thread().build().unwrap();
        check(&|runtime| current.block_on(async { drop(runtime) }));
        let multi = Builder::new_multi_thread().worker_threads(1).build().unwrap();
        check(&|runtime| multi.block_on(async { drop(runtime) }));
        // On a worker of another runtime.
        check(&|runtime| multi.block_on(multi.spawn(async { drop(runtime) })).unwrap());
        // On a thread for blocking functions of another runtime.
        check(&|runtime| multi.block_on(multi.spawn_blocking(|| drop(runtime))).unwrap());
        // On its own worker, and on its own thread for blocking functions.
        check(&|runtime| {
            let handle = runtime.handle().clone();
            handle.spawn(async { drop(runtime) });
        });
        check(&|runtime| {
            let handle = runtime.handle().clone();
            handle.spawn_blocking(|| drop(runtime));
        });
        // In its own context, in that of another runtime, and while that other runtime is dropped.
        check(&|runtime| {
            let handle = runtime.handle().clone();
            drop(TokioContext::new(runtime, handle));
        });
        check(&|runtime| drop(TokioContext::new(runtime, multi.handle().clone())));
        check(&|runtime| {
            let dropped = Builder::new_current_thread().build().unwrap();
            dropped.spawn(async move {
                let _runtime = runtime;
                pending::<()>().await;
            });
        });
        // While a panic unwinds.
        check(&|runtime| {
            let unwinds = std::panic::AssertUnwindSafe(|| {
                let _runtime = runtime;
                panic!("elsewhere");
            });
            assert!(std::panic::catch_unwind(unwinds).is_err());
        });
        // A thread that is blocked on a task receives an error.
        let (runtime, _) = busy();
        let task = runtime.handle().spawn(pending::<()>());
        drop(runtime);
        assert!(smol::block_on(task).unwrap_err().is_cancelled());
    });
}

#[test]
fn a_blocking_function_that_runs_goes_on_to_its_end_and_nobody_waits_for_it() {
    in_time(|| {
        let runtime = Embedded::new().unwrap();
        let (running, runs) = channel();
        let (go, may_go) = channel::<()>();
        let (done, is_done) = channel();
        let function = runtime.handle().spawn_blocking(move || {
            running.send(()).unwrap();
            may_go.recv().unwrap();
            done.send(()).unwrap();
            5
        });
        runs.recv().unwrap();
        drop(runtime);
        assert!(is_done.recv_timeout(MOMENT).is_err(), "it still runs");
        go.send(()).unwrap();
        is_done.recv_timeout(PATIENCE).unwrap();
        // Its result is still delivered.
        assert_eq!(smol::block_on(function).unwrap(), 5);
    });
}

#[test]
fn a_timeout_waits_for_blocking_functions() {
    in_time(|| {
        let runtime = Embedded::new().unwrap();
        let (running, runs) = channel();
        let (done, is_done) = channel();
        runtime.handle().spawn_blocking(move || {
            running.send(()).unwrap();
            std::thread::sleep(MOMENT);
            done.send(()).unwrap();
        });
        runs.recv().unwrap();
        runtime.shutdown_timeout(PATIENCE);
        is_done.try_recv().expect("it was waited for");

        // A function that never ends is waited for no longer than the timeout.
        let runtime = Embedded::new().unwrap();
        let (running, runs) = channel();
        let (_go, may_go) = channel::<()>();
        runtime.handle().spawn_blocking(move || {
            running.send(()).unwrap();
            let _ = may_go.recv();
        });
        runs.recv().unwrap();
        runtime.shutdown_timeout(MOMENT);
    });
}

#[test]
fn a_write_to_a_file_that_was_accepted_is_carried_out() {
    in_time(|| {
        let named = tempfile::NamedTempFile::new().unwrap();
        let runtime = Embedded::new().unwrap();
        let handle = runtime.handle().clone();
        let mut file = TokioContext::new(tokio::fs::File::from_std(named.reopen().unwrap()), handle);
        assert_eq!(smol::block_on(file.write(b"accepted")).unwrap(), 8);
        drop((file, runtime));
        wait_until("it is written", || {
            let mut text = String::new();
            named.reopen().unwrap().read_to_string(&mut text).unwrap();
            text == "accepted"
        });
    });
}

#[test]
fn the_global_one_is_one() {
    in_time(|| {
        let one = Embedded::global().unwrap();
        let two = std::thread::spawn(|| Embedded::global().unwrap()).join().unwrap();
        assert!(std::ptr::eq(one, two));
        let id = Handle::try_current().map(|handle| handle.id());
        assert!(id.is_err(), "no thread is in its context");
        assert_eq!(smol::block_on(one.handle().spawn(async { 3 })).unwrap(), 3);
    });
}
