// If the feature `full` is on, the README is the front page. Its examples need several features.
// If a page defines a link twice, rustdoc uses the first definition. `links.md` comes before the
// README, so the README's links lead to pages of the documentation instead of files.
#![cfg_attr(all(feature = "full", any(doc, doctest)), doc = include_str!("guide/links.md"))]
#![cfg_attr(all(feature = "full", any(doc, doctest)), doc = include_str!("guide/charts.md"))]
#![cfg_attr(feature = "full", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "full"),
    doc = "Converts between the I/O traits of tokio, of futures-io and of hyper, and wraps readers of your own: see \
           `Shim`. With the feature `full`, this page is the README, and there is a guide."
)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(all(feature = "std", io_shim_std_read_buf), feature(borrowed_buf_init, core_io_borrowed_buf, read_buf))]
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
    not(all(feature = "tokio", feature = "futures")),
    allow(dead_code, unused_imports, unreachable_pub, reason = "items that only a disabled ecosystem uses")
)]

#[cfg(feature = "alloc")]
extern crate alloc;

#[cfg(feature = "std")]
mod access;
mod buf;
#[cfg(feature = "alloc")]
mod coop;
#[cfg(feature = "std")]
mod ecosystem;
#[cfg(all(feature = "full", any(doc, doctest)))]
pub mod guide;
#[cfg(all(feature = "owned", feature = "std"))]
pub mod owned;
#[cfg(feature = "rt")]
pub mod rt;
#[cfg(feature = "std")]
mod shim;
#[cfg(feature = "stream")]
mod stream;
#[cfg(all(unix, any(feature = "smol", feature = "fd")))]
mod sys;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "std")]
mod traits;

#[cfg(feature = "owned")]
pub use buf::TrackedBuf;
#[cfg(feature = "bytes")]
pub use buf::with_buf_mut_cursor;
pub use buf::{BorrowedBuf, BorrowedCursor};
#[cfg(feature = "std")]
pub use buf::{ContractViolation, Offer, SliceFeed};
#[cfg(feature = "alloc")]
pub use buf::{Spare, SpareCapacity, spare};
#[cfg(feature = "futures")]
pub use ecosystem::futures::{Futures, FuturesBuf};
#[cfg(feature = "hyper")]
pub use ecosystem::hyper::{Hyper, with_hyper_cursor};
#[cfg(feature = "std")]
#[doc(hidden)]
pub use ecosystem::named as bounds;
#[cfg(all(feature = "smol", unix))]
pub use ecosystem::smol::SmolUnixStream;
#[cfg(feature = "smol")]
pub use ecosystem::smol::{Smol, SmolSocket, SmolTcpStream};
#[cfg(feature = "std")]
pub use ecosystem::std::{AllowStd, Std, StdBuf};
#[cfg(all(feature = "fd", unix))]
pub use ecosystem::std::{Fd, FdSource};
#[cfg(feature = "tokio")]
pub use ecosystem::tokio::{Tokio, with_tokio_cursor};
#[cfg(feature = "std")]
pub use shim::{Buffered, Ecosystem, Every, Includes, Native, Shim, Unbuffered, View};
#[cfg(feature = "stream")]
pub use stream::{ByteSink, ByteStream, SinkWriter, StreamReader};
#[cfg(feature = "std")]
pub use traits::{AsyncBufRead, AsyncReadBuf, AsyncSeek, AsyncWrite, ReadBuf, WriteVectored};
