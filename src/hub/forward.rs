//! The hub's traits for pointers to what implements them: `&mut`, `Box`, `Pin`.
//!
//! A forwarding impl that forgets a provided method silently loses what the inner type does better: clippy checks that
//! none is forgotten.
#![deny(clippy::missing_trait_methods)]

use std::boxed::Box;
use std::io::{self, IoSliceMut};
use std::ops::DerefMut;
use std::pin::Pin;

use super::{AsyncFillBuf, AsyncReadBuf, AsyncSeek, AsyncWrite, ReadBuf, WriteVectored};
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

forward!(AsyncReadBuf AsyncWrite AsyncFillBuf AsyncSeek);

macro_rules! forward_sync {
    ($($pointer:ty),*) => {$(
        impl<T: ?Sized + ReadBuf> ReadBuf for $pointer {
            #[inline]
            fn read_buf(&mut self, cursor: BorrowedCursor<'_>) -> io::Result<()> {
                (**self).read_buf(cursor)
            }

            #[inline]
            fn read_slice(&mut self, slice: &mut [u8]) -> io::Result<usize> {
                (**self).read_slice(slice)
            }

            #[inline]
            fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
                (**self).read_vectored(bufs)
            }

            #[inline]
            fn is_read_vectored(&self) -> bool {
                (**self).is_read_vectored()
            }

            #[inline]
            fn init_hint(&self, capacity: usize) -> usize {
                (**self).init_hint(capacity)
            }
        }

        impl<T: ?Sized + WriteVectored> WriteVectored for $pointer {
            #[inline]
            fn is_write_vectored(&self) -> bool {
                WriteVectored::is_write_vectored(&**self)
            }
        }
    )*};
}

forward_sync!(&mut T, Box<T>);
