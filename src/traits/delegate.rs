//! The macro that writes the forwarding methods of a wrapper.

/// Implements methods of an io-shim trait by forwarding them to an inner value.
///
/// Use it inside an `impl` block of a wrapper. It has two forms:
///
/// * `delegate!(Trait: |this| pinned, |this| shared)` forwards **every** method of the trait.
/// * `delegate!(Trait { method, .. }: |this| pinned, |this| shared)` forwards only the listed
///   methods. The wrapper implements the others.
///
/// The first expression turns `Pin<&mut Self>` into `Pin<&mut Inner>`, the second `&Self` into
/// `&Inner`.
///
/// The trait is one of [`AsyncReadBuf`](crate::AsyncReadBuf), [`AsyncWrite`](crate::AsyncWrite),
/// [`AsyncBufRead`](crate::AsyncBufRead) and [`AsyncSeek`](crate::AsyncSeek), written without a
/// path.
///
/// A wrapper that inspects or changes the data implements
/// [`poll_read_into`](crate::AsyncReadBuf::poll_read_into) itself, and forwards only `init_hint`.
/// The default implementations of `poll_read_into_slice` and `poll_read_into_vectored` call
/// `poll_read_into`. If the wrapper forwarded these two, they would not call it, so forwarding them
/// does not compile. `poll_write_vectored` likewise cannot be forwarded without `poll_write`.
///
/// # Examples
///
/// ```
/// use io_shim::{AsyncReadBuf, AsyncWrite, BorrowedCursor, delegate};
/// use std::{io, pin::Pin, task::{Context, Poll}};
///
/// /// Counts the bytes that are read. Writes are forwarded unchanged.
/// #[pin_project::pin_project]
/// struct Counted<T> {
///     #[pin]
///     inner: T,
///     read: usize,
/// }
///
/// impl<T: AsyncReadBuf> AsyncReadBuf for Counted<T> {
///     fn poll_read_into(
///         self: Pin<&mut Self>,
///         cx: &mut Context<'_>,
///         mut cursor: BorrowedCursor<'_>,
///     ) -> Poll<io::Result<()>> {
///         let this = self.project();
///         let poll = this.inner.poll_read_into(cx, cursor.reborrow());
///         *this.read += cursor.written().len();
///         poll
///     }
///
///     delegate!(AsyncReadBuf { init_hint }: |this| this.project().inner, |this| &this.inner);
/// }
///
/// impl<T: AsyncWrite> AsyncWrite for Counted<T> {
///     delegate!(AsyncWrite: |this| this.project().inner, |this| &this.inner);
/// }
/// ```
///
/// If the inner type is `Unpin`, no projection is needed:
///
/// ```
/// use io_shim::{AsyncSeek, delegate};
/// use std::pin::Pin;
///
/// struct Named<T> {
///     inner: T,
///     name: String,
/// }
///
/// impl<T: AsyncSeek + Unpin> AsyncSeek for Named<T> {
///     delegate!(AsyncSeek: |mut this| Pin::new(&mut this.inner), |_| unreachable!());
/// }
/// ```
#[macro_export]
macro_rules! delegate {
    (AsyncReadBuf: $($access:tt)*) => {
        $crate::delegate!(AsyncReadBuf {
            poll_read_into, poll_read_into_slice, poll_read_into_vectored, supports_vectored_reads, init_hint
        }: $($access)*);
    };
    (AsyncWrite: $($access:tt)*) => {
        $crate::delegate!(AsyncWrite {
            poll_write, poll_flush, poll_shutdown, poll_write_vectored, supports_vectored_writes
        }: $($access)*);
    };
    (AsyncBufRead: $($access:tt)*) => {
        $crate::delegate!(AsyncBufRead { poll_fill_buf, consume }: $($access)*);
    };
    (AsyncSeek: $($access:tt)*) => {
        $crate::delegate!(AsyncSeek { poll_seek }: $($access)*);
    };
    ($trait:ident { $($method:ident),* $(,)? }: |$pin:pat_param| $pinned:expr, |$ref:pat_param| $shared:expr $(,)?) => {
        $crate::__delegate!(@own [$($method)*] [$($method)*]);
        // One method at a time: a repetition could not repeat the accessors for each method.
        $crate::__delegate!(@each $trait [$($method)*] [$pin, $pinned] [$ref, $shared]);
    };
    ($($other:tt)*) => {
        ::core::compile_error!(
            "usage: `delegate!(Trait: |this| pinned_inner, |this| shared_inner)` or `delegate!(Trait { method, .. }: ..)`, \
             where `Trait` is `AsyncReadBuf`, `AsyncWrite`, `AsyncBufRead` or `AsyncSeek`"
        );
    };
}

/// The steps of [`delegate!`].
#[doc(hidden)]
#[macro_export]
macro_rules! __delegate {
    // A wrapper that does not forward the basic method has one of its own. No other may go past it.
    (@own [poll_read_into $($rest:ident)*] $all:tt) => {};
    (@own [poll_write $($rest:ident)*] $all:tt) => {};
    (@own [$method:ident $($rest:ident)*] $all:tt) => { $crate::__delegate!(@own [$($rest)*] $all); };
    (@own [] [$($method:ident)*]) => { $($crate::__delegate!(@past $method);)* };
    (@past poll_read_into_slice) => { $crate::__delegate!(@past poll_read_into_slice poll_read_into); };
    (@past poll_read_into_vectored) => { $crate::__delegate!(@past poll_read_into_vectored poll_read_into); };
    (@past poll_write_vectored) => { $crate::__delegate!(@past poll_write_vectored poll_write); };
    (@past $method:ident) => {};
    (@past $method:ident $own:ident) => {
        ::core::compile_error!(::core::concat!(
            "`", ::core::stringify!($method), "` would go past the `", ::core::stringify!($own),
            "` of the wrapper: leave it out, its default calls `", ::core::stringify!($own), "`"
        ));
    };

    (@each $trait:ident [] $pinned:tt $shared:tt) => {};
    (@each $trait:ident [$method:ident $($rest:ident)*] $pinned:tt $shared:tt) => {
        $crate::__delegate!(@method $trait $method $pinned $shared);
        $crate::__delegate!(@each $trait [$($rest)*] $pinned $shared);
    };

    (@method AsyncReadBuf poll_read_into $pinned:tt $shared:tt) => {
        $crate::__delegate!(@poll AsyncReadBuf::poll_read_into(cursor: $crate::BorrowedCursor<'_>) -> () $pinned);
    };
    (@method AsyncReadBuf poll_read_into_slice $pinned:tt $shared:tt) => {
        $crate::__delegate!(@poll AsyncReadBuf::poll_read_into_slice(slice: &mut [u8]) -> usize $pinned);
    };
    (@method AsyncReadBuf poll_read_into_vectored $pinned:tt $shared:tt) => {
        $crate::__delegate!(@poll AsyncReadBuf::poll_read_into_vectored(bufs: &mut [::std::io::IoSliceMut<'_>]) -> usize $pinned);
    };
    (@method AsyncReadBuf supports_vectored_reads $pinned:tt $shared:tt) => {
        $crate::__delegate!(@query AsyncReadBuf::supports_vectored_reads() -> bool $shared);
    };
    (@method AsyncReadBuf init_hint $pinned:tt $shared:tt) => {
        $crate::__delegate!(@query AsyncReadBuf::init_hint(capacity: usize) -> usize $shared);
    };
    (@method AsyncWrite poll_write $pinned:tt $shared:tt) => {
        $crate::__delegate!(@poll AsyncWrite::poll_write(data: &[u8]) -> usize $pinned);
    };
    (@method AsyncWrite poll_flush $pinned:tt $shared:tt) => {
        $crate::__delegate!(@poll AsyncWrite::poll_flush() -> () $pinned);
    };
    (@method AsyncWrite poll_shutdown $pinned:tt $shared:tt) => {
        $crate::__delegate!(@poll AsyncWrite::poll_shutdown() -> () $pinned);
    };
    (@method AsyncWrite poll_write_vectored $pinned:tt $shared:tt) => {
        $crate::__delegate!(@poll AsyncWrite::poll_write_vectored(bufs: &[::std::io::IoSlice<'_>]) -> usize $pinned);
    };
    (@method AsyncWrite supports_vectored_writes $pinned:tt $shared:tt) => {
        $crate::__delegate!(@query AsyncWrite::supports_vectored_writes() -> bool $shared);
    };
    (@method AsyncBufRead poll_fill_buf $pinned:tt $shared:tt) => {
        $crate::__delegate!(@poll AsyncBufRead::poll_fill_buf() -> &[u8] $pinned);
    };
    (@method AsyncBufRead consume [$pin:pat_param, $pinned:expr] $shared:tt) => {
        #[inline]
        fn consume(self: ::core::pin::Pin<&mut Self>, n: usize) {
            let $pin = self;
            $crate::AsyncBufRead::consume($pinned, n)
        }
    };
    (@method AsyncSeek poll_seek $pinned:tt $shared:tt) => {
        $crate::__delegate!(@poll AsyncSeek::poll_seek(position: ::std::io::SeekFrom) -> u64 $pinned);
    };
    (@method $trait:ident $method:ident $($access:tt)*) => {
        ::core::compile_error!(::core::concat!(
            "`", ::core::stringify!($trait), "` has no method `", ::core::stringify!($method),
            "`: name the trait's own methods, or leave out the braces to forward all of them"
        ));
    };

    (@poll $trait:ident::$method:ident($($argument:ident: $type:ty)?) -> $output:ty [$pin:pat_param, $pinned:expr]) => {
        #[inline]
        fn $method(
            self: ::core::pin::Pin<&mut Self>,
            cx: &mut ::core::task::Context<'_>,
            $($argument: $type)?
        ) -> ::core::task::Poll<::std::io::Result<$output>> {
            let $pin = self;
            $crate::$trait::$method($pinned, cx, $($argument)?)
        }
    };
    (@query $trait:ident::$method:ident($($argument:ident: $type:ty)?) -> $output:ty [$ref:pat_param, $shared:expr]) => {
        #[inline]
        fn $method(&self, $($argument: $type)?) -> $output {
            let $ref = self;
            $crate::$trait::$method($shared, $($argument)?)
        }
    };
}
