//! Foreign traits under names of this crate's, so that the compiler's message about a type that lacks one is ours.

/// Declares, for each foreign trait that is asked of a type inside, a trait that every type with the foreign one has: its
/// name, what it stands for, what the compiler says, what it says of the type, and what to do (which constructor fits, if
/// not given).
///
/// Were a lift bound to the foreign trait, the compiler would say that this one is missing and list what in the world has
/// it; only a trait of ours can have a message of ours. The blanket impl is not recommended, since the compiler would look
/// through it and blame the foreign trait again. The names are public, though hidden, since the compiler suggests them as
/// bounds of type parameters. To rustdoc they are the foreign traits themselves.
macro_rules! bounds {
    ($($name:ident: $foreign:path, $message:literal, $missing:literal $(, $advice:literal)*;)*) => {
        #[allow(unreachable_pub, unused_imports, reason = "re-exported by the crate, which rustdoc is not told")]
        pub mod bounds {$(
            #[cfg(doc)]
            pub use $foreign as $name;

            crate::ecosystem::bounds::bounds!(@declare $name: $foreign, $message, $missing $(, $advice)*);
        )*}
    };
    (@declare $name:ident: $foreign:path, $message:literal, $missing:literal) => {
        crate::ecosystem::bounds::bounds!(
            @declare $name: $foreign, $message, $missing,
            "`Shim::from_tokio` takes types of tokio's, `from_futures` of futures-io's (smol, async-std), `from_hyper` of \
             hyper's, `from_std` and `allow_std` of std's, and `Shim::new` of io-shim's",
            "a pointer has the trait only if what it points to has it and is `Unpin`, a `BufReader` or the like only if \
             what it wraps has it"
        );
    };
    (@declare $name:ident: $foreign:path, $message:literal, $missing:literal $(, $advice:literal)+) => {
        #[cfg(not(doc))]
        #[diagnostic::on_unimplemented(message = $message, label = $missing $(, note = $advice)+)]
        #[allow(missing_docs, reason = "hidden; the message says what it is")]
        pub trait $name: $foreign {}

        #[cfg(not(doc))]
        #[diagnostic::do_not_recommend]
        impl<T: $foreign + ?Sized> $name for T {}
    };
}
pub(super) use bounds;
