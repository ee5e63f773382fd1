//! Polls until ready, with a waker that shows whether a wake-up was lost.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// How long a wake-up may take before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(20);

/// A waker that sends a message. The channel has room for one, so further calls change nothing.
struct Alarm(SyncSender<()>);

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        let _ = self.0.try_send(());
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
    let (alarm, calls) = sync_channel(1);
    let waker = Waker::from(Arc::new(Alarm(alarm)));
    let mut cx = Context::from_waker(&waker);
    loop {
        // A call for an earlier poll does not count.
        let _ = calls.try_recv();
        if let Poll::Ready(value) = poll(subject.as_mut(), &mut cx) {
            return value;
        }
        let woken = calls.try_recv().is_ok();
        assert!(
            // WebAssembly has no clock, and no thread that could call the waker later.
            woken || (!cfg!(target_family = "wasm") && calls.recv_timeout(PATIENCE).is_ok()),
            "no wake-up for {PATIENCE:?} after `Pending`: a type that returns `Pending` must call the waker of the \
             last poll when it can make progress"
        );
    }
}
