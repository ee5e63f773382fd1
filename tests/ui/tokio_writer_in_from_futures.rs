//! Instead: `Shim::from_tokio(writer)`.
fn writes(_: impl futures::io::AsyncWrite) {}

fn main() {
    writes(io_shim::Shim::from_futures(tokio::io::duplex(8).0));
}
