//! Instead: narrow it to the ecosystem that the function needs, `.for_futures()`, or do not narrow
//! it.
fn main() {
    fn reads(_: impl futures::io::AsyncRead) {}
    reads(io_shim::Shim::new(&b"abc"[..]).for_tokio());
}
