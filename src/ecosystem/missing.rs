//! Stand-ins for the functions of features that are not enabled. Calling one is an error that names
//! the feature.
//!
//! The compiler names the feature of a type that is missing, but not that of a function. The
//! documentation has none of the stand-ins.

/// Declares, for each feature, the constructors and then the methods that it would add to `Shim`.
///
/// They return any type the caller likes, so that the compiler reports nothing about the result.
macro_rules! missing {
    ($(#[cfg($here:meta)] $feature:ident($($constructor:ident)*; $($method:ident)*): $message:literal, $advice:literal;)*) => {$(
        #[cfg(all($here, not(doc)))]
        #[diagnostic::on_unimplemented(message = $message, label = "this feature is not enabled", note = $advice)]
        #[allow(unreachable_pub, reason = "no type implements it")]
        pub trait $feature {}

        #[cfg(all($here, not(doc)))]
        impl<T> crate::shim::Shim<T> {$(
            #[doc(hidden)]
            pub fn $constructor<R>(_: T) -> R
            where
                T: $feature,
            {
                unreachable!()
            }
        )*}

        #[cfg(all($here, not(doc)))]
        impl<T, E: crate::shim::Ecosystem, V> crate::shim::Shim<T, E, V> {$(
            #[doc(hidden)]
            pub fn $method<R>(self) -> R
            where
                T: $feature,
            {
                unreachable!()
            }
        )*}
    )*};
}

missing! {
    #[cfg(not(feature = "tokio"))]
    FeatureTokio(from_tokio; for_tokio):
        "`Shim::from_tokio` and `for_tokio` need io-shim's feature `tokio`",
        "add it to io-shim's entry in Cargo.toml: `features = [\"tokio\"]`";
    #[cfg(not(feature = "futures"))]
    FeatureFutures(from_futures from_futures_buf; for_futures):
        "`Shim::from_futures`, `from_futures_buf` and `for_futures` need io-shim's feature `futures`",
        "add it to io-shim's entry in Cargo.toml: `features = [\"futures\"]`";
    #[cfg(not(feature = "hyper"))]
    FeatureHyper(from_hyper; for_hyper):
        "`Shim::from_hyper` and `for_hyper` need io-shim's feature `hyper`",
        "add it to io-shim's entry in Cargo.toml: `features = [\"hyper\"]`";
    #[cfg(not(feature = "smol"))]
    FeatureSmol(from_smol;):
        "`Shim::from_smol` needs io-shim's feature `smol`",
        "add it to io-shim's entry in Cargo.toml: `features = [\"smol\"]`; without it, `Shim::from_futures` takes smol's types, too";
    #[cfg(not(feature = "stream"))]
    FeatureStream(from_stream from_sink from_stream_sink; into_byte_stream into_byte_sink):
        "`Shim::from_stream`, `from_sink`, `from_stream_sink`, `into_byte_stream` and `into_byte_sink` need io-shim's feature `stream`",
        "add it to io-shim's entry in Cargo.toml: `features = [\"stream\"]`";
    #[cfg(not(all(feature = "fd", unix)))]
    FeatureFd(from_fd;):
        "`Shim::from_fd` needs io-shim's feature `fd`, and Unix",
        "add it to io-shim's entry in Cargo.toml: `features = [\"fd\"]`; without it, `Shim::from_std` takes std's types, too";
}
