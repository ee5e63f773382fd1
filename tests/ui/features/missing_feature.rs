//! Instead: enable the feature in io-shim's entry in Cargo.toml: `features = ["hyper"]`. In the
//! documentation each item says which feature it needs.
use io_shim::Hyper;

fn main() {
    let _ = io_shim::Shim::from_hyper(());
}
