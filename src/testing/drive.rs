//! Polls until ready, with a waker that shows whether a wake-up was lost.

use std::boxed::Box;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// How long a wake-up may take before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(20);

/// A waker that unparks the thread that made it.
#[derive(Debug)]
struct Alarm {
    thread: Thread,
    called: AtomicBool,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.called.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}

/// Polls until ready. Waits for the wake-up after each `Pending`.
///
/// # Panics
///
/// Panics if a wake-up does not come.
#[track_caller]
pub(super) fn until_ready<S: ?Sized, T>(
    subject: &mut Pin<Box<S>>,
    mut poll: impl FnMut(Pin<&mut S>, &mut Context<'_>) -> Poll<T>,
) -> T {
    let alarm = Arc::new(Alarm { thread: thread::current(), called: AtomicBool::new(false) });
    let waker = Waker::from(Arc::clone(&alarm));
    let mut cx = Context::from_waker(&waker);
    loop {
        alarm.called.store(false, Ordering::SeqCst);
        if let Poll::Ready(value) = poll(subject.as_mut(), &mut cx) {
            return value;
        }
        let end = Instant::now() + PATIENCE;
        while !alarm.called.load(Ordering::SeqCst) {
            let now = Instant::now();
            assert!(
                now < end,
                "no wake-up for {PATIENCE:?} after `Pending`: a type that returns `Pending` must call the waker of the \
                 last poll when it can make progress"
            );
            thread::park_timeout(end - now);
        }
    }
}
