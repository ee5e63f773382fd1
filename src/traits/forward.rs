//! Implementations of io-shim's traits for pointers: `&mut`, `Box` and `Pin`.
//!
//! A forwarding impl that omits a provided method would use its slower default. Clippy checks that
//! none is omitted.
#![deny(clippy::missing_trait_methods)]

use std::io::{self, IoSliceMut};
use std::ops::DerefMut;
use std::pin::Pin;

use super::{AsyncBufRead, AsyncReadBuf, AsyncSeek, AsyncWrite, ReadBuf, WriteVectored};
use crate::buf::BorrowedCursor;
use crate::delegate;

macro_rules! forward {
    ($($trait:ident)*) => {$(
        impl<T: ?Sized + $trait + Unpin> $trait for &mut T {
            delegate!($trait: |this| Pin::new(&mut **this.get_mut()), |this| &**this);
        }

        impl<T: ?Sized + $trait + Unpin> $trait for Box<T> {
            delegate!($trait: |this| Pin::new(&mut **this.get_mut()), |this| &**this);
        }

        impl<P: DerefMut<Target: $trait>> $trait for Pin<P> {
            delegate!($trait: |this| this.as_deref_mut(), |this| &**this);
        }
    )*};
}

forward!(AsyncReadBuf AsyncWrite AsyncBufRead AsyncSeek);

macro_rules! forward_sync {
    ($($pointer:ty),*) => {$(
        impl<T: ?Sized + ReadBuf> ReadBuf for $pointer {
            #[inline]
            fn read_into(&mut self, cursor: BorrowedCursor<'_>) -> io::Result<()> {
                (**self).read_into(cursor)
            }

            #[inline]
            fn read_into_slice(&mut self, slice: &mut [u8]) -> io::Result<usize> {
                (**self).read_into_slice(slice)
            }

            #[inline]
            fn read_into_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
                (**self).read_into_vectored(bufs)
            }

            fn supports_vectored_reads(&self) -> bool {
                (**self).supports_vectored_reads()
            }

            #[inline]
            fn init_hint(&self, capacity: usize) -> usize {
                (**self).init_hint(capacity)
            }
        }

        impl<T: ?Sized + WriteVectored> WriteVectored for $pointer {
            fn supports_vectored_writes(&self) -> bool {
                WriteVectored::supports_vectored_writes(&**self)
            }
        }
    )*};
}

forward_sync!(&mut T, Box<T>);
