//! Instead: pin the shim, `let mut shim = std::pin::pin!(shim);`, or the reader,
//! `Shim::from_tokio(Box::pin(reader))`.
fn read(_: &mut (impl futures::io::AsyncRead + Unpin)) {} // as `AsyncReadExt::read` does

fn parse(reader: impl tokio::io::AsyncRead) {
    read(&mut io_shim::Shim::from_tokio(reader));
}

fn main() {}
