//! A reader and a writer, written once for io-shim's traits and used by tokio and futures-io code.
//!
//! ```text
//! cargo run --example write_once
//! ```
//!
//! [`Rot13`] and [`Tally`] name no ecosystem. `Shim::new` adds the traits of every ecosystem. The
//! two callers are ordinary tokio and futures-io code, and get the same results.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use io_shim::{AsyncReadBuf, AsyncWrite, BorrowedCursor, Shim, delegate};

/// A reader that rotates each letter from `R` by thirteen places.
struct Rot13<R>(R);

impl<R: AsyncReadBuf + Unpin> AsyncReadBuf for Rot13<R> {
    fn poll_read_into(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        // The inner reader writes to the caller's memory, which may be uninitialized, and the data
        // is changed in place. No `unsafe`, no extra buffer, no zeroing.
        let poll = Pin::new(&mut self.0).poll_read_into(cx, cursor.reborrow());
        for byte in cursor.written_mut() {
            *byte = match *byte {
                b'a'..=b'm' | b'A'..=b'M' => *byte + 13,
                b'n'..=b'z' | b'N'..=b'Z' => *byte - 13,
                other => other,
            };
        }
        // The loop also runs on errors, so data written before an error is rotated too.
        poll
    }

    // Do not forward `poll_read_into_slice`: it would bypass the method above.
    delegate!(AsyncReadBuf { init_hint }: |this| Pin::new(&mut this.get_mut().0), |this| &this.0);
}

/// A writer that counts the calls that write data to `W`.
#[derive(Default)]
struct Tally<W> {
    inner: W,
    calls: usize,
}

impl<W: AsyncWrite + Unpin> AsyncWrite for Tally<W> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let n = ready!(Pin::new(&mut self.inner).poll_write(cx, data))?;
        self.calls += 1;
        Poll::Ready(Ok(n))
    }

    // Without this method and `supports_vectored_writes`, a vectored write would write only the
    // first slice.
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let n = ready!(Pin::new(&mut self.inner).poll_write_vectored(cx, bufs))?;
        self.calls += 1;
        Poll::Ready(Ok(n))
    }

    delegate!(AsyncWrite { supports_vectored_writes, poll_flush, poll_shutdown }:
        |this| Pin::new(&mut this.get_mut().inner), |this| &this.inner);
}

/// The results of a caller.
#[derive(Debug, PartialEq)]
struct Outcome {
    read: String,
    taken: usize,
    written: Vec<u8>,
    calls: usize,
}

const SECRET: &[u8] = b"Jevgr vg bapr, eha vg rireljurer.";

async fn tokio_caller() -> io::Result<Outcome> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let mut read = String::new();
    Shim::new(Rot13(SECRET)).read_to_string(&mut read).await?;

    let mut writer = Shim::new(Tally::<Vec<u8>>::default());
    let taken = writer.write_vectored(&[IoSlice::new(b"> "), IoSlice::new(read.as_bytes())]).await?;
    writer.shutdown().await?;
    let Tally { inner: written, calls } = writer.into_inner();
    Ok(Outcome { read, taken, written, calls })
}

async fn futures_caller() -> io::Result<Outcome> {
    use futures::{AsyncReadExt as _, AsyncWriteExt as _};

    let mut read = String::new();
    Shim::new(Rot13(SECRET)).read_to_string(&mut read).await?;

    let mut writer = Shim::new(Tally::<Vec<u8>>::default());
    let taken = writer.write_vectored(&[IoSlice::new(b"> "), IoSlice::new(read.as_bytes())]).await?;
    writer.close().await?;
    let Tally { inner: written, calls } = writer.into_inner();
    Ok(Outcome { read, taken, written, calls })
}

fn main() -> io::Result<()> {
    // Nothing here waits, so any executor works.
    let tokio = futures::executor::block_on(tokio_caller())?;
    let futures = futures::executor::block_on(futures_caller())?;
    for (caller, Outcome { read, taken, calls, .. }) in [("tokio", &tokio), ("futures-io", &futures)] {
        println!("{caller:<10}  read {read:?}, wrote {taken} bytes from two slices in {calls} call");
    }
    assert_eq!(tokio, futures);
    assert_eq!(tokio.written, b"> Write it once, run it everywhere.");
    assert_eq!((tokio.taken, tokio.calls), (tokio.written.len(), 1));
    println!("Both callers got the same results.");
    Ok(())
}
