//! Instead: narrow the shim to one ecosystem: `Shim::new(reader).for_tokio()` or `.for_futures()`.
use futures::io::AsyncReadExt as _;
use tokio::io::AsyncReadExt as _;

fn main() {
    let mut shim = io_shim::Shim::new(&b"abc"[..]);
    let _ = shim.read(&mut [0]);
}
