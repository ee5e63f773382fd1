//! io-shim's traits: what they provide, what forwards them, and that both families have the same methods.

mod delegate;
mod forwarding;
mod provided_methods;
mod sync_and_async;
