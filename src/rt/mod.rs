//! What programs need around their streams to run the libraries of one executor on another.
//!
//! | hyper asks for | on any executor | on smol |
//! |---|---|---|
//! | `hyper::rt::Executor`, for HTTP/2 | [`HyperExecutor`] over its `spawn` | the same |
//! | `hyper::rt::Timer`, for time-outs and keep-alive | | [`SmolTimer`] |

#[cfg(feature = "tokio")]
mod context;
#[cfg(feature = "tokio")]
mod embedded;
#[cfg(feature = "hyper")]
mod executor;
#[cfg(all(feature = "hyper", feature = "smol"))]
mod timer;

#[cfg(feature = "tokio")]
pub use context::TokioContext;
#[cfg(feature = "tokio")]
pub use embedded::Embedded;
#[cfg(feature = "hyper")]
pub use executor::HyperExecutor;
#[cfg(all(feature = "hyper", feature = "smol"))]
pub use timer::SmolTimer;
