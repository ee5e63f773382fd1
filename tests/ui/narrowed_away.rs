//! Instead: narrow it to the ecosystem that the function wants, `.into_futures()`, or not at all.
fn main() {
    fn reads(_: impl futures::io::AsyncRead) {}
    reads(io_shim::Shim::new(&b"abc"[..]).into_tokio());
}
