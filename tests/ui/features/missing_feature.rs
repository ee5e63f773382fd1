//! Instead: enable the feature where Cargo.toml depends on io-shim: `features = ["hyper"]`.
use io_shim::Hyper;

fn main() {
    let _ = io_shim::Shim::from_hyper(());
}
