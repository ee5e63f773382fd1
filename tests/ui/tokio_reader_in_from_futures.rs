//! Instead: `Shim::from_tokio(reader)`.
fn reads(_: impl futures::io::AsyncRead) {}

fn main() {
    reads(io_shim::Shim::from_futures(tokio::io::duplex(8).0));
}
