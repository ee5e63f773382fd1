//! The implementations for futures, streams and sinks.

use std::pin::Pin;
use std::task::{Context, Poll};

use super::TokioContext;

#[deny(clippy::missing_trait_methods)]
impl<T: Future> Future for TokioContext<T> {
    type Output = T::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T::Output> {
        self.within_mut(|inner| inner.poll(cx))
    }
}

#[cfg(feature = "stream")]
#[deny(clippy::missing_trait_methods)]
impl<T: futures_core::Stream> futures_core::Stream for TokioContext<T> {
    type Item = T::Item;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T::Item>> {
        self.within_mut(|inner| inner.poll_next(cx))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.within(|inner| inner.size_hint())
    }
}

#[cfg(feature = "stream")]
#[deny(clippy::missing_trait_methods)]
impl<I, T: futures_sink::Sink<I>> futures_sink::Sink<I> for TokioContext<T> {
    type Error = T::Error;

    #[inline]
    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), T::Error>> {
        self.within_mut(|inner| inner.poll_ready(cx))
    }

    #[inline]
    fn start_send(self: Pin<&mut Self>, item: I) -> Result<(), T::Error> {
        self.within_mut(|inner| inner.start_send(item))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), T::Error>> {
        self.within_mut(|inner| inner.poll_flush(cx))
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), T::Error>> {
        self.within_mut(|inner| inner.poll_close(cx))
    }
}
