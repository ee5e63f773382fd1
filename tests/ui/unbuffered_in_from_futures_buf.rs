//! Instead: `Shim::from_futures_buf(futures::io::BufReader::new(stream))`.
fn lines(_: impl tokio::io::AsyncBufRead) {}

fn adapt(stream: smol::net::TcpStream) {
    lines(io_shim::Shim::from_futures_buf(stream));
}

fn main() {}
