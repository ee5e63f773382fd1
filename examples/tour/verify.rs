//! [`data`], what is sent, and [`Verify`], the writer at the end of every direction.

use std::io::{self, Write as _};
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use io_shim::AsyncWrite;

pub(crate) const MIB: usize = 1024 * 1024;

/// How much every direction moves, in bytes.
const TOTAL: usize = 8 * MIB;

/// How often the progress line changes.
const PROGRESS_EVERY: Duration = Duration::from_millis(50);

/// What every direction sends: pseudo-random, so that a byte which is lost, doubled or moved is noticed. Six bits of
/// eight are random, so that gzip has something to do.
static DATA: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut next = || {
        // Xorshift.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        b'0' + (state >> 58) as u8
    };
    (0..TOTAL).map(|_| next()).collect()
});

/// What every direction sends. (A `&[u8]` is a reader of tokio's, of futures-io's and of io-shim's.)
pub(crate) fn data() -> &'static [u8] {
    &DATA
}

/// A writer of our own, written once against io-shim's traits, that takes nothing but [`data`].
pub(crate) struct Verify {
    received: usize,
    /// The direction's name and when its progress was last shown, if there is a terminal to show it on.
    progress: Option<(&'static str, Instant)>,
}

impl Verify {
    pub(crate) fn new(progress: Option<&'static str>) -> Self {
        Verify { received: 0, progress: progress.map(|name| (name, Instant::now())) }
    }

    /// Checks that nothing is missing at the end.
    pub(crate) fn finish(self) -> io::Result<()> {
        let (received, sent) = (self.received, data().len());
        if received == sent {
            Ok(())
        } else {
            Err(invalid(format!("the stream ended after {received} of {sent} bytes")))
        }
    }

    fn show_progress(&mut self) -> io::Result<()> {
        let Some((name, shown)) = &mut self.progress else { return Ok(()) };
        if shown.elapsed() < PROGRESS_EVERY {
            return Ok(());
        }
        *shown = Instant::now();
        let mut stdout = io::stdout().lock();
        write!(stdout, "\r{name}: {} of {} MiB", self.received / MIB, data().len() / MIB)?;
        stdout.flush()
    }
}

impl AsyncWrite for Verify {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, received: &[u8]) -> Poll<io::Result<usize>> {
        let start = self.received;
        let expected = &data()[start..];
        let mut pairs = received.iter().zip(expected);
        if let Some(index) = pairs.position(|(received, expected)| received != expected) {
            let (received, expected, position) = (received[index], expected[index], start + index);
            return Poll::Ready(Err(invalid(format!(
                "byte {position} differs: {received:#04x} was received, {expected:#04x} was sent"
            ))));
        }
        if received.len() > expected.len() {
            return Poll::Ready(Err(invalid(format!("more than the {} bytes sent were received", data().len()))));
        }
        self.received += received.len();
        self.show_progress()?;
        Poll::Ready(Ok(received.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}
