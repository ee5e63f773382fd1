//! Spawning on a tokio runtime from other executors: join handles, cancellation, panics.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::channel;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use futures::FutureExt as _;
use futures::stream::{FuturesUnordered, StreamExt as _};
use io_shim::rt::{Embedded, TokioContext};

use super::{PATIENCE, in_time};

#[test]
fn ten_thousand_spawns_from_smol_are_joined() {
    const TASKS: usize = 10_000;
    in_time(|| {
        let runtime = Embedded::new().unwrap();
        let handle = runtime.handle().clone();
        let run = Arc::new(AtomicUsize::new(0));
        let sum: usize = smol::block_on(async {
            let tasks: FuturesUnordered<_> = (0..TASKS)
                .map(|i| {
                    let run = run.clone();
                    handle.spawn(async move {
                        if i % 3 == 0 {
                            tokio::task::yield_now().await;
                        }
                        run.fetch_add(1, Relaxed);
                        i
                    })
                })
                .collect();
            tasks.map(Result::unwrap).fold(0, |sum, i| async move { sum + i }).await
        });
        assert_eq!(run.load(Relaxed), TASKS);
        assert_eq!(sum, TASKS * (TASKS - 1) / 2);
        super::wait_until("no task is left", || runtime.handle().metrics().num_alive_tasks() == 0);
    });
}

#[test]
fn what_runs_in_a_context_spawns_on_its_runtime() {
    in_time(|| {
        let runtime = Embedded::new().unwrap();
        let names = async {
            let name = || thread::current().name().map(str::to_owned);
            let task = tokio::spawn(async move { name() });
            let blocking = tokio::task::spawn_blocking(name);
            let mut set = tokio::task::JoinSet::new();
            set.spawn(async move { name() });
            (name(), task.await.unwrap(), blocking.await.unwrap(), set.join_next().await.unwrap().unwrap())
        };
        let here = thread::current().name().map(str::to_owned);
        let there = Some("io-shim-tokio".to_owned());
        let got = smol::block_on(TokioContext::new(names, runtime.handle().clone()));
        assert_eq!(got, (here, there.clone(), there.clone(), there));
    });
}

#[test]
fn a_join_handle_is_awaited_on_every_executor() {
    in_time(|| {
        let runtime = Embedded::new().unwrap();
        let task = || {
            runtime.handle().spawn(async {
                tokio::time::sleep(Duration::from_millis(2)).await;
                7
            })
        };
        assert_eq!(smol::block_on(task()).unwrap(), 7);
        assert_eq!(futures::executor::block_on(task()).unwrap(), 7);
        assert_eq!(pollster::block_on(task()).unwrap(), 7);
        let current = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert_eq!(current.block_on(task()).unwrap(), 7);
        // Also from a smol task.
        assert_eq!(smol::block_on(smol::spawn(task())).unwrap(), 7);
        assert_eq!(smol::block_on(runtime.handle().spawn_blocking(|| 8)).unwrap(), 8);
    });
}

#[test]
fn panics_are_passed_on() {
    in_time(|| {
        let runtime = Embedded::new().unwrap();
        let panics = runtime.handle().spawn(async { panic!("in the task") });
        let error: tokio::task::JoinError = smol::block_on(panics).unwrap_err();
        assert_eq!(error.into_panic().downcast_ref(), Some(&"in the task"));
        let panics = runtime.handle().spawn_blocking(|| panic!("in the function"));
        let error = smol::block_on(panics).unwrap_err();
        assert_eq!(error.into_panic().downcast_ref(), Some(&"in the function"));
        // The worker survived.
        assert_eq!(smol::block_on(runtime.handle().spawn(async { 1 })).unwrap(), 1);
    });
}

/// Spawns a task that waits forever, and returns a receiver that learns when it ends.
fn waits(runtime: &Embedded) -> (tokio::task::JoinHandle<()>, Weak<()>) {
    let (started, start) = channel();
    let (held, weak) = {
        let held = Arc::new(());
        let weak = Arc::downgrade(&held);
        (held, weak)
    };
    let task = runtime.handle().spawn(async move {
        let _held = held;
        started.send(()).unwrap();
        std::future::pending().await
    });
    start.recv_timeout(PATIENCE).unwrap();
    (task, weak)
}

#[test]
fn cancellation_is_passed_on() {
    in_time(|| {
        let runtime = Embedded::new().unwrap();
        let (task, held) = waits(&runtime);
        assert!(held.upgrade().is_some());
        task.abort();
        assert!(smol::block_on(task).unwrap_err().is_cancelled());
        assert!(held.upgrade().is_none(), "an aborted task is dropped");

        // Dropping a join handle detaches its task, as in tokio.
        let (task, held) = waits(&runtime);
        let abort = task.abort_handle();
        drop(task);
        assert!(held.upgrade().is_some());
        abort.abort();
        super::wait_until("it is dropped", || held.upgrade().is_none());

        // Cancelling a smol task that waits for a tokio task leaves the tokio task running.
        let (task, held) = waits(&runtime);
        let abort = task.abort_handle();
        let outer = smol::spawn(TokioContext::new(task, runtime.handle().clone()));
        assert!(smol::block_on(outer.cancel()).is_none());
        assert!(held.upgrade().is_some());
        abort.abort();
        super::wait_until("it is dropped", || held.upgrade().is_none());
    });
}

#[test]
fn a_context_that_is_dropped_drops_the_set_of_tasks_in_it() {
    in_time(|| {
        let runtime = Embedded::new().unwrap();
        let handle = runtime.handle().clone();
        let (held, count) = (Arc::new(()), 5);
        let weak = Arc::downgrade(&held);
        let mut set = Box::pin(TokioContext::new(
            async move {
                let mut set = tokio::task::JoinSet::new();
                for _ in 0..count {
                    let held = held.clone();
                    set.spawn(async move {
                        let _held = held;
                        std::future::pending::<()>().await;
                    });
                }
                drop(held);
                set.join_next().await
            },
            handle,
        ));
        assert!(set.as_mut().now_or_never().is_none());
        assert_eq!(weak.strong_count(), count);
        drop(set);
        super::wait_until("the tasks are dropped", || weak.strong_count() == 0);
    });
}
