//! Instead: add the bound `R: tokio::io::AsyncRead`, of which `io_shim::bounds::TokioRead` is
//! another name.
fn reads(_: impl futures::io::AsyncRead) {}

fn parse<R>(reader: R) {
    reads(io_shim::Shim::from_tokio(reader));
}

fn main() {}
