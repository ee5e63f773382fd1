//! [`data`], which every direction sends, and [`Verify`], the writer that checks it.

use std::io::{self, Write as _};
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use io_shim::AsyncWrite;

pub(crate) const MIB: usize = 1024 * 1024;

/// The number of bytes that every direction sends.
const TOTAL: usize = 8 * MIB;

/// The update interval of the progress line.
const PROGRESS_EVERY: Duration = Duration::from_millis(50);

/// Pseudo-random data, which reveals lost, duplicated or moved bytes. Only six of eight bits are
/// random, so gzip can compress it.
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

/// Returns the data that every direction sends.
///
/// `&[u8]` implements the reading traits of tokio, futures-io and io-shim.
pub(crate) fn data() -> &'static [u8] {
    &DATA
}

/// A custom writer, written once for io-shim's traits, that accepts only [`data`].
pub(crate) struct Verify {
    received: usize,
    /// The direction's name and the time of the last progress line, if stdout is a terminal.
    progress: Option<(&'static str, Instant)>,
}

impl Verify {
    pub(crate) fn new(progress: Option<&'static str>) -> Self {
        Verify { received: 0, progress: progress.map(|name| (name, Instant::now())) }
    }

    /// Checks that no data is missing at the end.
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
                "byte {position} differs: received {received:#04x}, sent {expected:#04x}"
            ))));
        }
        if received.len() > expected.len() {
            return Poll::Ready(Err(invalid(format!("received more than the {} bytes that were sent", data().len()))));
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
