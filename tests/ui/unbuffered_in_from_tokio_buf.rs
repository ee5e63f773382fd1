//! Instead: `Shim::from_tokio_buf(tokio::io::BufReader::new(stream))`.
fn lines(_: impl futures::io::AsyncBufRead) {}

fn main() {
    lines(io_shim::Shim::from_tokio_buf(tokio::io::duplex(8).0));
}
