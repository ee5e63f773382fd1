//! Instead: `Shim::from_std(output)` or `Shim::from_fd(output)`, in synchronous code.
fn reads(_: impl std::io::Read) {}

fn collect(output: std::process::ChildStdout) {
    reads(io_shim::Shim::new(output));
}

fn main() {}
