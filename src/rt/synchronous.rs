//! The synchronous traits of [`BlockOn`] and [`NonBlocking`].

use std::io::{self, IoSlice, IoSliceMut, Read, Seek, SeekFrom, Write};
use std::task::Poll;

use super::{BlockOn, NonBlocking};
use crate::access::access;
use crate::buf::{BorrowedCursor, ContractViolation, Room};
use crate::traits::{self, AsyncReadBuf, AsyncSeek, AsyncWrite, ReadBuf, WriteVectored};

/// Implements the accessors and all synchronous traits except `BufRead`. The wrapper has a method
/// `wait`, which polls the inner type and returns the result.
macro_rules! synchronous {
    ($wrapper:ident) => {
        impl<T> $wrapper<T> {
            /// Returns a reference to the inner type.
            pub fn get_ref(&self) -> &T {
                &self.io
            }

            /// Returns a mutable reference to the inner type.
            pub fn get_mut(&mut self) -> &mut T {
                &mut self.io
            }

            #[doc = concat!("Returns the inner type. No data is lost, because `", stringify!($wrapper), "` buffers none.")]
            pub fn into_inner(self) -> T {
                self.io
            }
        }

        #[deny(clippy::missing_trait_methods)]
        impl<T: AsyncReadBuf + Unpin> ReadBuf for $wrapper<T> {
            fn read_into(&mut self, mut cursor: BorrowedCursor<'_>) -> io::Result<()> {
                let before = cursor.written().len();
                self.wait(|io, cx| match io.poll_read_into(cx, cursor.reborrow()) {
                    // The reader broke its contract: it wrote data and returned `Pending`. It is
                    // possible that it never wakes the task for that data.
                    Poll::Pending if cursor.written().len() > before => Poll::Ready(Ok(())),
                    poll => poll,
                })
            }

            fn read_into_slice(&mut self, slice: &mut [u8]) -> io::Result<usize> {
                let n = self.wait(|io, cx| io.poll_read_into_slice(cx, slice))?;
                ContractViolation::check_read(n, slice.len())
            }

            fn read_into_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
                let room = Room::of(bufs);
                room.check(self.wait(|io, cx| io.poll_read_into_vectored(cx, bufs))?)
            }

            fn supports_vectored_reads(&self) -> bool {
                self.io.supports_vectored_reads()
            }

            fn init_hint(&self, capacity: usize) -> usize {
                self.io.init_hint(capacity)
            }
        }

        impl<T: AsyncReadBuf + Unpin> Read for $wrapper<T> {
            traits::std_read!();
        }

        #[doc = concat!("To end the stream, use [`", stringify!($wrapper), "::shutdown`].")]
        /// [`flush`](Write::flush) only flushes.
        impl<T: AsyncWrite + Unpin> Write for $wrapper<T> {
            fn write(&mut self, data: &[u8]) -> io::Result<usize> {
                let n = self.wait(|io, cx| io.poll_write(cx, data))?;
                ContractViolation::check_write(n, data.len())
            }

            fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
                self.wait(|io, cx| io.poll_write_vectored(cx, bufs))
            }

            fn flush(&mut self) -> io::Result<()> {
                self.wait(|io, cx| io.poll_flush(cx))
            }
        }

        impl<T: AsyncWrite + Unpin> WriteVectored for $wrapper<T> {
            fn supports_vectored_writes(&self) -> bool {
                self.io.supports_vectored_writes()
            }
        }

        impl<T: AsyncSeek + Unpin> Seek for $wrapper<T> {
            fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
                self.wait(|io, cx| io.poll_seek(cx, position))
            }
        }

        access!([] $wrapper<T>);
    };
}
synchronous!(BlockOn);
synchronous!(NonBlocking);
