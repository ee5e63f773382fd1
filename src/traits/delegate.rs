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
/// Put `#[deny(clippy::missing_trait_methods)]` on an `impl` block that lists methods. Clippy then
/// names each method that is missing, including the vectored methods, the queries and the hint.
///
/// A wrapper that inspects the data implements
/// [`poll_read_into`](crate::AsyncReadBuf::poll_read_into) itself. It must not forward
/// `poll_read_into_slice` and `poll_read_into_vectored`, which would bypass it. Their default
/// implementations call `poll_read_into`.
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
        // One method at a time: a repetition could not repeat the accessors for each method.
        $crate::delegate!(@each $trait [$($method)*] [$pin, $pinned] [$ref, $shared]);
    };
    (@each $trait:ident [] $pinned:tt $shared:tt) => {};
    (@each $trait:ident [$method:ident $($rest:ident)*] $pinned:tt $shared:tt) => {
        $crate::delegate!(@method $trait $method $pinned $shared);
        $crate::delegate!(@each $trait [$($rest)*] $pinned $shared);
    };

    (@method AsyncReadBuf poll_read_into [$pin:pat_param, $pinned:expr] $shared:tt) => {
        #[inline]
        fn poll_read_into(
            self: ::core::pin::Pin<&mut Self>,
            cx: &mut ::core::task::Context<'_>,
            cursor: $crate::BorrowedCursor<'_>,
        ) -> ::core::task::Poll<::std::io::Result<()>> {
            let $pin = self;
            $crate::AsyncReadBuf::poll_read_into($pinned, cx, cursor)
        }
    };
    (@method AsyncReadBuf poll_read_into_slice [$pin:pat_param, $pinned:expr] $shared:tt) => {
        #[inline]
        fn poll_read_into_slice(
            self: ::core::pin::Pin<&mut Self>,
            cx: &mut ::core::task::Context<'_>,
            slice: &mut [u8],
        ) -> ::core::task::Poll<::std::io::Result<usize>> {
            let $pin = self;
            $crate::AsyncReadBuf::poll_read_into_slice($pinned, cx, slice)
        }
    };
    (@method AsyncReadBuf poll_read_into_vectored [$pin:pat_param, $pinned:expr] $shared:tt) => {
        #[inline]
        fn poll_read_into_vectored(
            self: ::core::pin::Pin<&mut Self>,
            cx: &mut ::core::task::Context<'_>,
            bufs: &mut [::std::io::IoSliceMut<'_>],
        ) -> ::core::task::Poll<::std::io::Result<usize>> {
            let $pin = self;
            $crate::AsyncReadBuf::poll_read_into_vectored($pinned, cx, bufs)
        }
    };
    (@method AsyncReadBuf supports_vectored_reads $pinned:tt [$ref:pat_param, $shared:expr]) => {
        fn supports_vectored_reads(&self) -> bool {
            let $ref = self;
            $crate::AsyncReadBuf::supports_vectored_reads($shared)
        }
    };
    (@method AsyncReadBuf init_hint $pinned:tt [$ref:pat_param, $shared:expr]) => {
        #[inline]
        fn init_hint(&self, capacity: usize) -> usize {
            let $ref = self;
            $crate::AsyncReadBuf::init_hint($shared, capacity)
        }
    };

    (@method AsyncWrite poll_write [$pin:pat_param, $pinned:expr] $shared:tt) => {
        #[inline]
        fn poll_write(
            self: ::core::pin::Pin<&mut Self>,
            cx: &mut ::core::task::Context<'_>,
            data: &[u8],
        ) -> ::core::task::Poll<::std::io::Result<usize>> {
            let $pin = self;
            $crate::AsyncWrite::poll_write($pinned, cx, data)
        }
    };
    (@method AsyncWrite poll_flush [$pin:pat_param, $pinned:expr] $shared:tt) => {
        fn poll_flush(
            self: ::core::pin::Pin<&mut Self>,
            cx: &mut ::core::task::Context<'_>,
        ) -> ::core::task::Poll<::std::io::Result<()>> {
            let $pin = self;
            $crate::AsyncWrite::poll_flush($pinned, cx)
        }
    };
    (@method AsyncWrite poll_shutdown [$pin:pat_param, $pinned:expr] $shared:tt) => {
        fn poll_shutdown(
            self: ::core::pin::Pin<&mut Self>,
            cx: &mut ::core::task::Context<'_>,
        ) -> ::core::task::Poll<::std::io::Result<()>> {
            let $pin = self;
            $crate::AsyncWrite::poll_shutdown($pinned, cx)
        }
    };
    (@method AsyncWrite poll_write_vectored [$pin:pat_param, $pinned:expr] $shared:tt) => {
        #[inline]
        fn poll_write_vectored(
            self: ::core::pin::Pin<&mut Self>,
            cx: &mut ::core::task::Context<'_>,
            bufs: &[::std::io::IoSlice<'_>],
        ) -> ::core::task::Poll<::std::io::Result<usize>> {
            let $pin = self;
            $crate::AsyncWrite::poll_write_vectored($pinned, cx, bufs)
        }
    };
    (@method AsyncWrite supports_vectored_writes $pinned:tt [$ref:pat_param, $shared:expr]) => {
        fn supports_vectored_writes(&self) -> bool {
            let $ref = self;
            $crate::AsyncWrite::supports_vectored_writes($shared)
        }
    };

    (@method AsyncBufRead poll_fill_buf [$pin:pat_param, $pinned:expr] $shared:tt) => {
        #[inline]
        fn poll_fill_buf(
            self: ::core::pin::Pin<&mut Self>,
            cx: &mut ::core::task::Context<'_>,
        ) -> ::core::task::Poll<::std::io::Result<&[u8]>> {
            let $pin = self;
            $crate::AsyncBufRead::poll_fill_buf($pinned, cx)
        }
    };
    (@method AsyncBufRead consume [$pin:pat_param, $pinned:expr] $shared:tt) => {
        #[inline]
        fn consume(self: ::core::pin::Pin<&mut Self>, n: usize) {
            let $pin = self;
            $crate::AsyncBufRead::consume($pinned, n)
        }
    };

    (@method AsyncSeek poll_seek [$pin:pat_param, $pinned:expr] $shared:tt) => {
        fn poll_seek(
            self: ::core::pin::Pin<&mut Self>,
            cx: &mut ::core::task::Context<'_>,
            position: ::std::io::SeekFrom,
        ) -> ::core::task::Poll<::std::io::Result<u64>> {
            let $pin = self;
            $crate::AsyncSeek::poll_seek($pinned, cx, position)
        }
    };
    (@method $trait:ident $method:ident $($access:tt)*) => {
        ::core::compile_error!(::core::concat!(
            "`", ::core::stringify!($trait), "` has no method `", ::core::stringify!($method),
            "`: name the trait's own methods, or leave out the braces to forward all of them"
        ));
    };
    ($($other:tt)*) => {
        ::core::compile_error!(
            "usage: `delegate!(Trait: |this| pinned_inner, |this| shared_inner)` or `delegate!(Trait { method, .. }: ..)`, \
             where `Trait` is `AsyncReadBuf`, `AsyncWrite`, `AsyncBufRead` or `AsyncSeek`"
        );
    };
}
