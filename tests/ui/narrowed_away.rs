//! Instead: narrow it to the ecosystem that the function wants, `.for_futures()`, or not at all.
fn main() {
    fn reads(_: impl futures::io::AsyncRead) {}
    reads(io_shim::Shim::new(&b"abc"[..]).for_tokio());
}
