//! Readers and writers that break their contracts, to be put inside a wrapper, and what must hold all the same.
//!
//! Each suite makes the wrapper around a hostile type, once per fault and per way to call it, and checks that
//!
//! * what the caller's buffer held before is as it was, and nothing of another buffer appears in it,
//! * no count exceeds what was offered,
//! * what counts as filled is initialised (for a memory checker to see),
//! * data that was honestly delivered arrives as it was,
//!
//! whatever else happens. It returns what the caller saw, as [`Report`]s: a panic of the type inside, for one, may pass
//! through or be caught by a wrapper, and both are fine. A fault happens at the first call; after it, the type behaves and
//! delivers [`AFTER`]. Whether that arrives is in the report, too.

mod buf_read;
mod read;
mod reader;
mod seek;
mod write;
mod writer;

use std::fmt;
use std::format;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::string::{String, ToString};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::vec::Vec;

pub use buf_read::{BufReadFault, HostileBufRead, buf_read};
pub use read::read;
pub use reader::{HostileReader, ReadFault};
pub use seek::{HostileSeek, SeekFault, seek};
pub use write::write;
pub use writer::{HostileWriter, WriteFault};

use super::drive::Alarm;
use crate::buf::ContractViolation;

/// What a hostile type delivers once its fault is behind it.
pub const AFTER: &[u8] = b"after";

/// The byte that an honest first read is made of.
const DATA: u8 = b'd';
/// The byte that fills memory which no caller lent: must never be seen.
const FOREIGN: u8 = 0xEE;

/// The traits by which a hostile type is called: not every fault can be expressed in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// tokio's traits.
    Tokio,
    /// The traits of futures-io.
    Futures,
    /// hyper's traits.
    Hyper,
    /// io-shim's traits.
    IoShim,
}

/// What a caller saw of a fault.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// The fault, in words.
    pub fault: &'static str,
    /// How the wrapper was called.
    pub call: &'static str,
    /// The outcome of the call.
    pub seen: Seen,
    /// Whether what the type delivered afterwards arrived.
    pub recovered: bool,
}

/// The outcome of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Seen {
    /// Ready, with a count of bytes, or a position; 0 for calls without either.
    Ready(usize),
    /// The contract violation that the error carries.
    Violation(ContractViolation),
    /// Another error.
    Error(io::ErrorKind),
    /// Not ready, and whether a wake-up came of it.
    Pending {
        /// Whether the waker was called.
        woken: bool,
    },
    /// A panic.
    Panic,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: String = match self {
            Seen::Ready(0) => "0 bytes".to_string(),
            Seen::Ready(1) => "1 byte".to_string(),
            Seen::Ready(usize::MAX) => "`usize::MAX` bytes".to_string(),
            Seen::Ready(n) => format!("{n} bytes"),
            Seen::Violation(ContractViolation::ReadTooMuch { .. }) => "`ReadTooMuch`".to_string(),
            Seen::Violation(ContractViolation::WroteTooMuch { .. }) => "`WroteTooMuch`".to_string(),
            Seen::Violation(ContractViolation::BufferReplaced) => "`BufferReplaced`".to_string(),
            Seen::Error(kind) => format!("its error `{kind:?}`"),
            Seen::Pending { woken: true } => "`Pending`, woken".to_string(),
            Seen::Pending { woken: false } => "`Pending`, not woken".to_string(),
            #[cfg(feature = "stream")]
            Seen::Violation(ContractViolation::InconsistentBuf) => "`InconsistentBuf`".to_string(),
            Seen::Panic => "its panic".to_string(),
        };
        f.write_str(&text)
    }
}

/// Polls once and says what came of it. Waits for a wake-up after `Pending` where one is due.
fn see(wakes: bool, poll: impl FnOnce(&mut Context<'_>) -> Poll<io::Result<usize>>) -> Seen {
    let alarm = Alarm::new();
    let waker = Waker::from(Arc::clone(&alarm));
    match catch_unwind(AssertUnwindSafe(|| poll(&mut Context::from_waker(&waker)))) {
        Ok(Poll::Ready(Ok(n))) => Seen::Ready(n),
        Ok(Poll::Ready(Err(error))) => {
            ContractViolation::of(&error).map_or(Seen::Error(error.kind()), |violation| Seen::Violation(*violation))
        }
        Ok(Poll::Pending) => Seen::Pending { woken: if wakes { alarm.wait(0) } else { alarm.calls() > 0 } },
        Err(_) => Seen::Panic,
    }
}

/// What a hostile type does to the waker before it is not ready.
fn provoke(wakes: Wakes, cx: &Context<'_>, kept: &mut Vec<Waker>) {
    match wakes {
        Wakes::Never => {}
        Wakes::Once => cx.waker().wake_by_ref(),
        Wakes::Often => (0..1000).for_each(|_| cx.waker().wake_by_ref()),
        Wakes::FromAnotherThread => {
            let waker = cx.waker().clone();
            std::thread::spawn(move || waker.wake());
        }
        Wakes::ByClones => {
            kept.extend((0..10).map(|_| cx.waker().clone()));
            kept.iter().for_each(Waker::wake_by_ref);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wakes {
    Never,
    Once,
    Often,
    FromAnotherThread,
    ByClones,
}

/// How many hostile calls were made: a suite that no call reached has shown nothing.
#[derive(Clone, Debug, Default)]
struct Calls(Arc<AtomicUsize>);

impl Calls {
    /// Counts one more and gives how many there were before.
    fn next(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst)
    }

    fn made(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// The panic of a hostile type. It does not call the panic hook: the noise would bury a real failure.
fn panic_quietly() -> ! {
    std::panic::resume_unwind(std::boxed::Box::new("a hostile panic"))
}
