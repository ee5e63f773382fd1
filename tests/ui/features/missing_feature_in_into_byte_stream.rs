//! Instead: enable the feature: `features = ["stream"]`.
fn main() {
    let stream = io_shim::Shim::from_tokio(tokio::io::empty()).into_byte_stream();
    drop(stream.with_capacity(64 * 1024));
    let sink = io_shim::Shim::from_tokio(tokio::io::sink()).into_byte_sink();
    let (_writer, _unwritten) = sink.into_inner();
}
