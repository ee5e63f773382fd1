//! The implementations for futures, streams and sinks.

use std::pin::Pin;
use std::task::{Context, Poll};

use super::TokioContext;

#[deny(clippy::missing_trait_methods)]
impl<T: Future> Future for TokioContext<T> {
    type Output = T::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T::Output> {
        let (inner, _entered) = self.within_mut();
        inner.poll(cx)
    }
}

#[cfg(feature = "stream")]
#[deny(clippy::missing_trait_methods)]
impl<T: futures_core::Stream> futures_core::Stream for TokioContext<T> {
    type Item = T::Item;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T::Item>> {
        let (inner, _entered) = self.within_mut();
        inner.poll_next(cx)
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        let (inner, _entered) = self.within();
        inner.size_hint()
    }
}

#[cfg(feature = "stream")]
#[deny(clippy::missing_trait_methods)]
impl<I, T: futures_sink::Sink<I>> futures_sink::Sink<I> for TokioContext<T> {
    type Error = T::Error;

    #[inline]
    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), T::Error>> {
        let (inner, _entered) = self.within_mut();
        inner.poll_ready(cx)
    }

    #[inline]
    fn start_send(self: Pin<&mut Self>, item: I) -> Result<(), T::Error> {
        let (inner, _entered) = self.within_mut();
        inner.start_send(item)
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), T::Error>> {
        let (inner, _entered) = self.within_mut();
        inner.poll_flush(cx)
    }

    #[inline]
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), T::Error>> {
        let (inner, _entered) = self.within_mut();
        inner.poll_close(cx)
    }
}
