//! Instead: `rt::BlockOn::new(Shim::from_tokio(stream))`.
fn reads(_: impl std::io::Read) {}

fn main() {
    reads(io_shim::rt::BlockOn::new(tokio::io::duplex(8).0));
}
