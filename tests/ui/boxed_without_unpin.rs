//! Instead: `Pin<Box<dyn AsyncRead>>`, or `Box<dyn AsyncRead + Unpin>`: a plain box of a reader that may not move is no
//! reader.
fn reads(_: impl futures::io::AsyncRead) {}

fn parse(reader: Box<dyn tokio::io::AsyncRead>) {
    reads(io_shim::Shim::from_tokio(reader));
}

fn main() {}
