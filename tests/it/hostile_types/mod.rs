//! Readers, writers and seekers that break their contracts, and suites that put them inside a
//! wrapper.
//!
//! Each suite makes the wrapper once per fault and per kind of call. It checks that
//!
//! * the bytes that the caller's buffer held before are unchanged, and no byte of another buffer
//!   appears in it,
//! * no count exceeds what was offered,
//! * every byte that counts as filled is initialized (a memory checker looks at this),
//! * data that the inner type delivered correctly arrives unchanged.
//!
//! Anything else may happen. For example, a wrapper may catch a panic of the inner type or let it
//! pass. A suite returns what the caller saw, as [`Report`]s.
//!
//! The fault happens at the first call. After it, the type behaves correctly and delivers
//! [`AFTER`]; the report says whether that arrives.

mod buf_read;
mod read;
mod reader;
mod seek;
mod write;
mod writer;

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use io_shim::ContractViolation;

pub use buf_read::{BufReadFault, buf_read};
pub use read::read;
pub use reader::{HostileReader, ReadFault};
pub use seek::{SeekFault, seek};
pub use write::write;
pub use writer::WriteFault;

/// What a hostile type delivers after its fault.
pub const AFTER: &[u8] = b"after";

/// Every byte of a correct first read.
const DATA: u8 = b'd';
/// Every byte of memory that is not the caller's. A caller must never see it.
const FOREIGN: u8 = 0xEE;
/// How long a wake-up may take before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(20);

/// The traits through which a hostile type is called. Not every set of traits can express every
/// fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Tokio,
    Futures,
    Hyper,
    IoShim,
}

/// What a caller saw of a fault.
#[derive(Clone, Debug)]
pub struct Report {
    /// The fault, in words.
    pub fault: &'static str,
    /// How the wrapper was called, in words.
    pub call: &'static str,
    pub seen: Seen,
    /// Whether what the type delivered after the fault arrived.
    pub recovered: bool,
}

/// The outcome of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A count of bytes; 0 for calls that return none.
    Ready(usize),
    /// The position that a seek reached.
    Position(usize),
    Violation(ContractViolation),
    Error(io::ErrorKind),
    Pending {
        woken: bool,
    },
    Panic,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Seen::Ready(1) => f.write_str("1 byte"),
            Seen::Ready(usize::MAX) => f.write_str("`usize::MAX` bytes"),
            Seen::Ready(n) => write!(f, "{n} bytes"),
            Seen::Position(usize::MAX) => f.write_str("position `u64::MAX`"),
            Seen::Position(n) => write!(f, "position {n}"),
            Seen::Violation(ContractViolation::ReadTooMuch { .. }) => f.write_str("`ReadTooMuch`"),
            Seen::Violation(ContractViolation::WroteTooMuch { .. }) => f.write_str("`WroteTooMuch`"),
            Seen::Violation(other) => write!(f, "`{other:?}`"),
            Seen::Error(kind) => write!(f, "the inner error `{kind:?}`"),
            Seen::Pending { woken: true } => f.write_str("`Pending`, woken"),
            Seen::Pending { woken: false } => f.write_str("`Pending`, not woken"),
            Seen::Panic => f.write_str("the inner panic"),
        }
    }
}

/// Polls once and returns the outcome. If `wakes`, waits for the wake-up after `Pending`.
fn see(wakes: bool, poll: impl FnOnce(&mut Context<'_>) -> Poll<io::Result<usize>>) -> Seen {
    let alarm = Arc::new(Alarm { thread: thread::current(), calls: Calls::default() });
    let waker = Waker::from(Arc::clone(&alarm));
    match catch_unwind(AssertUnwindSafe(|| poll(&mut Context::from_waker(&waker)))) {
        Ok(Poll::Ready(Ok(n))) => Seen::Ready(n),
        Ok(Poll::Ready(Err(error))) => {
            ContractViolation::of(&error).map_or(Seen::Error(error.kind()), |violation| Seen::Violation(*violation))
        }
        Ok(Poll::Pending) => Seen::Pending { woken: if wakes { alarm.wait() } else { alarm.calls.made() > 0 } },
        Err(_) => Seen::Panic,
    }
}

/// A waker that counts its calls and unparks the thread that made it.
struct Alarm {
    thread: Thread,
    calls: Calls,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.calls.next();
        self.thread.unpark();
    }
}

impl Alarm {
    /// Waits until the waker has been called. Returns false if that takes too long.
    fn wait(&self) -> bool {
        // WebAssembly has neither a clock nor threads.
        if cfg!(target_family = "wasm") {
            return self.calls.made() > 0;
        }
        let end = Instant::now() + PATIENCE;
        while self.calls.made() == 0 {
            let now = Instant::now();
            if now >= end {
                return false;
            }
            thread::park_timeout(end - now);
        }
        true
    }
}

/// What a hostile type does to the waker before it returns `Pending`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wakes {
    Never,
    Once,
    Often,
    FromAnotherThread,
    ByClones,
}

fn provoke(wakes: Wakes, cx: &Context<'_>, kept: &mut Vec<Waker>) {
    match wakes {
        Wakes::Never => {}
        Wakes::Once => cx.waker().wake_by_ref(),
        Wakes::FromAnotherThread if cfg!(target_family = "wasm") => cx.waker().wake_by_ref(),
        Wakes::Often => (0..1000).for_each(|_| cx.waker().wake_by_ref()),
        Wakes::FromAnotherThread => {
            let waker = cx.waker().clone();
            thread::spawn(move || waker.wake());
        }
        Wakes::ByClones => {
            kept.extend((0..10).map(|_| cx.waker().clone()));
            kept.iter().for_each(Waker::wake_by_ref);
        }
    }
}

/// A shared count of calls. A suite whose hostile type is never called has shown nothing.
#[derive(Clone, Debug, Default)]
struct Calls(Arc<AtomicUsize>);

impl Calls {
    /// Counts one more and returns how many there were before.
    fn next(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst)
    }

    fn made(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// Panics without the panic hook: its output would bury that of a real failure.
pub fn panic_quietly() -> ! {
    std::panic::resume_unwind(Box::new("a hostile panic"))
}

/// Defines an enum of faults: each variant with its words for the tables.
macro_rules! faults {
    ($name:ident { $($variant:ident = $text:literal,)* }) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($variant,)*
        }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }
    };
}
use faults;
