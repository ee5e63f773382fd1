//! [`Masked`]: a custom reader, written once for io-shim's traits.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use io_shim::{AsyncReadBuf, BorrowedCursor, delegate};

/// The mask for every byte.
const MASK: u8 = 0x5C;

/// Masks what it reads from `R`. Masking twice restores the original.
pub(crate) struct Masked<R>(pub(crate) R);

impl<R: AsyncReadBuf + Unpin> AsyncReadBuf for Masked<R> {
    fn poll_read_into(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: BorrowedCursor<'_>,
    ) -> Poll<io::Result<()>> {
        // The inner reader writes to the caller's memory, and the data is changed in place.
        ready!(Pin::new(&mut self.0).poll_read_into(cx, cursor.reborrow()))?;
        for byte in cursor.written_mut() {
            *byte ^= MASK;
        }
        Poll::Ready(Ok(()))
    }

    delegate!(AsyncReadBuf { init_hint }: |this| Pin::new(&mut this.get_mut().0), |this| &this.0);
}
