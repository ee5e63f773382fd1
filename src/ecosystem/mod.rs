//! One file per ecosystem: its tag, its constructors, and its impls in both directions.
//!
//! A file here uses `shim`, `traits`, `buf` and its own foreign crate, but no other ecosystem.

mod bounds;
#[cfg(feature = "futures")]
mod futures;
#[cfg(feature = "hyper")]
mod hyper;
mod missing;
mod native;
#[cfg(feature = "smol")]
mod smol;
mod std;
#[cfg(feature = "tokio")]
mod tokio;

pub use self::std::{AllowStd, Std, StdBuf};
#[cfg(all(feature = "fd", unix))]
pub use self::std::{Fd, FdSource};
#[cfg(feature = "futures")]
pub use futures::{Futures, FuturesBuf};
#[cfg(feature = "hyper")]
pub use hyper::{Hyper, with_hyper_cursor};
#[cfg(all(feature = "smol", unix))]
pub use smol::SmolUnixStream;
#[cfg(feature = "smol")]
pub use smol::{Smol, SmolSocket, SmolTcpStream};
#[cfg(feature = "tokio")]
pub use tokio::{Tokio, with_tokio_cursor};

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
