//! Who converts: the adapters that are compared.

use std::num::NonZeroUsize;

use io_shim::{Offer, Shim};
use tokio_util::compat::FuturesAsyncReadCompatExt as _;

/// The size of the bounce buffer of [`Peer::Bounce`].
pub(crate) const BOUNCE: NonZeroUsize = NonZeroUsize::new(64 << 10).unwrap();

/// A way from a reader to a consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// The reader has tokio's trait itself, and writes into uninitialised memory: what the others are measured against.
    Native,
    /// io-shim, by default.
    Predicted,
    /// io-shim with a bounce buffer of 64 KiB.
    Bounce,
    /// io-shim offering all of the buffer.
    Whole,
    /// `tokio_util::compat::Compat`.
    TokioUtil,
    /// `async_compat::Compat`.
    AsyncCompat,
    /// No conversion: futures' own `read_to_end`, in place of tokio's.
    FuturesOwn,
}

impl Peer {
    /// Those that convert, after the one that need not.
    pub(crate) const ALL: [Peer; 6] =
        [Peer::Native, Peer::Predicted, Peer::Bounce, Peer::Whole, Peer::TokioUtil, Peer::AsyncCompat];

    /// Its name in a table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Peer::Native => "native",
            Peer::Predicted => "io-shim",
            Peer::Bounce => "io-shim, 64K bounce",
            Peer::Whole => "io-shim, whole",
            Peer::TokioUtil => "tokio-util",
            Peer::AsyncCompat => "async-compat",
            Peer::FuturesOwn => "futures' own",
        }
    }
}

/// A reader with the traits of both ecosystems.
pub(crate) trait Both: tokio::io::AsyncRead + futures::io::AsyncRead + Unpin + 'static {}

impl<T: tokio::io::AsyncRead + futures::io::AsyncRead + Unpin + 'static> Both for T {}

/// What is done with a reader of any type.
pub(crate) trait Job {
    /// What comes of it.
    type Output;

    /// Does it.
    fn run<R: tokio::io::AsyncRead + Unpin + 'static>(self, reader: R) -> Self::Output;
}

/// Runs `job` on `source`, converted by `peer`.
///
/// # Panics
///
/// If `peer` is no conversion.
pub(crate) fn run<S: Both, J: Job>(peer: Peer, source: S, job: J) -> J::Output {
    let shim = |source, offer| Shim::from_futures(source).with_offer(offer).for_tokio();
    match peer {
        Peer::Native => job.run(source),
        Peer::Predicted => job.run(shim(source, Offer::Predicted)),
        Peer::Bounce => job.run(shim(source, Offer::Bounce(BOUNCE))),
        Peer::Whole => job.run(shim(source, Offer::Whole)),
        Peer::TokioUtil => job.run(source.compat()),
        Peer::AsyncCompat => job.run(async_compat::Compat::new(source)),
        Peer::FuturesOwn => panic!("futures' own functions convert nothing"),
    }
}
