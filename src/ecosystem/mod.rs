//! One file per ecosystem: its tag, its constructors, and its impls in both directions.
//!
//! A file here uses `shim`, `traits`, `buf` and its own foreign crate, but no other ecosystem.

mod bounds;
#[cfg(feature = "hyper-util")]
mod connection;
#[cfg(feature = "futures")]
pub(crate) mod futures;
#[cfg(feature = "hyper")]
pub(crate) mod hyper;
mod missing;
mod native;
#[cfg(feature = "smol")]
pub(crate) mod smol;
pub(crate) mod std;
#[cfg(feature = "tokio")]
pub(crate) mod tokio;

/// Aliases of foreign traits, which compiler messages name.
#[doc(hidden)]
pub mod named {
    #[cfg(feature = "futures")]
    pub use super::futures::bounds::*;
    #[cfg(feature = "hyper")]
    pub use super::hyper::bounds::*;
    #[cfg(feature = "smol")]
    pub use super::smol::bounds::*;
    pub use super::std::bounds::*;
    #[cfg(feature = "tokio")]
    pub use super::tokio::bounds::*;
}
