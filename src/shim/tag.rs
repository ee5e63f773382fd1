//! Tags: the ecosystem of a shim's inner type, and the ecosystems whose traits the shim implements.

use std::fmt;

/// The ecosystem whose I/O traits the inner type of a [`Shim`](crate::Shim) implements.
///
/// This trait is sealed: the ecosystems are those that the crate supports.
///
/// # Examples
///
/// ```
/// use io_shim::{Ecosystem, Shim};
///
/// /// Unwraps a shim of any ecosystem.
/// fn inside<T, E: Ecosystem>(shim: Shim<T, E>) -> T {
///     shim.into_inner()
/// }
/// # assert_eq!(inside(Shim::from_tokio(7)), 7);
/// ```
pub trait Ecosystem: sealed::Ecosystem {}

impl<E: sealed::Ecosystem> Ecosystem for E {}

#[allow(unreachable_pub, reason = "sealed traits must be public in a private module")]
pub(crate) mod sealed {
    use super::fmt;

    pub trait Ecosystem: 'static {
        /// The state of a conversion between calls. A clone keeps the settings and starts without
        /// what was learned.
        type State: Default + Clone + fmt::Debug + Send + Sync + Unpin + 'static;

        /// Forgets what the inner type is waiting for, because it may be replaced.
        #[inline]
        fn forget_waiting(_state: &mut Self::State) {}
    }

    pub trait Buffering: 'static {}

    pub trait View {}
}

/// The tag of types that implement io-shim's own traits, made with [`Shim::new`](crate::Shim::new).
///
/// # Examples
///
/// ```
/// use io_shim::{Native, Shim};
///
/// struct Mine; // implements `AsyncReadBuf`, for example
///
/// let shim: Shim<Mine, Native> = Shim::new(Mine); // or `Shim<Mine>`
/// ```
// Defined here, and not in its ecosystem's file, because it is the default of `Shim`.
#[derive(Clone, Copy, Debug)]
pub enum Native {}

/// In an ecosystem's tag: reads call the reading trait of the inner type.
#[derive(Clone, Copy, Debug)]
pub enum Unbuffered {}

/// In an ecosystem's tag: reads copy from the buffer of the inner type, so nothing is zeroed.
#[derive(Clone, Copy, Debug)]
pub enum Buffered {}

impl sealed::Buffering for Unbuffered {}
impl sealed::Buffering for Buffered {}

/// The default view: the shim implements the traits of every ecosystem that its inner type
/// supports.
///
/// # Examples
///
/// ```
/// use io_shim::{Every, Shim};
///
/// let narrow = Shim::from_tokio(tokio::io::empty()).for_futures();
/// let wide = narrow.only::<Every>(); // implements the traits of tokio and hyper again
/// # fn reads(_: impl tokio::io::AsyncRead) {}
/// # reads(wide);
/// ```
#[derive(Clone, Copy, Debug)]
pub enum Every {}

/// Selects whose traits a [`Shim`](crate::Shim) implements: [`Every`], or the tag of one ecosystem.
///
/// This trait is sealed.
pub trait View: sealed::View {}

impl<V: sealed::View> View for V {}

/// Views in which a shim implements the traits of the ecosystem `X`.
///
/// This trait is sealed.
///
/// # Examples
///
/// ```
/// use io_shim::{Includes, Shim, Tokio};
///
/// /// Takes a shim with tokio's traits, narrowed to them or not.
/// fn reads<T: tokio::io::AsyncRead, V: Includes<Tokio>>(shim: Shim<T, Tokio, V>) -> impl tokio::io::AsyncRead {
///     shim
/// }
/// # let _ = (reads(Shim::from_tokio(tokio::io::empty())), reads(Shim::from_tokio(tokio::io::empty()).for_tokio()));
/// ```
#[diagnostic::on_unimplemented(
    message = "this shim was narrowed to `{Self}`, so it does not implement the traits of `{X}`",
    note = "`shim.only::<{X}>()` narrows it to `{X}` instead, and `shim.only::<io_shim::Every>()` undoes the narrowing"
)]
pub trait Includes<X: Ecosystem>: View {}

impl sealed::View for Every {}
impl sealed::View for Native {}

impl<X: Ecosystem> Includes<X> for Every {}
impl<X: Ecosystem + View> Includes<X> for X {}
