//! Suites for anyone's readers and writers: what a contract asks, and what must hold when it is broken.
//!
//! [`conformance`] runs a reader or writer through everything that io-shim's contracts promise. [`hostile`] puts a reader or
//! writer that breaks its contract *inside* a wrapper, and checks that the wrapper does no harm. A type of another
//! ecosystem is wrapped in a [`Shim`](crate::Shim) first, which adds nothing of its own:
//!
//! ```
//! use io_shim::{Shim, testing::conformance};
//!
//! // A reader is made anew, over given data, for each check.
//! conformance::read(|data| Shim::new(std::io::Cursor::new(data.to_vec())));
//! conformance::write(|| Vec::new(), |written| written);
//! ```
//!
//! A suite panics with the name of the check that failed. Run it under MemorySanitizer or valgrind, and it also shows that
//! what is said to be initialised is: every such byte is looked at.

pub mod conformance;
mod drive;
pub mod hostile;
