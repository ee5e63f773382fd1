//! [`Sink`]: a writer in memory, and the write traits of tokio, futures-io and hyper for it.

use std::io::IoSlice;

/// A writer that is always ready and never fails.
pub(crate) trait Sink {
    /// Whether it takes more than one slice in a call.
    const VECTORS: bool;

    /// Takes some of `bufs` in one call, and returns how many bytes.
    fn take(&mut self, bufs: &[IoSlice<'_>]) -> usize;
}

/// Implements a write trait for a [`Sink`] that is `Unpin`.
///
/// The traits differ in the name of closing, and in whether they have `is_write_vectored`.
macro_rules! write_half {
    ([$($generics:tt)*] $sink:ty: $write:path, $close:ident $(, $is_write_vectored:ident)?) => {
        impl<$($generics)*> $write for $sink {
            fn poll_write(
                mut self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
                data: &[u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                std::task::Poll::Ready(Ok($crate::sink::Sink::take(&mut *self, &[std::io::IoSlice::new(data)])))
            }

            fn poll_write_vectored(
                mut self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
                bufs: &[std::io::IoSlice<'_>],
            ) -> std::task::Poll<std::io::Result<usize>> {
                std::task::Poll::Ready(Ok($crate::sink::Sink::take(&mut *self, bufs)))
            }

            fn poll_flush(
                self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                std::task::Poll::Ready(Ok(()))
            }

            fn $close(
                self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                std::task::Poll::Ready(Ok(()))
            }

            $(fn $is_write_vectored(&self) -> bool {
                <Self as $crate::sink::Sink>::VECTORS
            })?
        }
    };
}

pub(crate) use write_half;
