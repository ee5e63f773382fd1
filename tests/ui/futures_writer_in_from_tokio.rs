//! Instead: `Shim::from_futures(writer)`.
fn writes(_: impl tokio::io::AsyncWrite) {}

fn main() {
    writes(io_shim::Shim::from_tokio(futures::io::Cursor::new(Vec::new())));
}
