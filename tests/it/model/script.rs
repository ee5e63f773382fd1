//! Scripts: bytes, read as records of four, that encode a case.
//!
//! The property tests and the fuzz targets use the same scripts, so that a finding of one can be
//! run by the other. Records have a fixed length, so that removing one leaves the others unchanged:
//! failing scripts shrink well.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, LazyLock, Once};
use std::task::{Wake, Waker};
use std::{cell::Cell, sync::atomic};

pub type Record = [u8; 4];

/// Returns the records of a script. Remaining bytes are ignored.
pub fn records(bytes: &[u8]) -> Vec<Record> {
    bytes.chunks_exact(4).map(|chunk| [chunk[0], chunk[1], chunk[2], chunk[3]]).collect()
}

/// Returns a size between 0 and 128 KiB that two bytes encode; small ones are likelier.
pub fn size(high: u8, low: u8) -> usize {
    let n = usize::from(high >> 3) << 8 | usize::from(low);
    match high & 7 {
        0..=2 => n % 64,
        3 => n % 1024,
        4 | 5 => n,
        // Near the sizes at which conversions change their behaviour.
        6 => [512, 2 * 1024, 8 * 1024, 16 * 1024][n % 4] + n / 4 % 5 - 2,
        _ => (n + 1) * 16,
    }
}

/// The value of memory before any write. Only the tests write it, at the start.
pub const SENTINEL: u8 = 0xA5;
/// What readers write to memory that they do not fill.
pub const SCRIBBLE: u8 = 0x5A;

/// The data: byte `i` is data number `i`. It contains no zero, no [`SENTINEL`] and no [`SCRIBBLE`].
pub fn data() -> &'static [u8] {
    static DATA: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let avoided = |byte: &u8| ![0, SENTINEL, SCRIBBLE].contains(byte);
        std::iter::repeat_with(&mut next).filter(avoided).take(1 << 20).collect()
    });
    &DATA
}

/// A waker that remembers whether it was called.
#[derive(Default)]
pub struct Woken(atomic::AtomicBool);

impl Woken {
    pub fn new() -> (Arc<Self>, Waker) {
        let woken = Arc::new(Woken::default());
        (Arc::clone(&woken), Waker::from(woken))
    }

    /// Returns whether it was called since the last `take`.
    pub fn take(&self) -> bool {
        self.0.swap(false, atomic::Ordering::Relaxed)
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, atomic::Ordering::Relaxed);
    }
}

/// Returns whether `f` panics. Prints nothing to standard error, and hides the panic from a fuzzer.
pub fn panics<R>(f: impl FnOnce() -> R) -> bool {
    thread_local!(static EXPECTED: Cell<bool> = const { Cell::new(false) });
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !EXPECTED.get() {
                hook(info);
            }
        }));
    });
    EXPECTED.set(true);
    let result = panic::catch_unwind(AssertUnwindSafe(f));
    EXPECTED.set(false);
    result.is_err()
}
