//! Instead: `Shim::from_futures(reader)`. For hyper's `Upgraded`: `Shim::from_hyper(upgraded)`.
fn reads(_: impl tokio::io::AsyncRead) {}

fn main() {
    reads(io_shim::Shim::from_tokio(futures::io::Cursor::new([0])));
}
