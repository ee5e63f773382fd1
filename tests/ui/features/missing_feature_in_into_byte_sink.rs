//! Instead: enable the feature: `features = ["stream"]`.
fn main() {
    let sink = io_shim::Shim::from_tokio(tokio::io::sink()).into_byte_sink();
    let (_writer, _unwritten) = sink.into_inner();
}
