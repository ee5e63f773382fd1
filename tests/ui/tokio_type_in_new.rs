//! Instead: `Shim::from_tokio(stream)`. `Shim::new` and `BlockOn::new` take types that implement
//! io-shim's own traits.
fn reads(_: impl futures::io::AsyncRead) {}

fn main() {
    reads(io_shim::Shim::new(tokio::io::duplex(8).0));
}
