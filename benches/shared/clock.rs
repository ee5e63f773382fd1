//! The clock of a thread's CPU time, and what every benchmark does with it.
#![allow(dead_code, reason = "not every benchmark uses all of it")]

use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use rustix::time::{ClockId, clock_gettime};

/// The CPU time that this thread has used, in nanoseconds.
pub(crate) fn cpu() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// How long one look at the clock takes, in nanoseconds.
pub(crate) fn clock_cost() -> f64 {
    static COST: LazyLock<f64> = LazyLock::new(|| {
        let mut costs: Vec<f64> = (0..1001).map(|_| -(cpu() - cpu())).collect();
        quantile(&mut costs, 0.5)
    });
    *COST
}

/// Polls `future` until it is ready, without waiting to be woken.
pub(crate) fn drive<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
}

/// The value below which that share of `values` lies.
pub(crate) fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = share * (values.len() - 1) as f64;
    let (below, above) = (values[at.floor() as usize], values[at.ceil() as usize]);
    below + (above - below) * at.fract()
}
