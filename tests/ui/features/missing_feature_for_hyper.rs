//! Instead: enable the feature: `features = ["hyper"]`. The compiler does not know that io-shim has the trait with it.
fn serves(_: impl hyper::rt::Read) {}

fn main() {
    serves(io_shim::Shim::from_tokio(tokio::io::duplex(8).0));
}
