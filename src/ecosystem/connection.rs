//! hyper-util's `Connection`, which its pooled client needs of each connection.
//!
//! A single impl for all tags would be in conflict with the one for smol's sockets: hyper-util may
//! implement its trait for `Arc` one day.

use hyper_util::client::legacy::connect::{Connected, Connection};

#[cfg(feature = "futures")]
use super::futures::Futures;
use super::hyper::Hyper;
use super::std::AllowStd;
#[cfg(feature = "tokio")]
use super::tokio::Tokio;
use crate::shim::{Native, Shim};

macro_rules! forward {
    ($($(#[$feature:meta])? $tag:ty $([$generic:ident])?;)*) => {$(
        $(#[$feature])?
        impl<T: Connection, V $(, $generic: crate::shim::sealed::Buffering)?> Connection for Shim<T, $tag, V> {
            fn connected(&self) -> Connected {
                self.get_ref().connected()
            }
        }
    )*};
}

forward! {
    Native;
    AllowStd;
    Hyper;
    #[cfg(feature = "futures")]
    Futures<B> [B];
    #[cfg(feature = "tokio")]
    Tokio;
}

/// Reports nothing about the connection.
#[cfg(feature = "smol")]
impl<S: super::smol::SmolSocket, V> Connection for Shim<std::sync::Arc<async_io::Async<S>>, super::smol::Smol<S>, V> {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}
