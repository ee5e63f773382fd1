//! Instead: narrow the shim to one ecosystem: `Shim::new(reader).for_tokio()` or `.for_futures()`.
use futures::io::{AsyncReadExt as _, AsyncWrite as _};
use tokio::io::{AsyncReadExt as _, AsyncWrite as _};

fn main() {
    let mut shim = io_shim::Shim::new(std::io::Cursor::new(vec![0]));
    let _ = shim.read(&mut [0]);
    let _ = std::pin::Pin::new(&mut shim).poll_flush(&mut std::task::Context::from_waker(std::task::Waker::noop()));
}
