//! The constructors whose feature is not enabled, which say so when they are called.
//!
//! The compiler knows of types that a feature hides, and names it; of functions it does not. In the documentation they are
//! not there.

macro_rules! missing {
    ($(#[cfg($here:meta)] $($constructor:ident)*: $feature:ident, $message:literal, $advice:literal;)*) => {$(
        #[cfg(all($here, not(doc)))]
        #[diagnostic::on_unimplemented(message = $message, label = "not without the feature", note = $advice)]
        #[allow(unreachable_pub, reason = "no type has it, and nobody can give it to one")]
        pub trait $feature {}

        #[cfg(all($here, not(doc)))]
        impl<T> crate::shim::Shim<T> {$(
            #[doc(hidden)]
            #[allow(missing_docs, reason = "hidden; calling it is an error that says what to do")]
            pub fn $constructor(io: T) -> Self
            where
                T: $feature,
            {
                Self::wrap(io)
            }
        )*}
    )*};
}

missing! {
    #[cfg(not(feature = "tokio"))]
    from_tokio: FeatureTokio,
        "`Shim::from_tokio` needs io-shim's feature `tokio`",
        "enable it where Cargo.toml depends on io-shim: `features = [\"tokio\"]`";
    #[cfg(not(feature = "futures"))]
    from_futures from_futures_buf: FeatureFutures,
        "`Shim::from_futures` and `from_futures_buf` need io-shim's feature `futures`",
        "enable it where Cargo.toml depends on io-shim: `features = [\"futures\"]`";
    #[cfg(not(feature = "hyper"))]
    from_hyper: FeatureHyper,
        "`Shim::from_hyper` needs io-shim's feature `hyper`",
        "enable it where Cargo.toml depends on io-shim: `features = [\"hyper\"]`";
    #[cfg(not(feature = "smol"))]
    from_smol: FeatureSmol,
        "`Shim::from_smol` needs io-shim's feature `smol`",
        "enable it where Cargo.toml depends on io-shim: `features = [\"smol\"]`; without it, `Shim::from_futures` \
         takes smol's types, too";
    #[cfg(not(feature = "stream"))]
    from_stream from_sink: FeatureStream,
        "`Shim::from_stream` and `from_sink` need io-shim's feature `stream`",
        "enable it where Cargo.toml depends on io-shim: `features = [\"stream\"]`";
    #[cfg(not(all(feature = "fd", unix)))]
    from_fd: FeatureFd,
        "`Shim::from_fd` needs io-shim's feature `fd`, and Unix",
        "enable it where Cargo.toml depends on io-shim: `features = [\"fd\"]`; without it, `Shim::from_std` takes \
         std's types, too";
}
