//! Driving polls by hand: a waker that counts, and waiting for it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// How long a wake-up may take before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(20);

/// A waker that counts its calls and unparks the thread that made it.
#[derive(Debug)]
pub(super) struct Alarm {
    thread: Thread,
    calls: AtomicUsize,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.thread.unpark();
    }
}

impl Alarm {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Alarm { thread: thread::current(), calls: AtomicUsize::new(0) })
    }

    /// How often it was called until now.
    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Waits until it has been called more than `calls` times. Whether that was so in time.
    pub(super) fn wait(&self, calls: usize) -> bool {
        let end = Instant::now() + PATIENCE;
        while self.calls() <= calls {
            let now = Instant::now();
            if now >= end {
                return false;
            }
            thread::park_timeout(end - now);
        }
        true
    }
}

/// Polls until ready, waiting for the wake-up after each `Pending`.
///
/// # Panics
///
/// Panics if a wake-up does not come.
#[track_caller]
pub(super) fn until_ready<S: ?Sized, T>(
    subject: &mut Pin<std::boxed::Box<S>>,
    mut poll: impl FnMut(Pin<&mut S>, &mut Context<'_>) -> Poll<T>,
) -> T {
    let alarm = Alarm::new();
    let waker = Waker::from(Arc::clone(&alarm));
    let mut cx = Context::from_waker(&waker);
    loop {
        let calls = alarm.calls();
        match poll(subject.as_mut(), &mut cx) {
            Poll::Ready(value) => return value,
            Poll::Pending => assert!(
                alarm.wait(calls),
                "`Pending` without a wake-up for {PATIENCE:?}: whoever is not ready must call the waker of the last poll once it is"
            ),
        }
    }
}
