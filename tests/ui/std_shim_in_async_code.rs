//! Instead: `Shim::allow_std(reader)` for one that never blocks;
//! `Shim::from_futures(smol::fs::File::from(file))` for a file;
//! `Shim::from_futures(blocking::Unblock::new(reader))` for others.
fn reads(_: impl tokio::io::AsyncRead) {}

fn main() {
    reads(io_shim::Shim::from_std(std::io::empty()));
}
