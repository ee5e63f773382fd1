//! The peers: the adapters that are compared.

use io_shim::{Offer, Shim};
use tokio_util::compat::FuturesAsyncReadCompatExt as _;

/// An adapter between a futures-io reader and a tokio consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// No adapter: the reader implements tokio's trait and writes into uninitialized memory.
    Native,
    /// io-shim with its default offer.
    Predicted,
    /// io-shim with a bounce buffer of 64 KiB.
    Bounce,
    /// io-shim with `Offer::Whole`.
    Whole,
    /// `tokio_util::compat::Compat`.
    TokioUtil,
    /// `async_compat::Compat`.
    AsyncCompat,
    /// No adapter: futures' own `read_to_end` in place of tokio's.
    FuturesOwn,
}

impl Peer {
    /// The native peer and all adapters.
    pub(crate) const ALL: [Peer; 6] =
        [Peer::Native, Peer::Predicted, Peer::Bounce, Peer::Whole, Peer::TokioUtil, Peer::AsyncCompat];

    /// Returns its name in a table.
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

/// A reader with the traits of both tokio and futures-io.
pub(crate) trait Both: tokio::io::AsyncRead + futures::io::AsyncRead + Unpin + 'static {}

impl<T: tokio::io::AsyncRead + futures::io::AsyncRead + Unpin + 'static> Both for T {}

/// An operation on a tokio reader of any type.
pub(crate) trait Job {
    /// What it returns.
    type Output;

    /// Runs it.
    fn run<R: tokio::io::AsyncRead + Unpin + 'static>(self, reader: R) -> Self::Output;
}

/// Runs `job` on `source`, converted by `peer`.
///
/// # Panics
///
/// Panics if `peer` is futures' own function, which converts nothing.
pub(crate) fn run<S: Both, J: Job>(peer: Peer, source: S, job: J) -> J::Output {
    let shim = |source, offer| Shim::from_futures(source).with_offer(offer).for_tokio();
    match peer {
        Peer::Native => job.run(source),
        Peer::Predicted => job.run(shim(source, Offer::Predicted)),
        Peer::Bounce => job.run(shim(source, Offer::bounce(65_536))),
        Peer::Whole => job.run(shim(source, Offer::Whole)),
        Peer::TokioUtil => job.run(source.compat()),
        Peer::AsyncCompat => job.run(async_compat::Compat::new(source)),
        Peer::FuturesOwn => panic!("futures' own functions convert nothing"),
    }
}
