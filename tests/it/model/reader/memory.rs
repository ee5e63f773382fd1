//! The memory of the caller: reads into it, and checks of its marks and bytes.

use std::io;
use std::mem::MaybeUninit;
use std::panic::{self, AssertUnwindSafe};
use std::task::{Context, Poll};

use io_shim::BorrowedBuf;
use tokio::io::ReadBuf;

use super::super::script::SENTINEL;
use super::case::Shape;
use super::stack::Stack;

/// Memory of the caller, its marks and its expected contents.
pub struct Memory {
    pub bytes: Box<[MaybeUninit<u8>]>,
    pub sentinels: bool,
    pub init: usize,
    /// What was read into it.
    pub filled: Vec<u8>,
}

/// How a read into memory ended.
pub struct Marks {
    pub poll: Read,
    pub filled: usize,
    pub init: usize,
    pub room: usize,
}

/// Compares 1 KiB at a time: byte by byte is slow in unoptimized and instrumented builds.
fn are_sentinels(bytes: &[u8]) -> bool {
    bytes.chunks(1024).all(|chunk| *chunk == [SENTINEL; 1024][..chunk.len()])
}

/// The result of a read, or `None` if the reader panicked.
pub type Read = Option<Poll<io::Result<()>>>;

impl Memory {
    pub fn new(Shape { capacity, init, sentinels }: Shape) -> Self {
        let mut bytes = if sentinels {
            vec![MaybeUninit::new(SENTINEL); capacity].into_boxed_slice()
        } else {
            Box::new_uninit_slice(capacity)
        };
        let init = init.min(capacity);
        bytes[..init].fill(MaybeUninit::new(SENTINEL));
        Memory { bytes, sentinels, init, filled: Vec::new() }
    }

    /// Returns bytes that the buffer reports as initialized.
    fn get(&mut self, range: std::ops::Range<usize>) -> &mut [u8] {
        let bytes: *mut [MaybeUninit<u8>] = &mut self.bytes[range];
        // SAFETY: the layout is the same. If the bytes are not initialized, that is the bug that
        // the checkers look for.
        unsafe { &mut *(bytes as *mut [u8]) }
    }

    pub fn room(&self) -> usize {
        self.bytes.len() - self.filled.len()
    }

    pub fn read_with_cursor(&mut self, stack: &mut Stack, cx: &mut Context<'_>, limit: Option<usize>) -> Marks {
        let (filled, init, room) = (self.filled.len(), self.init, self.room().min(limit.unwrap_or(usize::MAX)));
        let mut buf = BorrowedBuf::from(&mut self.bytes[..]);
        // SAFETY: the buffer of the last read reported that many initialized bytes.
        unsafe { buf.set_init(init) };
        buf.unfilled().advance_checked(filled);
        let mut cursor = buf.unfilled();
        let inner = match limit {
            Some(n) => cursor.reborrow().limit(n),
            None => cursor.reborrow(),
        };
        let poll = panic::catch_unwind(AssertUnwindSafe(|| stack.as_mut().poll_read_into(cx, inner))).ok();
        let written = cursor.written().len();
        assert_eq!(buf.filled().len(), filled + written, "what was filled before was taken back");
        assert!(buf.init_len() <= init.max(filled + room), "initialized past the limit");
        Marks { poll, filled: buf.filled().len(), init: buf.init_len(), room }
    }

    pub fn read_with_tokio(&mut self, stack: &mut Stack, cx: &mut Context<'_>) -> Marks {
        let (filled, init, room) = (self.filled.len(), self.init, self.room());
        let mut buf = ReadBuf::uninit(&mut self.bytes);
        // SAFETY: the buffer of the last read reported that many initialized bytes.
        unsafe { buf.assume_init(init) };
        buf.set_filled(filled);
        let read = || tokio::io::AsyncRead::poll_read(stack.as_mut(), cx, &mut buf);
        let poll = panic::catch_unwind(AssertUnwindSafe(read)).ok();
        Marks { poll, filled: buf.filled().len(), init: buf.initialized().len(), room }
    }

    /// Checks the marks against the memory, takes them over, and returns what was read.
    ///
    /// The watermark must match what is initialized. Memory that was never written holds sentinels,
    /// and no write contains sentinels.
    pub fn update(&mut self, marks: &Marks, hostile: bool) -> Vec<u8> {
        let (filled_before, init_before) = (self.filled.len(), self.init);
        let &Marks { filled, init, room, .. } = marks;
        assert!(filled >= filled_before && filled - filled_before <= room, "the count is out of bounds");
        assert!(filled <= init && init_before <= init && init <= self.bytes.len(), "the watermark is out of bounds");

        let mut earlier = std::mem::take(&mut self.filled);
        assert!(self.get(0..filled_before) == earlier, "earlier bytes were changed");
        let bytes = self.get(filled_before..filled).to_vec();
        earlier.extend_from_slice(&bytes);
        self.filled = earlier;
        self.init = init;

        let newly = self.get(filled_before.max(init_before)..init);
        assert!(!newly.contains(&SENTINEL), "the watermark is above what is initialized");
        // The zeroes of earlier reads were overwritten with sentinels.
        let again = self.get(filled.min(init_before)..init_before);
        assert!(!again.contains(&0), "what was initialized was zeroed");
        self.get(filled..init).fill(SENTINEL);
        if self.sentinels {
            let rest = init..self.bytes.len();
            let rest = self.get(rest);
            // Hostile readers do not report all their writes.
            assert!(hostile || are_sentinels(rest), "what was initialized was forgotten");
            rest.fill(SENTINEL);
        }
        bytes
    }

    /// Checks that the bytes are unchanged since they were read.
    pub fn check(&mut self) {
        let filled = std::mem::take(&mut self.filled);
        assert!(self.get(0..filled.len()) == filled, "bytes were changed after they were read");
        self.filled = filled;
    }
}
