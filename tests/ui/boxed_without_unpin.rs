//! Instead: `Pin<Box<dyn AsyncRead>>` or `Box<dyn AsyncRead + Unpin>`. `Box<dyn AsyncRead>` does
//! not implement `AsyncRead`, since `dyn AsyncRead` is not `Unpin`.
fn reads(_: impl futures::io::AsyncRead) {}

fn parse(reader: Box<dyn tokio::io::AsyncRead>) {
    reads(io_shim::Shim::from_tokio(reader));
}

fn main() {}
