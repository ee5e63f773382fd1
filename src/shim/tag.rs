//! The tags: which ecosystem a type inside a shim is of, and as whose type the shim shows itself.

use std::fmt;

/// Says whose I/O traits the type inside a [`Shim`](crate::Shim) has.
///
/// Sealed: an ecosystem is a file of this crate.
///
/// # Examples
///
/// ```
/// use io_shim::{Ecosystem, Shim};
///
/// /// What is inside, of whatever ecosystem.
/// fn inside<T, E: Ecosystem>(shim: Shim<T, E>) -> T {
///     shim.into_inner()
/// }
/// # assert_eq!(inside(Shim::from_tokio(7)), 7);
/// ```
pub trait Ecosystem: sealed::Ecosystem {}

impl<E: sealed::Ecosystem> Ecosystem for E {}

#[allow(unreachable_pub, reason = "traits that are public in a private place are what seals")]
pub(crate) mod sealed {
    use super::fmt;

    pub trait Ecosystem: 'static {
        /// What the conversion remembers between calls. A clone of it has its settings and nothing of what it learned.
        type State: Default + Clone + fmt::Debug + Send + Sync + Unpin + 'static;

        /// Forgets a seek that was started and not completed.
        #[inline]
        fn forget_seek(_state: &mut Self::State) {}

        /// Forgets what the type inside is waited for: it may be exchanged for another.
        #[inline]
        fn forget_waiting(_state: &mut Self::State) {}
    }

    pub trait Buffering: 'static {}

    pub trait View {}
}

/// The tag of types that have io-shim's own traits: yours, made with [`Shim::new`](crate::Shim::new).
///
/// # Examples
///
/// ```
/// use io_shim::{Native, Shim};
///
/// struct Mine; // has `AsyncReadBuf`, say
///
/// let shim: Shim<Mine, Native> = Shim::new(Mine); // or `Shim<Mine>`
/// ```
// It is here and not in its ecosystem's file because it is the default of `Shim`.
#[derive(Clone, Copy, Debug)]
pub enum Native {}

/// In an ecosystem's tag: reads call the reading trait of the type inside.
#[derive(Clone, Copy, Debug)]
pub enum Unbuffered {}

/// In an ecosystem's tag: the type inside has a buffer, from which reads copy, so that nothing is zeroed.
#[derive(Clone, Copy, Debug)]
pub enum Buffered {}

impl sealed::Buffering for Unbuffered {}
impl sealed::Buffering for Buffered {}

/// The view of a shim that is, at once, a type of every ecosystem for which its type will do: the default.
///
/// # Examples
///
/// ```
/// use io_shim::{Every, Shim};
///
/// let narrow = Shim::from_tokio(tokio::io::empty()).for_futures();
/// let wide = narrow.only::<Every>(); // tokio's and hyper's type, too, again
/// # fn reads(_: impl tokio::io::AsyncRead) {}
/// # reads(wide);
/// ```
#[derive(Clone, Copy, Debug)]
pub enum Every {}

/// As whose type a [`Shim`](crate::Shim) shows itself: [`Every`], or the tag of one ecosystem. Sealed.
pub trait View: sealed::View {}

impl<V: sealed::View> View for V {}

/// Views in which a shim is a type of the ecosystem `X`. Sealed.
///
/// # Examples
///
/// ```
/// use io_shim::{Includes, Shim, Tokio};
///
/// /// Takes a shim as a type of tokio's, narrowed to that or not.
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
