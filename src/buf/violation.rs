//! [`ContractViolation`]: the error of readers and writers that break the contract of their trait.

use core::fmt;
use std::error::Error;
use std::io;

/// The error of a reader or writer that broke the contract of its trait.
///
/// The shim returns it as an [`io::Error`] of kind [`InvalidData`](io::ErrorKind::InvalidData) and
/// stays usable. Data that was in the caller's buffer before the call is unchanged. The bug is in
/// the type inside the shim. How much data the failed call read or wrote is unknown.
///
/// # Examples
///
/// ```
/// use io_shim::{ContractViolation, SliceFeed, spare};
///
/// let mut vec = Vec::with_capacity(8);
/// let error = SliceFeed::default().read(spare(&mut vec).unfilled(), |slice| Ok(slice.len() + 1)).unwrap_err();
/// assert!(matches!(ContractViolation::of(&error), Some(ContractViolation::ReadTooMuch { .. })));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContractViolation {
    /// A reader returned a greater count than the length of the buffer it was given.
    ///
    /// To fix it, return the number of bytes written to the slice, not the number available or
    /// wanted.
    ReadTooMuch {
        /// The returned count.
        returned: usize,
        /// The number of bytes offered.
        offered: usize,
    },
    /// A writer returned a greater count than the number of bytes it was given, in a write of one
    /// slice or of slices that the shim copied together.
    ///
    /// Counts of vectored writes are not checked, because widely used mocks return too much there.
    ///
    /// To fix it, return how many bytes of the slice were written, without added headers or the
    /// like.
    WroteTooMuch {
        /// The returned count.
        returned: usize,
        /// The number of bytes offered.
        offered: usize,
    },
    /// A reader replaced the buffer that was passed to it.
    ///
    /// To fix it, fill the `ReadBuf` that was passed (`put_slice`, `advance`). Pass that one to
    /// inner readers too, or copy from a separate buffer. `*buf = ..` and `mem::swap` lose the
    /// caller's buffer.
    BufferReplaced,
    /// A [`bytes::Buf`] of a stream or sink returned a chunk, a remaining count or an advance that
    /// contradict each other.
    ///
    /// To fix it, make `remaining`, `chunk` and `advance` agree, or convert the data to `Bytes`.
    #[cfg(feature = "stream")]
    InconsistentBuf,
}

impl ContractViolation {
    /// Returns the violation in `error`, if there is one.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    /// Returns the count of a read, or an error if it exceeds `offered`.
    #[inline]
    pub(crate) fn check_read(returned: usize, offered: usize) -> io::Result<usize> {
        if returned <= offered { Ok(returned) } else { Err(Self::ReadTooMuch { returned, offered }.into()) }
    }

    /// Returns the count of a write, or an error if it exceeds `offered`.
    #[inline]
    pub(crate) fn check_write(returned: usize, offered: usize) -> io::Result<usize> {
        if returned <= offered { Ok(returned) } else { Err(Self::WroteTooMuch { returned, offered }.into()) }
    }
}

/// The total length of several slices. It is measured before a reader gets them, because the reader
/// may shorten them (`IoSliceMut::advance_slices`) or replace them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    pub(crate) total: usize,
    /// The length of the first non-empty slice, if another non-empty one follows.
    pub(crate) first_of_several: Option<usize>,
}

impl Room {
    #[inline]
    pub(crate) fn of(bufs: &[io::IoSliceMut<'_>]) -> Self {
        let mut lengths = bufs.iter().map(|buf| buf.len()).filter(|&len| len > 0);
        let (first, second) = (lengths.next(), lengths.next());
        Room {
            total: first.unwrap_or(0) + second.unwrap_or(0) + lengths.sum::<usize>(),
            first_of_several: second.and(first),
        }
    }

    /// Returns the count of a vectored read, or an error if it exceeds `total`.
    #[inline]
    pub(crate) fn check(self, returned: usize) -> io::Result<usize> {
        ContractViolation::check_read(returned, self.total)
    }
}

impl fmt::Display for ContractViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadTooMuch { returned, offered } => {
                write!(
                    f,
                    "the inner reader returned a count of {returned} for a read into {offered} bytes: it must return how many \
                     bytes it wrote"
                )
            }
            Self::WroteTooMuch { returned, offered } => {
                write!(
                    f,
                    "the inner writer returned a count of {returned} for a write of {offered} bytes: it must return how many of \
                     them it took"
                )
            }
            Self::BufferReplaced => f.write_str(
                "the inner reader replaced the buffer that was passed to it: it must fill that buffer, and never assign or swap it",
            ),
            #[cfg(feature = "stream")]
            Self::InconsistentBuf => f.write_str(
                "a `Buf` returned chunks that contradict its `remaining`: while `remaining` is not 0, `chunk` must not be \
                 empty, and `advance` must reduce `remaining` by its argument",
            ),
        }
    }
}

impl Error for ContractViolation {}

impl From<ContractViolation> for io::Error {
    #[cold]
    fn from(violation: ContractViolation) -> Self {
        io::Error::new(io::ErrorKind::InvalidData, violation)
    }
}
