//! [`SliceFeed`]: reads into a cursor from a reader that only takes initialized slices.

use core::fmt;
use core::num::NonZeroUsize;
use core::task::{Poll, ready};
use std::boxed::Box;
use std::io;
use std::vec;

use super::cursor::BorrowedCursor;
use super::violation::ContractViolation;
use super::window::{FLOOR, Window};

/// How much of an uninitialized buffer a [`SliceFeed`] offers to a reader that only takes
/// initialized slices.
///
/// Each variant says which slice is offered. One exception applies to all variants: if so many
/// bytes at the front of the buffer are already initialized that the slice fits into them, all of
/// them are offered instead. Then nothing is zeroed or copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Offer {
    /// As much as the reader is likely to return, zeroed in place.
    ///
    /// After a few reads that return less than 2 KiB and do not fill their slices, a bounce buffer
    /// of 2 KiB is used instead, until a read fills it. The bounce buffer is zeroed once, and the
    /// data is copied from it.
    ///
    /// This is the right choice for byte streams. The slice may be shorter than the caller's
    /// buffer. It is shorter than 2 KiB only if the caller's buffer is shorter than 2 KiB.
    #[default]
    Predicted,
    /// At most this many bytes, in a bounce buffer of this size that is zeroed once. The caller's
    /// memory is never zeroed.
    ///
    /// The bounce buffer costs memory and a copy, but nothing is predicted from earlier reads. If
    /// this many bytes of the caller's buffer are already initialized, all initialized bytes are
    /// offered: see the exception above.
    ///
    /// ```
    /// use io_shim::{Offer, SliceFeed};
    ///
    /// let feed = SliceFeed::new(Offer::bounce(65_536));
    /// # assert!(matches!(feed.offer(), Offer::Bounce(size) if size.get() == 65_536));
    /// ```
    Bounce(NonZeroUsize),
    /// All of the caller's buffer, zeroed in place.
    ///
    /// Use it for readers that return packets, such as datagram sockets and TUN devices. A shorter
    /// slice would truncate a packet.
    Whole,
}

impl Offer {
    /// Returns [`Offer::Bounce`] with a bounce buffer of `size` bytes.
    ///
    /// # Panics
    ///
    /// Panics if `size` is 0. In a constant, this is a compile-time error.
    #[track_caller]
    pub const fn bounce(size: usize) -> Self {
        match NonZeroUsize::new(size) {
            Some(size) => Offer::Bounce(size),
            None => panic!("the size of a bounce buffer must not be 0"),
        }
    }
}

/// Reads into a cursor from a reader that only takes initialized slices, and learns from the sizes
/// of its reads.
///
/// Shims around futures-io and std readers use it. With it, any reader that takes slices can
/// implement io-shim's reading traits in one line:
///
/// ```
/// use io_shim::{AsyncReadBuf, BorrowedCursor, SliceFeed};
/// use std::{io, pin::Pin, task::{Context, Poll}};
/// # struct Device;
/// # impl Device {
/// #     fn poll_recv(&mut self, _: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
/// #         slice[0] = 7;
/// #         Poll::Ready(Ok(1))
/// #     }
/// # }
///
/// struct Reader { device: Device, feed: SliceFeed }
///
/// impl AsyncReadBuf for Reader {
///     fn poll_read_into(
///         mut self: Pin<&mut Self>,
///         cx: &mut Context<'_>,
///         cursor: BorrowedCursor<'_>,
///     ) -> Poll<io::Result<()>> {
///         let this = &mut *self;
///         this.feed.poll(cursor, |slice| this.device.poll_recv(cx, slice))
///     }
/// }
/// # let mut reader = Reader { device: Device, feed: SliceFeed::default() };
/// # let mut vec = Vec::with_capacity(8);
/// # let mut cx = Context::from_waker(std::task::Waker::noop());
/// # assert!(Pin::new(&mut reader).poll_read_into(&mut cx, io_shim::spare(&mut vec).unfilled()).is_ready());
/// # assert_eq!(vec, [7]);
/// ```
///
/// # Guarantee
///
/// No byte of a buffer is zeroed twice, with any [`Offer`]. This also holds if a reader with a feed
/// reads from another reader with a feed. If the caller passes a new uninitialized buffer to every
/// call, zeroing depends on the `Offer`:
///
/// | offer | zeroed in each buffer |
/// |---|---|
/// | [`Offer::Bounce`] | nothing |
/// | [`Offer::Predicted`] | at most as many bytes as the feed predicts for the read |
/// | [`Offer::Whole`] | all of it |
///
/// The feed learns nothing from `Pending`, errors, empty buffers and the end of file.
///
/// The bounce buffer is allocated by the first read that needs it. A clone has the same `Offer`. It
/// does not copy the bounce buffer or what the feed has learned from the sizes of reads.
pub struct SliceFeed {
    policy: Policy,
}

/// The [`Offer`], with the memory and state that it needs.
enum Policy {
    Predicted(Window, Option<Box<[u8; FLOOR]>>),
    Bounce(Bounce),
    Whole,
}

/// A bounce buffer whose size was set by the user.
enum Bounce {
    Unallocated(NonZeroUsize),
    Allocated(Box<[u8]>),
}

/// What to offer, in bytes.
enum Plan {
    InPlace(usize),
    Bounce(usize),
}

impl SliceFeed {
    /// Creates a feed that offers slices as `offer` says.
    pub const fn new(offer: Offer) -> Self {
        let policy = match offer {
            Offer::Predicted => Policy::Predicted(Window::new(), None),
            Offer::Bounce(size) => Policy::Bounce(Bounce::Unallocated(size)),
            Offer::Whole => Policy::Whole,
        };
        SliceFeed { policy }
    }

    /// Returns the [`Offer`] of this feed.
    pub fn offer(&self) -> Offer {
        match &self.policy {
            Policy::Predicted(..) => Offer::Predicted,
            Policy::Bounce(bounce) => Offer::Bounce(bounce.size()),
            Policy::Whole => Offer::Whole,
        }
    }

    /// Reads into `cursor` with one call of `read`.
    ///
    /// `read` gets an initialized slice, writes to the front of this slice, and returns the number
    /// of bytes written. The slice is empty only if the cursor has no capacity. If `read` panics,
    /// the feed and the cursor stay usable.
    ///
    /// # Errors
    ///
    /// Returns an error if `read` does, or a [`ContractViolation`] if its count exceeds the slice.
    /// In both cases nothing is filled.
    ///
    /// # Cancel safety
    ///
    /// If `read` returns `Pending`, nothing is filled and no data is kept.
    #[inline]
    pub fn poll<F>(&mut self, cursor: BorrowedCursor<'_>, read: F) -> Poll<io::Result<()>>
    where
        F: FnOnce(&mut [u8]) -> Poll<io::Result<usize>>,
    {
        self.poll_counted(cursor, read).map_ok(drop)
    }

    /// Like [`poll`](Self::poll), but returns the number of bytes filled.
    #[inline]
    pub(crate) fn poll_counted<F>(&mut self, mut cursor: BorrowedCursor<'_>, read: F) -> Poll<io::Result<usize>>
    where
        F: FnOnce(&mut [u8]) -> Poll<io::Result<usize>>,
    {
        let plan = self.plan(cursor.capacity(), cursor.init_len());
        let (offered, n) = match plan {
            Plan::InPlace(offered) => {
                let n = ready!(read(cursor.ensure_init_to(offered)))?;
                let n = ContractViolation::check_read(n, offered)?;
                cursor.advance_checked(n);
                (offered, n)
            }
            Plan::Bounce(offered) => {
                let slice = &mut self.policy.bounce()[..offered];
                let n = ready!(read(&mut *slice))?;
                let n = ContractViolation::check_read(n, offered)?;
                cursor.append(&slice[..n]);
                (offered, n)
            }
        };
        if let Policy::Predicted(window, _) = &mut self.policy {
            if n > 0 {
                window.learn(offered, n);
            }
        }
        Poll::Ready(Ok(n))
    }

    /// Reads into `cursor` with one call of `read`. This is the synchronous mirror of
    /// [`poll`](Self::poll).
    ///
    /// # Errors
    ///
    /// Returns an error if `read` does, or a [`ContractViolation`] if its count exceeds the slice.
    /// In both cases nothing is filled.
    #[inline]
    pub fn read<F>(&mut self, cursor: BorrowedCursor<'_>, read: F) -> io::Result<()>
    where
        F: FnOnce(&mut [u8]) -> io::Result<usize>,
    {
        expect_ready(self.poll(cursor, |slice| Poll::Ready(read(slice))))
    }

    /// Returns how many bytes the next read would zero in place if it got an uninitialized buffer
    /// of `capacity` bytes. Returns 0 if the read would use the bounce buffer.
    #[inline]
    pub fn init_hint(&self, capacity: usize) -> usize {
        match self.plan(capacity, 0) {
            Plan::InPlace(offered) => offered,
            Plan::Bounce(_) => 0,
        }
    }

    /// Plans a read into `capacity` free bytes, the first `init` of them initialized.
    #[inline]
    fn plan(&self, capacity: usize, init: usize) -> Plan {
        let (wanted, bounces) = match &self.policy {
            Policy::Predicted(window, _) => (window.size(), window.at_floor()),
            Policy::Bounce(bounce) => (bounce.size().get(), true),
            Policy::Whole => (capacity, false),
        };
        let wanted = wanted.min(capacity);
        if init >= wanted {
            Plan::InPlace(init)
        } else if bounces {
            Plan::Bounce(wanted)
        } else {
            Plan::InPlace(wanted)
        }
    }
}

/// Unwraps a poll that is always ready, because all that was called is synchronous.
#[inline]
pub(crate) fn expect_ready<R>(poll: Poll<R>) -> R {
    match poll {
        Poll::Ready(result) => result,
        Poll::Pending => unreachable!("synchronous operations are always ready"),
    }
}

impl Policy {
    /// Returns the bounce buffer, and allocates it if necessary.
    fn bounce(&mut self) -> &mut [u8] {
        match self {
            Policy::Predicted(_, bounce) => &mut bounce.get_or_insert_with(|| Box::new([0; FLOOR]))[..],
            Policy::Bounce(bounce) => bounce.memory(),
            Policy::Whole => &mut [],
        }
    }
}

impl Bounce {
    fn size(&self) -> NonZeroUsize {
        match self {
            Bounce::Unallocated(size) => *size,
            Bounce::Allocated(memory) => NonZeroUsize::new(memory.len()).unwrap_or(NonZeroUsize::MIN),
        }
    }

    fn memory(&mut self) -> &mut [u8] {
        if let Bounce::Unallocated(size) = *self {
            *self = Bounce::Allocated(vec![0; size.get()].into_boxed_slice());
        }
        match self {
            Bounce::Allocated(memory) => memory,
            Bounce::Unallocated(_) => unreachable!("allocated just above"),
        }
    }
}

impl Default for SliceFeed {
    fn default() -> Self {
        SliceFeed::new(Offer::default())
    }
}

/// A clone has the same `Offer`. It does not copy the bounce buffer or what the feed has learned.
impl Clone for SliceFeed {
    fn clone(&self) -> Self {
        SliceFeed::new(self.offer())
    }
}

impl fmt::Debug for SliceFeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("SliceFeed");
        debug.field("offer", &self.offer());
        if let Policy::Predicted(window, _) = &self.policy {
            debug.field("window", &window.size());
        }
        debug.finish_non_exhaustive()
    }
}
