//! Traits of io-shim that stand for an ecosystem's traits, so that the compiler's messages are
//! io-shim's own.

/// Declares a trait for each foreign trait that an inner type must implement.
///
/// Each line has the trait's name, the foreign trait, the message, the label, and notes if the
/// standard two do not fit. A type implements the declared trait if it implements the foreign one.
///
/// * If io-shim's impls were bound by the foreign trait, the compiler would say that it is missing
///   and list unrelated types. Only a trait of this crate can have a message of this crate.
/// * Without `do_not_recommend`, the compiler would look through the blanket impl and name the
///   foreign trait again.
/// * The names are hidden but public: the compiler suggests them as bounds of type parameters.
///   rustdoc sees re-exports of the foreign traits.
macro_rules! bounds {
    ($($name:ident: $foreign:path, $message:literal, $missing:literal $(, $advice:literal)*;)*) => {
        #[allow(unreachable_pub, unused_imports, reason = "re-exported by the crate, except for rustdoc")]
        pub mod bounds {$(
            #[cfg(doc)]
            pub use $foreign as $name;

            crate::ecosystem::bounds::bounds!(@declare $name: $foreign, $message, $missing $(, $advice)*);
        )*}
    };
    (@declare $name:ident: $foreign:path, $message:literal, $missing:literal) => {
        crate::ecosystem::bounds::bounds!(
            @declare $name: $foreign, $message, $missing,
            "choose the constructor by the traits that the type implements: `Shim::from_tokio` for tokio's, `from_futures` for \
             futures-io's (smol, async-std), `from_hyper` for hyper's, `from_std` or `allow_std` for std's, `Shim::new` for \
             io-shim's own",
            "a pointer implements the trait only if its target does and is `Unpin`; a wrapper such as `BufReader` only if the \
             type inside does"
        );
    };
    (@declare $name:ident: $foreign:path, $message:literal, $missing:literal $(, $advice:literal)+) => {
        #[cfg(not(doc))]
        #[diagnostic::on_unimplemented(message = $message, label = $missing $(, note = $advice)+)]
        #[allow(missing_docs, reason = "hidden; the message explains it")]
        pub trait $name: $foreign {}

        #[cfg(not(doc))]
        #[diagnostic::do_not_recommend]
        impl<T: $foreign + ?Sized> $name for T {}
    };
}
pub(super) use bounds;
