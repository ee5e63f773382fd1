//! Who is compared.

/// How hyper or tokio come to read from and write to a stream of smol's or of futures-io's traits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// Written by hand for the traits that are asked for, reading into uninitialised memory.
    Native,
    /// `Shim::from_smol`.
    Smol,
    /// `Shim::from_futures`.
    Futures,
    /// `smol_hyper::rt::FuturesIo`.
    SmolHyper,
    /// tokio-util's `compat`, where hyper asks within `hyper_util::rt::TokioIo`.
    Compat,
}

impl Peer {
    /// What it is called in tables.
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

/// The names of `peers`.
pub(crate) fn names(peers: &[Peer]) -> Vec<&'static str> {
    peers.iter().map(|peer| peer.name()).collect()
}

/// The places of those of `peers` that have a target, and their targets.
pub(crate) fn targets(peers: &[Peer], targets: &[(Peer, f64)]) -> Vec<(usize, f64)> {
    let place = |wanted: Peer| peers.iter().position(|&peer| peer == wanted);
    targets.iter().filter_map(|&(peer, most)| Some((place(peer)?, most))).collect()
}
