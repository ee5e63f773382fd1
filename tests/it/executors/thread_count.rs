//! No thread starts unless requested. Each count runs in a process of its own, since other tests
//! start threads.

use std::pin::pin;
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier};

use futures::AsyncReadExt as _;
use io_shim::Shim;
use io_shim::rt::{Embedded, HyperExecutor, TokioContext};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::runtime::Builder;

use super::{MOMENT, PATIENCE, in_time, wait_until};
use crate::support::process::{in_its_own_process, in_its_own_process_with, threads};

#[test]
fn nothing_starts_a_thread_but_a_call_that_says_so() {
    in_its_own_process("executors::thread_count::child_that_counts_threads");
}

#[test]
#[ignore = "run by a test, in a process of its own"]
fn child_that_counts_threads() {
    in_time(|| {
        let before = threads().len();
        // Contexts of a runtime that has no threads.
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let handle = runtime.handle().clone();
        futures::executor::block_on(async {
            assert_eq!(TokioContext::new(async { 1 }, handle.clone()).await, 1);
            let mut text = String::new();
            let reader = Shim::from_tokio(TokioContext::new(&b"text"[..], handle.clone()));
            reader.for_futures().read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "text");
        });
        assert!(TokioContext::try_current(1).is_err());
        // A connection attempt, as far as it gets without a driver.
        let mut connect = pin!(TokioContext::new(tokio::net::TcpStream::connect("127.0.0.1:1"), handle.clone()));
        let _ = connect.as_mut().poll(&mut crate::mock::context());
        let _executor = HyperExecutor::new(drop);
        assert_eq!(threads().len(), before, "{:?}", threads());

        // One thread starts on request, and ends with its owner.
        let embedded = Embedded::new().unwrap();
        assert_eq!(threads().len(), before + 1);
        assert!(pollster::block_on(embedded.handle().spawn(async { true })).unwrap());
        // Its name is set by now.
        assert_eq!(threads().iter().filter(|name| *name == "io-shim-tokio").count(), 1);
        assert_eq!(threads().len(), before + 1);
        drop(embedded);
        wait_until("its thread ends", || threads().len() == before);

        let embedded = Embedded::new().unwrap();
        embedded.shutdown_timeout(PATIENCE);
        assert_eq!(threads().len(), before, "the thread was waited for");

        // Many threads request the global runtime at once. No second one starts, not even for a
        // moment.
        const ASKERS: usize = 50;
        let barrier = Arc::new(Barrier::new(ASKERS + 1));
        let askers: Vec<_> = (0..ASKERS)
            .map(|_| {
                let barrier = barrier.clone();
                std::thread::spawn(move || {
                    barrier.wait();
                    Embedded::global().unwrap()
                })
            })
            .collect();
        barrier.wait();
        while askers.iter().any(|asker| !asker.is_finished()) {
            let count = std::fs::read_dir("/proc/self/task").unwrap().count();
            assert!(count <= before + ASKERS + 1, "{count} threads, and {before} before");
        }
        let global = Embedded::global().unwrap();
        for asker in askers {
            assert!(std::ptr::eq(asker.join().unwrap(), global));
        }
        wait_until("the askers end", || threads().len() == before + 1);
    });
}

#[test]
fn a_start_that_fails_is_an_error_and_can_be_tried_again() {
    // tokio leaks the partly built runtime if it cannot start the thread.
    let environment = [("ASAN_OPTIONS", "detect_leaks=0")];
    in_its_own_process_with("executors::thread_count::child_without_resources", &environment);
}

/// Runs `work` while a resource of the process is limited to `most`.
fn limited<R>(resource: Resource, most: u64, work: impl FnOnce() -> R) -> R {
    let before = getrlimit(resource);
    setrlimit(resource, Rlimit { current: Some(most), ..before }).unwrap();
    let result = work();
    setrlimit(resource, before).unwrap();
    result
}

/// Makes the process unprivileged: root may start threads beyond the limit.
fn give_up_privileges() {
    // SAFETY: the call takes three numbers and no pointers.
    unsafe { libc::setresuid(65534, 65534, 65534) };
}

#[test]
#[ignore = "run by a test, in a process of its own"]
fn child_without_resources() {
    in_time(|| {
        let error = limited(Resource::Nofile, 3, || Embedded::global().map(drop)).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EMFILE), "{error:?}");
        let before = threads().len();
        give_up_privileges();
        for _ in 0..2 {
            let error = limited(Resource::Nproc, 0, || Embedded::global().map(drop)).unwrap_err();
            assert!(error.to_string().contains("OS can't spawn worker thread"), "{error:?}");
        }
        assert_eq!(threads().len(), before);
        // With enough resources, it starts.
        let global = Embedded::global().unwrap();
        assert_eq!(pollster::block_on(global.handle().spawn(async { 4 })).unwrap(), 4);
        assert_eq!(threads().len(), before + 1);
    });
}

#[test]
fn a_panic_hook_that_asks_for_the_global_one_while_it_starts_gets_an_error() {
    let environment = [("ASAN_OPTIONS", "detect_leaks=0")];
    in_its_own_process_with("executors::thread_count::child_whose_panic_hook_asks", &environment);
}

#[test]
#[ignore = "run by a test, in a process of its own"]
fn child_whose_panic_hook_asks() {
    in_time(|| {
        give_up_privileges();
        // Requests the runtime while another thread starts it.
        let ((begin, begins), (answer, answers)) = (channel(), channel());
        let other = std::thread::spawn(move || {
            begins.recv().unwrap();
            let global = Embedded::global();
            // The receiver may be gone once the panic hook has returned.
            answer.send(()).unwrap_or_default();
            global
        });
        let before = getrlimit(Resource::Nproc);
        let (report, reports) = channel();
        // A hook is shared by all threads, but a receiver is not `Sync`.
        let answers = std::sync::Mutex::new(answers);
        std::panic::set_hook(Box::new(move |_| {
            let here = Embedded::global().map(drop);
            setrlimit(Resource::Nproc, before).unwrap();
            begin.send(()).unwrap();
            report.send((here, answers.lock().unwrap().recv_timeout(MOMENT).is_ok())).unwrap();
        }));
        let error = limited(Resource::Nproc, 0, || Embedded::global().map(drop)).unwrap_err();
        assert!(error.to_string().contains("OS can't spawn worker thread"), "{error:?}");
        let (here, answered) = reports.recv().unwrap();
        assert_eq!(here.unwrap_err().kind(), std::io::ErrorKind::Deadlock);
        assert!(!answered, "the other thread waits for the outcome");
        // The other thread then starts the runtime itself, and this thread can request it again.
        assert!(std::ptr::eq(other.join().unwrap().unwrap(), Embedded::global().unwrap()));
    });
}

#[test]
fn a_blocking_function_that_waits_when_the_runtime_ends_runs_or_is_cancelled() {
    in_its_own_process("executors::thread_count::child_with_every_thread_busy");
}

/// Uses as many threads as tokio has for blocking functions, which is more than a memory checker
/// allows.
#[test]
#[ignore = "run by a test, in a process of its own"]
fn child_with_every_thread_busy() {
    in_time(|| {
        const THREADS: usize = 512;
        let before = threads().len();
        let runtime = Embedded::new().unwrap();
        let (running, runs) = channel();
        let gate = Arc::new(Barrier::new(THREADS + 1));
        for _ in 0..THREADS {
            let (running, gate) = (running.clone(), gate.clone());
            runtime.handle().spawn_blocking(move || {
                running.send(()).unwrap();
                gate.wait();
            });
        }
        for _ in 0..THREADS {
            runs.recv_timeout(PATIENCE).unwrap();
        }
        let (ran, has_run) = channel();
        let waits = runtime.handle().spawn_blocking(move || ran.send(()).unwrap());
        drop(runtime);
        gate.wait();
        // Either outcome is valid, and the handle reports which one it was.
        match smol::block_on(waits) {
            Ok(()) => has_run.try_recv().unwrap(),
            Err(error) => assert!(error.is_cancelled() && has_run.try_recv().is_err()),
        }
        // Only the thread of smol's reactor is left.
        wait_until("all threads end", || threads().len() == before + 1 && threads().contains(&"async-io".to_owned()));
    });
}
