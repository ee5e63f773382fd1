//! Instead: `Shim::from_futures(reader)`.
fn reads(_: impl tokio::io::AsyncRead) {}

fn main() {
    reads(io_shim::Shim::from_tokio(futures::io::Cursor::new([0])));
}
