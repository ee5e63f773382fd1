//! The peers that are compared.

/// An adapter between a stream of smol or futures-io, and hyper or tokio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// No adapter: written by hand for the traits, reading into uninitialized memory.
    Native,
    /// `Shim::from_smol`.
    Smol,
    /// `Shim::from_futures`.
    Futures,
    /// `smol_hyper::rt::FuturesIo`.
    SmolHyper,
    /// tokio-util's `compat`; for hyper within `hyper_util::rt::TokioIo`.
    Compat,
}

impl Peer {
    /// Returns its name in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Peer::Native => "native",
            Peer::Smol => "Shim::from_smol",
            Peer::Futures => "Shim::from_futures",
            Peer::SmolHyper => "smol-hyper",
            Peer::Compat => "tokio-util Compat",
        }
    }
}
