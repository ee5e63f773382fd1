//! std's `Write`, `BufRead` and `Seek` for shims that only forward them to the inner type.
//!
//! These three are io-shim's synchronous traits too, so they need no conversion.

use std::io::{self, BufRead, IoSlice, Seek, SeekFrom, Write};

use super::Std;
use crate::buf::ContractViolation;
use crate::shim::{Includes, Native, Shim};
use crate::traits::{ReadBuf, WriteVectored};

/// All methods of `Seek`. Provided ones are forwarded too: a buffered type can keep its buffer in
/// `seek_relative`.
macro_rules! seek {
    () => {
        fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
            self.get_mut().seek(position)
        }

        fn rewind(&mut self) -> io::Result<()> {
            self.get_mut().rewind()
        }

        fn stream_position(&mut self) -> io::Result<u64> {
            self.get_mut().stream_position()
        }

        fn seek_relative(&mut self, offset: i64) -> io::Result<()> {
            self.get_mut().seek_relative(offset)
        }
    };
}
pub(super) use seek;

/// The required methods of `BufRead`.
macro_rules! buf_read {
    () => {
        #[inline]
        fn fill_buf(&mut self) -> io::Result<&[u8]> {
            self.get_mut().fill_buf()
        }

        #[inline]
        fn consume(&mut self, n: usize) {
            self.get_mut().consume(n);
        }
    };
}
pub(super) use buf_read;

/// The methods of `Write`. The counts of single writes are checked; vectored writes are forwarded.
macro_rules! write {
    () => {
        #[inline]
        fn write(&mut self, data: &[u8]) -> io::Result<usize> {
            ContractViolation::check_write(self.get_mut().write(data)?, data.len())
        }

        #[inline]
        fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
            self.get_mut().write_vectored(bufs)
        }

        fn flush(&mut self) -> io::Result<()> {
            self.get_mut().flush()
        }
    };
}
#[cfg(all(feature = "fd", unix))]
pub(super) use write;

impl<T: WriteVectored, V: Includes<Std>> Write for Shim<T, Native, V> {
    write!();
}

impl<T: WriteVectored, V: Includes<Std>> WriteVectored for Shim<T, Native, V> {
    fn supports_vectored_writes(&self) -> bool {
        WriteVectored::supports_vectored_writes(self.get_ref())
    }
}

impl<T: ReadBuf + BufRead, V: Includes<Std>> BufRead for Shim<T, Native, V> {
    buf_read!();
}

impl<T: Seek, V: Includes<Std>> Seek for Shim<T, Native, V> {
    seek!();
}
