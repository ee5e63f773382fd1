//! A shim narrowed to tokio is no futures-io type.
fn main() {
    fn reads(_: impl futures::io::AsyncRead) {}
    reads(io_shim::Shim::new(&b"abc"[..]).into_tokio());
}
