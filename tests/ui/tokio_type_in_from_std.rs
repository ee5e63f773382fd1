//! Instead: `rt::BlockOn::new(Shim::from_tokio(stream))`, on a thread where blocking is allowed.
fn reads(_: impl std::io::Read) {}

fn main() {
    reads(io_shim::Shim::from_std(tokio::io::duplex(8).0));
}
