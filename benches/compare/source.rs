//! A reader in memory, whose bytes become available in chunks, as on a socket.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::io::ReadBuf;

/// The length of the one frame that [`Source::framed`] sends.
pub(crate) const FRAME: usize = 8 << 20;

/// Lines of 80 bytes, none of which is zero.
pub(crate) static DATA: [u8; 1 << 20] = {
    let mut data = [b'x'; 1 << 20];
    let mut at = 79;
    while at < data.len() {
        data[at] = b'\n';
        at += 80;
    }
    data
};

/// How many bytes are available at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sizes {
    /// Always the same number. What does not fit stays available.
    Each(usize),
    /// The same number at every call. What does not fit is lost.
    PerCall(usize),
    /// 100 bytes to 64 KiB, with evenly distributed logarithms.
    Mixed,
    /// 100 bytes and 64 KiB in turn.
    Alternating,
    /// 100, 3000, 20,000 and 65,536 bytes in turn.
    Jumping,
}

impl Sizes {
    /// Returns the sizes of one cycle, which repeats.
    pub(crate) fn cycle(self) -> Rc<[usize]> {
        match self {
            Sizes::Each(k) | Sizes::PerCall(k) => Rc::new([k]),
            Sizes::Mixed => {
                let mut state = 0x9E37_79B9_7F4A_7C15_u64;
                let mut size = || {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    let unit = (state >> 11) as f64 / (1_u64 << 53) as f64;
                    (100.0 * 655.36_f64.powf(unit)) as usize
                };
                (0..256).map(|_| size()).collect()
            }
            Sizes::Alternating => Rc::new([100, 64 << 10]),
            Sizes::Jumping => Rc::new([100, 3000, 20_000, 64 << 10]),
        }
    }

    /// Returns the mean size.
    pub(crate) fn mean(self) -> usize {
        let cycle = self.cycle();
        cycle.iter().sum::<usize>() / cycle.len()
    }

    /// Returns its name in a table.
    pub(crate) fn name(self) -> String {
        match self {
            Sizes::Each(k) | Sizes::PerCall(k) => bytes_name(k),
            Sizes::Mixed => "mixed".into(),
            Sizes::Alternating => "alternating".into(),
            Sizes::Jumping => "jumping".into(),
        }
    }
}

/// Formats a number of bytes: `64K`, `16M`, `1460`.
pub(crate) fn bytes_name(bytes: usize) -> String {
    match bytes {
        _ if bytes >= 1 << 20 && bytes % (1 << 20) == 0 => format!("{}M", bytes >> 20),
        _ if bytes >= 1 << 10 && bytes % (1 << 10) == 0 => format!("{}K", bytes >> 10),
        _ => bytes.to_string(),
    }
}

/// A reader with the traits of both tokio and futures-io.
///
/// tokio's trait writes into uninitialized memory.
#[derive(Debug)]
pub(crate) struct Source {
    cycle: Rc<[usize]>,
    next: usize,
    /// How many bytes are left of the available chunk.
    chunk: usize,
    /// Whether the rest of a chunk stays available.
    keeps: bool,
    left: usize,
    /// How many bytes are left of the frame's header.
    header: usize,
    /// If every other poll is pending: whether the last one was.
    pending: Option<bool>,
}

impl Source {
    /// Returns a source of `total` bytes.
    pub(crate) fn new(sizes: Sizes, pending: bool, total: usize) -> Self {
        Source {
            cycle: sizes.cycle(),
            next: 0,
            chunk: 0,
            keeps: !matches!(sizes, Sizes::PerCall(_)),
            left: total,
            header: 0,
            pending: pending.then_some(false),
        }
    }

    /// Returns a source of one frame of [`FRAME`] bytes, with its length before it.
    pub(crate) fn framed(sizes: Sizes, pending: bool) -> Self {
        Source { header: 4, ..Source::new(sizes, pending, FRAME + 4) }
    }

    /// Returns true if this poll is pending. It does not wake the task: the driver polls again.
    #[inline]
    fn pends(&mut self) -> bool {
        self.pending.as_mut().is_some_and(|pending| {
            *pending = !*pending;
            *pending
        })
    }

    /// Returns the header and the data of a read into `room` bytes.
    #[inline]
    fn take(&mut self, room: usize) -> (&'static [u8], &'static [u8]) {
        const HEADER: [u8; 4] = (FRAME as u32).to_be_bytes();
        if self.chunk == 0 {
            self.chunk = self.cycle[self.next];
            self.next = if self.next + 1 == self.cycle.len() { 0 } else { self.next + 1 };
        }
        let n = self.chunk.min(room).min(self.left);
        self.chunk = if self.keeps { self.chunk - n } else { 0 };
        self.left -= n;
        let header = &HEADER[4 - self.header..][..self.header.min(n)];
        self.header -= header.len();
        (header, &DATA[..n - header.len()])
    }
}

impl tokio::io::AsyncRead for Source {
    #[inline]
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.pends() {
            return Poll::Pending;
        }
        let (header, data) = self.take(buf.remaining());
        if !header.is_empty() {
            buf.put_slice(header);
        }
        buf.put_slice(data);
        Poll::Ready(Ok(()))
    }
}

impl futures::io::AsyncRead for Source {
    #[inline]
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        if self.pends() {
            return Poll::Pending;
        }
        let (header, data) = self.take(slice.len());
        let (front, back) = slice.split_at_mut(header.len());
        if !header.is_empty() {
            front.copy_from_slice(header);
        }
        back[..data.len()].copy_from_slice(data);
        Poll::Ready(Ok(header.len() + data.len()))
    }
}
