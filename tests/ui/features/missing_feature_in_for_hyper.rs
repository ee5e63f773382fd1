//! Instead: enable the feature: `features = ["hyper"]`.
fn main() {
    let _ = io_shim::Shim::from_tokio(tokio::io::empty()).for_hyper();
}
