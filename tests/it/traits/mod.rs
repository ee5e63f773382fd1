//! io-shim's traits: provided methods, forwarding, and the match of the synchronous and
//! asynchronous traits.

mod delegate;
mod forwarding;
mod provided_methods;
mod sync_and_async;
