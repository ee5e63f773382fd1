//! The errors of reading operations: [`EndedEarly`] and [`LimitExceeded`].

use std::{error::Error, fmt, io};

/// The error returned when the stream ends before the requested number of bytes.
///
/// It is wrapped in an [`io::Error`] of kind [`UnexpectedEof`](io::ErrorKind::UnexpectedEof). The
/// buffer holds the bytes that were read.
///
/// # Examples
///
/// ```
/// use io_shim::{TrackedBuf, owned};
///
/// let mut buf = TrackedBuf::new();
/// let error = owned::blocking::read_exact(&mut &b"abc"[..], &mut buf, 5).unwrap_err();
/// assert_eq!(error.to_string(), "the stream ended after 3 of 5 bytes");
/// assert_eq!(owned::EndedEarly::of(&error).map(|early| early.held), Some(3));
/// assert_eq!(buf, b"abc");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EndedEarly {
    /// The number of bytes in the buffer.
    pub held: usize,
    /// The number of bytes that were requested.
    pub wanted: usize,
}

/// The error returned when the stream is longer than the limit.
///
/// It is wrapped in an [`io::Error`] of kind [`FileTooLarge`](io::ErrorKind::FileTooLarge). The
/// buffer holds the bytes that were read, of which the last one is beyond the limit.
///
/// # Examples
///
/// ```
/// use io_shim::{TrackedBuf, owned};
///
/// let mut buf = TrackedBuf::new();
/// let error = owned::blocking::read_to_end_within(&mut &b"abcdef"[..], &mut buf, 4).unwrap_err();
/// assert_eq!(error.to_string(), "the stream is longer than 4 bytes");
/// assert_eq!(owned::LimitExceeded::of(&error).map(|exceeded| exceeded.most), Some(4));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LimitExceeded {
    /// The limit for the number of bytes in the buffer.
    pub most: usize,
}

impl EndedEarly {
    /// Returns the `EndedEarly` inside `error`, if there is one.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

impl LimitExceeded {
    /// Returns the `LimitExceeded` inside `error`, if there is one.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

impl fmt::Display for EndedEarly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the stream ended after {} of {} bytes", self.held, self.wanted)
    }
}

impl fmt::Display for LimitExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the stream is longer than {} bytes", self.most)
    }
}

impl Error for EndedEarly {}

impl Error for LimitExceeded {}

impl From<EndedEarly> for io::Error {
    #[cold]
    fn from(early: EndedEarly) -> Self {
        io::Error::new(io::ErrorKind::UnexpectedEof, early)
    }
}

impl From<LimitExceeded> for io::Error {
    #[cold]
    fn from(exceeded: LimitExceeded) -> Self {
        io::Error::new(io::ErrorKind::FileTooLarge, exceeded)
    }
}
