//! Implementations of io-shim's traits for types in memory: slices, `io::Cursor`, `Vec<u8>`,
//! `VecDeque<u8>`, `io::empty()` and `io::sink()`.
//!
//! They are always ready. Each behaves like std's synchronous impl for the same type.

use std::collections::VecDeque;
use std::io::{self, BufRead, Cursor, Empty, IoSlice, IoSliceMut, Read, Seek, SeekFrom, Sink, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use super::{AsyncBufRead, AsyncReadBuf, AsyncSeek, AsyncWrite, ReadBuf, WriteVectored, append_chunk};
use crate::buf::BorrowedCursor;

/// Implements the reading traits for a type with `std::io::BufRead`.
macro_rules! reads {
    ($([$($generics:tt)*] $type:ty),* $(,)?) => {$(
        impl<$($generics)*> ReadBuf for $type {
            #[inline]
            fn read_into(&mut self, cursor: BorrowedCursor<'_>) -> io::Result<()> {
                let n = append_chunk(cursor, self.fill_buf()?);
                BufRead::consume(self, n);
                Ok(())
            }

            #[inline]
            fn read_into_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
                Read::read_vectored(self, bufs)
            }

            fn supports_vectored_reads(&self) -> bool {
                true
            }
        }

        impl<$($generics)*> AsyncReadBuf for $type {
            #[inline]
            fn poll_read_into(
                self: Pin<&mut Self>,
                _: &mut Context<'_>,
                cursor: BorrowedCursor<'_>,
            ) -> Poll<io::Result<()>> {
                Poll::Ready(ReadBuf::read_into(self.get_mut(), cursor))
            }

            #[inline]
            fn poll_read_into_vectored(
                self: Pin<&mut Self>,
                _: &mut Context<'_>,
                bufs: &mut [IoSliceMut<'_>],
            ) -> Poll<io::Result<usize>> {
                Poll::Ready(Read::read_vectored(self.get_mut(), bufs))
            }

            fn supports_vectored_reads(&self) -> bool {
                true
            }
        }

        impl<$($generics)*> AsyncBufRead for $type {
            #[inline]
            fn poll_fill_buf(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
                Poll::Ready(self.get_mut().fill_buf())
            }

            #[inline]
            fn consume(self: Pin<&mut Self>, n: usize) {
                BufRead::consume(self.get_mut(), n);
            }
        }
    )*};
}

reads!([] &[u8], [T: AsRef<[u8]> + Unpin] Cursor<T>, [] VecDeque<u8>, [] Empty);

/// Implements the writing traits for a type whose `std::io::Write` supports vectored writes.
macro_rules! writes {
    ($([$($generics:tt)*] $type:ty),* $(,)?) => {$(
        impl<$($generics)*> WriteVectored for $type {
            fn supports_vectored_writes(&self) -> bool {
                true
            }
        }

        impl<$($generics)*> AsyncWrite for $type {
            #[inline]
            fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
                Poll::Ready(Write::write(self.get_mut(), data))
            }

            fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Write::flush(self.get_mut()))
            }

            fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.poll_flush(cx)
            }

            #[inline]
            fn poll_write_vectored(
                self: Pin<&mut Self>,
                _: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                Poll::Ready(Write::write_vectored(self.get_mut(), bufs))
            }

            fn supports_vectored_writes(&self) -> bool {
                true
            }
        }
    )*};
}

writes!(
    [] Vec<u8>,
    [] VecDeque<u8>,
    [] &mut [u8],
    [] Cursor<&mut [u8]>,
    [] Cursor<&mut Vec<u8>>,
    [] Cursor<Vec<u8>>,
    [] Cursor<Box<[u8]>>,
    [const N: usize] Cursor<[u8; N]>,
    [] Empty,
    [] Sink,
);

impl<T: AsRef<[u8]> + Unpin> AsyncSeek for Cursor<T> {
    fn poll_seek(self: Pin<&mut Self>, _: &mut Context<'_>, position: SeekFrom) -> Poll<io::Result<u64>> {
        Poll::Ready(self.get_mut().seek(position))
    }
}

impl AsyncSeek for Empty {
    fn poll_seek(self: Pin<&mut Self>, _: &mut Context<'_>, position: SeekFrom) -> Poll<io::Result<u64>> {
        Poll::Ready(self.get_mut().seek(position))
    }
}
