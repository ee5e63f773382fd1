//! [`Sink`]: what the writers in memory do, once, and the writing traits of the ecosystems on top.

use std::io::IoSlice;

/// A writer that never waits and never fails.
pub(crate) trait Sink {
    /// Whether it takes more than one slice at a time.
    const VECTORS: bool;

    /// Takes some of `bufs` in one call, and says how much.
    fn take(&mut self, bufs: &[IoSlice<'_>]) -> usize;
}

/// The writing trait of an ecosystem, for a [`Sink`] that is `Unpin`. The traits differ in what closing is called, and in
/// whether one can ask if a writer vectors.
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
