//! [`SliceFeed`]: reads into a cursor from a reader that only takes initialized slices.

use core::fmt;
use core::num::NonZeroUsize;
use core::task::{Poll, ready};
use std::io;

use super::cursor::BorrowedCursor;
use super::prediction::{Prediction, Usual};
use super::violation::ContractViolation;

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
    /// * After a few reads that return less than 2 KiB and do not fill their slices, a bounce
    ///   buffer of 2 KiB is used instead, until a read fills it. The bounce buffer is zeroed once,
    ///   and the data is copied from it.
    /// * While sizes jump so much that no prediction is good, a bounce buffer of 64 KiB is used.
    ///   Its memory is freed when sizes settle.
    /// * If the caller comes back with the same buffer and knows what is initialized, as tokio's
    ///   `read_to_end` does, up to 64 KiB are zeroed at once and nothing is copied.
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
/// If the caller comes back with the same buffer, `Predicted` may zero bytes that are never filled:
/// at most a quarter of the bytes returned since the caller's last new buffer, or the prediction.
///
/// The feed learns nothing about sizes from `Pending`, errors, empty buffers, the end of file, and
/// buffers that are completely initialized.
///
/// The bounce buffer is allocated by the first read that needs it. A clone has the same `Offer`. It
/// does not copy the bounce buffer or what the feed has learned from the sizes of reads.
pub struct SliceFeed {
    policy: Policy,
    /// How many bytes the next read should offer. This and `usual` follow from `policy`. They are
    /// kept here because each read needs them.
    size: usize,
    usual: Usual,
    /// How many bytes after the filled ones the feed has initialized in the caller's last buffer.
    left: u32,
    /// How many bytes the caller has got since its last new buffer, or fewer.
    returned: u32,
    /// Allocated by the first read that needs it.
    bounce: Option<Box<[u8]>>,
}

/// The [`Offer`], with the state that it needs.
#[derive(Clone, Copy)]
enum Policy {
    Predicted(Prediction),
    Bounce(NonZeroUsize),
    Whole,
}

impl SliceFeed {
    /// Creates a feed that offers slices as `offer` says.
    pub const fn new(offer: Offer) -> Self {
        let (policy, size, usual) = match offer {
            Offer::Predicted => (Policy::Predicted(Prediction::new()), Prediction::new().size(), Usual::Zero),
            Offer::Bounce(size) => (Policy::Bounce(size), size.get(), Usual::Copy),
            Offer::Whole => (Policy::Whole, usize::MAX, Usual::Neither),
        };
        SliceFeed { policy, size, usual, left: 0, returned: 0, bounce: None }
    }

    /// Returns the [`Offer`] of this feed.
    pub fn offer(&self) -> Offer {
        match &self.policy {
            Policy::Predicted(_) => Offer::Predicted,
            Policy::Bounce(size) => Offer::Bounce(*size),
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
        let (capacity, init) = (cursor.capacity(), cursor.init_len());
        let left = self.left as usize;
        if init == capacity && left == 0 || init == left && init >= self.size {
            // The caller has initialized all of it, or remembers that enough is initialized:
            // nothing to decide, and nothing to learn.
            let n = ContractViolation::check_read(ready!(read(cursor.init_mut()))?, init)?;
            cursor.advance_checked(n);
            if left > 0 {
                self.count(n);
            }
            return Poll::Ready(Ok(n));
        }
        let usual = match self.usual {
            Usual::Copy if init == 0 && left == 0 => Usual::Copy,
            Usual::Zero if init == 0 => Usual::Zero,
            _ => Usual::Neither,
        };
        let wanted = self.size.min(capacity);
        let (offered, copies) = match usual {
            Usual::Copy => (wanted, true),
            Usual::Zero => {
                (self.left, self.returned) = (wanted as u32, 0);
                (wanted, false)
            }
            Usual::Neither => self.plan_read(capacity, init),
        };
        let n = if copies {
            let slice = &mut bounce(&mut self.bounce, self.size)[..offered];
            let n = ContractViolation::check_read(ready!(read(&mut *slice))?, offered)?;
            cursor.append(&slice[..n]);
            n
        } else {
            let n = ContractViolation::check_read(ready!(read(cursor.ensure_init_to(offered)))?, offered)?;
            cursor.advance_checked(n);
            n
        };
        match usual {
            // A read that does not fill the bounce buffer, or that fills all of the caller's,
            // teaches nothing.
            Usual::Copy if n < self.size => {}
            Usual::Zero if n == offered && n < self.size => self.left = 0,
            _ => {
                self.count(n);
                self.learn(offered, capacity, n);
            }
        }
        Poll::Ready(Ok(n))
    }

    #[inline]
    fn count(&mut self, n: usize) {
        self.left = self.left.saturating_sub(n as u32);
        self.returned = self.returned.wrapping_add(n as u32);
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
        let (offered, copies) = self.plan(capacity, 0);
        if copies { 0 } else { offered }
    }

    /// Learns how the caller has come back, and plans a read like [`plan`](Self::plan).
    #[inline]
    fn plan_read(&mut self, capacity: usize, init: usize) -> (usize, bool) {
        if let Policy::Predicted(prediction) = &mut self.policy {
            let expected = self.left as usize;
            if init < expected.min(capacity) {
                prediction.caller_came(false);
                (self.left, self.returned) = (0, 0);
            } else if init == expected && init > 0 {
                // Exactly what the last read left.
                prediction.caller_came(true);
            }
            let wanted = self.size.min(capacity);
            let ahead = prediction.ahead(wanted, self.returned as usize).min(capacity);
            let (offered, copies) = if init < ahead { (ahead, false) } else { self.plan(capacity, init) };
            if !copies {
                self.left = offered.min(u32::MAX as usize) as u32;
            }
            return (offered, copies);
        }
        self.plan(capacity, init)
    }

    /// Learns from a read that returned `n` of `offered` bytes into a buffer of `capacity` bytes.
    #[inline]
    fn learn(&mut self, offered: usize, capacity: usize, n: usize) {
        let Policy::Predicted(prediction) = &mut self.policy else { return };
        if n > 0 {
            if prediction.learn(offered, capacity, n) {
                self.bounce = None;
            }
            self.size = prediction.size();
            self.usual = prediction.usual();
        }
    }

    /// Plans a read into `capacity` free bytes, the first `init` of them initialized, without
    /// zeroing ahead. Returns how many bytes to offer, and whether in a bounce buffer.
    #[inline]
    fn plan(&self, capacity: usize, init: usize) -> (usize, bool) {
        let wanted = self.size.min(capacity);
        let copies = match &self.policy {
            Policy::Predicted(prediction) => prediction.bounces(),
            Policy::Bounce(_) => true,
            Policy::Whole => false,
        };
        if init >= wanted { (init, false) } else { (wanted, copies) }
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

/// Returns the bounce buffer, and allocates it if it does not have `size` bytes.
#[inline]
fn bounce(memory: &mut Option<Box<[u8]>>, size: usize) -> &mut [u8] {
    if memory.as_ref().is_none_or(|memory| memory.len() != size) {
        *memory = Some(vec![0; size].into_boxed_slice());
    }
    memory.as_deref_mut().unwrap_or_default()
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
        f.debug_struct("SliceFeed").field("offer", &self.offer()).field("size", &self.size).finish_non_exhaustive()
    }
}
