//! Instead: `Shim::from_hyper(upgraded)`.
fn reads(_: impl tokio::io::AsyncRead) {}

fn websocket(upgraded: hyper::upgrade::Upgraded) {
    reads(io_shim::Shim::from_tokio(upgraded));
}

fn main() {}
