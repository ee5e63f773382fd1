//! [`ContractViolation`]: the error for readers and writers that do what their trait forbids.

use core::fmt;
use std::error::Error;
use std::io;

/// A reader or writer did what the contract of its trait forbids.
///
/// The shim returns it as an [`io::Error`] of kind [`InvalidData`](io::ErrorKind::InvalidData), leaves what the caller's
/// buffer held before the call as it was, and stays usable. The type at fault is the one inside the shim, and so is the
/// bug. How much of the call's own data was read or written, such a type has made unknowable.
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
    /// A reader said that it read more bytes than the buffer it was given has.
    ///
    /// What to do: have the reader return how many bytes it wrote to the slice, not how many it has or wanted.
    ReadTooMuch {
        /// The count that it returned.
        returned: usize,
        /// The bytes that it was offered.
        offered: usize,
    },
    /// A writer said that it took more bytes than it was given, in a write of one slice or one that the shim gathered.
    /// (Counts of vectored writes are passed on: widespread mocks over-report there.)
    ///
    /// What to do: have the writer return how many bytes of the slice it took, without headers or the like that it added.
    WroteTooMuch {
        /// The count that it returned.
        returned: usize,
        /// The bytes that it was offered.
        offered: usize,
    },
    /// A reader replaced the buffer that it was lent by another one.
    ///
    /// What to do: have the reader fill the `ReadBuf` that it was lent (`put_slice`, `advance`), and give readers inside it that
    /// one, or copy from a buffer of its own; `*buf = ..` and `mem::swap` lose the caller's.
    BufferReplaced,
    /// A [`bytes::Buf`] of a stream or for a sink gave a chunk, a count of remaining bytes, or an advance that do not agree.
    ///
    /// What to do: have `remaining`, `chunk` and `advance` of that type agree, or give its bytes on as `Bytes`.
    #[cfg(feature = "stream")]
    InconsistentBuf,
}

impl ContractViolation {
    /// The violation that `error` carries, if it does.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    /// The count of a read, once it is known to be possible.
    #[inline]
    pub(crate) fn check_read(returned: usize, offered: usize) -> io::Result<usize> {
        if returned <= offered { Ok(returned) } else { Err(Self::ReadTooMuch { returned, offered }.into()) }
    }

    /// The count of a write, once it is known to be possible.
    #[inline]
    pub(crate) fn check_write(returned: usize, offered: usize) -> io::Result<usize> {
        if returned <= offered { Ok(returned) } else { Err(Self::WroteTooMuch { returned, offered }.into()) }
    }
}

/// How much fits into several slices. It is measured before a reader gets them, since an honest one may shorten them
/// (`IoSliceMut::advance_slices`) and another one may exchange them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    pub(crate) total: usize,
    /// The length of the first slice that is not empty, if another such slice follows.
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

    /// The count of a vectored read, once it is known to be possible.
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
                "the inner reader replaced the buffer that it was lent: it must fill that one, and never assign or swap it",
            ),
            #[cfg(feature = "stream")]
            Self::InconsistentBuf => f.write_str(
                "a `Buf` gave chunks that disagree with its `remaining`: as long as that is not 0, `chunk` must not be empty, and \
                 `advance` must lower it by its argument",
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
