//! [`SliceFeed`]: feeding a cursor from a reader that can only read into initialised slices.

use core::fmt;
use core::num::NonZeroUsize;
use core::task::{Poll, ready};
use std::boxed::Box;
use std::io;
use std::vec;

use super::cursor::BorrowedCursor;
use super::violation::ContractViolation;
use super::window::{FLOOR, Window};

/// How much of an uninitialised buffer a [`SliceFeed`] offers to a reader that takes only initialised slices.
///
/// An initialised buffer, or one with a long enough initialised front, is offered as it is whatever the policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Offer {
    /// As much as the reader is likely to return, zeroed in place; or, while it returns less than 2 KiB at a time, a
    /// bounce buffer of 2 KiB that is zeroed once, from which what was read is copied.
    ///
    /// The right choice for streams of bytes. The slice offered may be shorter than the caller's buffer, but never
    /// shorter than 2 KiB where the buffer is not.
    #[default]
    Predicted,
    /// At most this many bytes, by way of a bounce buffer of this size that is zeroed once. No byte of the caller's
    /// memory is ever zeroed.
    ///
    /// Trades memory and a copy for independence of the sizes of reads.
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
    /// For packet-style readers (datagrams, TUN devices), whose packets a shorter slice would cut off.
    Whole,
}

impl Offer {
    /// Returns [`Offer::Bounce`] with a bounce buffer of `size` bytes.
    ///
    /// # Panics
    ///
    /// Panics if `size` is 0; at compile time, if it is a constant.
    #[track_caller]
    pub const fn bounce(size: usize) -> Self {
        match NonZeroUsize::new(size) {
            Some(size) => Offer::Bounce(size),
            None => panic!("a bounce buffer of 0 bytes can hold nothing"),
        }
    }
}

/// Feeds a cursor from a reader that can only read into initialised slices, and remembers what it learns in doing so.
///
/// It is what shims of futures-io and std readers are made with, and what makes a hub reader of any slice-only reader
/// in one line:
///
/// ```
/// use io_shim::{AsyncReadBuf, BorrowedCursor, SliceFeed};
/// use std::{io, pin::Pin, task::{Context, Poll}};
/// # struct Device;
/// # impl Device { fn poll_recv(&mut self, _: &mut Context<'_>, s: &mut [u8]) -> Poll<io::Result<usize>> { s[0] = 7; Poll::Ready(Ok(1)) } }
///
/// struct Reader { device: Device, feed: SliceFeed }
///
/// impl AsyncReadBuf for Reader {
///     fn poll_read_into(mut self: Pin<&mut Self>, cx: &mut Context<'_>, cursor: BorrowedCursor<'_>) -> Poll<io::Result<()>> {
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
/// Within one buffer no byte is zeroed twice, whatever the policy and however feeds are layered. When the caller starts
/// a fresh uninitialised buffer at every call, [`Offer::Bounce`] zeroes nothing of it, [`Offer::Predicted`] at most the
/// predicted read, and [`Offer::Whole`] all of it. Nothing is learned from `Pending`, from errors, from an empty
/// buffer or from the end of file.
///
/// No memory is allocated before the first read that needs the bounce buffer. A clone has the policy of its original and
/// nothing of what it learned or read.
pub struct SliceFeed {
    policy: Policy,
}

/// The offer that is followed, and the memory that goes with it.
enum Policy {
    Predicted(Window, Option<Box<[u8; FLOOR]>>),
    Bounce(Bounce),
    Whole,
}

/// A bounce buffer of a size that was asked for.
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
    /// A feed that follows `offer` and has learned nothing.
    pub const fn new(offer: Offer) -> Self {
        let policy = match offer {
            Offer::Predicted => Policy::Predicted(Window::new(), None),
            Offer::Bounce(size) => Policy::Bounce(Bounce::Unallocated(size)),
            Offer::Whole => Policy::Whole,
        };
        SliceFeed { policy }
    }

    /// The policy that it follows.
    pub fn offer(&self) -> Offer {
        match &self.policy {
            Policy::Predicted(..) => Offer::Predicted,
            Policy::Bounce(bounce) => Offer::Bounce(bounce.size()),
            Policy::Whole => Offer::Whole,
        }
    }

    /// Reads into `cursor` by way of one call of `read`, which gets an initialised slice and returns how many bytes it
    /// wrote to the front of it.
    ///
    /// The slice is empty only where the cursor has no capacity. A panic in `read` leaves the feed and the cursor usable.
    ///
    /// # Errors
    ///
    /// The error that `read` returned; or a [`ContractViolation`] if it returned a count beyond the slice. Nothing is
    /// filled then.
    ///
    /// # Cancel safety
    ///
    /// When `read` returns `Pending`, nothing is filled and nothing held back.
    #[inline]
    pub fn poll<F>(&mut self, cursor: BorrowedCursor<'_>, read: F) -> Poll<io::Result<()>>
    where
        F: FnOnce(&mut [u8]) -> Poll<io::Result<usize>>,
    {
        self.poll_counted(cursor, read).map_ok(drop)
    }

    /// As [`poll`](Self::poll), and returns how many bytes were filled.
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

    /// Reads into `cursor` by way of one call of `read`: the synchronous twin of [`poll`](Self::poll).
    ///
    /// # Errors
    ///
    /// The error that `read` returned; or a [`ContractViolation`] if it returned a count beyond the slice. Nothing is
    /// filled then.
    #[inline]
    pub fn read<F>(&mut self, cursor: BorrowedCursor<'_>, read: F) -> io::Result<()>
    where
        F: FnOnce(&mut [u8]) -> io::Result<usize>,
    {
        expect_ready(self.poll(cursor, |slice| Poll::Ready(read(slice))))
    }

    /// How many bytes of a buffer of `capacity` bytes, none of it known to be initialised, would be initialised in place
    /// by the next read: 0 while it would go through the bounce buffer.
    #[inline]
    pub fn init_hint(&self, capacity: usize) -> usize {
        match self.plan(capacity, 0) {
            Plan::InPlace(offered) => offered,
            Plan::Bounce(_) => 0,
        }
    }

    /// What to offer where `capacity` bytes are free, the first `init` of them initialised.
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

/// The outcome of what is written once for both worlds, where it runs in the synchronous one and nothing is ever pending.
#[inline]
pub(crate) fn expect_ready<R>(poll: Poll<R>) -> R {
    match poll {
        Poll::Ready(result) => result,
        Poll::Pending => unreachable!("what is called in the synchronous world is always ready"),
    }
}

impl Policy {
    /// The bounce buffer, allocated if it is not yet.
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

/// The same policy; nothing of what was learned, nothing of the bounce buffer.
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
