//! Instead: `Shim::allow_std(Box::new(reader))`.
struct Pinned(std::marker::PhantomPinned);

impl std::io::Read for Pinned {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Ok(0)
    }
}

fn reads(_: impl tokio::io::AsyncRead) {}

fn parse(reader: Pinned) {
    reads(io_shim::Shim::allow_std(reader));
}

fn main() {}
