//! Suites that check a reader or writer against the contracts of io-shim's traits.
//!
//! [`conformance`] calls a reader or writer in every way that the contracts describe. Wrap a type
//! of another ecosystem in a [`Shim`](crate::Shim) first; the shim adds nothing of its own:
//!
//! ```
//! use io_shim::{Shim, testing::conformance};
//!
//! // Each check makes a new reader over given data.
//! conformance::read(|data| Shim::new(std::io::Cursor::new(data.to_vec())));
//! conformance::write(|| Vec::new(), |written| written);
//! ```
//!
//! A suite panics with the name of the check that failed. It looks at every byte that counts as
//! initialized: run it under MemorySanitizer or valgrind to check these bytes, too.

pub mod conformance;
mod drive;
