//! Instead: `Shim::allow_std(reader)` for a reader that never blocks,
//! `Shim::from_futures(smol::fs::File::from(file))` for a file, and
//! `Shim::from_futures(blocking::Unblock::new(reader))` for any other.
fn reads(_: impl tokio::io::AsyncRead) {}

fn main() {
    reads(io_shim::Shim::from_std(std::io::empty()));
}
