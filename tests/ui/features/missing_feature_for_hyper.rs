//! Instead: enable the feature: `features = ["hyper"]`. The message cannot name it: without the
//! feature, io-shim does not know hyper's traits.
fn serves(_: impl hyper::rt::Read) {}

fn main() {
    serves(io_shim::Shim::from_tokio(tokio::io::duplex(8).0));
}
