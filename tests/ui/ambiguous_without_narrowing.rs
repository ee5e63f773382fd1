//! Both extension traits in scope: a shim that is both types has to be narrowed.
use futures::io::AsyncReadExt as _;
use tokio::io::AsyncReadExt as _;

fn main() {
    let mut shim = io_shim::Shim::new(&b"abc"[..]);
    let _ = shim.read(&mut [0]);
}
