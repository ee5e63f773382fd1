//! Reading a synchronous reader to its end, for the `std::io::Read` of whatever reads into a cursor.
//!
//! std's own methods read into initialised slices, and would zero the spare capacity on the way.

use std::format;
use std::io;
use std::mem;
use std::string::String;
use std::vec::Vec;

use super::ReadBuf;
use crate::buf::{BorrowedBuf, spare};

/// How many bytes are read by way of the stack, to see whether there are any, before a full vector grows.
const PROBE: usize = 32;
/// The least that a vector grows by, in bytes.
const GROWTH: usize = 4 * 1024;

/// Appends what there is until the end of file to `vec`, and returns how much that was. What was read before an error stays.
pub(crate) fn read_to_end<R: ReadBuf + ?Sized>(reader: &mut R, vec: &mut Vec<u8>) -> io::Result<usize> {
    let start = vec.len();
    loop {
        if vec.capacity() - vec.len() < PROBE {
            let mut probe = [0; PROBE];
            let mut buf = BorrowedBuf::from(&mut probe[..]);
            uninterrupted(|| reader.read_buf(buf.unfilled()))?;
            let found = buf.filled();
            if found.is_empty() {
                break;
            }
            vec.try_reserve(found.len().max(GROWTH))?;
            vec.extend_from_slice(found);
        } else {
            let before = vec.len();
            uninterrupted(|| reader.read_buf(spare(vec).unfilled()))?;
            if vec.len() == before {
                break;
            }
        }
    }
    Ok(vec.len() - start)
}

/// As [`read_to_end`], for text. If what was read is none, `string` is as before.
pub(crate) fn read_to_string<R: ReadBuf + ?Sized>(reader: &mut R, string: &mut String) -> io::Result<usize> {
    let mut text = Text { bytes: mem::take(string).into_bytes(), valid: 0, string };
    text.valid = text.bytes.len();
    let result = read_to_end(reader, &mut text.bytes);
    match std::str::from_utf8(&text.bytes[text.valid..]) {
        Ok(_) => {
            text.valid = text.bytes.len();
            result
        }
        Err(error) => result.and(Err(not_text(error.valid_up_to()))),
    }
}

/// The error for a stream that is not text.
#[cold]
fn not_text(valid: usize) -> io::Error {
    let message = format!(
        "the stream is not UTF-8 after the first {valid} bytes that were read: read bytes with `read_to_end`, and decode them"
    );
    io::Error::new(io::ErrorKind::InvalidData, message)
}

/// The bytes of a string, which get back into it whatever happens.
struct Text<'a> {
    bytes: Vec<u8>,
    /// How many of them are text.
    valid: usize,
    string: &'a mut String,
}

impl Drop for Text<'_> {
    fn drop(&mut self) {
        self.bytes.truncate(self.valid);
        *self.string = String::from_utf8(mem::take(&mut self.bytes)).unwrap_or_default();
    }
}

/// Repeats an operation for as long as it is interrupted by a signal.
#[inline]
pub(crate) fn uninterrupted<R>(mut operate: impl FnMut() -> io::Result<R>) -> io::Result<R> {
    loop {
        match operate() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
