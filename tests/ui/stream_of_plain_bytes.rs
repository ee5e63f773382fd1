//! Instead: `Shim::from_stream(stream.map(Ok::<_, std::io::Error>))`. Items are results, since a
//! read can fail.
fn main() {
    let chunks = futures::stream::iter([bytes::Bytes::from("chunk")]);
    io_shim::Shim::from_stream(chunks);
}
