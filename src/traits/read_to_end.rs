//! `read_to_end` and `read_to_string` for types that implement [`ReadBuf`].
//!
//! std's default methods read into initialized slices and would zero the spare capacity first.

use std::io;
use std::mem;

use super::ReadBuf;
use crate::buf::spare;

/// The first growth of a full vector, in bytes: it may already hold the whole stream.
const PROBE: usize = 32;
/// The minimum growth after that, in bytes.
const GROWTH: usize = 4 * 1024;

/// Reads until end of file, appends everything to `vec`, and returns how many bytes were appended.
///
/// Bytes that were read before an error stay in `vec`. Memory is reserved before each read, so that
/// no data is lost if the allocation fails. If the original capacity was sufficient, it is
/// restored.
pub(crate) fn read_to_end<R: ReadBuf + ?Sized>(reader: &mut R, vec: &mut Vec<u8>) -> io::Result<usize> {
    let (start, capacity) = (vec.len(), vec.capacity());
    loop {
        if vec.len() == vec.capacity() {
            if vec.capacity() == capacity {
                vec.try_reserve_exact(PROBE)?;
            } else {
                vec.try_reserve(GROWTH)?;
            }
        }
        if fill(reader, vec)? {
            if vec.len() <= capacity {
                vec.shrink_to(capacity);
            }
            return Ok(vec.len() - start);
        }
    }
}

/// Reads into the spare capacity of `vec` until it is full or the stream ends, and returns `true`
/// at end of file. A single guard keeps track of the initialized bytes meanwhile.
fn fill<R: ReadBuf + ?Sized>(reader: &mut R, vec: &mut Vec<u8>) -> io::Result<bool> {
    let mut guard = spare(vec);
    loop {
        let mut cursor = guard.unfilled();
        if cursor.capacity() == 0 {
            return Ok(false);
        }
        uninterrupted(|| reader.read_into(cursor.reborrow()))?;
        if cursor.written().is_empty() {
            return Ok(true);
        }
    }
}

/// Like [`read_to_end`], for text. If the data is not UTF-8, `string` is unchanged.
pub(crate) fn read_to_string<R: ReadBuf + ?Sized>(reader: &mut R, string: &mut String) -> io::Result<usize> {
    // Text that exists is known to be UTF-8, so only the new bytes are validated.
    let mut bytes = if string.is_empty() { mem::take(string).into_bytes() } else { Vec::new() };
    let result = read_to_end(reader, &mut bytes);
    match String::from_utf8(bytes) {
        Ok(text) if string.is_empty() => *string = text,
        Ok(text) => string.push_str(&text),
        Err(error) => return result.and_then(|_| Err(not_text(error.utf8_error().valid_up_to()))),
    }
    result
}

/// The error for a stream that is not UTF-8.
#[cold]
fn not_text(valid: usize) -> io::Error {
    let message = format!(
        "the stream is not UTF-8 after the first {valid} bytes that were read: read bytes with `read_to_end`, and decode them"
    );
    io::Error::new(io::ErrorKind::InvalidData, message)
}

/// Implements the methods of `std::io::Read` for a type that implements [`ReadBuf`].
macro_rules! std_read {
    () => {
        #[inline]
        fn read(&mut self, slice: &mut [u8]) -> ::std::io::Result<usize> {
            $crate::traits::ReadBuf::read_into_slice(self, slice)
        }

        #[inline]
        fn read_vectored(&mut self, bufs: &mut [::std::io::IoSliceMut<'_>]) -> ::std::io::Result<usize> {
            $crate::traits::ReadBuf::read_into_vectored(self, bufs)
        }

        #[cfg(io_shim_std_read_buf)]
        #[inline]
        fn read_buf(&mut self, cursor: ::std::io::BorrowedCursor<'_>) -> ::std::io::Result<()> {
            $crate::buf::with_std_cursor(cursor, |cursor| $crate::traits::ReadBuf::read_into(self, cursor))
        }

        fn read_to_end(&mut self, vec: &mut Vec<u8>) -> ::std::io::Result<usize> {
            $crate::traits::read_to_end(self, vec)
        }

        fn read_to_string(&mut self, string: &mut String) -> ::std::io::Result<usize> {
            $crate::traits::read_to_string(self, string)
        }
    };
}
pub(crate) use std_read;

/// Repeats an operation until it returns something other than `Interrupted`.
#[inline]
pub(crate) fn uninterrupted<R>(mut operate: impl FnMut() -> io::Result<R>) -> io::Result<R> {
    loop {
        match operate() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
