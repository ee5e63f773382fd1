//! Instead: `rt::BlockOn::new(shim)`, on a thread where blocking is allowed.
fn reads(_: impl std::io::Read) {}

fn main() {
    reads(io_shim::Shim::from_tokio(tokio::io::duplex(8).0));
}
